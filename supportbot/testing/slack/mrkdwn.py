"""Slack's text: how what a person types is sent, and who is named and where links lead in what a bot sends."""

from __future__ import annotations

import re
from collections.abc import Mapping

NOTIFYING = re.compile(r"<(@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+|!here|!channel|!everyone)(?:[|^][^<>]*)?>")
LINK = re.compile(r"<((?:https?|mailto|tel):[^|<>]+)(?:\|([^<>]*))?>")
MARKDOWN_LINK = re.compile(r"\[([^\[\]]*)\]\((\S+?)\)")
_TYPED = re.compile(r"(?P<url>https?://[^\s<>|]+)|@(?P<name>\w(?:[\w.-]*\w)?)|#(?P<channel>[\w-]+)")
_GROUPS = {"here": "<!here>", "channel": "<!channel>", "everyone": "<!everyone>"}


def escaped(text: str) -> str:
    """Escape what Slack escapes in people's words: exactly ``& < >``."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescaped(text: str) -> str:
    """Turn escaped text back into what people see."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def typed(text: str, people: Mapping[str, str], channels: Mapping[str, str]) -> str:
    """Send what a person types: @names and #channels become their ids, addresses become links, the rest is escaped."""
    parts, end = [], 0
    for found in _TYPED.finditer(text):
        parts += [escaped(text[end : found.start()]), _entity(found, people, channels)]
        end = found.end()
    return "".join([*parts, escaped(text[end:])])


def _entity(found: re.Match[str], people: Mapping[str, str], channels: Mapping[str, str]) -> str:
    url, name, channel = found["url"], found["name"], found["channel"]
    if url:
        return f"<{escaped(url)}>"
    if name:
        named = people.get(name.lower())
        return f"<{named}>" if named else _GROUPS.get(name, escaped(found[0]))
    known = channels.get(channel)
    return f"<#{known}|{channel}>" if known else escaped(found[0])


def linked_names(text: str, people: Mapping[str, str]) -> str:
    """Turn @names into mentions, which ``link_names`` and ``parse: full`` do with a bot's text too."""

    def mention(found: re.Match[str]) -> str:
        named = people.get(found[1].lower())
        return f"<{named}>" if named else _GROUPS.get(found[1], found[0])

    return re.sub(r"(?<![\w<])@(\w(?:[\w.-]*\w)?)", mention, text)


def mentions(text: str) -> set[str]:
    """Find who is notified by a text: ``U…`` and ``S…`` ids, ``here``, ``channel``, ``everyone``."""
    return {
        found[1].removeprefix("@").removeprefix("!subteam^").removeprefix("!") for found in NOTIFYING.finditer(text)
    }


def links(text: str) -> list[tuple[str, str]]:
    """Find the links of a text, as (label, address); the label is the address where no other is given."""
    return [(unescaped(found[2] or found[1]), unescaped(found[1])) for found in LINK.finditer(text)]
