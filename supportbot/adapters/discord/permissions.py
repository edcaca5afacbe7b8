"""Permissions: what the bot has to be allowed on a server, where, and why; for the invite, and for ``doctor``."""

from __future__ import annotations

from typing import Literal, NamedTuple

import discord

from supportbot.adapter_settings import DiscordSettings

Place = Literal["agents", "topics", "forum"]
"""The agents' channel, a channel where people ask, and a forum where they do."""
AGENTS: Place = "agents"
TOPICS: Place = "topics"
FORUM: Place = "forum"
_EVERYWHERE = frozenset({AGENTS, TOPICS, FORUM})


class Permission(NamedTuple):
    """One permission: discord.py's name for it, what Discord's own clients call it, and what it is needed for."""

    name: str
    label: str
    places: frozenset[Place]
    why: str


PERMISSIONS = (
    Permission("view_channel", "View Channels", _EVERYWHERE, "to see what is written"),
    Permission("send_messages", "Send Messages", frozenset({AGENTS, TOPICS}), "to show cases, and to answer"),
    Permission(
        "create_public_threads",
        "Create Public Threads",
        frozenset({AGENTS, TOPICS}),
        "to give each case, and each question, a thread of its own",
    ),
    Permission("send_messages_in_threads", "Send Messages in Threads", _EVERYWHERE, "to speak in threads and posts"),
    Permission(
        "create_private_threads",
        "Create Private Threads",
        frozenset({TOPICS}),
        "to go on alone with somebody who asked in public, or who takes no direct messages",
    ),
    Permission(
        "manage_threads",
        "Manage Threads",
        _EVERYWHERE,
        "to close and lock the thread of what is solved, and to open it again",
    ),
    Permission(
        "read_message_history",
        "Read Message History",
        _EVERYWHERE,
        "to answer what was written while it was away, and to say nothing twice",
    ),
    Permission("attach_files", "Attach Files", _EVERYWHERE, "to hand files on"),
    Permission("add_reactions", "Add Reactions", _EVERYWHERE, "to mark what it has taken"),
)
"""All that the bot may need, in the order that people read it in."""


def needed_in(place: Place, settings: DiscordSettings) -> list[Permission]:
    """List what the bot needs in a place."""
    by_reply = place == TOPICS and settings.answers == "reply"
    return [
        permission
        for permission in PERMISSIONS
        if place in permission.places and not (by_reply and permission.name == "create_public_threads")
    ]


def places_of(settings: DiscordSettings, agents_channel: str) -> list[Place]:
    """Name the places that a configuration has; `agents_channel` is "" where the agents are on another platform."""
    modes = {"default": "mention", **settings.channels}
    answers = bool(settings.help_channels) or any(mode != "never" for mode in modes.values())
    return [*([AGENTS] if agents_channel else []), *([TOPICS] if answers else [])]


def needed(settings: DiscordSettings, agents_channel: str) -> list[tuple[Permission, list[Place]]]:
    """List what a configuration needs on a server, each with the places that need it."""
    places = places_of(settings, agents_channel)
    wanted = {place: needed_in(place, settings) for place in places}
    found = [(permission, [place for place in places if permission in wanted[place]]) for permission in PERMISSIONS]
    return [(permission, there) for permission, there in found if there]


def lacking(allowed: discord.Permissions, wanted: list[Permission]) -> str:
    """Name what is wanted and not allowed, as ``Send Messages (to answer)``; "" where all is there."""
    return ", ".join(f"{one.label} ({one.why})" for one in wanted if not getattr(allowed, one.name))
