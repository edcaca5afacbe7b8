"""The keys of what happened already: kept as hashes, and brought to that where an earlier release wrote them out."""

from __future__ import annotations

import sqlite3
from typing import Any

import pytest

from supportbot.errors import Duplicate
from supportbot.storage.base import Changes
from supportbot.storage.open import open_store
from supportbot.storage.unique_keys import hashed

KEY = "console/requester/Zephyrina/1"


async def check(url: str, schema: Any) -> None:
    store = await open_store(url, schema, takes_work=True)
    try:
        assert [item.key async for item in store.dump() if item.sort == "unique"] == [hashed(KEY)]
        with pytest.raises(Duplicate):
            await store.commit(Changes(unique=KEY))
    finally:
        await store.close()


async def test_a_tinydb_folder_of_format_1_is_brought_to_hashes(house: Any) -> None:
    store = await open_store(house.tinydb, house.schema)
    await store.commit(Changes(unique=KEY))
    now = store._book.clock.now()  # type: ignore[attr-defined]
    await store.close()
    file, documents = house.folder / "data" / "unique.jsonl", house.folder / "data" / "documents.json"
    file.write_text(f'{{"commit":1,"at":{now},"key":"{KEY}"}}\n')
    documents.write_text(documents.read_text().replace('"format":2', '"format":1'))

    await check(house.tinydb, house.schema)
    assert KEY not in file.read_text()


async def test_an_sqlite_file_of_format_1_is_brought_to_hashes_and_groups(house: Any) -> None:
    await (await open_store(house.sqlite, house.schema)).close()
    connection = sqlite3.connect(house.folder / "data.sqlite")
    connection.execute('DROP INDEX "log_lines__group"')
    connection.execute('ALTER TABLE log_lines DROP COLUMN "group"')
    connection.execute("INSERT INTO unique_keys VALUES (?, ?)", (KEY, 10**13))
    connection.execute("UPDATE about SET value = 1 WHERE name = 'format'")
    connection.commit()
    connection.close()

    await check(house.sqlite, house.schema)
    store = await open_store(house.sqlite, house.schema)
    changes = Changes()
    changes.append(house.lines, "k", house.line("hi"), group="g")
    await store.commit(changes)
    changes = Changes()
    changes.forget(house.lines, group="g")
    await store.commit(changes)
    assert (await store.read(house.lines, "k")).items == []
    await store.close()
