"""Replies in Slack's own form: the small Markdown becomes rich text, in which nobody's words can turn into anything.

Slack's older text form (mrkdwn) cannot escape its marks; in rich text every word is a plain element, so a person's
words notify nobody, look like nothing else and hide no link. A reply that is too long for one message becomes several.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from markdown_it.token import Token

from supportbot.adapters.lengths import split, units
from supportbot.adapters.markdown import LINKED, names_an_address, runs, tokens

Element = dict[str, Any]
"""A part of rich text: words with a style, a link, or a block made of such parts."""

MOST_UNITS = 9_000
"""Characters (UTF-16, as Slack counts) of rich text in one message: it takes about 13,000, with all that is around."""

_LONGEST_ADDRESS = 2_000
"""Characters of an address that is a link: a longer one is words, for Slack takes no message with it."""
_STYLES = {"strong": "bold", "em": "italic", "s": "strike"}


@lru_cache(maxsize=256)
def messages(text: str, *, at_most: int = MOST_UNITS) -> list[list[Element]]:
    """Turn a reply into the elements of one ``rich_text`` block a message, in order.

    Most of what a support bot says it says again and again, so the last of it is kept: nobody changes what this gives.
    """
    made: list[list[Element]] = [[]]
    room = at_most
    for block in _blocks(text):
        for part in _parts(block, at_most):
            size = _size(part)
            if size > room and made[-1]:
                made.append([])
                room = at_most
            made[-1].append(part)
            room -= size
    return made


def words_of(elements: Sequence[Element]) -> str:
    """Read rich text without its form: what a notification shows."""
    lines = []
    for block in elements:
        if block["type"] == "rich_text_list":
            lines += [f"• {_words(item)}" for item in block["elements"]]
        else:
            lines.append(_words(block).strip("\n"))
    return "\n".join(lines).strip()


def _words(block: Element) -> str:
    return "".join(part.get("text") or part.get("url", "") for part in block["elements"])


# --- Markdown to elements ---------------------------------------------------------------------------------------------


def _blocks(text: str) -> Iterator[Element]:
    """Give the blocks of a reply in order; paragraphs that follow one another are one section."""
    waiting: Element | None = None
    for block in _read(tokens(text)):
        if waiting is None:
            waiting = block
        elif block["type"] == waiting["type"] == "rich_text_section":
            waiting = _section([*waiting["elements"], _text("\n\n"), *block["elements"]])
        elif block["type"] == waiting["type"] == "rich_text_list" and _goes_on(waiting, block):
            waiting = {**waiting, "elements": [*waiting["elements"], *block["elements"]]}
        else:
            yield waiting
            waiting = block
    if waiting:
        yield waiting
    elif text.strip():
        yield _section([_text(text)])  # marks alone, which would show nothing


def _goes_on(before: Element, item: Element) -> bool:
    """Tell whether an item belongs to the list before it."""
    is_next = item.get("offset", 0) == before.get("offset", 0) + len(before["elements"]) or item["style"] == "bullet"
    return (before["style"], before["indent"]) == (item["style"], item["indent"]) and is_next


def _read(parsed: Sequence[Token]) -> Iterator[Element]:
    """Read the parser's flat tokens; lists and quotes are the only blocks with others inside."""
    lists: list[str] = []
    counts: list[int] = []
    quotes = 0
    for token in parsed:
        if token.type in {"bullet_list_open", "ordered_list_open"}:
            lists.append(token.type.partition("_")[0])
            counts.append(int(token.attrs.get("start", 1)) - 1)
        elif token.type in {"bullet_list_close", "ordered_list_close"}:
            lists.pop()
            counts.pop()
        elif token.type in {"blockquote_open", "blockquote_close"}:
            quotes += token.nesting
        elif token.type == "fence":
            yield {"type": "rich_text_preformatted", "elements": [_text(token.content.removesuffix("\n") or " ")]}
        elif token.type == "inline":
            parts = list(_inline(token.children or []))
            if not parts:
                continue
            if quotes:
                yield {"type": "rich_text_quote", "elements": parts}
            elif lists:
                yield _item(lists, counts[-1], parts)
                counts[-1] += 1
            else:
                yield _section(parts)


def _inline(parsed: Sequence[Token]) -> Iterator[Element]:
    for run in runs(parsed):
        style = {_STYLES[style]: True for style in run.styles} | ({"code": True} if run.is_code else {})
        yield _text(run.words, style) if run.url is None else _link(run.url, run.words, style)


def _link(url: str, words: str, style: dict[str, bool]) -> Element:
    """Link words to an address; words that look like an address of their own are not believed."""
    if not url.startswith(LINKED) or units(url) > _LONGEST_ADDRESS:
        return _text(words or url, style)
    if not words.strip() or names_an_address(words):
        return {"type": "link", "url": url, **_styled(style)}
    return {"type": "link", "url": url, "text": words, **_styled(style)}


def _text(words: str, style: dict[str, bool] | None = None) -> Element:
    return {"type": "text", "text": words, **_styled(style or {})}


def _styled(style: dict[str, bool]) -> Element:
    return {"style": dict(style)} if style else {}


def _section(parts: list[Element]) -> Element:
    return {"type": "rich_text_section", "elements": parts}


def _item(lists: Sequence[str], number: int, parts: list[Element]) -> Element:
    """Make a list of one item; those that go on are joined to it."""
    made: Element = {"type": "rich_text_list", "style": "bullet", "indent": min(len(lists) - 1, 8)}
    if lists[-1] == "ordered":
        made |= {"style": "ordered", "offset": number} if number else {"style": "ordered"}
    return {**made, "elements": [_section(parts)]}


# --- sizes ------------------------------------------------------------------------------------------------------------


def _size(block: Element) -> int:
    parts = [part for item in block["elements"] for part in item.get("elements", [item])]
    return sum(units(part.get("text", "")) + units(part.get("url", "")) for part in parts)


def _parts(block: Element, at_most: int) -> Iterator[Element]:
    """Cut a block that is larger than a message, between characters as people see them."""
    if _size(block) <= at_most:
        yield block
        return
    made: list[Element] = []
    room = at_most
    for element in _pieces(block["elements"], at_most):
        size = _size({"elements": [element]})
        if size > room and made:
            yield {**block, "elements": made}
            made, room = [], at_most
        made.append(element)
        room -= size
    if made:
        yield {**block, "elements": made}


def _pieces(elements: Sequence[Element], at_most: int) -> Iterator[Element]:
    for element in elements:
        if "elements" in element:
            yield from _parts(element, at_most)
        elif units(element.get("text", "")) > at_most // 4:
            for words in split(element["text"], at_most // 4):
                yield {**element, "text": words}
        else:
            yield element
