"""TinyDB in a folder: what a person, stock TinyDB and the next start find there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
import tinydb

import supportbot
from supportbot.errors import StoreInUse, StoreTooNew, StoreUnreadable
from supportbot.storage import tinydb_folder
from supportbot.storage.base import Changes, Stored
from supportbot.storage.format import FORMAT
from supportbot.storage.open import open_store


async def test_stock_tinydb_opens_the_file_and_finds_the_documents(house: Any) -> None:
    store = await open_store(house.tinydb, house.schema, takes_work=True)
    changes = Changes()
    changes.put(house.notes, house.note("a"))
    changes.add(house.work("w"))
    await store.commit(changes)
    await store.close()

    with tinydb.TinyDB(house.folder / "data" / "documents.json") as database:
        [row] = database.table("notes").all()
        assert (row.doc_id, row["id"], row["version"]) == (1, "a", 1)
        assert database.table("notes").get(tinydb.where("topic") == "t") == row
        assert [work["attempt"] for work in database.table("_work").all()] == [1]


async def test_the_file_has_a_row_a_line_for_people(house: Any) -> None:
    store = await open_store(house.tinydb, house.schema)
    for id in ("a", "b"):
        changes = Changes()
        changes.put(house.notes, house.note(id))
        await store.commit(changes)
    await store.close()

    lines = (house.folder / "data" / "documents.json").read_text().splitlines()
    assert [line[:12] for line in lines if '"topic"' in line] == ['"1": {"id":"', '"2": {"id":"']


async def appended(house: Any, *texts: str) -> list[str]:
    store = await open_store(house.tinydb, house.schema)
    for text in texts:
        changes = Changes()
        changes.append(house.lines, "k", house.line(text))
        changes.unique = text
        await store.commit(changes)
    found = [line.text for line in (await store.read(house.lines, "k")).items]
    await store.close()
    return found


@pytest.mark.parametrize(
    "tail",
    [
        b'{"commit": 1, "key": "k", "person": "", "ent',
        b'{"commit": 1, "key": "k", "person": "", "entry": {"text": "no newline"}}',
        b'{"commit": 3, "key": "k", "person": "", "entry": {"text": "past the last write"}}\n',
        b"\0\0\0\0\n",
    ],
)
async def test_a_torn_or_unfinished_end_of_a_log_is_cut_off_at_the_start(house: Any, tail: bytes) -> None:
    await appended(house, "one", "two")
    path = house.folder / "data" / "logs" / "lines.jsonl"
    good = path.read_bytes()
    path.write_bytes(good + tail)

    assert await appended(house) == ["two", "one"]
    assert path.read_bytes() == good
    assert await appended(house, "three") == ["three", "two", "one"]


async def test_a_torn_end_of_the_unique_keys_is_cut_off_too(house: Any) -> None:
    await appended(house, "one")
    path = house.folder / "data" / "unique.jsonl"
    path.write_bytes(path.read_bytes() + b'{"commit": 2, "at": 1, "key": "two"}\n{"com')

    assert await appended(house, "two") == ["two", "one"]


async def test_a_second_process_hears_who_has_the_folder(house: Any) -> None:
    script = (
        "import asyncio, sys\n"
        "from supportbot.domain.schema import SCHEMA\n"
        "from supportbot.storage.open import open_store\n"
        "store = asyncio.run(open_store(sys.argv[1], SCHEMA))\n"
        "print('open', flush=True)\n"
        "sys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", script, house.tinydb],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(supportbot.__file__).parents[1])},
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "open\n"

    with pytest.raises(StoreInUse, match=f"process {child.pid}"):
        await open_store(house.tinydb, house.schema)
    child.communicate("")
    await (await open_store(house.tinydb, house.schema)).close()


async def test_a_store_of_a_newer_release_is_refused_and_left_alone(house: Any) -> None:
    await appended(house, "one")
    path = house.folder / "data" / "documents.json"
    path.write_text(path.read_text().replace(f'"format":{FORMAT}', f'"format":{FORMAT + 1}'))
    before = path.read_bytes()

    with pytest.raises(StoreTooNew, match=f"format {FORMAT + 1} and this release knows up to {FORMAT}"):
        await open_store(house.tinydb, house.schema)
    assert path.read_bytes() == before


async def test_a_store_of_an_older_format_is_copied_before_it_is_changed(house: Any) -> None:
    await appended(house, "one")
    path = house.folder / "data" / "documents.json"
    path.write_text(path.read_text().replace(f'"format":{FORMAT}', '"format":0'))
    before = path.read_bytes()

    await appended(house, "two")

    copy = house.folder / "data" / f"before-format-{FORMAT}"
    assert (copy / "documents.json").read_bytes() == before
    assert len((copy / "logs" / "lines.jsonl").read_text().splitlines()) == 1
    assert json.loads(path.read_text())["_store"]["1"]["format"] == FORMAT


@pytest.mark.parametrize("content", ["{", "[1]", '{"_store": {"1": {"format": "x"}}}', '{"notes": {"1": {"id": "a"}}}'])
async def test_a_file_that_is_no_store_is_named_and_left_alone(house: Any, content: str) -> None:
    folder = house.folder / "data"
    folder.mkdir()
    (folder / "documents.json").write_text(content)

    with pytest.raises(StoreUnreadable, match=r"documents\.json|notes 'a'"):
        await open_store(house.tinydb, house.schema)
    assert (folder / "documents.json").read_text() == content


async def test_from_2000_documents_on_the_store_says_how_to_climb(house: Any, monkeypatch: Any) -> None:
    assert tinydb_folder.MANY == 2_000
    monkeypatch.setattr(tinydb_folder, "MANY", 3)
    store = await open_store(house.tinydb, house.schema)
    rows = [Stored(sort="document", name="notes", key=id, value=_row(id)) for id in "ab"]
    await store.load(rows)
    assert store.warning == ""

    await store.load([Stored(sort="document", name="notes", key="c", value=_row("c"))])
    command = f"supportbot move {house.tinydb} sqlite:{house.folder / 'data.sqlite'}"
    assert command in store.warning
    await store.close()


def _row(id: str) -> Any:
    return msgspec.Raw(b'{"id":"%s","version":1,"topic":"t"}' % id.encode())
