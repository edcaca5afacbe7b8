"""Redaction: what people wrote, with stand-ins for all but the words that the bot itself knows.

A list of what may stay is safer than a list of what must go: a name, a street or an illness that nobody thought of is
on no list. The same word always gets the same stand-in, so that a case stays one.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

_WORD = r"[^\W\d_]+"
_PARTS = re.compile(
    rf"""(?P<email>[^\s<>()\[\],;:|"'@]{{1,64}}@[^\s<>()\[\],;:|"'@]{{1,255}})
    |(?P<link>(?:(?:https?|ftp)://|www\.)[^\s<>|]*[^\s<>|.,;:!?)\]])
    |(?P<reference>\b[Tt]-\d+\b)
    |(?P<day>\b\d{{4}}-\d\d?-\d\d?\b|\b\d\d?(?P<mark>[./])\d\d?(?P=mark)\d{{2,4}}\b)
    |(?P<phone>\+?\(?\d[\d ()./-]{{5,30}}\d)
    |(?P<token>(?:{_WORD})?\d(?:[^\W_])*)
    |(?P<word>{_WORD})""",
    re.VERBOSE,
)
_COMMON = frozenset(
    re.findall(
        _WORD,
        """
    a about after again all already also always am an and another any anybody anyone anything are as ask at away back be
    because been before being best better between both but buy by call can cancel cannot cheap close come could d day
    days did didn do does doesn doing don done down each early else end enough even ever every few find first for from
    get give go goes going gone good got great had has hasn have haven having he hello help her here hers hey hi him his
    hour hours how i if in instead into is isn it its just keep know last late later left let like ll long look m make
    many may maybe me mean might mine minute minutes month months more most much must my need never new next no nobody
    none not nothing now number of off ok okay old on once one only open or order other our out over own pay people
    please problem put question re read ready really right s said same say second see send shall she should since so
    some somebody somebody someone something soon sorry still stop such sure t take tell than thank thanks that the
    their them then there these they thing things think third this those time to today tomorrow too try two under until
    up us use used very wait want wants was wasn way we week weeks well went were what when where which while who why
    will with without won word work working works worse worst would wouldn wrong year years yes yesterday yet you your
    yours three four five six seven eight nine ten
    """,
    )
)
_PEOPLE = (
    ("ada", "ben", "cleo", "dan", "eve", "finn", "gwen", "hugo", "ida", "jon"),
    ("sam", "tess", "uma", "vic", "walt", "xena", "yara", "zoe"),
)
"""Stand-ins for those who need help, and for agents."""
_KEPT_DIGITS = 2


def words_in(text: str) -> Iterable[str]:
    """Find the words of a text, for a vocabulary."""
    return re.findall(_WORD, text)


class Redaction:
    """Replaces what is not known to be harmless; `vocabulary` is what the bot says and its skills are written in."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        self._known = frozenset(vocabulary) | _COMMON
        self._chance = random.Random(0)
        self._stand_ins: dict[str, str] = {}
        self._written: set[str] = set()
        self._taken: set[str] = set(self._known)
        self._people: dict[str, str] = {}
        self._full_names: dict[str, str] = {}
        self._dialled: dict[str, str] = {}
        """Telephone numbers by their digits, however they are written."""

    def learn(self, value: Any) -> None:
        """See what is there to be replaced, so that no stand-in is by chance something that another person wrote."""
        if isinstance(value, Mapping):
            self.learn([*value, *value.values()])
        elif isinstance(value, list | tuple):
            for part in value:
                self.learn(part)
        elif value is not None:
            self._written.update(found[0].casefold() for found in _PARTS.finditer(str(value)))
            self._written.update(word.casefold() for word in words_in(str(value)))
            self._taken |= self._written

    def name(self, id: str, name: str, *, is_agent: bool = False) -> str:
        """Give a person another name, which also stands for each word of theirs."""
        if id not in self._people:
            pool = [known for known in _PEOPLE[is_agent] if known not in self._written]
            pool = [known for known in pool if known not in self._people.values()]
            stand_in = pool[0] if pool else self._fresh_word()
            self._people[id] = stand_in
            own = [word for word in (*words_in(name), *words_in(id.rpartition("/")[2])) if len(word) > 1]
            for word in own:
                first = word.casefold() == own[0].casefold()
                self._stand_ins.setdefault(word.casefold(), stand_in if first else self._fresh_word())
            self._stand_ins.setdefault(id.rpartition("/")[2].casefold(), stand_in)
            self._full_names[name] = stand_in
        return self._people[id]

    def refer(self, reference: str, stand_in: str) -> None:
        """Give a ticket another reference."""
        self._stand_ins[reference.casefold()] = stand_in

    def text(self, text: str) -> str:
        """Redact what somebody wrote."""
        for name, stand_in in self._full_names.items():
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", stand_in, text)
        return _PARTS.sub(self._replaced, text)

    def value(self, value: Any) -> Any:
        """Redact what JSON has."""
        if isinstance(value, Mapping):
            return {self.text(str(key)): self.value(part) for key, part in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(part) for part in value]
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return value
        try:
            return type(value)(self.text(repr(value)))
        except ValueError:
            return type(value)(0)

    def leaks(self, text: str) -> list[str]:
        """Find what was to be replaced, and is in a text all the same; known words that are also names do not count."""
        found = {part[0].casefold() for part in _PARTS.finditer(text)} | {word.casefold() for word in words_in(text)}
        kept = {word.casefold() for word in self._known} | {word.casefold() for word in self._stand_ins.values()}
        return sorted(original for original in self._stand_ins if original in found and original not in kept)

    # --- how ------------------------------------------------------------------------------------------------------

    def _replaced(self, found: re.Match[str]) -> str:
        sort, original = found.lastgroup or "word", found[0]
        known = self._stand_ins.get(original.casefold())
        if original in self._people.values():
            return original
        if known is None and self._is_harmless(sort, original, found):
            return original
        if known is None:
            known = self._stand_ins[original.casefold()] = self._fresh(sort, original)
        return known.capitalize() if sort == "word" and original[:1].isupper() else known

    def _is_harmless(self, sort: str, original: str, found: re.Match[str]) -> bool:
        if sort == "token":
            return original in self._known or (original.isdigit() and len(original) <= _KEPT_DIGITS)
        if sort != "word":
            return False
        before = found.string[: found.start()]
        begins = not before.strip() or "\n" in before[len(before.rstrip()) :] or before.rstrip()[-1:] in ".!?:"
        may_be_large = begins or original.isupper() or original == "I"
        return original in self._known or len(original) == 1 or (may_be_large and original.lower() in self._known)

    def _fresh(self, sort: str, original: str) -> str:
        made: dict[str, Callable[[], str]] = {
            "email": lambda: f"{self._fresh_word()}@example.org",
            "link": lambda: f"https://example.org/{self._fresh_word()}",
            "reference": lambda: "T-9" + self._fresh_digits(original[2:]),
            "day": lambda: _another_day(original),
            "phone": lambda: self._fresh_phone(original),
            "token": lambda: self._fresh_token(original),
            "word": self._fresh_word,
        }
        return made[sort]()

    def _fresh_phone(self, original: str) -> str:
        digits = "".join(filter(str.isdigit, original))
        known = self._dialled.get(digits) or self._dialled.setdefault(digits, self._fresh_token(digits))
        following = iter(known)
        return "".join(next(following) if letter.isdigit() else letter for letter in original)

    def _fresh_token(self, original: str) -> str:
        for _ in range(100):
            stand_in = self._fresh_digits(original)
            if stand_in.casefold() not in self._taken:
                break
        self._taken.add(stand_in.casefold())
        return stand_in

    def _fresh_word(self) -> str:
        while True:
            syllables = (self._chance.choice("bdfgklmnprstvz") + self._chance.choice("aeiou") for _ in range(3))
            word = "".join(syllables)
            if word not in self._taken:
                self._taken.add(word)
                return word

    def _fresh_digits(self, original: str) -> str:
        """Keep the form, and the first digit: how large a number is may decide what happens."""
        made, is_first = [], True
        for letter in original:
            if letter.isdigit():
                made.append(letter if is_first else self._chance.choice("0123456789"))
                is_first = False
            elif letter.isalpha():
                drawn = self._chance.choice("bcdfghjkmnpqrstvwxyz")
                made.append(drawn.upper() if letter.isupper() else drawn)
            else:
                made.append(letter)
        return "".join(made)


def _another_day(original: str) -> str:
    """Keep the form and the year, and take another day that every month has."""
    parts = re.split(r"([^\d])", original)
    for place in (2, 4) if len(parts[0]) > _KEPT_DIGITS else (0, 2):
        number = int(parts[place])
        another = number % 12 + 1 if place == 2 else number % 27 + 1
        parts[place] = str(another).zfill(len(parts[place]))
    return "".join(parts)
