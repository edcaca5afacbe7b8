"""The documents of one kind in memory: rows of a TinyDB table, and sorted lists that answer the declared indexes.

rows     "7": {"id": "acme/T-1042", "version": 3, "tenant": "acme", "status": "open", …}
places   "acme/T-1042" -> number "7", answers (("acme", "open", 1767603600000), …), one for each index
answers  index "status" -> ("acme", "open") -> [(1767603600000, "acme/T-1042"), …] sorted by order, then id
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import Any, Generic, TypeVar

import msgspec

from supportbot.domain.record import Index, Kind, Record
from supportbot.errors import StoreUnreadable
from supportbot.storage.base import Page
from supportbot.storage.cursor import read_cursor, write_cursor
from supportbot.storage.fields import known, reader
from supportbot.storage.refusals import changed_since
from supportbot.storage.rows import Row, Rows

R = TypeVar("R", bound=Record)

Placed = tuple[bool, Any, str]
"""Where a document stands in an answer: by its order (None before all others), then by its id."""

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder().decode


class Answers:
    """One index: which documents have these values, in order."""

    def __init__(self, index: Index) -> None:
        self.read = reader(*index.fields, index.order)
        self._lists: dict[tuple[Any, ...], list[Placed]] = {}

    def add(self, answer: tuple[Any, ...], id: str) -> None:
        """Let a document be found."""
        insort(self._lists.setdefault(answer[:-1], []), (answer[-1] is not None, answer[-1], id))

    def remove(self, answer: tuple[Any, ...], id: str) -> None:
        """Let a document be found no more."""
        found = self._lists[answer[:-1]]
        del found[bisect_left(found, (answer[-1] is not None, answer[-1], id))]
        if not found:
            del self._lists[answer[:-1]]

    def find(
        self, values: tuple[Any, ...], limit: int, after: str | None, *, newest: bool
    ) -> tuple[list[str], str | None]:
        """Name the documents that have these values, and the cursor behind the last of them."""
        found = self._lists.get(values, [])
        if newest:
            end = len(found) if after is None else bisect_left(found, _placed(after))
            part, more = found[max(0, end - limit) : end][::-1], end > limit
        else:
            start = 0 if after is None else bisect_right(found, _placed(after))
            part, more = found[start : start + limit], start + limit < len(found)
        return [id for _, _, id in part], write_cursor(*part[-1][1:]) if more and part else None


def _placed(cursor: str) -> Placed:
    order, id = read_cursor(cursor)
    return order is not None, order, id


class Documents(Generic[R]):
    """All documents of one kind."""

    def __init__(self, kind: Kind[R], rows: Rows) -> None:
        self.kind = kind
        self._rows = rows
        self._table = rows.table(kind.name)
        self._known = known(kind.type)
        self._read = msgspec.json.Decoder(kind.type).decode
        self._person = reader(kind.person) if kind.person else None
        self.reindex()

    def __len__(self) -> int:
        return len(self._table)

    def reindex(self) -> None:
        """Look at every row anew: at opening, and after rows were put back."""
        self._answers = {index.name: Answers(index) for index in self.kind.indexes}
        self._places: dict[str, tuple[str, tuple[tuple[Any, ...], ...]]] = {}
        self._next = max(map(int, self._table), default=0) + 1
        for number, row in self._table.items():
            record = self._record(row)
            if record.id in self._places:
                raise StoreUnreadable(f"{self.kind.name} {record.id!r} is there twice; take one of them out")
            self._place(number, record)

    def _record(self, row: Row) -> R:
        try:
            return self._read(_encode(row))
        except msgspec.ValidationError as error:
            raise StoreUnreadable(
                f"{self.kind.name} {row.get('id', '?')!r} cannot be read: {error}; correct it, or restore a backup"
            ) from error

    def _place(self, number: str, record: R) -> None:
        answers = tuple([answers.read(record) for answers in self._answers.values()])
        self._places[record.id] = (number, answers)
        for index, answer in zip(self._answers.values(), answers, strict=True):
            index.add(answer, record.id)

    def version(self, id: str) -> int | None:
        """Tell the stored version of a document, or None where there is none."""
        place = self._places.get(id)
        return self._table[place[0]]["version"] if place else None

    def check(self, record: Record) -> None:
        """Refuse a change that was made from another version than the stored one."""
        stored = self.version(record.id)
        if (stored or 0) != record.version:
            raise changed_since(self.kind, record, stored)

    def get(self, id: str) -> R | None:
        """Read a document; it is decoded anew, so that nobody can change what is stored."""
        place = self._places.get(id)
        return self._read(_encode(self._table[place[0]])) if place else None

    def find(self, index: str, values: tuple[Any, ...], limit: int, after: str | None, *, newest: bool) -> Page[R]:
        """Read documents by an index."""
        self.kind.index(index)
        ids, cursor = self._answers[index].find(values, limit, after, newest=newest)
        return Page([self._read(_encode(self._table[self._places[id][0]])) for id in ids], cursor)

    def put(self, record: R, row: Row) -> None:
        """Store a checked document; fields of the stored row that its type does not know stay."""
        row["version"] = record.version + 1
        place = self._places.get(record.id)
        if place is None:
            number = str(self._next)
            self._next += 1
            self._rows.set(self._table, number, row)
            self._place(number, record)
            return
        number, before = place
        stored = self._table[number]
        if not stored.keys() <= self._known:
            row.update({name: value for name, value in stored.items() if name not in self._known})
        self._rows.set(self._table, number, row)
        self._move(number, record, before)

    def _move(self, number: str, record: R, before: tuple[tuple[Any, ...], ...]) -> None:
        now = tuple([answers.read(record) for answers in self._answers.values()])
        if now == before:
            return
        self._places[record.id] = (number, now)
        for index, old, new in zip(self._answers.values(), before, now, strict=True):
            if old != new:
                index.remove(old, record.id)
                index.add(new, record.id)

    def delete(self, id: str) -> None:
        """Remove a checked document."""
        number, answers = self._places.pop(id)
        self._rows.drop(self._table, number)
        for index, answer in zip(self._answers.values(), answers, strict=True):
            index.remove(answer, id)

    def load(self, row: Row) -> None:
        """Take a row as another store dumped it, its version included."""
        number = str(self._next)
        self._next += 1
        record = self._record(row)
        self._rows.set(self._table, number, row)
        self._place(number, record)

    def dump(self) -> Iterator[tuple[str, str, bytes]]:
        """Read every row as (id, person, JSON), by id."""
        for id, (number, _) in sorted(self._places.items()):
            row = _encode(self._table[number])
            yield id, (self._person(self._read(row))[0] or "") if self._person else "", row
