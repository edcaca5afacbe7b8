"""SQLite, one machine with any history: one thread writes, readers beside it see what is committed.

FILE          the database, in WAL mode and with synchronous FULL; other processes may read it while the bot runs
FILE.files/   kept files by the hash of their content
FILE.lock     held by the one process that takes work
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Collection, Iterator
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec

from supportbot.clock import HOUR, Clock
from supportbot.domain.record import Kind, Log, Record, Schema
from supportbot.domain.work import Work
from supportbot.errors import ConfigurationError, StoreUnreadable
from supportbot.storage import sqlite_transfer, sqlite_work
from supportbot.storage.base import Changes, Page, Store, Stored
from supportbot.storage.cursor import read_cursor, write_cursor
from supportbot.storage.disk import Disk
from supportbot.storage.files import FileFolder, dump_files, open_kept
from supportbot.storage.lock import Lock
from supportbot.storage.refusals import not_readable, only_read, refused_by_disk
from supportbot.storage.sqlite_commit import PreparedCommit
from supportbot.storage.sqlite_layout import Layout
from supportbot.storage.sqlite_numbers import STORED, Numbers, save
from supportbot.storage.sqlite_writer import Writer
from supportbot.storage.unique_keys import REMEMBERED

R = TypeVar("R", bound=Record)
E = TypeVar("E", bound=msgspec.Struct)
T = TypeVar("T")

_decode_work = msgspec.json.Decoder(Work).decode

_COUNT = "INSERT INTO numbers VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"


class SqliteStore(Store):
    """A store in one SQLite file."""

    def __init__(self, path: Path, layout: Layout, reader: sqlite3.Connection, clock: Clock, disk: Disk) -> None:
        self.path = path
        self._layout = layout
        self._reader = reader
        self.clock = clock
        self._files = FileFolder(path.with_name(path.name + ".files"), disk)
        self._writer: Writer | None = None
        self._lock: Lock | None = None
        self._numbers = Numbers()
        self._forgot_at = 0

    def write_with(self, connection: sqlite3.Connection, lock: Lock | None) -> None:
        """Begin to write; a lock is held where this process takes work."""
        self._writer = Writer(connection, self._give_back, f"sqlite:{self.path}")
        self._lock = lock
        self.takes_work = lock is not None

    # --- reading --------------------------------------------------------------------------------------------------

    def _rows(self, sql: str, values: tuple[Any, ...]) -> list[Any]:
        """Ask the reading connection: it takes microseconds, sees only what is committed, and never waits."""
        try:
            return self._reader.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            raise not_readable(f"sqlite:{self.path}", error) from error

    def _decoded(self, read: Callable[[Any], T], row: Any) -> T:
        try:
            return read(row)
        except (msgspec.DecodeError, TypeError) as error:
            found = f"sqlite:{self.path} has a row that cannot be read: {error}"
            raise StoreUnreadable(f"{found}; correct it, or restore a backup") from error

    async def get(self, kind: Kind[R], id: str) -> R | None:
        table = self._layout.kind(kind)
        rows = self._rows(table.get, (id,))
        return self._decoded(table.decode, rows[0][0]) if rows else None

    async def find(
        self, kind: Kind[R], index: str, *values: Any, limit: int = 50, after: str | None = None, newest: bool = False
    ) -> Page[R]:
        table = self._layout.kind(kind)
        sql = table.find(index, after=after is not None, newest=newest)
        cursor = read_cursor(after) if after is not None else ()
        rows = self._rows(sql, (*values, *cursor, limit + 1))
        more = write_cursor(*rows[limit - 1][1:]) if len(rows) > limit else None
        return Page([self._decoded(table.decode, row[0]) for row in rows[:limit]], more)

    async def read(self, log: Log[E], key: str, *, limit: int = 50, before: str | None = None) -> Page[E]:
        table = self._layout.log(log)
        if before is None:
            rows = self._rows(table.read, (key, limit + 1))
        else:
            rows = self._rows(table.read_before, (key, int(before), limit + 1))
        more = str(rows[limit - 1][1]) if len(rows) > limit else None
        return Page([self._decoded(table.decode, row[0]) for row in rows[:limit]], more)

    async def pending(self, queue: str, *, key: str = "", group: str = "", limit: int = 50) -> list[Work]:
        if key and group:
            rows = self._rows(sqlite_work.BY_KEY_AND_GROUP, (queue, key, group, limit))
        elif key:
            rows = self._rows(sqlite_work.BY_KEY, (queue, key, limit))
        elif group:
            rows = self._rows(sqlite_work.BY_GROUP, (queue, group, limit))
        else:
            rows = self._rows(sqlite_work.BY_DUE, (queue, limit))
        return [self._decoded(sqlite_work.read_work, row) for row in rows]

    async def next_due(self, queue: str) -> int | None:
        due: int | None = self._rows(sqlite_work.NEXT_DUE, (queue,))[0][0]
        return due

    async def buried(self, *, limit: int = 50) -> list[Work]:
        rows = self._rows(sqlite_work.BURIED, (limit,))
        return [self._decoded(_decode_work, text) for (text,) in rows]

    # --- changing -------------------------------------------------------------------------------------------------

    @property
    def _writing(self) -> Writer:
        if self._writer is None:
            raise only_read(f"sqlite:{self.path}")
        return self._writer

    def _give_back(self, result: Any) -> None:
        """Release claims whose caller has gone."""
        if isinstance(result, list):
            for work in result:
                if isinstance(work, Work):
                    self._writing.put(partial(sqlite_work.release, work=work))

    async def commit(self, changes: Changes) -> list[Work]:
        now = self.clock.now()
        drawn = self._numbers.unsaved
        prepared = PreparedCommit(changes, self._layout, now, takes_work=self.takes_work, drawn=drawn)
        if changes.unique and now - self._forgot_at > HOUR:
            self._forgot_at = now
            self._writing.put(partial(_forget_keys, before=now - REMEMBERED))
        claimed = await self._writing.run(prepared, changes.patience)
        self._numbers.saved(drawn)
        return claimed

    async def claim(self, queue: str, now: int, *, limit: int = 1) -> list[Work]:
        due = await self.next_due(queue)
        if due is None or due > now:
            return []
        return await self._writing.run(lambda db: sqlite_work.claim_ready(db, queue, now, limit))

    async def release(self, work: Work) -> None:
        await self._writing.run(lambda db: sqlite_work.release(db, work))

    async def revive(self, work_id: str) -> bool:
        return await self._writing.run(lambda db: sqlite_work.revive(db, work_id))

    async def next_number(self, name: str) -> int:
        if self.takes_work:  # nobody else draws: it is enough that the next commit stores it
            stored = self._rows(STORED, (name,))
            return self._numbers.draw(name, stored[0][0] if stored else 0)

        def count(db: sqlite3.Connection) -> int:
            number: int = db.execute(_COUNT, (name,)).fetchall()[0][0]
            return number

        return await self._writing.run(count)

    # --- files, moving, closing -----------------------------------------------------------------------------------

    async def put_file(self, content: bytes) -> str:
        _ = self._writing  # refuses where the store is only read
        try:
            return await asyncio.to_thread(self._files.put, content, self.clock.now())
        except OSError as error:
            raise refused_by_disk("a file", error) from error

    async def open_file(self, id: str) -> BinaryIO | None:
        return open_kept(self._files, id)

    async def dump(self) -> AsyncIterator[Stored]:
        if self._numbers.unsaved:
            await self.commit(Changes())
        async for item in self._view(sqlite_transfer.dump):
            yield item
        try:
            for item in dump_files(self._files):
                yield item
        except OSError as error:
            raise not_readable(f"sqlite:{self.path}", error) from error

    async def of_person(self, person: str) -> AsyncIterator[Stored]:
        async for item in self._view(lambda db: sqlite_transfer.of_person(db, person)):
            yield item

    async def entries_of(self, log: str, key: str) -> AsyncIterator[Stored]:
        async for item in self._view(lambda db: sqlite_transfer.entries_of(db, log, key)):
            yield item

    async def _view(self, read: Callable[[sqlite3.Connection], Iterator[Stored]]) -> AsyncIterator[Stored]:
        """Read through a connection of its own, in one view of everything, whatever is committed meanwhile."""
        try:
            with closing(connect(self.path, read_only=True)) as connection:
                connection.execute("BEGIN")
                for item in read(connection):
                    yield item
        except (sqlite3.Error, OSError) as error:
            raise not_readable(f"sqlite:{self.path}", error) from error

    async def load(self, items: list[Stored]) -> None:
        for item in items:
            if item.sort == "file":
                await self.put_file(item.content)
        await self._writing.run(lambda db: sqlite_transfer.load(db, self._layout, items))

    async def file_ids(self) -> list[str]:
        return await asyncio.to_thread(lambda: list(self._files.ids()))

    async def forget_files(self, ids: Collection[str], *, put_before: int) -> None:
        _ = self._writing
        try:
            await asyncio.to_thread(self._files.forget, ids, put_before)
        except OSError as error:
            raise refused_by_disk("to remove a file", error) from error

    async def compact(self) -> None:
        _ = self._writing
        try:
            for copy in self.path.parent.glob(f"{self.path.name}.before-format-*"):
                copy.unlink()
            for half in self._files.folder.rglob("*.new"):
                half.unlink()
            await asyncio.to_thread(_write_anew, self.path)
        except (sqlite3.Error, OSError) as error:
            raise refused_by_disk("to write the store anew", error) from error

    async def close(self) -> None:
        if self._writer is not None:
            if drawn := self._numbers.unsaved:
                self._writer.put(partial(save, drawn=drawn))
            await self._writer.finish()
        self._reader.close()  # before the writer, which alone may take the write-ahead log into the file
        if self._writer is not None:
            self._writer.close()
        if self._lock is not None:
            self._lock.release()


def _write_anew(path: Path) -> None:
    """Write the file without its free pages, and empty the write-ahead log."""
    with closing(connect(path)) as connection:
        connection.execute("VACUUM")
        busy, *_ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if busy:
        raise OSError(f"another process reads {path}; end it, then do this again")


def _forget_keys(db: sqlite3.Connection, before: int) -> None:
    db.execute("DELETE FROM unique_keys WHERE at < ?", (before,))


def connect(
    path: Path, *, read_only: bool = False, factory: type[sqlite3.Connection] = sqlite3.Connection
) -> sqlite3.Connection:
    """Connect to a file: transactions only where we begin them, durable ones."""
    connection = sqlite3.connect(
        f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}",
        uri=True,
        timeout=10,
        isolation_level=None,
        check_same_thread=False,
        factory=factory,
    )
    try:
        if read_only:
            connection.execute("PRAGMA query_only = ON")
            # Random reads among 100,000 documents then cost below 1.5 times those among 100. No mmap, though it is as
            # fast: a broken sector would end the process with SIGBUS where a read is an error that can be told.
            connection.execute("PRAGMA mmap_size = 0")
            connection.execute("PRAGMA cache_size = -32000")
        else:
            connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


PRIVATE = 0o600
"""What people say to the bot is for nobody else on the machine."""


def open_file(
    path: Path,
    schema: Schema,
    clock: Clock,
    *,
    takes_work: bool = False,
    read_only: bool = False,
    alone: bool = False,
    disk: Disk | None = None,
    factory: type[sqlite3.Connection] = sqlite3.Connection,
) -> SqliteStore:
    """Open a file, making it where it is missing; StoreInUse where another process takes its work."""
    if sqlite3.sqlite_version_info < (3, 35):
        raise ConfigurationError(
            [f"SQLite {sqlite3.sqlite_version} is too old; use a Python with SQLite 3.35 or later"]
        )
    if read_only and not path.exists():
        raise StoreUnreadable(f"sqlite:{path} is not there; give the file that a bot has written")
    _check_whole(path)
    lock: Lock | None = None
    with ExitStack() as undo:  # whatever was opened when something fails is closed again
        try:
            if not read_only:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch(PRIVATE)  # what SQLite writes beside it is as private
            if takes_work and not read_only:
                lock = Lock(path.with_name(path.name + ".lock"), f"sqlite:{path}")
                undo.callback(lock.release)
            if alone and read_only:
                Lock(path.with_name(path.name + ".lock"), f"sqlite:{path}").release()
            store = _open(undo, path, Layout(schema), clock, read_only=read_only, disk=disk or Disk())
            if not read_only:
                _begin_to_write(undo, store, factory, lock)
        except (sqlite3.Error, OSError, msgspec.DecodeError) as error:
            reason = f"sqlite:{path} cannot be opened ({error})"
            raise StoreUnreadable(f"{reason}; give another file, or restore a backup") from error
        undo.pop_all()
    return store


def _check_whole(path: Path) -> None:
    """Refuse a write-ahead log without its file: SQLite would delete it, and with it the newest commits."""
    log = path.with_name(path.name + "-wal")
    if log.is_file() and log.stat().st_size and not (path.exists() and path.stat().st_size):
        raise StoreUnreadable(
            f"sqlite:{path} is empty or gone, but {log.name} beside it is not; restore both from a backup"
        )


def _open(undo: ExitStack, path: Path, layout: Layout, clock: Clock, *, read_only: bool, disk: Disk) -> SqliteStore:
    """Open for reading; where the file may be written, it is first brought to what this release declares."""
    if not read_only:
        with closing(connect(path)) as builder:
            layout.build(builder, path)
    reader = connect(path, read_only=True)
    undo.callback(reader.close)
    layout.check(reader, path)
    return SqliteStore(path, layout, reader, clock, disk)


def _begin_to_write(undo: ExitStack, store: SqliteStore, factory: type[sqlite3.Connection], lock: Lock | None) -> None:
    """Open for writing; the one process that takes work gives back what an earlier one had claimed."""
    writer = connect(store.path, factory=factory)
    undo.callback(writer.close)
    if lock is not None:
        writer.execute("BEGIN IMMEDIATE")
        sqlite_work.forget_claims(writer)
        _forget_keys(writer, store.clock.now() - REMEMBERED)
        writer.execute("COMMIT")
    store.write_with(writer, lock)
