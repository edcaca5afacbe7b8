"""Channels: text channels, forums, direct messages and threads, with who may do what in them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from supportbot.clock import as_datetime
from supportbot.testing.discord import permissions
from supportbot.testing.discord.guilds import Guild, User
from supportbot.testing.discord.messages import Message
from supportbot.testing.discord.permissions import Overwrite
from supportbot.testing.discord.wire import Json

Kind = Literal["text", "dm", "category", "forum", "public_thread", "private_thread"]
TYPES: dict[Kind, int] = {"text": 0, "dm": 1, "category": 4, "public_thread": 11, "private_thread": 12, "forum": 15}
REQUIRES_TAG = 1 << 4


@dataclass(eq=False)
class Tag:
    """A tag that a forum's posts may carry."""

    id: str
    name: str
    moderated: bool = False

    def record(self) -> Json:
        """Describe the tag as its forum does."""
        return {**self.__dict__, "emoji_id": None, "emoji_name": None}


@dataclass(eq=False, repr=False)
class Channel:
    """A room of a guild, or direct messages."""

    id: str
    name: str
    kind: Kind
    guild: Guild | None = None
    recipients: dict[str, User] = field(default_factory=dict)
    """The two who talk, in direct messages."""
    overwrites: dict[str, Overwrite] = field(default_factory=dict)
    topic: str = ""
    category: Channel | None = None
    tags: dict[str, Tag] = field(default_factory=dict)
    requires_tag: bool = False
    deleted: bool = False
    messages: dict[str, Message] = field(default_factory=dict)
    """All messages that the API knows, by id, in the order in which they came."""
    heard: list[Message] = field(default_factory=list)
    """The messages as they appeared, with ephemeral ones, and never shortened by a deletion."""
    last_message_id: str | None = None
    typing: list[str] = field(default_factory=list)
    """The ids of those who were seen typing, each time."""

    def __repr__(self) -> str:
        return f"<#{self.name} {self.id}>"

    @property
    def mention(self) -> str:
        return f"<#{self.id}>"

    @property
    def guild_id(self) -> str:
        """The id of its guild; nothing for direct messages."""
        return self.guild.id if self.guild else ""

    @property
    def is_direct(self) -> bool:
        return self.kind == "dm"

    def permissions(self, user: User) -> int:
        """Work out what somebody may do here."""
        if self.guild is None:
            return permissions.EVERYONE if user.id in self.recipients else 0
        base = self.guild.base_permissions(user)
        member = self.guild.members.get(user.id)
        roles = set(member.roles) if member else set()
        return permissions.in_channel(base, self.overwrites.values(), self.guild.id, roles, user.id)

    def may(self, user: User, *names: str) -> bool:
        """Tell whether somebody may do all of this here, by the names of the permissions."""
        needed = permissions.bits(names)
        return self.permissions(user) & needed == needed

    @property
    def speaking(self) -> str:
        """The permission that writing here needs."""
        return "send_messages"

    def partner(self, user: User) -> User:
        """Name the other one in direct messages."""
        return next((other for other in self.recipients.values() if other is not user), user)

    def audience(self) -> list[User]:
        """List those who can read here."""
        everybody = [member.user for member in self.guild.members.values()] if self.guild else self.recipients.values()
        return [user for user in everybody if self.may(user, "view_channel")]

    def add(self, message: Message) -> None:
        """Put a message where it belongs."""
        self.heard.append(message)
        if message.only_for is None:
            self.messages[message.id] = message
            self.last_message_id = message.id

    def record(self, viewer: User) -> Json:
        """Describe the channel as the API does."""
        record: Json = {"id": self.id, "type": TYPES[self.kind], "last_message_id": self.last_message_id, "flags": 0}
        if self.guild is None:
            return {**record, "recipients": [self.partner(viewer).record()]}
        record |= {
            "guild_id": self.guild.id,
            "name": self.name,
            "position": 0,
            "permission_overwrites": [overwrite.record() for overwrite in self.overwrites.values()],
            "nsfw": False,
            "parent_id": self.category.id if self.category else None,
            "topic": self.topic or None,
            "rate_limit_per_user": 0,
        }
        if self.kind == "forum":
            tags = [tag.record() for tag in self.tags.values()]
            order = {"default_reaction_emoji": None, "default_sort_order": None, "default_forum_layout": 0}
            record |= {"available_tags": tags, "flags": REQUIRES_TAG if self.requires_tag else 0, **order}
        return record


@dataclass(eq=False, repr=False)
class Thread(Channel):
    """A thread below a channel, or a post in a forum; a private one is seen by its members and by moderators."""

    parent: Channel = field(kw_only=True)
    owner: User = field(kw_only=True)
    created_at: int = field(kw_only=True)
    members: dict[str, User] = field(default_factory=dict)
    archived: bool = False
    locked: bool = False
    invitable: bool = True
    auto_archive: int = 4320
    """The minutes of silence after which it is archived."""
    archived_at: int = 0
    active_at: int = 0
    applied_tags: list[str] = field(default_factory=list)

    @property
    def speaking(self) -> str:
        return "send_messages_in_threads"

    def permissions(self, user: User) -> int:
        """Work out what somebody may do here: as in the channel above, if they are in it or it is public."""
        above = self.parent.permissions(user)
        if self.kind == "private_thread" and user.id not in self.members and not self.moderates(user):
            return 0
        return above

    def moderates(self, user: User) -> bool:
        """Tell whether somebody may archive, lock and see all threads of the channel."""
        return self.parent.may(user, "manage_threads")

    def member_record(self, user: User) -> Json:
        """Describe somebody's place in the thread."""
        joined = as_datetime(self.created_at).isoformat()
        return {"id": self.id, "user_id": user.id, "join_timestamp": joined, "flags": 0}

    def record(self, viewer: User) -> Json:
        """Describe the thread as the API does."""
        count = len(self.messages)
        metadata: Json = {
            "archived": self.archived,
            "auto_archive_duration": self.auto_archive,
            "archive_timestamp": as_datetime(self.archived_at or self.created_at).isoformat(),
            "create_timestamp": as_datetime(self.created_at).isoformat(),
            "locked": self.locked,
        }
        if self.kind == "private_thread":
            metadata["invitable"] = self.invitable
        record: Json = {
            "id": self.id,
            "type": TYPES[self.kind],
            "guild_id": self.guild_id,
            "parent_id": self.parent.id,
            "owner_id": self.owner.id,
            "name": self.name,
            "last_message_id": self.last_message_id,
            "message_count": count,
            "total_message_sent": count,
            "member_count": min(len(self.members), 50),
            "rate_limit_per_user": 0,
            "flags": 0,
            "thread_metadata": metadata,
        }
        if self.parent.kind == "forum":
            record["applied_tags"] = self.applied_tags
        return {**record, "member": self.member_record(viewer)} if viewer.id in self.members else record
