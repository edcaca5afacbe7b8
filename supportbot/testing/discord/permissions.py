"""Permissions: their names and bits, and what somebody may do in a channel by roles and overwrites."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

BITS = {
    "kick_members": 1 << 1,
    "ban_members": 1 << 2,
    "administrator": 1 << 3,
    "manage_channels": 1 << 4,
    "manage_guild": 1 << 5,
    "add_reactions": 1 << 6,
    "view_channel": 1 << 10,
    "send_messages": 1 << 11,
    "manage_messages": 1 << 13,
    "embed_links": 1 << 14,
    "attach_files": 1 << 15,
    "read_message_history": 1 << 16,
    "mention_everyone": 1 << 17,
    "use_external_emojis": 1 << 18,
    "change_nickname": 1 << 26,
    "manage_nicknames": 1 << 27,
    "manage_roles": 1 << 28,
    "manage_webhooks": 1 << 29,
    "use_application_commands": 1 << 31,
    "manage_threads": 1 << 34,
    "create_public_threads": 1 << 35,
    "create_private_threads": 1 << 36,
    "send_messages_in_threads": 1 << 38,
    "moderate_members": 1 << 40,
    "pin_messages": 1 << 51,
}
ALL = sum(BITS.values())


def bits(names: Iterable[str]) -> int:
    """Add up permissions by their names, as discord.py spells them."""
    return sum(BITS[name] for name in set(names))


EVERYONE = bits(
    (
        *("view_channel", "send_messages", "read_message_history", "add_reactions", "attach_files", "embed_links"),
        *("create_public_threads", "create_private_threads", "send_messages_in_threads", "use_application_commands"),
        *("mention_everyone", "use_external_emojis", "change_nickname"),
    )
)
"""What everybody may do in a new guild."""
BOT = EVERYONE | bits(("manage_threads", "manage_messages", "pin_messages"))
"""What the bot's own role may do, unless a test takes something away."""


@dataclass
class Overwrite:
    """What one role or person may do in one channel beyond the rest of the guild, or less."""

    id: str
    is_person: bool
    allow: int = 0
    deny: int = 0

    def record(self) -> dict[str, object]:
        """Describe it as channels do."""
        return {"id": self.id, "type": int(self.is_person), "allow": str(self.allow), "deny": str(self.deny)}


def in_channel(base: int, overwrites: Iterable[Overwrite], everyone: str, roles: set[str], person: str) -> int:
    """Work out what somebody may do: first the overwrite of @everyone, then those of the roles, then their own."""
    if base & BITS["administrator"]:
        return ALL
    by_id = {overwrite.id: overwrite for overwrite in overwrites}
    if everyone in by_id:
        base = base & ~by_id[everyone].deny | by_id[everyone].allow
    of_roles = [by_id[role] for role in roles if role in by_id and role != everyone]
    denied = allowed = 0
    for overwrite in of_roles:
        denied |= overwrite.deny
        allowed |= overwrite.allow
    base = base & ~denied | allowed
    if person in by_id:
        base = base & ~by_id[person].deny | by_id[person].allow
    return base if base & BITS["view_channel"] else 0
