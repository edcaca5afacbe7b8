"""Fingers: finding what a person presses, and doing on the screen what the app's answer says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from supportbot.testing.slack import blocks as block_kit
from supportbot.testing.slack import forms
from supportbot.testing.slack.assistant import AssistantThread
from supportbot.testing.slack.backstage import APP_ID, Backstage
from supportbot.testing.slack.channels import Channel
from supportbot.testing.slack.deliveries import Delivery
from supportbot.testing.slack.hearing import Hearing
from supportbot.testing.slack.messages import Message
from supportbot.testing.slack.views import View
from supportbot.testing.slack.wire import Json, Refused
from supportbot.testing.slack.workspaces import User, Workspace

Surface = Message | View


class NotAcknowledged(AssertionError):
    """The app did not take what a person did: Slack shows them a warning sign or an error."""


class Fingers:
    """What one person's hands do."""

    def __init__(self, slack: Backstage, user: User, installed: Workspace, hearing: Hearing) -> None:
        self._slack = slack
        self._user = user
        self._installed = installed
        self._hearing = hearing

    # --- buttons and menus ---

    async def press(self, label: str, on: Surface | None) -> Delivery:
        """Press a button."""
        for surface in self._in_sight(on):
            for block, element in block_kit.interactive(surface.blocks):
                if element["type"] == "button" and block_kit.label(element).startswith(label):
                    return await self._use(surface, block, element, {})
        raise AssertionError(f"nothing in sight has a button {label!r}; there is {self._offered(on)}")

    async def choose(self, wanted: str, on: Surface | None, menu: str) -> Delivery:
        """Choose from a menu."""
        for surface in self._in_sight(on):
            for block, element in block_kit.interactive(surface.blocks):
                if element["type"] in block_kit.MENUS and block_kit.label(element).startswith(menu):
                    chosen = _chosen(element, wanted)
                    if chosen is not None:
                        return await self._use(surface, block, element, chosen)
        raise AssertionError(f"no menu in sight offers {wanted!r}; there is {self._offered(on)}")

    async def _use(self, surface: Surface, block: Json, element: Json, chosen: Json) -> Delivery:
        used = (block, element)
        if isinstance(surface, View):
            delivery = self._slack.interactions.on_view(self._user, surface, used, chosen)
        else:
            channel = self._slack.directory.channels[surface.channel_id]
            delivery = self._slack.interactions.on_message(self._user, surface, channel, used, chosen)
        return await self._taken(delivery)

    def _in_sight(self, on: Surface | None) -> Iterator[Surface]:
        if on is not None:
            yield on
            return
        modal = self._slack.views.top(self._user)
        if modal is not None:
            yield modal  # it covers all else
            return
        rooms = [room for room in self._slack.directory.channels.values() if room.has(self._user)]
        messages = [message for room in rooms for message in self._hearing.page(room) if message.author.is_app]
        yield from sorted(messages, key=lambda message: message.ts, reverse=True)
        home = self._slack.views.home(self._user)
        if home is not None:
            yield home

    def _offered(self, on: Surface | None) -> list[str]:
        elements = [element for surface in self._in_sight(on) for _, element in block_kit.interactive(surface.blocks)]
        return [block_kit.label(element) for element in elements]

    # --- modals ---

    async def submit(self, modal: View | None, values: Mapping[str, Any]) -> Delivery:
        """Fill in a modal and submit it."""
        if modal is None:
            raise AssertionError(f"{self._user.name} has no modal open")
        if not modal.content.get("submit"):
            raise AssertionError(f"{modal!r} has nothing to submit")
        state = forms.filled(modal.blocks, values)
        delivery = await self._taken(self._slack.interactions.submission(self._user, modal, state))
        try:
            self._answered(modal, delivery.answer or {})
        except Refused as refused:
            raise NotAcknowledged(f"Slack cannot show the app's answer to {modal!r}: {refused.answer()}") from None
        return delivery

    def _answered(self, modal: View, answer: Json) -> None:
        action = answer.get("response_action")
        if action == "errors":
            labels = {block["block_id"]: forms.label(block) for block in modal.blocks}
            unknown = [block_id for block_id in answer["errors"] if block_id not in labels]
            if unknown:
                raise Refused("invalid_arguments", unknown_blocks=unknown)
            modal.errors = {labels[block_id]: str(error) for block_id, error in answer["errors"].items()}
        elif action == "update":
            self._slack.views.update(modal, answer["view"])
        elif action == "push":
            self._slack.views.push(answer["view"], self._user, modal.installed)
        else:
            self._slack.views.close(modal, all_of_them=action == "clear")
        self._slack.notices.ring()

    async def close(self, modal: View | None) -> None:
        """Close a modal; the app hears of it only if it asked to."""
        if modal is None:
            raise AssertionError(f"{self._user.name} has no modal open")
        self._slack.views.close(modal)
        if modal.content.get("notify_on_close"):
            await self._taken(self._slack.interactions.closed(self._user, modal))

    # --- commands and shortcuts ---

    async def run(self, line: str, channel: Channel) -> Delivery:
        """Run a slash command."""
        if self._user.workspace is not self._installed:
            raise AssertionError(f"{self._user.name} is of another workspace, where the app has no commands")
        command, _, text = line.strip().partition(" ")
        interactions = self._slack.interactions
        delivery = await self._taken(interactions.command(self._user, self._installed, command, text.strip(), channel))
        if delivery.answer and (delivery.answer.get("text") or delivery.answer.get("blocks")):
            self._slack.hooks.answer(self._user, self._installed.installed_bot, channel, delivery.answer)
        return delivery

    async def shortcut(self, callback_id: str, message: Message | None) -> Delivery:
        """Use a shortcut."""
        if message is None:
            return await self._taken(self._slack.interactions.shortcut(self._user, self._installed, callback_id))
        channel, bot = self._slack.directory.channels[message.channel_id], self._installed.installed_bot
        interactions = self._slack.interactions
        return await self._taken(interactions.message_shortcut(self._user, bot, callback_id, message, channel))

    async def _taken(self, delivery: Delivery) -> Delivery:
        try:
            await self._slack.deliveries.acknowledged(delivery)
        except AssertionError as never:
            raise NotAcknowledged(str(never)) from None
        if delivery.state != "acknowledged":
            raise NotAcknowledged(f"the app did not take {delivery.name}: {', '.join(delivery.failures)}")
        return delivery

    # --- the assistant ---

    def open_assistant(self, direct: Channel, looking_at: Channel | None) -> AssistantThread:
        """Open a thread in the assistant's panel."""
        bot = self._installed.installed_bot
        root = Message(direct.id, self._slack.serials.timestamp(), bot, "New Assistant Thread", app_id=APP_ID)
        root.subtype = "assistant_app_thread"
        direct.messages[root.ts] = root  # it is there for the API, but no person reads it
        thread = self._slack.assistants.add(AssistantThread(self._user, direct, root.ts))
        self.look(thread, looking_at, "assistant_thread_started")
        return thread

    def look(self, thread: AssistantThread, at: Channel | None, kind: str) -> None:
        """Tell what a person has in view beside the assistant's panel."""
        context = {"channel_id": at.id, "team_id": self._installed.id, "enterprise_id": None} if at else {}
        place = {"channel_id": thread.channel.id, "thread_ts": thread.ts}
        about = {"user_id": self._user.id, "context": context, **place}
        self._slack.events.tell({"type": kind, "assistant_thread": about}, self._installed, thread.channel)


def _chosen(element: Json, wanted: str) -> Json | None:
    if element["type"] == "users_select":
        return {"selected_user": wanted}
    offered = [one for one in block_kit.options(element) if wanted in (one["text"]["text"], one.get("value"))]
    if not offered:
        return None
    many = element["type"] in ("multi_static_select", "checkboxes")
    return {"selected_options": offered[:1]} if many else {"selected_option": offered[0]}
