"""A disguise: in what is left of a person in other people's records, somebody without a name takes their place."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from supportbot.data.people import Someone, is_person, is_said
from supportbot.domain.markdown import escape
from supportbot.domain.person import Person

NAME = "somebody"
"""What stands where their name stood."""

_FIXED = frozenset(
    {
        *("status", "priority", "kind", "owner", "skill", "handler", "purpose", "queue", "side", "type", "tenant"),
        *("reference", "ticket", "conversation", "media_type", "adapter", "workspace"),
    }
)
"""Keys whose values are the program's own words, never a person's."""


class Disguise:
    """Takes one person out of values.

    Their id goes wherever it stands. Their names go from the cases they took part in, and from everywhere if they can
    hardly be anything else (`Ada Lovelace`, `ada_77`); a plain word such as `Will` may mean something else in a case
    they have nothing to do with, and stays there unless `everywhere` is set.
    """

    def __init__(self, someone: Someone, anonymous: Person, *, everywhere: bool = False) -> None:
        self.id = someone.id
        self.anonymous = anonymous
        handle = someone.id.rpartition("/")[2]
        names = {form for name in (*someone.names, handle) for form in (name, escape(name)) if len(name) > 1}
        telling = {name for name in names if everywhere or _is_telling(name)}
        self._id = re.compile(rf"(?<![\w/]){re.escape(someone.id)}(?!\w)")
        self._names, self._telling = _any_of(names), _any_of(telling, re.IGNORECASE)
        spelled = [msgspec.json.encode(text)[1:-1].decode().lower() for text in (someone.id, *names)]
        self._hints = re.compile("|".join(map(re.escape, spelled)))

    def may_be_in(self, value: bytes) -> bool:
        """Tell, without reading it, whether a value in JSON may name them."""
        return self._hints.search(value.decode().lower()) is not None

    def over(self, value: Any, *, is_theirs: bool) -> Any:
        """Give a decoded value without them; `is_theirs` is said of a case they took part in."""
        if isinstance(value, dict):
            return self._over_mapping(value, is_theirs=is_theirs)
        if isinstance(value, list):
            return [self.over(part, is_theirs=is_theirs) for part in value]
        return self._over_text(value, is_theirs=is_theirs) if isinstance(value, str) else value

    def _over_mapping(self, value: dict[str, Any], *, is_theirs: bool) -> dict[str, Any]:
        if is_person(value):
            is_them = value["id"] == self.id
            anonymous: dict[str, Any] = msgspec.to_builtins(self.anonymous)
            return anonymous if is_them else value
        if is_said(value) and value["person"] != self.id:  # somebody else, who may be called the same
            said = {key: part for key, part in value.items() if key != "who"}
            return {"who": value["who"], **self._parts(said, is_theirs=is_theirs)}
        if is_said(value):
            value = {**value, "who": self.anonymous.name}
        return self._parts(value, is_theirs=is_theirs)

    def _parts(self, value: dict[str, Any], *, is_theirs: bool) -> dict[str, Any]:
        return {
            self._over_text(key, is_theirs=is_theirs): part
            if key in _FIXED and isinstance(part, str)
            else self.over(part, is_theirs=is_theirs)
            for key, part in value.items()
        }

    def _over_text(self, text: str, *, is_theirs: bool) -> str:
        text = self._id.sub(self.anonymous.id, text)
        if self._telling:
            text = self._telling.sub(self.anonymous.name, text)
        return self._names.sub(self.anonymous.name, text) if self._names and is_theirs else text

    def mentions(self, value: Any) -> int:
        """Count the plain words in a value that may mean them, or something else."""
        if isinstance(value, dict):
            free = [part for key, part in value.items() if key not in _FIXED]
            return 0 if is_person(value) else sum(map(self.mentions, free))
        if isinstance(value, list):
            return sum(map(self.mentions, value))
        return len(self._names.findall(value)) if isinstance(value, str) and self._names else 0


def _is_telling(name: str) -> bool:
    """Tell whether a name can hardly be an ordinary word: it has more in it than letters."""
    return len(name) > 4 and not name.isalpha()


def _any_of(names: Iterable[str], flags: int = 0) -> re.Pattern[str] | None:
    """Make a pattern of whole words; it is made of literals only, so no text can make it slow."""
    longest_first = sorted(names, key=lambda name: (-len(name), name))
    if not longest_first:
        return None
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)", flags)
