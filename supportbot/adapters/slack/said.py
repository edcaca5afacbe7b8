"""What people said in Slack, as plain words: its marks for people, rooms and addresses are read, never passed on."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

_MARK = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")


def people_in(text: str) -> Iterator[str]:
    """Name the users (``U…``) who are mentioned without their name beside it."""
    for kind, target, label in _MARK.findall(text):
        if kind == "@" and not label:
            yield target


def plain(text: str, *, bots: Container[str] = (), names: dict[str, str] | None = None) -> str:
    """Read Slack's text as words; mentions of the bot itself are left out, others are ``@name``."""

    def read(found: re.Match[str]) -> str:
        kind, target, label = found[1], found[2], found[3] or ""
        if kind == "@":
            return "" if target in bots else "@" + (label or (names or {}).get(target, target))
        if kind == "#":
            return "#" + (label or target)
        if kind == "!":
            return label or "@" + target.partition("^")[0]
        return _address(target, label)

    words = _MARK.sub(read, text)
    return words.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&").strip()


def with_forwarded(text: str, attachments: Iterable[Mapping[str, Any]]) -> str:
    """Put the words of messages that were passed on behind the text that came with them, which may be empty."""
    shared = (str(item.get("text") or item.get("fallback") or "") for item in attachments if item.get("is_share"))
    return "\n".join(filter(None, (text, *shared)))


def _address(target: str, label: str) -> str:
    """Write a link out: its label alone would hide where it leads."""
    address = target.removeprefix("mailto:").removeprefix("tel:")
    return address if not label or label in (address, target) or address.endswith(label) else f"{label} ({address})"


def mentions(text: str, users: Container[str]) -> bool:
    """Tell whether one of several users is mentioned."""
    return any(kind == "@" and target in users for kind, target, _ in _MARK.findall(text))
