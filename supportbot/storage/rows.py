"""The rows of TinyDB's tables, changed in place, with what it takes to undo what the disk then refuses."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]
Tables = dict[str, dict[str, Row]]


class Rows:
    """TinyDB's own state: tables of rows by their number; a member that writes to a disk keeps an undo list."""

    def __init__(self, tables: Tables, *, is_written: bool) -> None:
        self.tables = tables
        self.is_written = is_written
        """Set where the rows go to a disk, which may refuse them."""
        self._undo: list[tuple[dict[str, Row], str, Row | None]] = []

    def table(self, name: str) -> dict[str, Row]:
        """Give the rows of a table, made where it is missing."""
        return self.tables.setdefault(name, {})

    def set(self, table: dict[str, Row], number: str, row: Row) -> None:
        """Put a row in its place."""
        if self.is_written:
            self._undo.append((table, number, table.get(number)))
        table[number] = row

    def drop(self, table: dict[str, Row], number: str) -> None:
        """Take a row away."""
        row = table.pop(number)
        if self.is_written:
            self._undo.append((table, number, row))

    def settle(self) -> None:
        """Forget how to undo: what was changed is on the disk."""
        self._undo.clear()

    def undo(self) -> None:
        """Put everything back as it was when the disk last had it."""
        for table, number, row in reversed(self._undo):
            if row is None:
                table.pop(number, None)
            else:
                table[number] = row
        self._undo.clear()
