"""Counters whose numbers are stored with the next commit, so that drawing one waits for no disk.

Whatever uses a number is stored by a later commit, and every commit carries the numbers that are not stored yet: a
number that anything stored has is never given again, even after a kill.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

STORED = "SELECT value FROM numbers WHERE name = ?"
_SAVE = "INSERT INTO numbers VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = max(value, excluded.value)"

Drawn = tuple[tuple[str, int], ...]
"""The last number of each counter that is not stored yet."""


class Numbers:
    """The numbers that were drawn and are not stored yet."""

    def __init__(self) -> None:
        self._unsaved: dict[str, int] = {}

    def draw(self, name: str, stored: int) -> int:
        """Draw the next number of a counter, whose `stored` value may be behind."""
        number = max(stored, self._unsaved.get(name, 0)) + 1
        self._unsaved[name] = number
        return number

    @property
    def unsaved(self) -> Drawn:
        """What the next commit is to carry."""
        return tuple(self._unsaved.items())

    def saved(self, drawn: Drawn) -> None:
        """Forget what a commit has stored."""
        for name, number in drawn:
            if self._unsaved.get(name) == number:
                del self._unsaved[name]


def save(db: sqlite3.Connection, drawn: Iterable[tuple[str, int]]) -> None:
    """Store numbers, as part of a transaction."""
    for name_and_number in drawn:
        db.execute(_SAVE, name_and_number)
