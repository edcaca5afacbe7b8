"""What a TinyDB store knows, in memory: it checks a commit as a whole, then applies it as a whole.

Nothing here waits or touches a disk: a check that fails has changed nothing, and an apply cannot fail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from supportbot.clock import Clock
from supportbot.domain.record import Kind, Schema
from supportbot.domain.work import Work
from supportbot.storage.agenda import Agenda
from supportbot.storage.base import Changes, Stored
from supportbot.storage.documents import Documents
from supportbot.storage.logs import Kept, Logs
from supportbot.storage.refusals import seen_before
from supportbot.storage.rows import Row, Rows
from supportbot.storage.unique_keys import UniqueKeys, hashed

WORK, BURIED, NUMBERS = "_work", "_buried", "_numbers"
"""Tables beside those of the kinds; TinyDB's own names begin with an underscore too."""

_encode = msgspec.json.Encoder().encode
_decode_work = msgspec.json.Decoder(Work).decode


class Prepared:
    """A commit whose contents went through serialisation, before anything was decided about it."""

    __slots__ = ("changes", "entries", "reworded", "rows", "unique", "work")

    def __init__(self, changes: Changes) -> None:
        self.changes = changes
        self.rows: list[Row] = [msgspec.to_builtins(record) for _, record in changes.puts]
        self.entries = [
            (log.name, key, person, group, _encode(entry)) for log, key, person, group, entry in changes.entries
        ]
        self.work = [_decode_work(_encode(work)) for work in changes.work]
        self.reworded = [_decode_work(_encode(work)) for work in changes.reworded]
        self.unique = hashed(changes.unique) if changes.unique else ""


class Book:
    """Documents, work, numbers, logs and unique keys of one TinyDB store."""

    def __init__(self, schema: Schema, rows: Rows, logs: Logs, keys: UniqueKeys, clock: Clock) -> None:
        self.rows = rows
        self.logs = logs
        self.keys = keys
        self.clock = clock
        self.takes_work = False
        self.documents: dict[str, Documents[Any]] = {kind.name: Documents(kind, rows) for kind in schema.kinds}
        self._work, self._buried, self._numbers = rows.table(WORK), rows.table(BURIED), rows.table(NUMBERS)
        self._look_at_work(())

    def reindex(self, held: Iterable[str]) -> None:
        """Look at every row anew, after rows were put back."""
        for documents in self.documents.values():
            documents.reindex()
        self._look_at_work(held)

    def _look_at_work(self, held: Iterable[str]) -> None:
        works = [msgspec.convert(row, Work) for row in self._work.values()]
        self.agenda = Agenda(works, held)
        self._seq = max((work.seq for work in works), default=0)
        self._grave = max(map(int, self._buried), default=0)

    def kind(self, kind: Kind[Any]) -> Documents[Any]:
        """Find the documents of a kind."""
        try:
            return self.documents[kind.name]
        except KeyError:
            raise LookupError(f"this store was opened without the kind {kind.name!r}; add it to the schema") from None

    def size(self) -> int:
        """Count the documents."""
        return sum(map(len, self.documents.values()))

    def prepare(self, changes: Changes) -> Prepared:
        """Put a commit's contents through serialisation; what cannot be stored fails here, and nothing waits for it."""
        for kind, _ in changes.puts:
            self.kind(kind)
        for kind, _ in changes.deletes:
            self.kind(kind)
        return Prepared(changes)

    def commit(self, prepared: Prepared) -> list[Work]:
        """Check and apply all of it, or nothing; returns the work that was claimed in passing."""
        self._check(prepared)
        return self._apply(prepared)

    def _check(self, prepared: Prepared) -> None:
        changes = prepared.changes
        if prepared.unique and prepared.unique in self.keys:
            raise seen_before(changes.unique)
        for kind, record in changes.puts:
            self.documents[kind.name].check(record)
        for kind, record in changes.deletes:
            self.documents[kind.name].check(record)
        for works in (changes.finished, changes.postponed, changes.buried):
            for work in works:
                self.agenda.check(work)

    def _apply(self, prepared: Prepared) -> list[Work]:
        changes = prepared.changes
        for (kind, record), row in zip(changes.puts, prepared.rows, strict=True):
            self.documents[kind.name].put(record, row)
        for kind, record in changes.deletes:
            self.documents[kind.name].delete(record.id)
        for log, key, group in changes.forgotten:
            self.logs.forget(log.name, key, group)
        for entry in prepared.entries:
            self.logs.append(*entry)
        now = self.clock.now()
        if prepared.unique:
            self.keys.add(prepared.unique, now)
        for id in changes.dropped:
            self._drop_buried(id)
        for work in prepared.reworded:
            self._reword(work)
        return self._settle_work(prepared, now)

    def _settle_work(self, prepared: Prepared, now: int) -> list[Work]:
        """End, cancel and add work; then see whose turn it is under the keys that this touched."""
        changes = prepared.changes
        freed: dict[tuple[str, str], None] = {}
        for work in changes.finished:
            freed[self._end(work)] = None
        for work in changes.buried:
            freed[self._bury(work)] = None
        stays = {self._postpone(work) for work in changes.postponed} if changes.postponed else ()
        for id in changes.cancelled:
            self._cancel(id)
        fresh = [self._add(work) for work in prepared.work if work.id not in self.agenda.works]
        claimed = []
        for key in freed:
            if self.takes_work and key not in stays and (next_one := self.agenda.ready(key, now)):
                claimed.append(self._claim(next_one))
            else:
                self.agenda.post(key)
        for work in fresh:
            key = (work.queue, work.key)
            if self.takes_work and key not in stays and self.agenda.ready(key, now) is work:
                claimed.append(self._claim(work))
                continue
            self.agenda.post(key)
            if self.agenda.works[work.id] is work:  # not claimed just now under a freed key
                self._store(work)
        return claimed

    def _end(self, work: Work) -> tuple[str, str]:
        stored = self.agenda.works[work.id]
        self.agenda.remove(stored)
        if self.rows.is_written:
            self.rows.drop(self._work, str(stored.seq))
        return stored.queue, stored.key

    def _bury(self, work: Work) -> tuple[str, str]:
        stored = self.agenda.works[work.id]
        self._grave += 1
        dead = msgspec.structs.replace(stored, error=work.error)
        self.rows.set(self._buried, str(self._grave), msgspec.to_builtins(dead))
        return self._end(work)

    def _postpone(self, work: Work) -> tuple[str, str]:
        stored = self.agenda.works[work.id]
        later = msgspec.structs.replace(stored, not_before=work.not_before, error=work.error)
        self._store(later)
        self.agenda.replace(later)
        self.agenda.free(later)
        return stored.queue, stored.key

    def _cancel(self, id: str) -> None:
        stored = self.agenda.works.get(id)
        if stored is not None and not self.agenda.is_held(stored):
            self.agenda.post(self._end(stored))

    def _add(self, work: Work) -> Work:
        """Give work its place; its row is stored by the caller, once it is known whether it is claimed at once."""
        self._seq += 1
        placed = msgspec.structs.replace(work, seq=self._seq, attempt=0)
        self.agenda.add(placed)
        return placed

    def _claim(self, work: Work) -> Work:
        claimed = self.agenda.hold(work)
        self._store(claimed)
        return claimed

    def _store(self, work: Work) -> None:
        if self.rows.is_written:  # else the agenda has it, and nobody would read the row
            self.rows.set(self._work, str(work.seq), msgspec.to_builtins(work))

    def claim(self, queue: str, now: int, limit: int) -> list[Work]:
        """Claim the first due work of up to `limit` keys."""
        claimed: list[Work] = []
        while len(claimed) < limit and (work := self.agenda.due(queue, now)):
            claimed.append(self._claim(work))
        return claimed

    def release(self, work: Work) -> None:
        """Give a claim back; the count of attempts stays."""
        stored = self.agenda.works.get(work.id)
        if stored is not None and stored.attempt == work.attempt:
            self.agenda.free(stored)

    def buried(self, limit: int | None = None) -> list[Work]:
        """Read the dead letters, oldest first."""
        return [_decode_work(_encode(row)) for row in list(self._buried.values())[:limit]]

    def revive(self, id: str) -> bool:
        """Take work out of the dead letters; where the same work waits again already, that is enough."""
        for number, row in self._buried.items():
            if row["id"] == id:
                self.rows.drop(self._buried, number)
                if id not in self.agenda.works:
                    fresh = self._add(msgspec.structs.replace(_decode_work(_encode(row)), not_before=0, error=""))
                    self._store(fresh)
                    self.agenda.post((fresh.queue, fresh.key))
                return True
        return False

    def _drop_buried(self, id: str) -> None:
        for number in [number for number, row in self._buried.items() if row["id"] == id]:
            self.rows.drop(self._buried, number)

    def _reword(self, work: Work) -> None:
        """Change what work says, wherever it is, and nothing of its place."""
        stored = self.agenda.works.get(work.id)
        if stored is not None:
            said = msgspec.structs.replace(stored, payload=work.payload, person=work.person)
            self._store(said)
            self.agenda.replace(said)
        for number, row in list(self._buried.items()):
            if row["id"] == work.id:
                said = msgspec.structs.replace(_decode_work(_encode(row)), payload=work.payload, person=work.person)
                self.rows.set(self._buried, number, msgspec.to_builtins(said))

    def next_number(self, name: str) -> int:
        """Count a counter up."""
        number, row = self._counter(name)
        value: int = row["value"] + 1
        self.rows.set(self._numbers, number, {"id": name, "value": value})
        return value

    def _counter(self, name: str) -> tuple[str, Row]:
        for number, row in self._numbers.items():  # one a tenant, so a handful
            if row["id"] == name:
                return number, row
        return str(len(self._numbers) + 1), {"id": name, "value": 0}

    def load_document(self, name: str, row: Row) -> None:
        """Take a document as another store dumped it; one of an unknown kind waits for the release that knows it."""
        documents = self.documents.get(name)
        if documents is not None:
            documents.load(row)
        else:
            table = self.rows.table(name)
            self.rows.set(table, str(len(table) + 1), row)

    def load_work(self, work: Work) -> None:
        """Take work as another store dumped it, with its place and its attempts."""
        self._seq = max(self._seq, work.seq)
        self._store(work)
        self.agenda.add(work)
        self.agenda.post((work.queue, work.key))

    def load_buried(self, work: Work) -> None:
        """Take a dead letter as another store dumped it."""
        self._grave += 1
        self.rows.set(self._buried, str(self._grave), msgspec.to_builtins(work))

    def load_number(self, name: str, value: int) -> None:
        """Take a counter as another store dumped it."""
        self.rows.set(self._numbers, self._counter(name)[0], {"id": name, "value": value})

    def dump(self) -> Iterator[Stored]:
        """Read everything but the files."""
        for name, documents in sorted(self.documents.items()):
            for id, person, content in documents.dump():
                yield Stored(sort="document", name=name, key=id, person=person, value=msgspec.Raw(content))
        yield from self._dump_unknown()
        for name in self.logs.names():
            yield from (dump_entry(name, kept) for kept in self.logs.dump(name))
        for work in sorted(self.agenda.works.values(), key=lambda work: work.seq):
            yield dump_work("work", work)
        for work in self.buried():
            yield dump_work("buried", work)
        for name, number in sorted((row["id"], row["value"]) for row in self._numbers.values()):
            yield Stored(sort="number", name=name, value=msgspec.Raw(_encode(number)))
        for key, at in sorted(self.keys.dump()):
            yield Stored(sort="unique", key=key, value=msgspec.Raw(_encode(at)))

    def _dump_unknown(self) -> Iterator[Stored]:
        """Read the documents of kinds that only another release knows."""
        for name, rows in sorted(self.rows.tables.items()):
            if name not in self.documents and not name.startswith("_"):
                for row in sorted(rows.values(), key=lambda row: str(row["id"])):
                    yield Stored(sort="document", name=name, key=row["id"], value=msgspec.Raw(_encode(row)))


def dump_entry(log: str, kept: Kept) -> Stored:
    """Word an entry as an item of a dump."""
    value = msgspec.Raw(kept.entry)
    return Stored(sort="entry", name=log, key=kept.key, person=kept.person, group=kept.group, value=value)


def dump_work(sort: str, work: Work) -> Stored:
    """Word work as an item of a dump."""
    return Stored(sort=sort, name=work.queue, key=work.id, person=work.person, value=msgspec.Raw(_encode(work)))
