"""The small Markdown of replies, read into the tokens that an adapter words in its platform's own form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

_ADDRESS = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,:;!?)\]}]")
"""An address that is written out."""
LINKED = ("https://", "http://", "mailto:")
"""What a link may lead to; anything else is words."""


@cache
def _parser() -> MarkdownIt:
    unused = ["html_inline", "html_block", "image", "entity", "hr", "lheading", "code", "reference", "autolink"]
    return MarkdownIt("commonmark", {"breaks": True}).enable("strikethrough").disable(unused)


def tokens(text: str) -> list[Token]:
    """Read a reply; lists and quotes are the only blocks with others inside."""
    return _parser().parse(text)


def parted(words: str) -> Iterator[tuple[str, bool]]:
    """Part words at the addresses that are written out in them: each piece, and whether it is an address."""
    end = 0
    for found in _ADDRESS.finditer(words):
        if found.start() > end:
            yield words[end : found.start()], False
        yield found[0], True
        end = found.end()
    if end < len(words):
        yield words[end:], False


def names_an_address(words: str) -> bool:
    """Tell whether a link's words look like an address of their own: they are not believed."""
    return bool(re.match(r"\s*(https?://|www\.)", words))
