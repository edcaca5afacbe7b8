"""What people said in Slack, as plain words: its marks for people, rooms and addresses are read, never passed on."""

from __future__ import annotations

import re
from collections.abc import Iterator

_MARK = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")


def people_in(text: str) -> Iterator[str]:
    """Name the users (``U…``) who are mentioned without their name beside it."""
    for kind, target, label in _MARK.findall(text):
        if kind == "@" and not label:
            yield target


def plain(text: str, *, bot: str = "", names: dict[str, str] | None = None) -> str:
    """Read Slack's text as words; a mention of the bot itself is left out, others are ``@name``."""

    def read(found: re.Match[str]) -> str:
        kind, target, label = found[1], found[2], found[3] or ""
        if kind == "@":
            return "" if target == bot else "@" + (label or (names or {}).get(target, target))
        if kind == "#":
            return "#" + (label or target)
        if kind == "!":
            return label or "@" + target.partition("^")[0]
        return _address(target, label)

    words = _MARK.sub(read, text)
    return words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def _address(target: str, label: str) -> str:
    """Write a link out: its label alone would hide where it leads."""
    address = target.removeprefix("mailto:").removeprefix("tel:")
    return address if not label or label in (address, target) or address.endswith(label) else f"{label} ({address})"


def mentions(text: str, user: str) -> bool:
    """Tell whether a user is mentioned."""
    return bool(user) and any(kind == "@" and target == user for kind, target, _ in _MARK.findall(text))
