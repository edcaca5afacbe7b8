"""The small Markdown of replies, and how a person's own words are kept from turning into it."""

from __future__ import annotations

import re
from collections.abc import Container

_LINK = re.compile(r"\[([^\]\[]{1,200})\]\([^()\s]{1,500}\)")
_COMMAND = re.compile(r"(?<![\\`])`/([a-z_]+)(?=[ `])")
_MARKS = "\\`*_~[]<>|#"
_ESCAPES = str.maketrans({mark: "\\" + mark for mark in _MARKS})


def escape(words: str) -> str:
    """Make a person's words safe inside a reply: no formatting, no masked link; every adapter shows them as written."""
    return words.translate(_ESCAPES)


def unescape(text: str) -> str:
    """Show a reply on a platform without formatting: escaped marks become themselves, the rest stays readable."""
    if "\\" not in text:
        return text
    shown, position = [], 0
    while position < len(text):
        letter = text[position]
        if letter == "\\" and position + 1 < len(text) and text[position + 1] in _MARKS:
            position += 1
            letter = text[position]
        shown.append(letter)
        position += 1
    return "".join(shown)


def plain(text: str) -> str:
    """Read a reply without its formatting, for a line about it: links keep their words, marks go."""
    return unescape(_LINK.sub(r"\1", text).replace("**", "").replace("`", ""))


def with_sign(text: str, sign: str, commands: Container[str]) -> str:
    """Write the commands that a reply names (`` `/status` ``) with the sign that people can type on a platform."""
    if sign == "/" or "`/" not in text:
        return text
    return _COMMAND.sub(lambda found: f"`{sign}{found[1]}" if found[1] in commands else found[0], text)


def quote(words: str, *, at_most: int = 600) -> str:
    """Quote a person's words, line by line, shortened where they are long."""
    short = words if len(words) <= at_most else words[: at_most - 1].rstrip() + "…"
    return "\n".join(f"> {escape(line)}" for line in short.splitlines() or [""])


def shorten(words: str, at_most: int) -> str:
    """Put words on one line of at most so many characters."""
    line = " ".join(words.split())
    return line if len(line) <= at_most else line[: at_most - 1].rstrip() + "…"
