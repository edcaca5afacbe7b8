"""Matchers answer "does this message concern me?": frozen values, made by the functions of this module.

``match.words("refund", "money back")`` compares words, ``match.pattern(r"T-\\d+")`` runs google-re2, and
``match.any_of(...)`` joins them; `MatcherIndex` asks any number of them at once. How words compare stands in `said`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from heapq import heapify, heappop, heappush
from typing import Literal, NamedTuple

import msgspec

from supportbot.errors import SkillError
from supportbot.patterns import PatternSet, compiled, search
from supportbot.skills.said import Said, words_of

__all__ = [
    "Found",
    "Matcher",
    "MatcherIndex",
    "Said",
    "all_of",
    "any_of",
    "anything",
    "but_not",
    "exactly",
    "files",
    "pattern",
    "question",
    "when",
    "words",
]


class Found(msgspec.Struct, frozen=True):
    """A matcher's yes; `groups` of a pattern by name and by number ("1"), "0" is all of it, "" what took no part."""

    groups: dict[str, str] = {}


_YES = Found()


# --- matchers -----------------------------------------------------------------------------------------------------


class Clue(NamedTuple):
    """Something that can be looked up; a message without any of a matcher's clues does not concern it."""

    kind: Literal["word", "whole", "pattern", "file"]
    value: str = ""
    case_sensitive: bool = False


class Matcher(msgspec.Struct, frozen=True):
    """The contract: `matches` is all that a matcher of one's own needs; it is then asked about every message.

    As text it reads as it was written: ``words('refund', 'money back')``.
    """

    def matches(self, said: Said) -> Found | None:
        """Say what was found, or None where the message does not concern us."""
        raise NotImplementedError

    def clues(self) -> tuple[Clue, ...] | None:
        """Name the clues of which a matching message has at least one; None where nothing can be told before."""
        return None


class Words(Matcher, frozen=True):
    """Any of these phrases occurs; each is spelled as in `Said.spaced`."""

    phrases: tuple[str, ...]

    def __str__(self) -> str:
        return _call("words", *(phrase.strip() for phrase in self.phrases))

    def matches(self, said: Said) -> Found | None:
        spaced = said.spaced
        for phrase in self.phrases:
            if phrase in spaced:
                return _YES
        return None

    def clues(self) -> tuple[Clue, ...]:
        return tuple(Clue("word", phrase.split(None, 1)[0]) for phrase in self.phrases)


class Exactly(Matcher, frozen=True):
    """The whole message is one of these phrases."""

    phrases: tuple[str, ...]

    def __str__(self) -> str:
        return _call("exactly", *(phrase.strip() for phrase in self.phrases))

    def matches(self, said: Said) -> Found | None:
        return _YES if said.spaced in self.phrases else None

    def clues(self) -> tuple[Clue, ...]:
        return tuple(Clue("whole", phrase) for phrase in self.phrases)


class Pattern(Matcher, frozen=True):
    """A pattern of google-re2 occurs."""

    regex: str
    case_sensitive: bool = False

    def __str__(self) -> str:
        return _call("pattern", self.regex)

    def matches(self, said: Said) -> Found | None:
        match = search(self.regex, self.case_sensitive, said.text)
        if match is None:
            return None
        groups = {"0": match.group(), **{str(number): part or "" for number, part in enumerate(match.groups(), 1)}}
        groups.update((name, part or "") for name, part in match.groupdict().items())
        return Found(groups)

    def clues(self) -> tuple[Clue, ...]:
        return (Clue("pattern", self.regex, self.case_sensitive),)


class Everything(Matcher, frozen=True):
    """Every message, or every one with a word in it."""

    with_words: bool

    def __str__(self) -> str:
        return "question" if self.with_words else "anything"

    def matches(self, said: Said) -> Found | None:
        return _YES if not self.with_words or said.words else None


class Files(Matcher, frozen=True):
    """The message brings a file."""

    def __str__(self) -> str:
        return "files"

    def matches(self, said: Said) -> Found | None:
        return _YES if said.has_files else None

    def clues(self) -> tuple[Clue, ...]:
        return (Clue("file"),)


class When(Matcher, frozen=True):
    """A predicate of the author's says so; it is asked about every message."""

    predicate: Callable[[str], bool]

    def __str__(self) -> str:
        return f"when({getattr(self.predicate, '__name__', '…')})"

    def matches(self, said: Said) -> Found | None:
        return _YES if self.predicate(said.text) else None


class AllOf(Matcher, frozen=True):
    """Every part matches; the groups of all are found."""

    parts: tuple[Matcher, ...]

    def __str__(self) -> str:
        return f"all_of({', '.join(map(str, self.parts))})"

    def matches(self, said: Said) -> Found | None:
        groups: dict[str, str] = {}
        for part in self.parts:
            found = part.matches(said)
            if found is None:
                return None
            groups |= found.groups
        return Found(groups)

    def clues(self) -> tuple[Clue, ...] | None:
        known = [clues for part in self.parts if (clues := part.clues()) is not None]
        return min(known, key=lambda clues: any(clue.kind == "pattern" for clue in clues), default=None)


class AnyOf(Matcher, frozen=True):
    """Some part matches; the first that does tells what was found."""

    parts: tuple[Matcher, ...]

    def __str__(self) -> str:
        return f"any_of({', '.join(map(str, self.parts))})"

    def matches(self, said: Said) -> Found | None:
        for part in self.parts:
            if (found := part.matches(said)) is not None:
                return found
        return None

    def clues(self) -> tuple[Clue, ...] | None:
        each = [part.clues() for part in self.parts]
        return None if None in each else tuple(clue for clues in each for clue in clues or ())


class ButNot(Matcher, frozen=True):
    """The wanted matches, the unwanted does not."""

    wanted: Matcher
    unwanted: Matcher

    def __str__(self) -> str:
        return f"but_not({self.wanted}, {self.unwanted})"

    def matches(self, said: Said) -> Found | None:
        found = self.wanted.matches(said)
        return found if found is not None and self.unwanted.matches(said) is None else None

    def clues(self) -> tuple[Clue, ...] | None:
        return self.wanted.clues()


def _call(name: str, *arguments: str) -> str:
    return f"{name}({', '.join(map(repr, arguments))})"


# --- making them --------------------------------------------------------------------------------------------------

anything: Matcher = Everything(with_words=False)
"""Every message, also one that is only a file or an emoji."""

question: Matcher = Everything(with_words=True)
"""Every message that says something in words: what can be looked up."""

files: Matcher = Files()
"""Every message that brings a file."""


def words(*phrases: str) -> Matcher:
    """Match a message in which any of these words or phrases occurs, whole and in order, whatever its case."""
    return Words(_spaced_phrases("words", phrases))


def exactly(*phrases: str) -> Matcher:
    """Match a message that is one of these and nothing else; punctuation, emoji and case are left aside."""
    return Exactly(_spaced_phrases("exactly", phrases))


def pattern(regex: str, *, case_sensitive: bool = False) -> Matcher:
    r"""Match a message in which a pattern of google-re2 occurs; its groups are what was found.

    re2 has no look-around and no back-references, and takes time in proportion to the text. Its ``\w``, ``\d`` and
    ``\b`` know ASCII only; ``\pL`` is any letter, ``\pN`` any digit. Raises SkillError where re2 cannot take it.
    """
    compiled(regex, case_sensitive)
    return Pattern(regex, case_sensitive)


def when(predicate: Callable[[str], bool]) -> Matcher:
    """Match a message for whose text the predicate says yes; it is called for every message, so it must be quick."""
    return When(predicate)


def all_of(*matchers: Matcher) -> Matcher:
    """Match a message that all of these match."""
    return AllOf(_some("all_of", matchers))


def any_of(*matchers: Matcher) -> Matcher:
    """Match a message that any of these matches."""
    return AnyOf(_some("any_of", matchers))


def but_not(wanted: Matcher, unwanted: Matcher) -> Matcher:
    """Match a message that the first matches and the second does not."""
    return ButNot(wanted, unwanted)


def _some(name: str, matchers: tuple[Matcher, ...]) -> tuple[Matcher, ...]:
    if not matchers:
        raise SkillError(f"match.{name}() joins nothing; give it at least one matcher")
    return matchers


def _spaced_phrases(name: str, phrases: tuple[str, ...]) -> tuple[str, ...]:
    spaced = tuple(dict.fromkeys(Said(phrase).spaced for phrase in phrases))
    if not spaced or "  " in spaced:
        wrong = next((phrase for phrase in phrases if not words_of(phrase)), None)
        said = "was given no word" if wrong is None else f"was given {wrong!r}, which has no letter or digit"
        raise SkillError(f"match.{name}() {said}; give it words or phrases to compare")
    return spaced


# --- all at once --------------------------------------------------------------------------------------------------


class MatcherIndex:
    """Asks any number of matchers about a message; those without a clue in it cost nothing.

    Words and whole messages are looked up, all patterns run as one set, and only matchers without clues (predicates,
    `anything`) are tried one by one.
    """

    def __init__(self, matchers: Sequence[Matcher]) -> None:
        self._matchers = tuple(matchers)
        self._by_word: dict[str, list[int]] = {}
        self._by_whole: dict[str, list[int]] = {}
        self._by_file: list[int] = []
        self._always: list[int] = []
        patterns: list[tuple[str, bool, int]] = []
        for position, matcher in enumerate(self._matchers):
            clues = matcher.clues()
            if clues is None:
                self._always.append(position)
                continue
            for clue in dict.fromkeys(clues):
                if clue.kind == "word":
                    self._by_word.setdefault(clue.value, []).append(position)
                elif clue.kind == "whole":
                    self._by_whole.setdefault(clue.value, []).append(position)
                elif clue.kind == "file":
                    self._by_file.append(position)
                else:
                    patterns.append((clue.value, clue.case_sensitive, position))
        self._patterns = PatternSet(patterns)

    def matching(self, said: Said) -> Iterator[tuple[int, Found]]:
        """Yield the position of each matcher that matches, in order, and what it found; each is asked when reached."""
        if not self._matchers:
            return
        waiting = self._candidates(said)
        patterns = self._patterns
        patterns_from = patterns.first if patterns.first is not None else -1
        if patterns_from >= 0:
            waiting.append(patterns_from)
        heapify(waiting)
        last = -1
        while waiting:
            position = heappop(waiting)
            if position == patterns_from:  # the set runs when its first member's turn comes, not before
                patterns_from = -1
                for candidate in patterns.candidates(said.text):
                    heappush(waiting, candidate)
            elif position != last:
                last = position
                found = self._matchers[position].matches(said)
                if found is not None:
                    yield position, found

    def _candidates(self, said: Said) -> list[int]:
        """Collect the positions that have a clue in the message, apart from patterns; one may come twice."""
        candidates = self._always.copy()
        if by_word := self._by_word:
            for word in said.words:
                if word in by_word:
                    candidates += by_word[word]
        if self._by_whole:
            candidates += self._by_whole.get(said.spaced, ())
        if said.has_files:
            candidates += self._by_file
        return candidates
