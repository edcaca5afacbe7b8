"""Guilds (servers), the people and bots in them, and their roles."""

from __future__ import annotations

from dataclasses import dataclass, field

from supportbot.testing.discord import permissions
from supportbot.testing.discord.wire import Json


@dataclass(eq=False, repr=False)
class User:
    """A person or a bot, whichever guilds they are in."""

    id: str
    name: str
    display_name: str
    bot: bool = False
    takes_direct_messages: bool = True
    locale: str = "en-US"

    def __repr__(self) -> str:
        return f"<{self.display_name} {self.id}>"

    @property
    def mention(self) -> str:
        return f"<@{self.id}>"

    def record(self) -> Json:
        """Describe the user as the wire does."""
        record: Json = {
            "id": self.id,
            "username": self.name,
            "global_name": None if self.bot else self.display_name,
            "discriminator": "0000" if self.bot else "0",
            "avatar": None,
            "public_flags": 0,
        }
        return {**record, "bot": True} if self.bot else record


@dataclass(eq=False, repr=False)
class Role:
    """A role: what its members may do, and how they are mentioned together."""

    id: str
    name: str
    permissions: int = 0
    position: int = 0
    mentionable: bool = False
    managed_by: str = ""
    """The bot whose own role it is."""

    def __repr__(self) -> str:
        return f"<@{self.name} {self.id}>"

    @property
    def mention(self) -> str:
        return f"<@&{self.id}>"

    def record(self) -> Json:
        """Describe the role as the wire does."""
        record: Json = {
            "id": self.id,
            "name": self.name,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "icon": None,
            "unicode_emoji": None,
            "position": self.position,
            "permissions": str(self.permissions),
            "managed": bool(self.managed_by),
            "mentionable": self.mentionable,
            "flags": 0,
        }
        return {**record, "tags": {"bot_id": self.managed_by}} if self.managed_by else record


@dataclass(eq=False, repr=False)
class Member:
    """Somebody in a guild."""

    user: User
    joined_at: str
    roles: dict[str, Role] = field(default_factory=dict)
    nickname: str = ""

    def record(self, *, with_user: bool = True) -> Json:
        """Describe the member as the wire does; messages say who it is elsewhere."""
        record: Json = {
            "nick": self.nickname or None,
            "avatar": None,
            "roles": list(self.roles),
            "joined_at": self.joined_at,
            "premium_since": None,
            "communication_disabled_until": None,
            "deaf": False,
            "mute": False,
            "pending": False,
            "flags": 0,
        }
        return {**record, "user": self.user.record()} if with_user else record


@dataclass(eq=False, repr=False)
class Guild:
    """A guild with its members and roles; its channels are in the directory."""

    id: str
    name: str
    owner: User
    joined_at: str
    roles: dict[str, Role] = field(default_factory=dict)
    members: dict[str, Member] = field(default_factory=dict)
    most_active_threads: int = 1000

    def __repr__(self) -> str:
        return f"<{self.name} {self.id}>"

    @property
    def everyone(self) -> Role:
        """The role that everybody has; its id is the guild's."""
        return self.roles[self.id]

    def has(self, user: User) -> bool:
        """Tell whether somebody is in the guild."""
        return user.id in self.members

    def base_permissions(self, user: User) -> int:
        """Add up what somebody's roles let them do."""
        if user is self.owner:
            return permissions.ALL
        member = self.members.get(user.id)
        if member is None:
            return 0
        total = self.everyone.permissions
        for role in member.roles.values():
            total |= role.permissions
        return permissions.ALL if total & permissions.BITS["administrator"] else total

    def with_role(self, role: Role) -> list[User]:
        """List those who have a role."""
        return [member.user for member in self.members.values() if role.id in member.roles or role is self.everyone]

    def record(self) -> Json:
        """Describe the guild as the API does."""
        return {
            "id": self.id,
            "name": self.name,
            "icon": None,
            "owner_id": self.owner.id,
            "afk_channel_id": None,
            "afk_timeout": 300,
            "verification_level": 0,
            "default_message_notifications": 1,
            "explicit_content_filter": 0,
            "roles": [role.record() for role in self.roles.values()],
            "emojis": [],
            "stickers": [],
            "features": ["COMMUNITY"],
            "mfa_level": 0,
            "system_channel_id": None,
            "system_channel_flags": 0,
            "rules_channel_id": None,
            "vanity_url_code": None,
            "description": None,
            "banner": None,
            "premium_tier": 0,
            "preferred_locale": "en-US",
            "public_updates_channel_id": None,
            "nsfw_level": 0,
            "premium_progress_bar_enabled": False,
        }

    def brief(self) -> Json:
        """Describe the guild as interactions do."""
        return {"id": self.id, "locale": "en-US", "features": ["COMMUNITY"]}
