"""What people said on Discord, as plain words: its marks for people, roles, rooms, emoji and times are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from supportbot.clock import SECOND, as_datetime

_MARK = re.compile(r"<(@!|@&|@|#|a?:\w+:|t:|/[^:<>]+:)(-?\d+)(?::[a-zA-Z])?>")
_LATEST = 4_102_444_800
"""Seconds: the year 2100, beyond which a time that somebody wrote is left as it is."""


def plain(text: str, *, bot: frozenset[str], people: Mapping[str, str], name: Callable[[str, str], str]) -> str:
    """Read Discord's text as words; a mention of the bot or its role is left out, others are ``@name``.

    `name` tells what a role (``@&``) or a channel (``#``) of an id is called.
    """

    def read(found: re.Match[str]) -> str:
        kind, target = found[1], found[2]
        if kind[0] == "@":
            if target in bot:
                return ""
            return "@" + (name(kind, target) if kind == "@&" else people.get(target, target))
        if kind == "#":
            return "#" + name(kind, target)
        if kind == "t:":
            return _time(int(target)) or found[0]
        return kind.lstrip("a") if kind[0] in "a:" else kind.rstrip(":")

    return _MARK.sub(read, text).strip() if "<" in text else text.strip()


def _time(seconds: int) -> str:
    return f"{as_datetime(seconds * SECOND):%d %b %Y %H:%M} UTC" if 0 <= seconds < _LATEST else ""
