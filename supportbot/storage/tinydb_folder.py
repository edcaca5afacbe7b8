"""TinyDB in a folder: the documents in one file that a person can read, the logs beside it, each write as a whole."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable, Collection
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import msgspec
import tinydb

from supportbot.clock import Clock
from supportbot.domain.record import Log, Schema
from supportbot.domain.work import Work
from supportbot.errors import StoreFailed, StoreUnreadable
from supportbot.storage.base import Page, Stored
from supportbot.storage.book import BURIED, NUMBERS, WORK, Book
from supportbot.storage.disk import Disk
from supportbot.storage.files import FileFolder, open_kept
from supportbot.storage.format import FORMAT, is_older
from supportbot.storage.group_commit import GroupCommit
from supportbot.storage.lock import Lock
from supportbot.storage.logs import FileLogs, Written
from supportbot.storage.refusals import not_readable, only_read, refused_by_disk
from supportbot.storage.rows import Row, Rows, Tables
from supportbot.storage.tinydb import TinyStore
from supportbot.storage.unique_keys import FileKeys
from supportbot.storage.whole_file import WholeFile

T = TypeVar("T")
E = TypeVar("E", bound=msgspec.Struct)

STORE = "_store"
"""The table with one row about the store itself: its format, and the number of its last write."""

MANY = 2_000
"""From this many documents on, rewriting the file for each change is felt."""


class _Counter(msgspec.Struct):
    id: str
    value: int


_TYPES: dict[str, Any] = {WORK: Work, BURIED: Work, NUMBERS: _Counter}


def check_tables(file: Path, tables: Tables) -> None:
    """Refuse rows that a person or a broken disk changed into something else, with the place."""
    for name, rows in tables.items():
        for number, row in rows.items():
            try:
                int(number)
                if name in _TYPES:
                    msgspec.convert(row, _TYPES[name])
            except ValueError as error:
                place = f"{file}: the row {number!r} of the table {name}"
                raise StoreUnreadable(f"{place} cannot be read: {error}; correct it, or restore a backup") from error


class Folder:
    """What is on the disk, and how a group of changes gets there as a whole.

    The logs are written first, each line with the number of this write; then the documents' file, which holds that
    number too, is renamed into place. That rename is the commit: a line whose number is past the file's is not part
    of the store. TinyDB writes once a changed table, which would show one table without the other after a kill; so
    the rows are changed in place and the storage is written once for all of them.
    """

    def __init__(self, path: Path, schema: Schema, clock: Clock, disk: Disk, *, read_only: bool) -> None:
        self.path = path
        self.read_only = read_only
        self.files = FileFolder(path / "files", disk)
        documents = path / "documents.json"
        self._storage = tinydb.TinyDB(documents, disk, storage=WholeFile).storage
        tables = self._storage.read() or {}
        if not tables and documents.exists() and any(file.stat().st_size for file in path.glob("logs/*.jsonl")):
            raise StoreUnreadable(f"{documents} is empty, but the logs are not; restore the whole folder from a backup")
        check_tables(documents, tables)
        self._rows = Rows(tables, is_written=True)
        self._about = self._check_format()
        number = self._about["write"]
        self._logs = FileLogs(path / "logs", disk, number, read_only=read_only)
        self._keys = FileKeys(path / "unique.jsonl", disk, number, clock.now(), read_only=read_only)
        try:
            self.book = Book(schema, self._rows, self._logs, self._keys, clock)
        except StoreUnreadable as error:
            raise StoreUnreadable(f"{documents}: {error}") from error
        self._held: list[str] = []
        self._failed = False
        self._written: list[Written] = []
        self.settle()

    def _check_format(self) -> Row:
        if self._rows.tables and STORE not in self._rows.tables:
            raise StoreUnreadable(
                f"{self.path / 'documents.json'} has no table {STORE}: it is of something else; give another folder"
            )
        about = self._rows.table(STORE).setdefault("1", {"format": FORMAT, "write": 0})
        if not isinstance(about.get("format"), int) or not isinstance(about.get("write"), int):
            raise StoreUnreadable(f"{self.path / 'documents.json'}: the table _store is damaged; restore a backup")
        if is_older(about["format"], f"tinydb:{self.path}") and not self.read_only:
            self._copy(f"before-format-{FORMAT}")
            about["format"] = FORMAT
        return about

    def compact(self) -> None:
        """Leave nothing of what was removed: in the logs, in copies, in what a kill left half written."""
        self._logs.compact()
        for copy in self.path.glob("before-format-*"):
            shutil.rmtree(copy)
        for half in self.path.rglob("*.new"):
            half.unlink()

    def _copy(self, name: str) -> None:
        """Keep everything but the files, which never change, as it was before a migration."""
        copy = self.path / name
        shutil.rmtree(copy, ignore_errors=True)  # half a copy from a start that was killed
        copy.mkdir()
        for part in ("documents.json", "unique.jsonl"):
            if (self.path / part).exists():
                shutil.copy2(self.path / part, copy / part)
        shutil.copytree(self.path / "logs", copy / "logs")

    # --- a group of changes, as GroupCommit drives it -------------------------------------------------------------

    @property
    def needs_repair(self) -> bool:
        """Tell whether a write failed and its remains are still on the disk."""
        return self._failed

    def repair(self) -> None:
        """Bring the disk back to what is settled: the documents first, so that torn log lines are past their number."""
        self._storage.write(self._rows.tables)
        self._logs.repair()
        self._keys.repair()
        self._failed = False

    def flush(self) -> None:
        """Write the logs, then, as one, all tables."""
        self._failed = True
        number = self._about["write"] + 1
        self._written = self._logs.flush(number)
        self._keys.flush(number)
        self._rows.set(self._rows.table(STORE), "1", {**self._about, "write": number})
        self._storage.write(self._rows.tables)
        self._failed = False

    def settle(self) -> None:
        """Count the group as stored."""
        self._logs.settle(self._written)
        self._keys.settle()
        self._rows.settle()
        self._about = self._rows.table(STORE)["1"]
        self._held = self.book.agenda.held()
        self._written = []

    def undo(self) -> None:
        """Put memory back to what is settled, claims included."""
        self._rows.undo()
        self._logs.undo()
        self._keys.undo()
        self.book.reindex(self._held)

    def give_back(self, result: Any) -> None:
        """Release claims whose caller has gone."""
        if isinstance(result, list):
            for work in result:
                if isinstance(work, Work):
                    self.release(work)

    def release(self, work: Work) -> None:
        """Give a claim back for good: undoing a later change does not bring it back."""
        self.book.release(work)
        if work.id not in self.book.agenda.held():
            self._held = [id for id in self._held if id != work.id]


class TinyFolderStore(TinyStore):
    """A TinyDB store in a folder that one process owns."""

    def __init__(self, folder: Folder, lock: Lock, *, takes_work: bool) -> None:
        super().__init__(folder.book, folder.files, takes_work=takes_work)
        self._folder = folder
        self._lock = lock
        self._group = GroupCommit(folder)
        self.warning = self._time_to_climb()

    async def _change(self, job: Callable[[], T]) -> T:
        self._check_writable()
        result = await self._group.run(job)
        self.warning = self._time_to_climb()
        return result

    def _check_writable(self) -> None:
        if self._folder.read_only:
            raise only_read(f"tinydb:{self._folder.path}")

    async def _settled(self) -> None:
        await self._group.settled()

    async def release(self, work: Work) -> None:
        await self._settled()
        self._folder.release(work)

    async def read(self, log: Log[E], key: str, *, limit: int = 50, before: str | None = None) -> Page[E]:
        try:
            return await super().read(log, key, limit=limit, before=before)
        except OSError as error:
            raise StoreFailed(f"the log {log.name} cannot be read ({error}); check the disk") from error
        except msgspec.DecodeError as error:
            file = self._folder.path / "logs" / f"{log.name}.jsonl"
            raise StoreUnreadable(f"{file} has an entry of {key!r} that cannot be read: {error}; correct it") from error

    async def open_file(self, id: str) -> BinaryIO | None:
        return open_kept(self._files, id)

    async def dump(self) -> AsyncIterator[Stored]:
        try:
            async for item in super().dump():
                yield item
        except (OSError, msgspec.DecodeError) as error:
            raise not_readable(f"tinydb:{self._folder.path}", error) from error

    async def put_file(self, content: bytes) -> str:
        self._check_writable()
        try:
            return await asyncio.to_thread(self._files.put, content, self._book.clock.now())
        except OSError as error:
            raise refused_by_disk("a file", error) from error

    async def forget_files(self, ids: Collection[str], *, put_before: int) -> None:
        self._check_writable()
        try:
            await asyncio.to_thread(self._files.forget, ids, put_before)
        except OSError as error:
            raise refused_by_disk("to remove a file", error) from error

    async def compact(self) -> None:
        self._check_writable()
        await self._settled()
        try:
            self._folder.compact()
        except OSError as error:
            raise refused_by_disk("to write the store anew", error) from error

    def _time_to_climb(self) -> str:
        """Say when it is time for the next step of the ladder, or ""."""
        size = self._book.size()
        if size < MANY:
            return ""
        place = self._folder.path
        return (
            f"tinydb:{place} holds {size:,} documents and rewrites them all for each change; it is time for SQLite: "
            f"stop the bot and run `supportbot move tinydb:{place} sqlite:{place.with_suffix('.sqlite')}`"
        )

    async def close(self) -> None:
        await self._group.close()
        self._lock.release()


def open_folder(
    path: Path,
    schema: Schema,
    clock: Clock,
    *,
    takes_work: bool = False,
    read_only: bool = False,
    disk: Disk | None = None,
) -> TinyFolderStore:
    """Open a folder, making it where it is missing; StoreInUse where another process has it."""
    if read_only and not path.is_dir():
        raise StoreUnreadable(f"tinydb:{path} is not there; give the folder of a store that a bot has written")
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            path.mkdir(0o700)  # what people say to the bot is for nobody else on the machine
        (path / "logs").mkdir(exist_ok=True)
        lock = Lock(path / "lock", f"tinydb:{path}")
    except OSError as error:
        raise StoreUnreadable(f"tinydb:{path} cannot be opened ({error}); give a folder to write in") from error
    try:
        folder = Folder(path, schema, clock, disk or Disk(), read_only=read_only)
    except OSError as error:
        lock.release()
        raise StoreUnreadable(f"tinydb:{path} cannot be read ({error}); check the disk and the permissions") from error
    except BaseException:
        lock.release()
        raise
    return TinyFolderStore(folder, lock, takes_work=takes_work)
