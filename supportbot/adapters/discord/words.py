"""Replies in Discord's Markdown, in which nobody's words turn into anything: no mention, no form, no hidden link.

The small Markdown is read, and every word of it is written anew with Discord's marks around it and its own marks
escaped, so that what was plain stays plain. A reply that is too long for one message becomes several.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from markdown_it.token import Token

from supportbot.adapters.lengths import split, units
from supportbot.adapters.markdown import LINKED, names_an_address, runs, tokens

MOST_UNITS = 2_000
"""Characters (UTF-16) of one message."""
_PIECE = 400
"""Units of words that are written in one go: with all their marks escaped they fit a message still."""
_LONGEST_ADDRESS = 1_500
_NOT_IN_ADDRESSES = re.compile(r"[\s<>\[\]\\`|]")
"""What could end an address, or mean something behind it, in one reader of Discord's Markdown or another."""
_STYLES = {"strong": "**", "em": "*", "s": "~~"}
_MARKS = str.maketrans({mark: "\\" + mark for mark in "\\`*_~|<>[]#"})
_EVERYBODY = re.compile(r"@(?=everyone\b|here\b)")
_LIST = re.compile(r"(?m)^(\s*)([-+])(?=\s|\\|$)")
_NUMBER = re.compile(r"(?m)^(\s*\d+)([.)])(?=\s|$)")
_NOTHING = "\u200b"
"""A space without width: it keeps apart what would mean something together."""


@dataclass(frozen=True)
class Span:
    """Words with their marks; `url` is where they lead to, and code is shown as it is."""

    words: str
    marks: tuple[str, ...] = ()
    url: str = ""
    is_code: bool = False


@dataclass(frozen=True)
class Block:
    """A paragraph, a line of a list or a quote, or a listing; `lead` stands before its first line."""

    spans: tuple[Span, ...]
    lead: str = ""
    kind: str = "text"


@lru_cache(maxsize=256)
def messages(text: str, *, at_most: int = MOST_UNITS) -> tuple[str, ...]:
    """Turn a reply into the words of one message each, in order; what is said again and again is kept."""
    made: list[str] = []
    before: Block | None = None
    for block in _blocks(text):
        for part in _parts(block, at_most):
            words = _written(part)
            joint = "" if before is None else "\n" if _go_together(before, part) else "\n\n"
            if made and units(made[-1]) + len(joint) + units(words) <= at_most:
                made[-1] += joint + words
            else:
                made.append(words)
            before = part
    return tuple(made) or tuple(_written(part) for part in _parts(Block((Span(text),)), at_most))


def _go_together(before: Block, block: Block) -> bool:
    return before.kind == block.kind != "text"


# --- Markdown to blocks -----------------------------------------------------------------------------------------------


def _blocks(text: str) -> Iterator[Block]:
    """Read the parser's flat tokens; lists and quotes are the only blocks with others inside."""
    lists: list[int | None] = []
    quotes = 0
    for token in tokens(text):
        if token.type == "ordered_list_open":
            lists.append(int(token.attrs.get("start", 1)))
        elif token.type == "bullet_list_open":
            lists.append(None)
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            lists.pop()
        elif token.type in {"blockquote_open", "blockquote_close"}:
            quotes += token.nesting
        elif token.type == "fence":
            yield Block((Span(token.content.removesuffix("\n") or " ", is_code=True),), kind="listing")
        elif token.type == "inline" and (spans := tuple(_inline(token.children or []))):
            if quotes:
                yield Block(spans, kind="quote")
            elif lists:
                yield Block(spans, _bullet(lists), kind="list")
            else:
                yield Block(spans)


def _bullet(lists: list[int | None]) -> str:
    number = lists[-1]
    indent = "  " * (len(lists) - 1)
    if number is None:
        return f"{indent}- "
    lists[-1] = number + 1
    return f"{indent}{number}. "


def _inline(parsed: Sequence[Token]) -> Iterator[Span]:
    for run in runs(parsed):
        marks = tuple(_STYLES[style] for style in run.styles)
        yield Span(run.words, marks, is_code=run.is_code) if run.url is None else _link(run.url, run.words, marks)


def _link(url: str, words: str, marks: tuple[str, ...]) -> Span:
    """Link words to an address; words that look like an address of their own are not believed."""
    if not url.startswith(LINKED) or units(url) > _LONGEST_ADDRESS or _NOT_IN_ADDRESSES.search(url):
        return Span(words or url, marks)
    shown = "" if not words.strip() or names_an_address(words) else " ".join(words.split())
    return Span(shown, marks, url)


# --- blocks to Discord's Markdown -------------------------------------------------------------------------------------


def _written(block: Block) -> str:
    words = "".join(_write(span, block.kind) for span in _joined(block.spans))
    if block.kind == "quote":
        return "\n".join(f"> {line}" for line in words.split("\n"))
    return block.lead + words


def _joined(spans: Sequence[Span]) -> list[Span]:
    """Join what has the same marks: two runs of bold letters side by side would show their marks."""
    made: list[Span] = []
    for span in spans:
        last = made[-1] if made else None
        if last and not (last.url or span.url) and (last.marks, last.is_code) == (span.marks, span.is_code):
            made[-1] = replace(last, words=last.words + span.words)
        else:
            made.append(span)
    return made


def _write(span: Span, kind: str) -> str:
    if kind == "listing":
        return f"```\n{_kept_apart(span.words)}\n```"
    if span.url:
        words = f"[{escape(span.words)}](<{span.url}>)" if span.words else f"<{span.url}>"
        return f"{''.join(span.marks)}{words}{''.join(reversed(span.marks))}"
    inner = span.words.strip()
    if not inner:
        return span.words
    start = span.words.index(inner[0])
    before, after = span.words[:start], span.words[start + len(inner) :]  # marks hold nothing between spaces
    words = f"`` {_kept_apart(inner)} ``" if "`" in inner else f"`{inner}`" if span.is_code else ""
    shown = words if span.is_code else escape(inner)
    return f"{before}{''.join(span.marks)}{shown}{''.join(reversed(span.marks))}{after}"


def _kept_apart(code: str) -> str:
    return re.sub(r"`(?=`)", "`" + _NOTHING, code)


def escape(words: str) -> str:
    """Make words plain in Discord's Markdown: no marks, no lists, nobody and nothing mentioned."""
    plain = words.translate(_MARKS)
    if "-" in plain or "+" in plain:
        plain = _LIST.sub(r"\1\\\2", plain)
    if "." in plain or ")" in plain:
        plain = _NUMBER.sub(r"\1\\\2", plain)
    return _EVERYBODY.sub("@" + _NOTHING, plain) if "@" in plain else plain


# --- sizes ------------------------------------------------------------------------------------------------------------


def _parts(block: Block, at_most: int) -> Iterator[Block]:
    """Cut a block that is larger than a message, between characters as people see them."""
    if units(_written(block)) <= at_most:
        yield block
        return
    made: list[Span] = []
    for span in _pieces(_joined(block.spans), min(_PIECE, at_most // 4)):
        if made and units(_written(replace(block, spans=(*made, span)))) > at_most:
            yield replace(block, spans=tuple(made))
            made, block = [], replace(block, lead="")
        made.append(span)
    yield replace(block, spans=tuple(made))


def _pieces(spans: Sequence[Span], at_most: int) -> Iterator[Span]:
    for span in spans:
        for words in split(span.words, at_most) if span.words else [""]:
            yield replace(span, words=words)
