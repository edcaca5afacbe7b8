"""The headings of a Markdown text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from supportbot.domain.markdown import plain

_HEADING = re.compile(r"(#{1,6}) +(\S.*)$")
_CLOSING = re.compile(r"(^|\s)#+\s*$")


class Heading(NamedTuple):
    """A heading: the number of its line from 0, its level from 1, and its words."""

    line: int
    level: int
    words: str


def headings(lines: Sequence[str]) -> Iterator[Heading]:
    """Find the headings outside of fenced code, where # begins a comment."""
    fence = ""
    for number, line in enumerate(lines):
        mark = line.lstrip()[:3]
        if mark in ("```", "~~~") and fence in ("", mark):
            fence = "" if fence else mark
        elif not fence and (found := _HEADING.match(line)):
            words = plain(_CLOSING.sub("", found[2])).strip()
            if words:
                yield Heading(number, len(found[1]), words)
