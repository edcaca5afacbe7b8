"""Events: what the app is told about what happens in the workspaces it is installed in."""

from __future__ import annotations

from supportbot.testing.slack.channels import Channel
from supportbot.testing.slack.deliveries import Deliveries, Delivery
from supportbot.testing.slack.directory import Directory
from supportbot.testing.slack.messages import Message
from supportbot.testing.slack.wire import Json, Serials, seconds
from supportbot.testing.slack.workspaces import User, Workspace

CHANNEL_TYPES = {"channel": "C", "group": "G", "im": "D", "mpim": "G"}
SUBSCRIPTIONS = {
    *("message.channels", "message.groups", "message.im", "message.mpim", "app_mention"),
    *("reaction_added", "reaction_removed", "member_joined_channel", "member_left_channel", "app_home_opened"),
    *("assistant_thread_started", "assistant_thread_context_changed", "channel_shared", "channel_unshared"),
    *("channel_rename", "channel_archive", "user_change", "subteam_members_changed", "app_uninstalled"),
}
_HISTORY = {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}


class Events:
    """Tells the app what happened, where it may know."""

    def __init__(self, app_id: str, directory: Directory, serials: Serials, deliveries: Deliveries) -> None:
        self.subscriptions = set(SUBSCRIPTIONS)
        """What the app listens to; ``message`` by the kind of channel."""
        self._app_id = app_id
        self._directory = directory
        self._serials = serials
        self._deliveries = deliveries

    def tell(
        self, event: Json, workspace: Workspace, channel: Channel | None = None, name: str = ""
    ) -> Delivery | None:
        """Tell an event, wrapped for one installation; `name` is its subscription where it differs from the type."""
        if (name or event["type"]) not in self.subscriptions:
            return None
        event.setdefault("event_ts", self._serials.timestamp())
        bot = workspace.installed_bot
        author = event.get("user_team", workspace.id)
        authorization = {
            "enterprise_id": None,
            "team_id": workspace.id,
            "user_id": bot.id,
            "is_bot": True,
            "is_enterprise_install": False,
        }
        payload = {
            "token": "verification-token",
            "team_id": author,
            "context_team_id": workspace.id,
            "context_enterprise_id": None,
            "api_app_id": self._app_id,
            "event": event,
            "type": "event_callback",
            "event_id": self._serials.id("Ev"),
            "event_time": seconds(event["event_ts"]),
            "authorizations": [authorization],
            "is_ext_shared_channel": bool(channel and channel.is_shared),
            "event_context": f"4-{event['type']}-{workspace.id}-{channel.id if channel else ''}",
        }
        return self._deliveries.deliver("events_api", payload)

    def listener(self, channel: Channel) -> Workspace | None:
        """Name the installation that hears what happens in a channel: one whose bot is in it."""
        for workspace in [channel.workspace, *channel.shared_with]:
            if workspace.bot is not None and channel.has(workspace.bot):
                return workspace
        return None

    # --- messages ---

    def message(self, message: Message, channel: Channel) -> Delivery | None:
        """Tell a new message, and that the bot was named, if it was; the two come apart, as from Slack."""
        event = self._message_event(message, channel)
        told = self._in_channel(event, channel)
        workspace = self.listener(channel)
        if workspace is None or channel.kind == "im" or message.author.is_app:
            return told
        if workspace.installed_bot.id in message.notifies and "app_mentions:read" in workspace.scopes:
            mentioned = {key: value for key, value in event.items() if key not in ("channel_type", "subtype")}
            self.tell({**mentioned, "type": "app_mention"}, workspace, channel)
        return told

    def _message_event(self, message: Message, channel: Channel) -> Json:
        record = message.record(metadata=False)
        record.pop("metadata", None)
        event = {**record, "channel": channel.id, "event_ts": message.ts, "channel_type": channel.kind}
        listener = self.listener(channel)
        if channel.is_shared and listener is not None and message.author.workspace is not listener:
            event |= _of_another_workspace(message.author)
        return event

    def changed(self, message: Message, before: Json, channel: Channel) -> None:
        """Tell that a message was edited, unfurled, or deleted while it had replies."""
        now = self._serials.timestamp()
        event = {
            "type": "message",
            "subtype": "message_changed",
            "message": {**message.record(metadata=False), "source_team": message.author.workspace.id},
            "previous_message": before,
            "channel": channel.id,
            "hidden": True,
            "ts": now,
            "event_ts": now,
            "channel_type": channel.kind,
        }
        self._in_channel(event, channel)

    def removed(self, message: Message, channel: Channel) -> None:
        """Tell that a message was deleted."""
        now = self._serials.timestamp()
        event = {
            "type": "message",
            "subtype": "message_deleted",
            "previous_message": message.record(metadata=False),
            "channel": channel.id,
            "hidden": True,
            "deleted_ts": message.ts,
            "ts": now,
            "event_ts": now,
            "channel_type": channel.kind,
        }
        self._in_channel(event, channel)

    def _in_channel(self, event: Json, channel: Channel) -> Delivery | None:
        workspace = self.listener(channel)
        if workspace is None:
            return None
        family = _HISTORY[channel.kind]
        if f"{family}:history" not in workspace.scopes:
            return None
        return self.tell(event, workspace, channel, f"message.{family}")

    # --- people and channels ---

    def reacted(self, kind: str, user: User, emoji: str, message: Message, channel: Channel) -> None:
        """Tell that somebody added (``reaction_added``) or took back (``reaction_removed``) an emoji."""
        workspace = self.listener(channel)
        if workspace is not None and "reactions:read" in workspace.scopes:
            item = {"type": "message", "channel": channel.id, "ts": message.ts}
            event: Json = {
                "type": kind,
                "user": user.id,
                "reaction": emoji,
                "item": item,
                "item_user": message.author.id,
            }
            if user.workspace is not workspace:
                event["user_team"] = user.workspace.id
            self.tell(event, workspace, channel)

    def moved(self, kind: str, user: User, channel: Channel, inviter: User | None = None) -> None:
        """Tell that somebody joined (``member_joined_channel``) or left (``member_left_channel``) a channel."""
        workspace = self.listener(channel) or (user.workspace if user.workspace.bot is user else None)
        if workspace is not None:
            place = {"channel": channel.id, "channel_type": CHANNEL_TYPES[channel.kind]}
            event: Json = {"type": kind, "user": user.id, "team": user.workspace.id, **place}
            if inviter is not None:
                event["inviter"] = inviter.id
            self.tell(event, workspace, channel)

    def shared(self, kind: str, channel: Channel, other: Workspace) -> None:
        """Tell that a channel was shared with another workspace (``channel_shared``), or no longer is."""
        workspace = self.listener(channel)
        if workspace is not None:
            self.tell({"type": kind, "connected_team_id": other.id, "channel": channel.id}, workspace, channel)

    def renamed(self, channel: Channel) -> None:
        """Tell that a channel has another name."""
        workspace = self.listener(channel)
        if workspace is not None:
            about = {"id": channel.id, "name": channel.name, "created": 1}
            self.tell({"type": "channel_rename", "channel": about}, workspace, channel)


def _of_another_workspace(author: User) -> Json:
    profile = {"real_name": author.real_name, "display_name": author.name, "name": author.name}
    team = author.workspace.id
    return {"user_team": team, "source_team": team, "user_profile": {**profile, "team": team}}
