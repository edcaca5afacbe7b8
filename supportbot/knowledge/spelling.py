"""Spelling: words that nobody knows are read as the nearest word of the base, or else of the English dictionary.

The base's words are found by deletions: a slip is a letter too many, too few, another one, or two in the wrong order,
and each of these meets the right word where letters are left out of both. ::

    pasword ──► paswrd, paword …          password ──► pasword, passwrd …

For the dictionary, which is larger, the slips of the unknown word are spelled out instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from string import ascii_lowercase

SHORTEST = 4
"""Letters of a word that is worth repairing; shorter ones are too near each other."""
LONG = 8
"""From so many letters on there may be two slips."""
LONGEST = 20
_REMEMBERED = 10_000


class Spelling:
    """Repairs words by what the base and the dictionary know; safe to use from any thread."""

    def __init__(self, counts: Mapping[str, int], common: Mapping[str, int]) -> None:
        """Learn the base's words, with how often they occur, and the dictionary's, with their places."""
        self._counts = counts
        self._common = common
        self._near: dict[str, list[str]] = {}
        self._repaired: dict[str, str] = {}
        for word in counts:
            if SHORTEST <= len(word) <= LONGEST and word.isalpha():
                for shorter in _deletions(word, _slips(word)):
                    self._near.setdefault(shorter, []).append(word)

    def repair(self, words: Sequence[str]) -> list[str]:
        """Give the words as they were probably meant."""
        counts, common = self._counts, self._common
        return [word if word in counts or word in common else self._word(word) for word in words]

    def _word(self, word: str) -> str:
        if not (SHORTEST <= len(word) <= LONGEST and word.isalpha()):
            return word
        known = self._repaired.get(word)
        if known is None:
            if len(self._repaired) >= _REMEMBERED:
                self._repaired = {}
            known = self._repaired[word] = self._of_the_base(word) or self._of_the_dictionary(word) or word
        return known

    def _of_the_base(self, word: str) -> str:
        most = _slips(word)
        candidates = {known for shorter in _deletions(word, most) for known in self._near.get(shorter, ())}
        ways = [(_distance(word, known), known[0] != word[0], -self._counts[known], known) for known in candidates]
        best = min((way for way in ways if way[0] <= most), default=None)
        return best[-1] if best else ""

    def _of_the_dictionary(self, word: str) -> str:
        if not word.isascii():
            return ""
        found = {slip for slip in _edits(word) if slip in self._common}
        return min(found, key=lambda slip: (slip[0] != word[0], self._common[slip]), default="")


def count_words(phrasings: Sequence[Sequence[str]]) -> Counter[str]:
    """Count how often each word occurs in the base."""
    return Counter(word for words in phrasings for word in words)


def _slips(word: str) -> int:
    return 2 if len(word) >= LONG else 1


def _deletions(word: str, most: int) -> set[str]:
    """Leave up to so many letters out, in every way."""
    found, last = {word}, {word}
    for _ in range(most):
        last = {longer[:cut] + longer[cut + 1 :] for longer in last for cut in range(len(longer))}
        found |= last
    return found


def _edits(word: str) -> Iterator[str]:
    """Spell out every single slip."""
    for cut in range(len(word) + 1):
        left, right = word[:cut], word[cut:]
        if right:
            yield left + right[1:]
        if len(right) > 1:
            yield left + right[1] + right[0] + right[2:]
        for letter in ascii_lowercase:
            yield left + letter + right
            if right:
                yield left + letter + right[1:]


def _distance(one: str, other: str) -> int:
    """Count the slips between two words; two letters in the wrong order are one (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for row, letter in enumerate(one, 1):
        current = [row]
        for column, against in enumerate(other, 1):
            steps = min(last[column] + 1, current[-1] + 1, last[column - 1] + (letter != against))
            swapped = row > 1 and column > 1 and letter == other[column - 2] and one[row - 2] == against
            current.append(min(steps, before[column - 2] + 1) if swapped else steps)
        before, last = last, current
    return last[-1]
