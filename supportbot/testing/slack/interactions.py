"""Interactions: presses, commands, shortcuts and forms, as the app is told of them."""

from __future__ import annotations

from typing import Any

from supportbot.testing.slack.channels import Channel
from supportbot.testing.slack.deliveries import Deliveries, Delivery
from supportbot.testing.slack.forms import State, untouched
from supportbot.testing.slack.hooks import Hooks
from supportbot.testing.slack.messages import Message
from supportbot.testing.slack.triggers import Triggers
from supportbot.testing.slack.views import View
from supportbot.testing.slack.wire import Json, Serials
from supportbot.testing.slack.workspaces import User, Workspace

_TOLD = ("type", "action_id", "text", "value", "style")
"""What the app is told of the element that was used."""


class Interactions:
    """Tells the app what a person did with what it shows."""

    def __init__(self, app_id: str, serials: Serials, deliveries: Deliveries, triggers: Triggers, hooks: Hooks) -> None:
        self._app_id = app_id
        self._serials = serials
        self._deliveries = deliveries
        self._triggers = triggers
        self._hooks = hooks

    def _deliver(self, kind: str, user: User, installed: Workspace, **payload: Any) -> Delivery:
        team = {"id": user.workspace.id, "domain": user.workspace.domain}
        whole: Json = {
            "type": kind,
            "user": user.brief(),
            "api_app_id": self._app_id,
            "token": "verification-token",
            "trigger_id": self._triggers.new(user, installed),
            "team": team,
            "enterprise": None,
            "is_enterprise_install": False,
        }
        return self._deliveries.deliver("interactive", whole | payload)

    def _action(self, block: Json, element: Json, chosen: Json) -> Json:
        known: Json = {key: element[key] for key in _TOLD if key in element}
        return {**known, "block_id": block["block_id"], **chosen, "action_ts": self._serials.timestamp()}

    def on_message(
        self, user: User, message: Message, channel: Channel, used: tuple[Json, Json], chosen: Json
    ) -> Delivery:
        """Use a button or menu of a message: `used` is its block and the element, `chosen` what was chosen."""
        container = {
            "type": "message",
            "message_ts": message.ts,
            "channel_id": channel.id,
            "is_ephemeral": message.only_for is not None,
        }
        bot = message.author
        if message.thread_ts:
            container["thread_ts"] = message.thread_ts
        shown = {} if message.only_for is not None else {"message": message.record(metadata=False)}
        return self._deliver(
            "block_actions",
            user,
            bot.workspace,
            container=container,
            channel={"id": channel.id, "name": channel.named()},
            state={"values": untouched(message.blocks)},
            response_url=self._hooks.new(user, bot, channel, message),
            actions=[self._action(*used, chosen)],
            **shown,
        )

    def on_view(self, user: User, view: View, used: tuple[Json, Json], chosen: Json) -> Delivery:
        """Use a button or menu of a modal or the home tab."""
        return self._deliver(
            "block_actions",
            user,
            view.installed,
            container={"type": "view", "view_id": view.id},
            view=view.record(untouched(view.blocks)),
            actions=[self._action(*used, chosen)],
        )

    def submission(self, user: User, view: View, state: State) -> Delivery:
        """Submit a modal."""
        return self._deliver("view_submission", user, view.installed, view=view.record(state), response_urls=[])

    def closed(self, user: User, view: View) -> Delivery:
        """Close a modal."""
        return self._deliver("view_closed", user, view.installed, view=view.record(), is_cleared=False)

    def shortcut(self, user: User, installed: Workspace, callback_id: str) -> Delivery:
        """Use a global shortcut."""
        return self._deliver("shortcut", user, installed, callback_id=callback_id, action_ts=self._serials.timestamp())

    def message_shortcut(self, user: User, bot: User, callback_id: str, message: Message, channel: Channel) -> Delivery:
        """Use a shortcut on a message."""
        return self._deliver(
            "message_action",
            user,
            bot.workspace,
            callback_id=callback_id,
            action_ts=self._serials.timestamp(),
            message_ts=message.ts,
            message=message.record(metadata=False),
            channel={"id": channel.id, "name": channel.named()},
            response_url=self._hooks.new(user, bot, channel, None),
        )

    def command(self, user: User, installed: Workspace, command: str, text: str, channel: Channel) -> Delivery:
        """Run a slash command."""
        payload = {
            "token": "verification-token",
            "team_id": user.workspace.id,
            "team_domain": user.workspace.domain,
            "channel_id": channel.id,
            "channel_name": channel.named(),
            "user_id": user.id,
            "user_name": user.name,
            "command": command,
            "text": text,
            "api_app_id": self._app_id,
            "is_enterprise_install": "false",
            "response_url": self._hooks.new(user, installed.installed_bot, channel, None),
            "trigger_id": self._triggers.new(user, installed),
        }
        return self._deliveries.deliver("slash_commands", payload)
