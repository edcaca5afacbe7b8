"""A disk that is full, broken or read-only: the commit says so, nothing is half stored, and it recovers by itself."""

from __future__ import annotations

import asyncio
import errno
import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from supportbot.clock import SimulatedClock
from supportbot.domain.event import Signal
from supportbot.domain.record import Index, Kind, Log, Record, Schema
from supportbot.domain.work import Work
from supportbot.errors import StoreFailed
from supportbot.storage import sqlite, tinydb_folder
from supportbot.storage.base import Changes, Store
from supportbot.storage.disk import Disk


class Item(Record, frozen=True, kw_only=True):
    parity: int = 0


class Line(msgspec.Struct, frozen=True, kw_only=True):
    text: str


ITEMS = Kind("items", Item, indexes=(Index("parity", ("parity",), order="id"),))
LINES: Log[Line] = Log("lines", Line)
OPERATIONS = range(8)
"""A commit writes and syncs a log, the keys and the documents, renames those and syncs the folder."""

SCHEMA = Schema(kinds=(ITEMS,), logs=(LINES,))  # type: ignore[arg-type]


class BrokenDisk(Disk):
    """A disk whose n-th operation from now on fails, and all after it, until it is repaired."""

    def __init__(self) -> None:
        self.good_for = 10**9
        self.number = errno.ENOSPC
        self.short = False

    def fail_after(self, operations: int, number: int, *, short: bool = False) -> None:
        self.good_for, self.number, self.short = operations, number, short

    def repair(self) -> None:
        self.good_for = 10**9

    def _meet(self) -> None:
        self.good_for -= 1
        if self.good_for < 0:
            raise OSError(self.number, os.strerror(self.number))

    def write(self, descriptor: int, content: bytes) -> None:
        try:
            self._meet()
        except OSError:
            if self.short:
                os.write(descriptor, content[: len(content) // 2])
            raise
        super().write(descriptor, content)

    def sync(self, descriptor: int) -> None:
        self._meet()
        super().sync(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        self._meet()
        super().rename(source, target)


class BrokenConnection(sqlite3.Connection):
    """A connection whose COMMIT, or another statement, fails while `refusal` is set."""

    refusal = ""
    error: type[BaseException] = sqlite3.OperationalError
    begins = "COMMIT"

    def execute(self, sql: str, *values: object) -> sqlite3.Cursor:  # type: ignore[override]
        if sql.startswith(BrokenConnection.begins) and BrokenConnection.refusal:
            raise BrokenConnection.error(BrokenConnection.refusal)
        return super().execute(sql, *values)  # type: ignore[arg-type]


def change(number: int, finish: list[Work] | None = None) -> Changes:
    changes = Changes()
    changes.put(ITEMS, Item(id=f"i{number}"))
    changes.append(LINES, "k", Line(text=f"line {number}"))
    changes.add(Work(id=f"w{number}", queue="q", key="k", due=0, payload=Signal(name="ring", conversation="c")))
    changes.unique = f"event {number}"
    for work in finish or []:
        changes.finish(work)
    return changes


async def state(store: Store) -> list[bytes]:
    return [msgspec.json.encode(item) async for item in store.dump()]


def open_tinydb(folder: Path, disk: Disk | None = None) -> tinydb_folder.TinyFolderStore:
    return tinydb_folder.open_folder(folder / "data", SCHEMA, SimulatedClock(), takes_work=True, disk=disk)


def open_sqlite(folder: Path) -> sqlite.SqliteStore:
    return sqlite.open_file(folder / "data.sqlite", SCHEMA, SimulatedClock(), takes_work=True, factory=BrokenConnection)


@pytest.fixture
async def broken_sqlite(tmp_path: Path) -> AsyncIterator[Store]:
    store = open_sqlite(tmp_path)
    yield store
    BrokenConnection.refusal, BrokenConnection.begins = "", "COMMIT"
    BrokenConnection.error = sqlite3.OperationalError
    await store.close()


@pytest.mark.parametrize("short", [False, True], ids=["nothing written", "short write"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.EROFS], ids=["full", "EIO", "read-only"])
@pytest.mark.parametrize("operations", OPERATIONS)
async def test_tinydb_keeps_what_it_had_and_goes_on_when_the_disk_does(
    tmp_path: Path, operations: int, number: int, short: bool
) -> None:
    disk = BrokenDisk()
    store = open_tinydb(tmp_path, disk)
    [running] = await store.commit(change(1))
    before = await state(store)

    disk.fail_after(operations, number, short=short)
    with pytest.raises(StoreFailed, match="nothing of it is stored"):
        await store.commit(change(2, finish=[running]))
    with pytest.raises(StoreFailed):
        await store.commit(change(3))
    assert await state(store) == before
    assert await store.claim("q", 0) == []

    disk.repair()
    [following] = await store.commit(change(2, finish=[running]))
    assert following.id == "w2"
    after = await state(store)
    await store.close()
    again = open_tinydb(tmp_path)
    assert await state(again) == after
    await again.close()


@pytest.mark.parametrize("operations", OPERATIONS)
async def test_tinydb_killed_while_the_disk_fails_opens_with_whole_commits_only(
    tmp_path: Path, operations: int
) -> None:
    disk = BrokenDisk()
    store = open_tinydb(tmp_path, disk)
    await store.commit(change(1))
    disk.fail_after(operations, errno.EIO, short=True)
    with pytest.raises(StoreFailed):
        await store.commit(change(2))
    store._lock.release()  # as a kill does; nothing is repaired

    again = open_tinydb(tmp_path)
    lines = [line.text for line in (await again.read(LINES, "k")).items]
    items = [item.id for item in (await again.find(ITEMS, "parity", 0)).items]
    assert (lines, items) in ((["line 1"], ["i1"]), (["line 2", "line 1"], ["i1", "i2"]))
    await again.close()


async def test_neighbours_of_a_group_that_the_disk_refused_all_hear_it(tmp_path: Path) -> None:
    disk = BrokenDisk()
    store = open_tinydb(tmp_path, disk)
    disk.fail_after(0, errno.ENOSPC)

    results = await asyncio.gather(*(store.commit(change(1)) for _ in range(3)), return_exceptions=True)

    assert [type(result) for result in results] == [StoreFailed] * 3  # none may say that it is stored already
    disk.repair()
    assert await store.commit(change(1))
    await store.close()


@pytest.mark.parametrize(
    "refusal", ["disk I/O error", "database or disk is full", "attempt to write a readonly database"]
)
async def test_sqlite_keeps_what_it_had_and_goes_on_when_the_disk_does(broken_sqlite: Store, refusal: str) -> None:
    store = broken_sqlite
    [running] = await store.commit(change(1))
    before = await state(store)

    BrokenConnection.refusal = refusal
    results = await asyncio.gather(
        *(store.commit(change(2, finish=[running])) for _ in range(3)), return_exceptions=True
    )
    assert [type(result) for result in results] == [StoreFailed] * 3
    assert await state(store) == before

    BrokenConnection.refusal = ""
    [following] = await store.commit(change(2, finish=[running]))
    assert following.id == "w2"


@pytest.mark.parametrize("begins", ["BEGIN", "SAVEPOINT", "INSERT", "UPDATE", "RELEASE", "ROLLBACK", "COMMIT"])
@pytest.mark.parametrize("error", [sqlite3.DatabaseError, sqlite3.InternalError, MemoryError, SystemExit])
async def test_no_error_of_sqlite_lets_anyone_wait_for_ever(
    broken_sqlite: Store, error: type[BaseException], begins: str
) -> None:
    store = broken_sqlite
    [running] = await store.commit(change(1))
    before = await state(store)

    BrokenConnection.refusal, BrokenConnection.error, BrokenConnection.begins = "malformed", error, begins
    jobs = [store.commit(change(number, finish=[running])) for number in (1, 2, 2)]  # the first is a Duplicate
    results = await asyncio.wait_for(asyncio.gather(*jobs, return_exceptions=True), 60)
    if begins != "ROLLBACK":
        assert StoreFailed in [type(result) for result in results]
        assert await state(store) == before

    BrokenConnection.refusal = ""
    if await store.pending("q", limit=9) and begins != "ROLLBACK":
        await asyncio.wait_for(store.commit(change(2, finish=[running])), 60)
    assert await asyncio.wait_for(store.commit(change(9)), 60) is not None


@pytest.mark.parametrize("error", [ValueError, MemoryError])
async def test_no_error_of_the_writing_thread_of_tinydb_lets_anyone_wait_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    store = open_tinydb(tmp_path)
    await store.commit(change(1))
    before = await state(store)

    async def later() -> list[Work]:
        await asyncio.sleep(0)
        return await store.commit(change(3))  # waits while the first group is written

    def broken() -> None:
        raise error("no room")

    with monkeypatch.context() as patch:
        patch.setattr(store._folder, "flush", broken)
        jobs = asyncio.gather(store.commit(change(2)), later(), return_exceptions=True)
        results = await asyncio.wait_for(jobs, 60)
    assert [type(result) for result in results] == [StoreFailed] * 2
    assert await state(store) == before
    await store.commit(change(2))
    await store.close()


async def test_a_read_that_sqlite_refuses_is_a_failure_of_the_store(broken_sqlite: Store) -> None:
    await broken_sqlite.commit(change(1))

    class Torn:
        def execute(self, *_: object) -> None:
            raise sqlite3.DatabaseError("database disk image is malformed")

        def close(self) -> None:
            pass

    whole, broken_sqlite._reader = broken_sqlite._reader, Torn()  # type: ignore[attr-defined]
    with pytest.raises(StoreFailed, match=r"malformed.*restore a backup"):
        await broken_sqlite.get(ITEMS, "i1")
    with pytest.raises(StoreFailed, match="malformed"):
        await broken_sqlite.next_due("q")
    broken_sqlite._reader = whole  # type: ignore[attr-defined]


async def test_a_full_sqlite_file_refuses_and_takes_smaller_changes_again(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path)
    await store.commit(change(1))
    writing = store._writing

    def limit(db: sqlite3.Connection) -> None:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages + 2}")

    await writing.run(limit)
    big = Changes()
    big.append(LINES, "big", Line(text="x" * 100_000))
    with pytest.raises(StoreFailed, match="full"):
        await store.commit(big)
    assert (await store.read(LINES, "big")).items == []

    await writing.run(lambda db: db.execute("PRAGMA max_page_count = 100000").fetchall())
    await store.commit(big)
    assert len((await store.read(LINES, "big")).items) == 1
    await store.close()
