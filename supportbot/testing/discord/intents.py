"""Intents: which events a session asked for, and which of them belong to which intent."""

from __future__ import annotations

GUILDS = 1 << 0
GUILD_MEMBERS = 1 << 1
GUILD_PRESENCES = 1 << 8
GUILD_MESSAGES = 1 << 9
GUILD_MESSAGE_REACTIONS = 1 << 10
GUILD_MESSAGE_TYPING = 1 << 11
DIRECT_MESSAGES = 1 << 12
DIRECT_MESSAGE_REACTIONS = 1 << 13
DIRECT_MESSAGE_TYPING = 1 << 14
MESSAGE_CONTENT = 1 << 15
KNOWN = (1 << 26) - 1

PRIVILEGED = {"presences": GUILD_PRESENCES, "members": GUILD_MEMBERS, "message_content": MESSAGE_CONTENT}
"""The intents that an application must be allowed, by the names that a test uses."""
FLAGS = {"presences": 1 << 13, "members": 1 << 15, "message_content": 1 << 19}
"""The application's flags that tell what it is allowed (those of apps in fewer than a hundred guilds)."""

_IN_GUILDS = {
    **dict.fromkeys(("GUILD_MEMBER_ADD", "GUILD_MEMBER_UPDATE", "GUILD_MEMBER_REMOVE"), GUILD_MEMBERS),
    **dict.fromkeys(("MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "MESSAGE_DELETE_BULK"), GUILD_MESSAGES),
    **dict.fromkeys(("MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"), GUILD_MESSAGE_REACTIONS),
    "TYPING_START": GUILD_MESSAGE_TYPING,
    "INTERACTION_CREATE": 0,
}
_IN_DIRECT_MESSAGES = {
    **dict.fromkeys(("MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE", "CHANNEL_PINS_UPDATE"), DIRECT_MESSAGES),
    **dict.fromkeys(("MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"), DIRECT_MESSAGE_REACTIONS),
    "TYPING_START": DIRECT_MESSAGE_TYPING,
    "INTERACTION_CREATE": 0,
}


def needed(event: str, *, direct: bool) -> int:
    """Name the intent that an event belongs to; 0 where it always comes."""
    return (_IN_DIRECT_MESSAGES if direct else _IN_GUILDS).get(event, GUILDS)
