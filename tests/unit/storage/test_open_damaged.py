"""Damage on the disk is named with its file and a way out, and never made worse."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from supportbot.errors import StoreError, StoreFailed, StoreUnreadable
from supportbot.storage.base import Changes
from supportbot.storage.open import open_store

GARBAGE = b"\x00\xff garbage \xfe" * 300


async def filled(house: Any, url: str) -> None:
    """Write documents, log entries, work and unique keys, and close."""
    store = await open_store(url, house.schema, takes_work=True)
    for number in range(6):
        changes = Changes(unique=f"event {number}")
        changes.put(house.notes, house.note(f"n{number}"))
        changes.append(house.lines, "k", house.line(f"line {number}"))
        changes.add(house.work(f"w{number}", f"k{number}"))
        await store.commit(changes)
    await store.close()


def content(folder: Path) -> dict[str, bytes]:
    """Read every file but the lock."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name[-4:] != "lock"}


def rewrite(change: Callable[[bytes], bytes]) -> Callable[[Path], Any]:
    return lambda path: path.write_bytes(change(path.read_bytes()))


def into_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def in_the_middle(before: bytes) -> bytes:
    lines = before.splitlines(keepends=True)
    return b"".join([*lines[:2], b"garbage\n", *lines[3:]])


DAMAGES: dict[str, tuple[str, Callable[[Path], Any]]] = {
    "documents empty": ("documents.json", rewrite(lambda _: b"")),
    "documents gone": ("documents.json", Path.unlink),
    "documents half": ("documents.json", rewrite(lambda before: before[: len(before) // 2])),
    "documents garbage": ("documents.json", rewrite(lambda _: GARBAGE)),
    "documents a list": ("documents.json", rewrite(lambda _: b"[]")),
    "documents of something else": ("documents.json", rewrite(lambda _: b'{"_default": {"1": {"a": 1}}}')),
    "documents a folder": ("documents.json", into_a_folder),
    "row with a wrong type": ("documents.json", rewrite(lambda before: before.replace(b'"topic":"t"', b'"topic":7'))),
    "row without a number": ("documents.json", rewrite(lambda before: before.replace(b'"1": {"id"', b'"x": {"id"'))),
    "row twice": ("documents.json", rewrite(lambda before: before.replace(b'"id":"n1"', b'"id":"n0"'))),
    "work with a wrong type": ("documents.json", rewrite(lambda before: before.replace(b'"due":0', b'"due":"x"'))),
    "number of the write": ("documents.json", rewrite(lambda before: before.replace(b'"write":6', b'"write":"6"'))),
    "documents older than the logs": ("logs/lines.jsonl", rewrite(lambda before: before.replace(b":6,", b":9,", 1))),
    "log with garbage inside": ("logs/lines.jsonl", rewrite(in_the_middle)),
    "log a folder": ("logs/lines.jsonl", into_a_folder),
    "keys with garbage inside": ("unique.jsonl", rewrite(in_the_middle)),
    "keys a folder": ("unique.jsonl", into_a_folder),
    "lock a folder": ("lock", into_a_folder),
}


@pytest.mark.parametrize("read_only", [False, True])
@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_tinydb_folder_is_refused_with_the_file_and_left_as_it_is(
    house: Any, damage: str, read_only: bool
) -> None:
    await filled(house, house.tinydb)
    folder = house.folder / "data"
    name, spoil = DAMAGES[damage]
    spoil(folder / name)
    before = content(folder)

    with pytest.raises(StoreUnreadable, match=name.split("/")[-1].replace(".", r"\.") + ".*;"):
        await open_store(house.tinydb, house.schema, takes_work=not read_only, read_only=read_only)
    assert content(folder) == before


SQLITE_DAMAGES: dict[str, Callable[[Path], Any]] = {
    "garbage": rewrite(lambda _: GARBAGE),
    "garbage at the head": rewrite(lambda before: GARBAGE + before[len(GARBAGE) :]),
    "half": rewrite(lambda before: before[: len(before) // 2]),
    "a few bytes": rewrite(lambda before: before[:50]),
    "a folder": into_a_folder,
}


async def look_at_everything(house: Any) -> None:
    store = await open_store(house.sqlite, house.schema, takes_work=True)
    try:
        assert [item async for item in store.dump()]
        for number in range(6):
            assert await store.get(house.notes, f"n{number}")
        assert (await store.find(house.notes, "topic", "t")).items
        assert (await store.read(house.lines, "k")).items
        assert await store.pending("q")
    finally:
        await store.close()


@pytest.mark.parametrize("damage", SQLITE_DAMAGES)
async def test_a_damaged_sqlite_file_is_named_when_it_is_opened_or_read(house: Any, damage: str) -> None:
    await filled(house, house.sqlite)
    path = house.folder / "data.sqlite"
    SQLITE_DAMAGES[damage](path)
    before = path.read_bytes() if path.is_file() else b""

    with pytest.raises((StoreUnreadable, StoreFailed), match=r"data\.sqlite.*(backup|another file)"):
        await look_at_everything(house)
    assert damage == "half" or not before or path.read_bytes() == before


async def test_a_write_ahead_log_whose_file_is_empty_is_kept(house: Any) -> None:
    store = await open_store(house.sqlite, house.schema, takes_work=True)
    await store.commit(Changes(puts=[(house.notes, house.note("a"))]))
    other = house.folder / "other.sqlite"
    shutil.copy(house.folder / "data.sqlite-wal", house.folder / "other.sqlite-wal")
    await store.close()

    for spoil in (lambda: None, other.touch):
        spoil()
        with pytest.raises(StoreUnreadable, match=r"other\.sqlite-wal beside it is not; restore both"):
            await open_store(f"sqlite:{other}", house.schema)
    assert (house.folder / "other.sqlite-wal").stat().st_size > 0


@pytest.mark.parametrize(
    "sql",
    [
        "DELETE FROM about WHERE name = 'logs'",
        "UPDATE about SET value = 'x' WHERE name = 'format'",
        "DELETE FROM about",
    ],
)
async def test_an_sqlite_file_that_says_nothing_sound_about_itself_is_refused(house: Any, sql: str) -> None:
    await filled(house, house.sqlite)
    with sqlite3.connect(house.folder / "data.sqlite") as connection:
        connection.execute(sql)
    connection.close()

    for read_only in (False, True):
        with pytest.raises(StoreUnreadable, match=r"data\.sqlite: its table about is damaged; restore a backup"):
            await open_store(house.sqlite, house.schema, read_only=read_only)


async def test_a_database_of_something_else_is_left_alone(house: Any) -> None:
    with sqlite3.connect(house.folder / "data.sqlite") as connection:
        connection.execute("CREATE TABLE diary (day TEXT)")
    connection.close()

    with pytest.raises(StoreUnreadable, match="database of something else; give another file"):
        await open_store(house.sqlite, house.schema)
    with sqlite3.connect(house.folder / "data.sqlite") as connection:
        assert connection.execute("SELECT name FROM sqlite_master").fetchall() == [("diary",)]
    connection.close()


async def test_an_sqlite_row_that_cannot_be_read_is_named(house: Any) -> None:
    await filled(house, house.sqlite)
    with sqlite3.connect(house.folder / "data.sqlite") as connection:
        connection.execute("UPDATE kind_notes SET document = '{\"id\": 7}'")
        connection.execute("UPDATE work SET work = '{'")
    connection.close()
    store = await open_store(house.sqlite, house.schema, takes_work=True)

    with pytest.raises(StoreUnreadable, match=r"row that cannot be read.*restore a backup"):
        await store.get(house.notes, "n0")
    with pytest.raises(StoreUnreadable, match="row that cannot be read"):
        await store.pending("q")
    with pytest.raises(StoreFailed, match="is damaged"):
        await store.claim("q", 10)
    await store.close()


@pytest.mark.parametrize("form", ["tinydb:{}/a file", "tinydb:{}/a file/x", "sqlite:{}/a file/x", "sqlite:{}"])
async def test_a_place_where_no_store_can_be_is_named(house: Any, form: str) -> None:
    (house.folder / "a file").write_text("keep me")

    with pytest.raises(StoreError, match=r"cannot be opened.*; give"):
        await open_store(form.format(house.folder), house.schema)
    assert (house.folder / "a file").read_text() == "keep me"


async def test_a_kept_file_that_the_disk_does_not_give_is_a_failure_with_a_sentence(house: Any) -> None:
    for url, files in ((house.tinydb, "data/files"), (house.sqlite, "data.sqlite.files")):
        store = await open_store(url, house.schema, takes_work=True)
        (house.folder / files).write_text("in the way")
        with pytest.raises(StoreFailed, match="cannot be read"):
            await store.open_file("a" * 64)
        with pytest.raises(StoreFailed, match="refused a file"):
            await store.put_file(b"x")
        await store.close()


async def test_a_stopped_bot_leaves_one_sqlite_file_that_can_be_copied(house: Any) -> None:
    await filled(house, house.sqlite)

    assert not (house.folder / "data.sqlite-wal").exists()
