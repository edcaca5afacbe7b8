"""Texts of every alphabet and size, and what must be so wherever they are said in parts."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

import grapheme

PIECES = (
    *("a", "word ", "\n", "\n\n", "é", "e\u0301", "\u0301", "ß", "中文", "हिन्दी", "العربية", "שלום", "\t"),
    *("👩‍👩‍👧‍👦", "🏳️‍🌈", "🇩🇪", "👍🏽", "🔥", "\u200d", "\ufe0f", "\x00", "\ud83d", "\ufeff", "\u2028"),
    *("\u202e", "\u200f", "*bold*", "_i_", "~s~", "`code`", "```\nfence\n```", "> quote\n", "- item\n", "1. one\n"),
    *("<@U1>", "<!here>", "&amp;", "&", "<", ">", "|", "\\", "#" * 8, "x" * 300),
    *("[a](https://b.example)", "https://example.com/ä?b=c&d"),
)
MARKS = set("*_~`<>[]()\\#-0123456789.!:/")
"""What may be a mark of a form, and is not shown then."""
WHOLE = 60


def text_of(chance: random.Random, size: int) -> str:
    """Make a text of about so many characters: a random mixture, or one piece again and again."""
    pieces = [chance.choice(PIECES)] if chance.random() < 0.3 else chance.choices(PIECES, k=40)
    made = ""
    while len(made) < size:
        made += chance.choice(pieces) if chance.random() < 0.97 else chr(chance.randrange(0x110000))
    return made[:size]


def bare(text: str) -> str:
    """Leave nothing of a text but its letters and digits: its form is for other tests."""
    return "".join(letter for letter in text if letter.isalnum())


def never_cut_inside(text: str, shown: Sequence[str]) -> None:
    """See that no part ends inside a character as people see them; a mark may stand alone where a line begins."""
    for before, after in itertools.pairwise(shown):
        if f"\n{after[0]}" in text:
            continue
        head, tail = before[-WHOLE:], after[:WHOLE]
        lengths = [len(character) for character in grapheme.graphemes(head + tail)]
        assert max(lengths) > WHOLE // 2 or len(head) in itertools.accumulate(lengths), (head, tail)
