"""What text is made of for the index: cleaned, cut to a bounded size, split into words and grams."""

from __future__ import annotations

import re
from collections.abc import Iterator

from supportbot.domain.words import clean

_WORD = re.compile(r"\w+")  # our own linear pattern; Unicode letters and digits of any script

LONGEST_TEXT = 2_000
"""Characters of a message that are looked at; what a question is about is said well before that."""
MOST_WORDS = 100
LONGEST_WORD = 40
SHORTEST_GRAM, LONGEST_GRAM = 2, 5

_PLEASANTRIES = frozenset(
    """
    hi hii hiya hello helo hey heya yo hola howdy greetings there all everyone everybody folks guys bot again
    good morning afternoon evening night day bye goodbye cya later cheers thanks thank thx ty tysm you u so much very
    a lot many ok okay k kk cool great nice awesome perfect super excellent wonderful brilliant alright sure fine
    yes no yep yeah nope please pls welcome np hmm hm um uh oh ah lol haha got it i see
    """.split()  # noqa: SIM905  words read better than a column of quotes
)
_SMALL_TALK = (" how are you doing ", " how are you ", " hows it going ", " whats up ", " nice to meet you ")


def split_words(text: str) -> list[str]:
    """Split text into case-folded words; only a bounded beginning of a long text counts."""
    beginning = clean(text[:LONGEST_TEXT]).replace("’", "'").replace("'", "").casefold()
    return [word[:LONGEST_WORD] for word in _WORD.findall(beginning)[:MOST_WORDS]]


def is_chit_chat(words: list[str]) -> bool:
    """Tell whether words ask nothing by themselves: only a greeting, thanks or the like."""
    text = f" {' '.join(words)} "
    for phrase in _SMALL_TALK:
        text = text.replace(phrase, " ")
    return all(word in _PLEASANTRIES for word in text.split())


def character_grams(words: list[str]) -> Iterator[str]:
    """Yield the pieces of two to five characters of each word; a space marks its beginning and its end."""
    for word in words:
        padded = f" {word} "
        length = len(padded)
        for size in range(SHORTEST_GRAM, min(LONGEST_GRAM, length) + 1):
            for start in range(length - size + 1):
                yield padded[start : start + size]
