"""TinyDB, where everyone starts: a JSON file that a person can read, and logs beside it.

    DIR/documents.json     stock TinyDB tables: one a kind, and `_work`, `_buried`, `_numbers`, `_store`
    DIR/logs/NAME.jsonl    one log; each line has the number of the write it belongs to
    DIR/unique.jsonl       the keys of what happened already
    DIR/files/ab/abcd…     kept files by the hash of their content

``tinydb:memory`` is the same on TinyDB's MemoryStorage, without a disk and without waiting.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection
from typing import Any, BinaryIO, TypeVar

import msgspec
import tinydb
from tinydb.storages import MemoryStorage

from supportbot.clock import Clock
from supportbot.domain.record import Kind, Log, Record, Schema
from supportbot.domain.work import Work
from supportbot.storage.base import OF_PEOPLE, Changes, Page, Store, Stored
from supportbot.storage.book import Book, dump_entry
from supportbot.storage.files import Files, MemoryFiles, dump_files
from supportbot.storage.logs import MemoryLogs
from supportbot.storage.rows import Rows, Tables
from supportbot.storage.unique_keys import MemoryKeys

R = TypeVar("R", bound=Record)
E = TypeVar("E", bound=msgspec.Struct)
T = TypeVar("T")

_decode_work = msgspec.json.Decoder(Work).decode


class TinyStore(Store):
    """A store whose state is TinyDB's: everything is decided in memory, and in `tinydb:DIR` then written."""

    def __init__(self, book: Book, files: Files, *, takes_work: bool) -> None:
        self.takes_work = book.takes_work = takes_work
        self._book = book
        self._files = files
        self._logs: dict[str, Callable[[bytes], Any]] = {}

    # --- what differs where there is a disk -----------------------------------------------------------------------

    async def _change(self, job: Callable[[], T]) -> T:
        """Do something to the book, all of it or nothing, and wait until it is durable."""
        return job()

    async def _settled(self) -> None:
        """Wait until the book says only what is durable."""

    # --- reading --------------------------------------------------------------------------------------------------

    async def get(self, kind: Kind[R], id: str) -> R | None:
        await self._settled()
        return self._book.kind(kind).get(id)

    async def find(
        self, kind: Kind[R], index: str, *values: Any, limit: int = 50, after: str | None = None, newest: bool = False
    ) -> Page[R]:
        await self._settled()
        return self._book.kind(kind).find(index, values, limit, after, newest=newest)

    async def read(self, log: Log[E], key: str, *, limit: int = 50, before: str | None = None) -> Page[E]:
        await self._settled()
        decode = self._logs.get(log.name)
        if decode is None:
            decode = self._logs[log.name] = msgspec.json.Decoder(log.type).decode
        entries, cursor = self._book.logs.read(log.name, key, limit, before)
        return Page(list(map(decode, entries)), cursor)

    # --- changing -------------------------------------------------------------------------------------------------

    async def commit(self, changes: Changes) -> list[Work]:
        prepared = self._book.prepare(changes)
        return await self._change(lambda: self._book.commit(prepared))

    async def claim(self, queue: str, now: int, *, limit: int = 1) -> list[Work]:
        await self._settled()
        due = self._book.agenda.next_due(queue)
        if due is None or due > now:
            return []
        return await self._change(lambda: self._book.claim(queue, now, limit))

    async def release(self, work: Work) -> None:
        await self._settled()
        self._book.release(work)

    async def pending(self, queue: str, *, key: str = "", group: str = "", limit: int = 50) -> list[Work]:
        await self._settled()
        return self._book.agenda.pending(queue, key, group, limit)

    async def next_due(self, queue: str) -> int | None:
        await self._settled()
        return self._book.agenda.next_due(queue)

    async def buried(self, *, limit: int = 50) -> list[Work]:
        await self._settled()
        return self._book.buried(limit)

    async def revive(self, work_id: str) -> bool:
        return await self._change(lambda: self._book.revive(work_id))

    async def next_number(self, name: str) -> int:
        return await self._change(lambda: self._book.next_number(name))

    async def put_file(self, content: bytes) -> str:
        return self._files.put(content, self._book.clock.now())

    async def open_file(self, id: str) -> BinaryIO | None:
        return self._files.open(id)

    # --- removing -------------------------------------------------------------------------------------------------

    async def of_person(self, person: str) -> AsyncIterator[Stored]:
        await self._settled()
        for item in self._book.dump():
            if item.person == person and item.sort in OF_PEOPLE:
                yield item

    async def entries_of(self, log: str, key: str) -> AsyncIterator[Stored]:
        await self._settled()
        for kept in self._book.logs.of_key(log, key):
            yield dump_entry(log, kept)

    async def file_ids(self) -> list[str]:
        return list(self._files.ids())

    async def forget_files(self, ids: Collection[str], *, put_before: int) -> None:
        self._files.forget(ids, put_before)

    async def compact(self) -> None:
        """Memory has no bytes of what was removed."""

    # --- moving ---------------------------------------------------------------------------------------------------

    async def dump(self) -> AsyncIterator[Stored]:
        await self._settled()
        for item in list(self._book.dump()):
            yield item
        for item in dump_files(self._files):
            yield item

    async def load(self, items: list[Stored]) -> None:
        for item in items:
            if item.sort == "file":
                await self.put_file(item.content)
        await self._change(lambda: self._load(items))

    def _load(self, items: list[Stored]) -> None:
        for item in items:
            self._load_item(item)

    def _load_item(self, item: Stored) -> None:
        book = self._book
        match item.sort:
            case "document":
                book.load_document(item.name, msgspec.json.decode(item.value))
            case "entry":
                book.logs.append(item.name, item.key, item.person, item.group, bytes(item.value))
            case "work":
                book.load_work(_decode_work(item.value))
            case "buried":
                book.load_buried(_decode_work(item.value))
            case "number":
                book.load_number(item.name, msgspec.json.decode(item.value, type=int))
            case "unique":
                book.keys.add(item.key, msgspec.json.decode(item.value, type=int))

    async def close(self) -> None:
        """Let go of nothing: memory ends with the process."""


def open_memory(schema: Schema, clock: Clock, *, takes_work: bool) -> TinyStore:
    """Make a store in memory, on TinyDB's own MemoryStorage."""
    database = tinydb.TinyDB(storage=MemoryStorage)
    tables: Tables = {}
    database.storage.write(tables)  # it keeps this very dict, which the rows then change in place
    book = Book(schema, Rows(tables, is_written=False), MemoryLogs(), MemoryKeys(), clock)
    return TinyStore(book, MemoryFiles(), takes_work=takes_work)
