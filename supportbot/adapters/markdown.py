"""The small Markdown of replies, read into the tokens that an adapter words in its platform's own form."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

_ADDRESS = re.compile(r"https?://[^\s<>\"']*[^\s<>\"'.,:;!?)\]}]")
"""An address that is written out."""
_STYLES = frozenset({"strong", "em", "s"})
LINKED = ("https://", "http://", "mailto:")
"""What a link may lead to; anything else is words."""


class Run(NamedTuple):
    """Words of one form in a line: their styles (``strong``, ``em``, ``s``), the outermost first.

    `url` is where they lead to, None where they are no link; a link without words is an address that is written out.
    """

    words: str
    styles: tuple[str, ...] = ()
    url: str | None = None
    is_code: bool = False


@cache
def _parser() -> MarkdownIt:
    unused = ["html_inline", "html_block", "image", "entity", "hr", "lheading", "code", "reference", "autolink"]
    return MarkdownIt("commonmark", {"breaks": True}).enable("strikethrough").disable(unused)


def tokens(text: str) -> list[Token]:
    """Read a reply; lists and quotes are the only blocks with others inside."""
    return _parser().parse(text)


def runs(parsed: Sequence[Token]) -> Iterator[Run]:
    """Read the tokens of a line as runs of words; an address that is written out is a link to itself."""
    styles: tuple[str, ...] = ()
    link: tuple[str, list[str]] | None = None
    for token in parsed:
        kind, _, end = token.type.rpartition("_")
        if kind in _STYLES:
            styles = (*styles, kind) if end == "open" else tuple(style for style in styles if style != kind)
        elif token.type == "link_open":
            link = (str(token.attrs.get("href", "")), [])
        elif token.type == "link_close" and link:
            yield Run("".join(link[1]), styles, link[0])
            link = None
        else:
            words = "\n" if token.type in {"softbreak", "hardbreak"} else token.content
            if link:
                link[1].append(words)
            elif token.type == "code_inline":
                yield Run(words, styles, is_code=True)
            elif words:
                for piece, is_address in _parted(words):
                    yield Run("", styles, piece) if is_address else Run(piece, styles)


def _parted(words: str) -> Iterator[tuple[str, bool]]:
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
