"""A commit as SQL statements: prepared by its caller, applied by the writer inside a transaction."""

from __future__ import annotations

import sqlite3
from typing import Any

import msgspec

from supportbot.domain.record import Record
from supportbot.domain.work import Work
from supportbot.storage import sqlite_work
from supportbot.storage.base import Changes
from supportbot.storage.refusals import changed_since, seen_before
from supportbot.storage.sqlite_layout import KindTable, Layout, Values
from supportbot.storage.sqlite_numbers import Drawn, save
from supportbot.storage.unique_keys import hashed

_encode = msgspec.json.Encoder().encode
_parts = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode

Put = tuple[KindTable, Record, str, Values]


class PreparedCommit:
    """A commit whose contents are SQL values already; calling it applies it, all of it or with an exception."""

    __slots__ = (
        "_changes",
        "_drawn",
        "_entries",
        "_forgotten",
        "_now",
        "_puts",
        "_tables",
        "_takes_work",
        "_unique",
        "_work",
    )

    def __init__(self, changes: Changes, layout: Layout, now: int, *, takes_work: bool, drawn: Drawn = ()) -> None:
        self._changes = changes
        self._drawn = drawn
        self._now = now
        self._takes_work = takes_work
        self._puts = [_prepare(layout.kind(kind), record) for kind, record in changes.puts]
        self._tables = [layout.kind(kind) for kind, _ in changes.deletes]
        self._entries = [
            (layout.log(log).append, (key, person or None, group or None, _encode(entry).decode()))
            for log, key, person, group, entry in changes.entries
        ]
        self._forgotten = [
            (layout.log(log).forget, (key,)) if key else (layout.log(log).forget_group, (group,))
            for log, key, group in changes.forgotten
        ]
        self._unique = hashed(changes.unique) if changes.unique else ""
        self._work = [(work, (work.queue, work.key), sqlite_work.row_of(work)) for work in changes.work]

    def __call__(self, db: sqlite3.Connection) -> list[Work]:
        changes = self._changes
        if self._unique:
            remember = "INSERT INTO unique_keys VALUES (?, ?) ON CONFLICT (key) DO NOTHING"
            if not db.execute(remember, (self._unique, self._now)).rowcount:
                raise seen_before(changes.unique)
        save(db, self._drawn)
        for table, record, text, values in self._puts:
            put(db, table, record, text, values)
        for table, (_, record) in zip(self._tables, changes.deletes, strict=True):
            delete(db, table, record)
        for statement, row in (*self._forgotten, *self._entries):
            db.execute(statement, row)
        for id in changes.dropped:
            sqlite_work.drop_buried(db, id)
        for work in changes.reworded:
            sqlite_work.reword(db, work)
        return self._settle_work(db)

    def _settle_work(self, db: sqlite3.Connection) -> list[Work]:
        """End, cancel and add work; then see whose turn it is under the keys that this touched."""
        changes = self._changes
        freed: dict[tuple[str, str], None] = {}
        for work in changes.finished:
            sqlite_work.finish(db, work)
            freed[work.queue, work.key] = None
        for work in changes.buried:
            sqlite_work.bury(db, work)
            freed[work.queue, work.key] = None
        stays: dict[tuple[str, str], None] = {}
        for work in changes.postponed:
            sqlite_work.postpone(db, work)
            stays[work.queue, work.key] = None
        for id in changes.cancelled:
            if key := sqlite_work.cancel(db, id):
                sqlite_work.turn_of(db, key)
        fresh: dict[tuple[str, str], list[int]] = {}
        claimed = []
        for work, key, row in self._work:
            if self._is_alone(db, work, key, freed):
                if done_next := sqlite_work.add_claimed(db, row):
                    claimed.append(done_next)
            elif (seq := sqlite_work.add(db, row)) is not None:
                fresh.setdefault(key, []).append(seq)
        return claimed + self._take_turns(db, freed, stays, fresh)

    def _is_alone(
        self, db: sqlite3.Connection, work: Work, key: tuple[str, str], freed: dict[tuple[str, str], None]
    ) -> bool:
        """Tell whether new work is due and alone under its key, so that it is done at once: the usual case."""
        if not self._takes_work or max(work.due, work.not_before) > self._now or key in freed:
            return False
        return sum(other == key for _, other, _ in self._work) == 1 and sqlite_work.is_idle(db, key)

    def _take_turns(
        self,
        db: sqlite3.Connection,
        freed: dict[tuple[str, str], None],
        stays: dict[tuple[str, str], None],
        fresh: dict[tuple[str, str], list[int]],
    ) -> list[Work]:
        claimed = []
        for key in {**freed, **stays, **fresh}:
            now = self._now if self._takes_work and key not in stays else None
            work = sqlite_work.turn_of(db, key, now, None if key in freed else fresh.get(key))
            if work is not None:
                claimed.append(work)
        return claimed


def _prepare(table: KindTable, record: Record) -> Put:
    stored = msgspec.structs.replace(record, version=record.version + 1)
    return table, record, _encode(stored).decode(), table.values(record)


def put(db: sqlite3.Connection, table: KindTable, record: Record, text: str, values: Values) -> None:
    """Store a document over the version it was read with, or Conflict; unknown stored fields stay."""
    row: Any = db.execute(table.look, (record.id,)).fetchone()
    stored = row[1] if row else None
    if (stored or 0) != record.version:
        raise changed_since(table.kind, record, stored)
    if row is None:
        db.execute(table.insert, (record.id, 1, text, *values))
        return
    number, _, before, *columns = row
    text = _keep_unknown(table, before, text)
    if tuple(columns) == values:  # then no index is touched
        db.execute(table.update, (record.version + 1, text, number))
    else:
        db.execute(table.move, (record.version + 1, text, *values, number))


def _keep_unknown(table: KindTable, before: str, text: str) -> str:
    parts = _parts(before)
    if parts.keys() <= table.known:
        return text
    unknown = {name: part for name, part in parts.items() if name not in table.known}
    return _encode(_parts(text) | unknown).decode()


def delete(db: sqlite3.Connection, table: KindTable, record: Record) -> None:
    """Remove a document of that version, or Conflict."""
    row = db.execute(table.look, (record.id,)).fetchone()
    if row is None or row[1] != record.version:
        raise changed_since(table.kind, record, row[1] if row else None)
    db.execute(table.delete, (record.id,))
