"""SQLite: no question scans, others may read while the bot runs, one takes the work, releases understand each other."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from supportbot.domain.schema import SCHEMA
from supportbot.errors import StoreInUse, StoreTooNew, StoreUnreadable
from supportbot.storage import sqlite_work
from supportbot.storage.base import Changes
from supportbot.storage.format import FORMAT
from supportbot.storage.open import open_store
from supportbot.storage.sqlite_layout import Layout


@pytest.fixture
async def database(house: Any) -> Any:
    store = await open_store(house.sqlite, SCHEMA, takes_work=True)
    connection = sqlite3.connect(house.folder / "data.sqlite")
    yield connection
    connection.close()
    await store.close()


def plan(database: sqlite3.Connection, sql: str) -> str:
    marks = [0] * sql.count("?")
    return "\n".join(row[3] for row in database.execute(f"EXPLAIN QUERY PLAN {sql}", marks))


FINDS = [(kind.name, index.name) for kind in SCHEMA.kinds for index in kind.indexes]


@pytest.mark.parametrize("newest", [False, True])
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize(("kind", "index"), FINDS)
async def test_every_declared_question_is_answered_by_its_index_without_sorting(
    database: sqlite3.Connection, kind: str, index: str, after: bool, newest: bool
) -> None:
    found = plan(database, Layout(SCHEMA).kinds[kind].find(index, after=after, newest=newest))

    assert f"kind_{kind}_by_{index}" in found
    if next(one for one in SCHEMA.kinds if one.name == kind).index(index).fields:
        assert "SCAN" not in found  # without fields it is a walk along the index, up to the limit
    assert "TEMP B-TREE" not in found


@pytest.mark.parametrize(
    ("sql", "index"),
    [
        (sqlite_work.FIRST, "work_by_key"),
        (sqlite_work.READY, "work_ready"),
        (sqlite_work.NEXT_DUE, "work_ready"),
        (sqlite_work.BY_GROUP, "work_by_group"),
        (sqlite_work.BY_KEY, "work_by_key"),
        (sqlite_work.BY_KEY_AND_GROUP, "work_by_key"),
        (sqlite_work.BY_DUE, "work_by_due"),
        (sqlite_work._CLEAR, "work_heads"),
    ],
)
async def test_no_question_about_work_scans(database: sqlite3.Connection, sql: str, index: str) -> None:
    found = plan(database, sql)

    assert index in found
    assert "SCAN" not in found


async def test_another_process_reads_while_the_bot_runs(house: Any) -> None:
    running = await open_store(house.sqlite, house.schema, takes_work=True)
    reading = await open_store(house.sqlite, house.schema, read_only=True)
    changes = Changes()
    changes.put(house.notes, house.note("a"))
    changes.append(house.lines, "k", house.line("hi"))
    await running.commit(changes)

    assert await reading.get(house.notes, "a") is not None
    assert len([item async for item in reading.dump()]) == 2
    await reading.close()
    await running.close()


async def test_only_one_process_takes_work(house: Any) -> None:
    running = await open_store(house.sqlite, house.schema, takes_work=True)

    with pytest.raises(StoreInUse, match="in use by the process"):
        await open_store(house.sqlite, house.schema, takes_work=True)
    beside = await open_store(house.sqlite, house.schema)
    changes = Changes()
    changes.add(house.work("w"))
    assert await beside.commit(changes) == []
    assert [work.id for work in await running.claim("q", 0)] == ["w"]
    await beside.close()
    await running.close()


async def test_everything_is_synced_before_it_is_acknowledged(house: Any) -> None:
    store = await open_store(house.sqlite, house.schema)

    def settings(db: sqlite3.Connection) -> tuple[str, int]:
        return db.execute("PRAGMA journal_mode").fetchone()[0], db.execute("PRAGMA synchronous").fetchone()[0]

    assert await store._writing.run(settings) == ("wal", 2)  # type: ignore[attr-defined]
    await store.close()


def set_format(house: Any, number: int) -> None:
    connection = sqlite3.connect(house.folder / "data.sqlite")
    connection.execute("UPDATE about SET value = ? WHERE name = 'format'", (number,))
    connection.commit()
    connection.close()


async def test_a_file_of_a_newer_release_is_refused(house: Any) -> None:
    await (await open_store(house.sqlite, house.schema)).close()
    set_format(house, FORMAT + 1)

    with pytest.raises(StoreTooNew, match=f"format {FORMAT + 1} and this release knows up to {FORMAT}"):
        await open_store(house.sqlite, house.schema, takes_work=True)


async def test_a_file_of_an_older_format_is_copied_before_it_is_changed(house: Any) -> None:
    await (await open_store(house.sqlite, house.schema)).close()
    set_format(house, 0)

    with pytest.raises(StoreUnreadable, match="another release"):
        await open_store(house.sqlite, house.schema, read_only=True)
    await (await open_store(house.sqlite, house.schema)).close()

    copy = sqlite3.connect(house.folder / f"data.sqlite.before-format-{FORMAT}")
    assert copy.execute("SELECT value FROM about WHERE name = 'format'").fetchone() == (0,)
    copy.close()


async def test_a_file_that_is_no_database_is_named(house: Any) -> None:
    (house.folder / "data.sqlite").write_text("hello, I am a diary, and long enough to be looked at" * 40)

    with pytest.raises(StoreUnreadable, match=r"data\.sqlite cannot be opened"):
        await open_store(house.sqlite, house.schema)
    with pytest.raises(StoreUnreadable, match="is not there"):
        await open_store(house.sqlite + "x", house.schema, read_only=True)
