"""A disguise: in what is left of a person in other people's records, somebody without a name takes their place."""

from __future__ import annotations

import re
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
_FREE = frozenset({"value", "result", "details", "data", "fields", "part"})
"""Keys whose values have keys of a skill's own: below them an `owner` may well be a person."""
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff"
"""Letters of scripts that write no spaces, or write particles onto a name: a word may begin and end beside them."""
_LETTER = rf"[^\W_{_UNSPACED}]"  # our own pattern; an underscore is formatting, or parts the words of a file's name


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
        theirs = _any_of({someone.id, *names}, set(), re.IGNORECASE)
        alike = {form for name in someone.alike if theirs.search(name) for form in (name, escape(name))}
        self._id = _any_of({someone.id}, alike)
        self._names = _any_of(names, alike) if names else None
        self._telling = _any_of(telling, alike, re.IGNORECASE) if telling else None
        self._letters = {name for name in someone.names if len(name) == 1}
        """Names that are too short to be told from other words; they are names where nothing else stands."""
        spelled = [msgspec.json.encode(text)[1:-1] for text in (someone.id, *names)]
        spelled += map(msgspec.json.encode, self._letters)
        self._hints = re.compile("|".join(re.escape(text.decode().lower()) for text in spelled))

    def may_be_in(self, value: bytes) -> bool:
        """Tell, without reading it, whether a value in JSON may name them."""
        return self._hints.search(value.decode().lower()) is not None

    def is_in(self, text: str) -> bool:
        """Tell whether a text has their id in it, or a name that can only be theirs."""
        return self._over_text(text, is_theirs=False) != text

    def over(self, value: Any, *, is_theirs: bool, is_free: bool = False) -> Any:
        """Give a decoded value without them; `is_theirs` is said of a case they took part in."""
        if isinstance(value, dict):
            return self._over_mapping(value, is_theirs=is_theirs, is_free=is_free)
        if isinstance(value, list):
            return [self.over(part, is_theirs=is_theirs, is_free=is_free) for part in value]
        return self._over_text(value, is_theirs=is_theirs) if isinstance(value, str) else value

    def _over_mapping(self, value: dict[str, Any], *, is_theirs: bool, is_free: bool) -> dict[str, Any]:
        if is_person(value):
            is_them = value["id"] == self.id
            anonymous: dict[str, Any] = msgspec.to_builtins(self.anonymous)
            return anonymous if is_them else value
        if is_said(value) and value["person"] != self.id:  # somebody else, who may be called the same
            said = {key: part for key, part in value.items() if key != "who"}
            return {"who": value["who"], **self._parts(said, is_theirs=is_theirs, is_free=is_free)}
        if is_said(value):
            value = {**value, "who": self.anonymous.name}
        return self._parts(value, is_theirs=is_theirs, is_free=is_free)

    def _parts(self, value: dict[str, Any], *, is_theirs: bool, is_free: bool) -> dict[str, Any]:
        return {
            self._over_text(key, is_theirs=is_theirs): part
            if _is_fixed(key, part, is_free=is_free)
            else self.over(part, is_theirs=is_theirs, is_free=is_free or key in _FREE)
            for key, part in value.items()
        }

    def _over_text(self, text: str, *, is_theirs: bool) -> str:
        text = _replaced(self._id, self.anonymous.id, text)
        text = _replaced(self._telling, self.anonymous.name, text)
        if not is_theirs:
            return text
        return self.anonymous.name if text in self._letters else _replaced(self._names, self.anonymous.name, text)

    def mentions(self, value: Any, *, is_free: bool = False) -> int:
        """Count the plain words in a value that may mean them, or something else."""
        if isinstance(value, dict):
            parts = [] if is_person(value) else value.items()
            return sum(
                self.mentions(part, is_free=is_free or key in _FREE)
                for key, part in parts
                if not _is_fixed(key, part, is_free=is_free)
            )
        if isinstance(value, list):
            return sum(self.mentions(part, is_free=is_free) for part in value)
        if not isinstance(value, str) or self._names is None:
            return 0
        return sum(found.lastindex is not None for found in self._names.finditer(value))


def _is_fixed(key: str, part: Any, *, is_free: bool) -> bool:
    return key in _FIXED and isinstance(part, str) and not is_free


def _is_telling(name: str) -> bool:
    """Tell whether a name can hardly be an ordinary word: it has more in it than letters."""
    return len(name) > 4 and not name.isalpha()


def _any_of(names: set[str], alike: set[str], flags: int = 0) -> re.Pattern[str]:
    """Make a pattern of whole words; it is made of literals only, so no text can make it slow.

    It also finds what is `alike` and another's, so that this is passed over; only what is theirs is a group.
    """
    longest_first = sorted(names | alike, key=lambda name: (-len(name), name))
    words = "|".join(f"({re.escape(word)})" if word in names else re.escape(word) for word in longest_first)
    return re.compile(rf"(?<!{_LETTER})(?:{words})(?!{_LETTER})", flags)


def _replaced(pattern: re.Pattern[str] | None, stand_in: str, text: str) -> str:
    return pattern.sub(lambda found: stand_in if found.lastindex else found[0], text) if pattern else text
