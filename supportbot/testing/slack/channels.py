"""Channels: public, private, direct messages and shared ones, with their members and messages."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from supportbot.testing.slack.messages import Message
from supportbot.testing.slack.wire import Json
from supportbot.testing.slack.workspaces import User, Workspace

Kind = Literal["channel", "group", "im", "mpim"]


@dataclass(eq=False, repr=False)
class Channel:
    """A room: a public channel, a private one (``group``) or direct messages (``im``, ``mpim``)."""

    id: str
    name: str
    kind: Kind
    workspace: Workspace
    members: dict[str, User] = field(default_factory=dict)
    shared_with: list[Workspace] = field(default_factory=list)
    """The other workspaces in it (Slack Connect)."""
    archived: bool = False
    topic: str = ""
    messages: dict[str, Message] = field(default_factory=dict)
    """All messages with those in threads, by ts, in the order in which they came."""
    heard: list[Message] = field(default_factory=list)
    """The messages as they appeared, with ephemeral ones, and never shortened by a deletion."""

    def __repr__(self) -> str:
        return f"<#{self.name} {self.id}>"

    @property
    def read_scope(self) -> str:
        """The scope that looking at it needs."""
        return {"channel": "channels", "group": "groups", "im": "im", "mpim": "mpim"}[self.kind]

    @property
    def is_shared(self) -> bool:
        return bool(self.shared_with)

    def has(self, user: User | None) -> bool:
        """Tell whether somebody is in it."""
        return user is not None and user.id in self.members

    def open_to(self, workspace: Workspace) -> bool:
        """Tell whether people of a workspace can be in it."""
        return workspace is self.workspace or workspace in self.shared_with

    def partner(self, user: User) -> User:
        """Name the other one in direct messages."""
        return next((member for member in self.members.values() if member is not user), user)

    def add(self, message: Message) -> None:
        """Put a message where it belongs, in its thread too."""
        self.heard.append(message)
        if message.only_for is not None:
            return
        self.messages[message.ts] = message
        parent = self.messages.get(message.thread_ts)
        if parent is not None and parent is not message:
            parent.replies.append(message)

    def remove(self, message: Message) -> None:
        """Take a message out; its parent forgets it."""
        self.messages.pop(message.ts, None)
        parent = self.messages.get(message.thread_ts)
        if parent is not None and message in parent.replies:
            parent.replies.remove(message)

    def top_level(self) -> list[Message]:
        """List what stands in the channel itself, newest first, with replies that were sent there too."""
        shown = [m for m in self.messages.values() if not m.thread_ts or m.subtype == "thread_broadcast"]
        return shown[::-1]

    def named(self) -> str:
        """Give the name that interactions tell, which hides private ones."""
        return {"im": "directmessage", "group": "privategroup", "mpim": "privategroup"}.get(self.kind, self.name)

    def record(self, viewer: User) -> Json:
        """Describe the channel as ``conversations.info`` does."""
        record: Json = {
            "id": self.id,
            "created": 1,
            "is_archived": self.archived,
            "is_channel": self.kind == "channel",
            "is_group": self.kind == "group",
            "is_im": self.kind == "im",
            "is_mpim": self.kind == "mpim",
            "is_private": self.kind != "channel",
            "is_org_shared": False,
            "is_ext_shared": self.is_shared,
            "is_shared": self.is_shared,
            "context_team_id": viewer.workspace.id,
        }
        if self.kind == "im":
            return {**record, "user": self.partner(viewer).id, "is_open": True}
        teams = [team.id for team in self.shared_with]
        return {
            **record,
            "name": self.name,
            "name_normalized": self.name,
            "is_general": False,
            "is_member": self.has(viewer),
            "shared_team_ids": [self.workspace.id, *teams],
            "connected_team_ids": [team for team in [self.workspace.id, *teams] if team != viewer.workspace.id],
            "conversation_host_id": self.workspace.id,
            "topic": {"value": self.topic, "creator": "", "last_set": 0},
            "purpose": {"value": "", "creator": "", "last_set": 0},
            "num_members": len(self.members),
        }
