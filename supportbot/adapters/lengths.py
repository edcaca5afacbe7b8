"""How long words are to a platform, and how they are cut where they are too long: never within what people see as one.

Platforms count UTF-16 units, as JavaScript does.
"""

from __future__ import annotations

from collections.abc import Iterator

import grapheme


def units(words: str) -> int:
    """Measure words in UTF-16 units."""
    return len(words) if words.isascii() else len(words.encode("utf-16-le", "surrogatepass")) // 2


def fitting(words: str, at_most: int) -> str:
    """Shorten words to what a field takes, on one line, between characters as people see them."""
    line = " ".join(words.split())
    return line if units(line) <= at_most else next(split(line, at_most - 1)).rstrip() + "…"


def split(words: str, at_most: int) -> Iterator[str]:
    """Cut words into pieces of at most so many units, between graphemes, where a line or a word ends if one does."""
    while units(words) > at_most:
        head = _head(words, at_most)
        cut = max(head.rfind("\n"), head.rfind(" ")) + 1
        head = head[:cut] if cut > len(head) // 2 else head
        yield head
        words = words[len(head) :]
    if words:
        yield words


def _head(words: str, at_most: int) -> str:
    """Take as many whole graphemes as fit; one that is larger than a message by itself is cut between code points."""
    head = words[:at_most]
    while units(head) > at_most:
        head = head[: len(head) - max(1, (units(head) - at_most) // 2)]
    end = grapheme.safe_split_index(words, len(head)) if len(head) < len(words) else len(head)
    return head[:end] if end else head
