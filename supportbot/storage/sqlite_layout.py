"""The tables of an SQLite store, and how a file is brought to what this release declares.

about                  the format, and for each kind the shape of its index columns
kind_NAME              one row a document: id, version, person, JSON, and a column for each declared field
log_NAME               one row an entry: seq, key, person, group, JSON
work, buried           what is to be done, and the dead letters
numbers, unique_keys   counters, and the hashed keys of what happened already
"""

# The names in these statements come from the schema, quoted; every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import msgspec

from supportbot.domain.record import Index, Kind, Log, Schema
from supportbot.errors import StoreUnreadable
from supportbot.storage.fields import known, reader
from supportbot.storage.format import FORMAT, is_older
from supportbot.storage.unique_keys import hashed

Values = tuple[Any, ...]

LOWEST = -(2**63)
"""Stored as the order of a document that has none, so that it comes first and a cursor can name it."""

TABLES = """
CREATE TABLE IF NOT EXISTS about (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS numbers (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS unique_keys (key TEXT PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS unique_keys_by_time ON unique_keys (at);
CREATE TABLE IF NOT EXISTS buried (seq INTEGER PRIMARY KEY, id TEXT NOT NULL, person TEXT, work TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS buried_by_id ON buried (id);
CREATE INDEX IF NOT EXISTS buried_by_person ON buried (person) WHERE person IS NOT NULL;
CREATE TABLE IF NOT EXISTS work (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    queue TEXT NOT NULL,
    key TEXT NOT NULL,
    "group" TEXT,
    person TEXT,
    due INTEGER NOT NULL,
    attempt INTEGER NOT NULL DEFAULT 0,
    not_before INTEGER NOT NULL DEFAULT 0,
    error TEXT NOT NULL DEFAULT '',
    claimed INTEGER NOT NULL DEFAULT 0, -- 1 while it runs; at most one row of a key
    ready INTEGER,                      -- when it may be claimed; only the first row of a key that nobody holds has it
    work TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS work_by_key ON work (queue, key, claimed DESC, due, seq);
CREATE INDEX IF NOT EXISTS work_by_group ON work (queue, "group", due, seq) WHERE "group" IS NOT NULL;
CREATE INDEX IF NOT EXISTS work_by_due ON work (queue, due, seq);
CREATE INDEX IF NOT EXISTS work_ready ON work (queue, ready, seq) WHERE ready IS NOT NULL;
CREATE INDEX IF NOT EXISTS work_heads ON work (queue, key) WHERE ready IS NOT NULL;
CREATE INDEX IF NOT EXISTS work_by_person ON work (person) WHERE person IS NOT NULL;
"""


def quote(name: str) -> str:
    """Quote a name for SQL."""
    return '"' + name.replace('"', '""') + '"'


class KindTable:
    """The table of one kind: its columns, and the statements on it."""

    def __init__(self, kind: Kind[Any]) -> None:
        self.kind = kind
        self.name = f"kind_{kind.name}"
        self.known = known(kind.type)
        self.decode = msgspec.json.Decoder(kind.type).decode
        equal = sorted({field for index in kind.indexes for field in index.fields})
        orders = sorted({index.order for index in kind.indexes} - {"id"})
        self._equal, self._orders = reader(*equal), reader(*orders)
        self._person = reader(kind.person) if kind.person else None
        self.columns = ["person", *(f"is_{field}" for field in equal), *(f"by_{field}" for field in orders)]
        table, columns = quote(self.name), ", ".join(map(quote, self.columns))
        self.get = f"SELECT document FROM {table} WHERE id = ?"
        self.look = f"SELECT rowid, version, document, {columns} FROM {table} WHERE id = ?"
        marks = ", ".join("?" * len(self.columns))
        self.insert = f"INSERT INTO {table} (id, version, document, {columns}) VALUES (?, ?, ?, {marks})"
        self.update = f"UPDATE {table} SET version = ?, document = ? WHERE rowid = ?"
        sets = ", ".join(f"{quote(column)} = ?" for column in self.columns)
        self.move = f"UPDATE {table} SET version = ?, document = ?, {sets} WHERE rowid = ?"
        self.delete = f"DELETE FROM {table} WHERE id = ?"
        self._finds: dict[tuple[str, bool, bool], str] = {}

    def values(self, record: Any) -> Values:
        """Read what stands in the columns beside a document: the person, equality fields, order fields."""
        person = self._person(record)[0] if self._person else None
        orders = [LOWEST if value is None else value for value in self._orders(record)]
        return (person or None, *self._equal(record), *orders)

    def find(self, index: str, *, after: bool, newest: bool) -> str:
        """Spell the question that an index answers; its parameters are the values, the cursor's two, the limit."""
        sql = self._finds.get((index, after, newest))
        if sql is None:
            sql = self._finds[index, after, newest] = self._spell(self.kind.index(index), after=after, newest=newest)
        return sql

    def _spell(self, index: Index, *, after: bool, newest: bool) -> str:
        order, beyond = _order_column(index), "<" if newest else ">"
        wheres = [f"{quote('is_' + field)} IS ?" for field in index.fields]
        if after and order == "id":  # both parts of the cursor are the id
            wheres.append(f"id {beyond} ? AND id {beyond} ?")
        elif after:
            wheres.append(f"({order}, id) {beyond} (?, ?)")
        where = f"WHERE {' AND '.join(wheres)} " if wheres else ""
        way = "DESC" if newest else "ASC"
        ties = "" if order == "id" else f", id {way}"
        return f"SELECT document, {order}, id FROM {quote(self.name)} {where}ORDER BY {order} {way}{ties} LIMIT ?"

    @property
    def shape(self) -> str:
        """Spell what the columns hold, to see whether the stored ones hold the same."""
        indexes = sorted((index.name, index.fields, index.order) for index in self.kind.indexes)
        return msgspec.json.encode([self.kind.person, indexes]).decode()

    def build(self, connection: sqlite3.Connection) -> None:
        """Make the table, the columns and the indexes that this release declares, and fill them."""
        table = quote(self.name)
        create_kind(connection, self.name)
        present = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
        for column in self.columns:
            if column not in present:
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {quote(column)}")
        self._fill(connection)
        prefix = f"{self.name}_by_"
        names = [row[1] for row in connection.execute(f"PRAGMA index_list({table})")]
        for name in names:
            if name.startswith(prefix):
                connection.execute(f"DROP INDEX {quote(name)}")
        for index in self.kind.indexes:
            columns = [*(quote("is_" + field) for field in index.fields), _order_column(index)]
            columns += ["id"] if index.order != "id" else []
            connection.execute(f"CREATE INDEX {quote(prefix + index.name)} ON {table} ({', '.join(columns)})")

    def _fill(self, connection: sqlite3.Connection) -> None:
        sets = ", ".join(f"{quote(column)} = ?" for column in self.columns)
        update = f"UPDATE {quote(self.name)} SET {sets} WHERE rowid = ?"
        part = f"SELECT rowid, document FROM {quote(self.name)} WHERE rowid > ? ORDER BY rowid LIMIT 1000"
        last = 0
        while rows := connection.execute(part, (last,)).fetchall():
            connection.executemany(update, ((*self.values(self.decode(document)), row) for row, document in rows))
            last = rows[-1][0]


def create_kind(connection: sqlite3.Connection, table: str) -> None:
    """Make the table of a kind, with an index on the person whose words each document holds."""
    name = quote(table)
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {name} "
        "(id TEXT PRIMARY KEY, version INTEGER NOT NULL, person TEXT, document TEXT NOT NULL)"
    )
    index = quote(f"{table}__person")
    connection.execute(f"CREATE INDEX IF NOT EXISTS {index} ON {name} (person) WHERE person IS NOT NULL")


def _order_column(index: Index) -> str:
    return "id" if index.order == "id" else quote("by_" + index.order)


class LogTable:
    """The table of one log, and the statements on it."""

    def __init__(self, log: Log[Any]) -> None:
        self.name = f"log_{log.name}"
        self.decode = msgspec.json.Decoder(log.type).decode
        table = quote(self.name)
        self.append = f'INSERT INTO {table} (key, person, "group", entry) VALUES (?, ?, ?, ?)'
        self.forget = f"DELETE FROM {table} WHERE key = ?"
        self.forget_group = f'DELETE FROM {table} WHERE "group" = ?'
        self.read = f"SELECT entry, seq FROM {table} WHERE key = ? ORDER BY seq DESC LIMIT ?"
        self.read_before = f"SELECT entry, seq FROM {table} WHERE key = ? AND seq < ? ORDER BY seq DESC LIMIT ?"


def create_log(connection: sqlite3.Connection, table: str) -> None:
    """Make the table of a log."""
    name = quote(table)
    connection.execute(
        f"CREATE TABLE IF NOT EXISTS {name} "
        '(seq INTEGER PRIMARY KEY, key TEXT NOT NULL, person TEXT, entry TEXT NOT NULL, "group" TEXT)'
    )
    if "group" not in {row[1] for row in connection.execute(f"PRAGMA table_info({name})")}:  # format 1 had none
        connection.execute(f'ALTER TABLE {name} ADD COLUMN "group" TEXT')
    index = quote(f"{table}__group")
    connection.execute(f'CREATE INDEX IF NOT EXISTS {index} ON {name} ("group") WHERE "group" IS NOT NULL')
    connection.execute(f"CREATE INDEX IF NOT EXISTS {quote(table + '__key')} ON {name} (key, seq)")
    index = quote(f"{table}__person")
    connection.execute(f"CREATE INDEX IF NOT EXISTS {index} ON {name} (person) WHERE person IS NOT NULL")


class Layout:
    """All tables that a schema declares."""

    def __init__(self, schema: Schema) -> None:
        self.kinds = {kind.name: KindTable(kind) for kind in schema.kinds}
        self.logs = {log.name: LogTable(log) for log in schema.logs}

    def kind(self, kind: Kind[Any]) -> KindTable:
        """Find the table of a kind."""
        try:
            return self.kinds[kind.name]
        except KeyError:
            raise LookupError(f"this store was opened without the kind {kind.name!r}; add it to the schema") from None

    def log(self, log: Log[Any]) -> LogTable:
        """Find the table of a log."""
        try:
            return self.logs[log.name]
        except KeyError:
            raise LookupError(f"this store was opened without the log {log.name!r}; add it to the schema") from None

    def check(self, connection: sqlite3.Connection, path: Path) -> None:
        """Refuse to read a file whose columns this release could not trust."""
        about = read_about(connection)
        _check_about(about, path)
        older = is_older(about["format"], f"sqlite:{path}")
        if older or about["logs"] != self._logs or self._changed(about):
            raise StoreUnreadable(
                f"sqlite:{path} was last written by another release; start the bot once with this one, then try again"
            )

    def build(self, connection: sqlite3.Connection, path: Path) -> None:
        """Bring a file to what this release declares, as a whole; a file of an older format is copied first."""
        about = read_about(connection)
        if about:
            _check_about(about, path)
        elif connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            raise StoreUnreadable(f"sqlite:{path} is a database of something else; give another file")
        if about and is_older(about["format"], f"sqlite:{path}"):
            copy = path.with_name(f"{path.name}.before-format-{FORMAT}")
            copy.unlink(missing_ok=True)  # half a copy from a start that was killed
            connection.execute("VACUUM INTO ?", (str(copy),))
        if about.get("format") == FORMAT and about["logs"] == self._logs and not self._changed(about):
            return
        connection.execute("BEGIN IMMEDIATE")
        for statement in TABLES.split(";\n"):
            connection.execute(statement)
        for log in self.logs.values():
            create_log(connection, log.name)
        for table in self._changed(about):
            table.build(connection)
        if about and about["format"] < 2:
            connection.create_function("hashed", 1, hashed, deterministic=True)
            connection.execute("UPDATE unique_keys SET key = hashed(key)")
        now = {"format": FORMAT, "logs": self._logs, **{table.name: table.shape for table in self.kinds.values()}}
        connection.executemany("INSERT OR REPLACE INTO about VALUES (?, ?)", now.items())
        connection.execute("COMMIT")

    @property
    def _logs(self) -> str:
        return " ".join(sorted(self.logs))

    def _changed(self, about: dict[str, Any]) -> list[KindTable]:
        """Name the kinds whose columns are declared otherwise than stored."""
        return [table for table in self.kinds.values() if about.get(table.name) != table.shape]


def _check_about(about: dict[str, Any], path: Path) -> None:
    if not isinstance(about.get("format"), int) or not isinstance(about.get("logs"), str):
        raise StoreUnreadable(f"sqlite:{path}: its table about is damaged; restore a backup, or give another file")


def read_about(connection: sqlite3.Connection) -> dict[str, Any]:
    """Read what a file says about itself; nothing where it is new."""
    if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'about'").fetchone() is None:
        return {}
    return {"format": None, **dict(connection.execute("SELECT name, value FROM about").fetchall())}
