"""Everything in an SQLite store, read for `move`, and written as another store read it."""

# The names in these statements come from the schema, quoted; every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any

import msgspec

from supportbot.domain.work import Work
from supportbot.storage import sqlite_work
from supportbot.storage.base import Stored
from supportbot.storage.book import dump_work
from supportbot.storage.sqlite_layout import Layout, create_kind, create_log, quote

_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB ? ORDER BY name"


def dump(db: sqlite3.Connection) -> Iterator[Stored]:
    """Read everything but the files, of kinds and logs that only another release knows too."""
    for (table,) in db.execute(_TABLES, ("kind_*",)).fetchall():
        rows = db.execute(f"SELECT id, person, document FROM {quote(table)} ORDER BY id")
        for id, person, text in rows:
            yield Stored(sort="document", name=table[5:], key=id, person=person or "", value=_raw(text))
    for (table,) in db.execute(_TABLES, ("log_*",)).fetchall():
        yield from _entries(db, table, "ORDER BY seq")
    for row in db.execute(f"SELECT {sqlite_work.COLUMNS} FROM work ORDER BY seq"):
        yield dump_work("work", sqlite_work.read_work(row))
    for (text,) in db.execute(sqlite_work.BURIED, (-1,)):
        yield dump_work("buried", msgspec.json.decode(text, type=Work))
    for name, value in db.execute("SELECT name, value FROM numbers ORDER BY name"):
        yield Stored(sort="number", name=name, value=_raw(str(value)))
    for key, at in db.execute("SELECT key, at FROM unique_keys ORDER BY key"):
        yield Stored(sort="unique", key=key, value=_raw(str(at)))


def of_person(db: sqlite3.Connection, person: str) -> Iterator[Stored]:
    """Read what names a person by its index."""
    for (table,) in db.execute(_TABLES, ("kind_*",)).fetchall():
        for id, text in db.execute(f"SELECT id, document FROM {quote(table)} WHERE person = ? ORDER BY id", (person,)):
            yield Stored(sort="document", name=table[5:], key=id, person=person, value=_raw(text))
    for (table,) in db.execute(_TABLES, ("log_*",)).fetchall():
        yield from _entries(db, table, "WHERE person = ? ORDER BY seq", person)
    for row in db.execute(f"SELECT {sqlite_work.COLUMNS} FROM work WHERE person = ? ORDER BY seq", (person,)):
        yield dump_work("work", sqlite_work.read_work(row))
    for (text,) in db.execute("SELECT work FROM buried WHERE person = ? ORDER BY seq", (person,)):
        yield dump_work("buried", msgspec.json.decode(text, type=Work))


def entries_of(db: sqlite3.Connection, log: str, key: str) -> Iterator[Stored]:
    """Read the entries of a log under a key, oldest first."""
    for (table,) in db.execute(_TABLES, (f"log_{log}",)).fetchall():
        yield from _entries(db, table, "WHERE key = ? ORDER BY seq", key)


def _entries(db: sqlite3.Connection, table: str, which: str, *values: str) -> Iterator[Stored]:
    rows = db.execute(f'SELECT key, person, "group", entry FROM {quote(table)} {which}', values)
    for key, person, group, text in rows:
        yield Stored(sort="entry", name=table[4:], key=key, person=person or "", group=group or "", value=_raw(text))


def load(db: sqlite3.Connection, layout: Layout, items: list[Stored]) -> None:
    """Write items as they were read."""
    keys: dict[tuple[str, str], None] = {}
    for item in items:
        match item.sort:
            case "document":
                _load_document(db, layout, item)
            case "entry":
                _load_entry(db, layout, item)
            case "work":
                work = msgspec.json.decode(item.value, type=Work)
                sqlite_work.load(db, work)
                keys[work.queue, work.key] = None
            case "buried":
                sqlite_work.load_buried(db, msgspec.json.decode(item.value, type=Work))
            case "number":
                db.execute("INSERT INTO numbers VALUES (?, ?)", (item.name, _read(item.value)))
            case "unique":
                db.execute("INSERT INTO unique_keys VALUES (?, ?)", (item.key, _read(item.value)))
    for key in keys:
        sqlite_work.turn_of(db, key)


def _load_document(db: sqlite3.Connection, layout: Layout, item: Stored) -> None:
    table = layout.kinds.get(item.name)
    version, text = _read(item.value)["version"], bytes(item.value).decode()
    if table is not None:
        db.execute(table.insert, (item.key, version, text, *table.values(table.decode(item.value))))
        return
    name = f"kind_{item.name}"  # of a kind that another release knows
    create_kind(db, name)
    row = (item.key, version, item.person or None, text)
    db.execute(f"INSERT INTO {quote(name)} (id, version, person, document) VALUES (?, ?, ?, ?)", row)


def _load_entry(db: sqlite3.Connection, layout: Layout, item: Stored) -> None:
    name = f"log_{item.name}"
    if item.name not in layout.logs:
        create_log(db, name)
    row = (item.key, item.person or None, item.group or None, bytes(item.value).decode())
    db.execute(f'INSERT INTO {quote(name)} (key, person, "group", entry) VALUES (?, ?, ?, ?)', row)


def _raw(text: str) -> msgspec.Raw:
    return msgspec.Raw(text.encode())


def _read(value: msgspec.Raw) -> Any:
    return msgspec.json.decode(value)
