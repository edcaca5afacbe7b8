"""Work as rows: whose turn it is under a key is a column, so that neither claiming nor looking ahead ever scans.

Of the rows of a key that nobody holds, the first in order has `ready`, the time from which it may be claimed; while
one of them runs it is `claimed` and no row of that key has `ready`. Every change to a key ends in `turn_of`.
"""

# The names in these statements come from the schema, quoted; every value is a parameter.
# ruff: noqa: S608

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

import msgspec

from supportbot.domain.work import Work
from supportbot.storage.refusals import lost

Key = tuple[str, str]

COLUMNS = "work, seq, attempt, not_before, error"
FIRST = (
    f"SELECT due, claimed, ready, {COLUMNS} FROM work "
    "WHERE queue = ? AND key = ? ORDER BY claimed DESC, due, seq LIMIT 1"
)
READY = f"SELECT queue, key, {COLUMNS} FROM work WHERE queue = ? AND ready <= ? ORDER BY ready, seq LIMIT ?"
NEXT_DUE = "SELECT min(ready) FROM work WHERE queue = ? AND ready IS NOT NULL"
# Without the hint SQLite may walk the whole queue in its order, to save sorting the few rows of one key.
BY_KEY = f"SELECT {COLUMNS} FROM work INDEXED BY work_by_key WHERE queue = ? AND key = ? ORDER BY due, seq LIMIT ?"
BY_GROUP = f'SELECT {COLUMNS} FROM work WHERE queue = ? AND "group" = ? ORDER BY due, seq LIMIT ?'
BY_KEY_AND_GROUP = (
    f"SELECT {COLUMNS} FROM work INDEXED BY work_by_key "
    'WHERE queue = ? AND key = ? AND "group" = ? ORDER BY due, seq LIMIT ?'
)
BY_DUE = f"SELECT {COLUMNS} FROM work WHERE queue = ? ORDER BY due, seq LIMIT ?"
BURIED = "SELECT work FROM buried ORDER BY seq LIMIT ?"

_ADD = (
    'INSERT INTO work (id, queue, key, "group", person, due, not_before, error, work) '
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING"
)
_ADD_CLAIMED = _ADD.replace("(id,", "(claimed, attempt, id,").replace("VALUES (", "VALUES (1, 1, ")
_LOAD = (
    'INSERT INTO work (seq, attempt, id, queue, key, "group", person, due, not_before, error, work) '
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_ANY = "SELECT 1 FROM work WHERE queue = ? AND key = ? LIMIT 1"
_CLEAR = "UPDATE work SET ready = NULL WHERE queue = ? AND key = ? AND ready IS NOT NULL"
_MARK = "UPDATE work SET ready = ? WHERE seq = ?"
_CLAIM = "UPDATE work SET attempt = attempt + 1, claimed = 1, ready = NULL WHERE seq = ?"
_FINISH = "DELETE FROM work WHERE id = ? AND attempt = ?"
_POSTPONE = "UPDATE work SET not_before = ?, error = ?, claimed = 0 WHERE id = ? AND attempt = ?"
_RELEASE = "UPDATE work SET claimed = 0 WHERE id = ? AND attempt = ? AND claimed = 1"
_CANCEL = "DELETE FROM work WHERE id = ? AND claimed = 0 RETURNING queue, key"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Work).decode
_replace = msgspec.structs.replace


def read_work(row: tuple[Any, ...]) -> Work:
    """Make work of its columns."""
    work, seq, attempt, not_before, error = row
    return _replace(_decode(work), seq=seq, attempt=attempt, not_before=not_before, error=error)


def row_of(work: Work) -> tuple[Any, ...]:
    """Spell work as a new row."""
    text = _encode(work).decode()
    group, person = work.group or None, work.person or None
    return work.id, work.queue, work.key, group, person, work.due, work.not_before, work.error, text


def add(db: sqlite3.Connection, row: tuple[Any, ...]) -> int | None:
    """Add work; returns its seq, or None where the same work waits already."""
    cursor = db.execute(_ADD, row)
    return cursor.lastrowid if cursor.rowcount else None


def add_claimed(db: sqlite3.Connection, row: tuple[Any, ...]) -> Work | None:
    """Add work that is to be done at once, the first of its key; None where the same work waits already."""
    cursor = db.execute(_ADD_CLAIMED, row)
    return read_work((row[-1], cursor.lastrowid, 1, row[-3], row[-2])) if cursor.rowcount else None


def is_idle(db: sqlite3.Connection, key: Key) -> bool:
    """Tell whether nothing waits or runs under a key."""
    return db.execute(_ANY, key).fetchone() is None


def finish(db: sqlite3.Connection, work: Work) -> None:
    """Remove claimed work, or LostClaim."""
    if not db.execute(_FINISH, (work.id, work.attempt)).rowcount:
        raise _lost(db, work)


def postpone(db: sqlite3.Connection, work: Work) -> None:
    """Give claimed work back for later, or LostClaim."""
    if not db.execute(_POSTPONE, (work.not_before, work.error, work.id, work.attempt)).rowcount:
        raise _lost(db, work)


def bury(db: sqlite3.Connection, work: Work) -> None:
    """Put claimed work among the dead letters, or LostClaim."""
    row = db.execute(f"SELECT {COLUMNS} FROM work WHERE id = ?", (work.id,)).fetchone()
    finish(db, work)
    load_buried(db, _replace(read_work(row), error=work.error))


def drop_buried(db: sqlite3.Connection, id: str) -> None:
    """Remove a dead letter."""
    db.execute("DELETE FROM buried WHERE id = ?", (id,))


def reword(db: sqlite3.Connection, work: Work) -> None:
    """Change what work says, wherever it is, and nothing of its place."""
    for table in ("work", "buried"):
        row = db.execute(f"SELECT work FROM {table} WHERE id = ?", (work.id,)).fetchone()
        if row is not None:
            said = _replace(_decode(row[0]), payload=work.payload, person=work.person)
            values = (_encode(said).decode(), work.person or None, work.id)
            db.execute(f"UPDATE {table} SET work = ?, person = ? WHERE id = ?", values)


def load_buried(db: sqlite3.Connection, work: Work) -> None:
    """Add a dead letter."""
    row = (work.id, work.person or None, _encode(work).decode())
    db.execute("INSERT INTO buried (id, person, work) VALUES (?, ?, ?)", row)


def load(db: sqlite3.Connection, work: Work) -> None:
    """Take work as another store dumped it, with its place and its attempts."""
    db.execute(_LOAD, (work.seq, work.attempt, *row_of(work)))


def cancel(db: sqlite3.Connection, id: str) -> Key | None:
    """Remove work that nobody has claimed, and tell under which key it was."""
    found: Key | None = db.execute(_CANCEL, (id,)).fetchone()
    return found


def _lost(db: sqlite3.Connection, work: Work) -> Exception:
    row = db.execute("SELECT attempt FROM work WHERE id = ?", (work.id,)).fetchone()
    return lost(work, row[0] if row else None)


def turn_of(
    db: sqlite3.Connection, key: Key, now: int | None = None, fresh: Iterable[int] | None = None
) -> Work | None:
    """See whose turn it is under a key that changed: claim it, if it is due at `now`, else note when it will be.

    `now` is None where nothing is to be claimed; `fresh`, where given, are the only rows that may be.
    """
    row = db.execute(FIRST, key).fetchone()
    if row is None:
        return None
    due, claimed, noted, *columns = row
    if claimed:
        return None
    seq, not_before = columns[1], columns[3]
    ready = max(due, not_before)
    if now is not None and ready <= now and (fresh is None or seq in fresh):
        return claim(db, key, tuple(columns))
    if noted != ready:
        db.execute(_CLEAR, key)
        db.execute(_MARK, (ready, seq))
    return None


def claim(db: sqlite3.Connection, key: Key, columns: tuple[Any, ...]) -> Work:
    """Claim the first work of a key that nobody holds."""
    db.execute(_CLEAR, key)
    db.execute(_CLAIM, (columns[1],))
    work = read_work(columns)
    return _replace(work, attempt=work.attempt + 1)


def claim_ready(db: sqlite3.Connection, queue: str, now: int, limit: int) -> list[Work]:
    """Claim the first due work of up to `limit` keys."""
    rows = db.execute(READY, (queue, now, limit)).fetchall()
    return [claim(db, (queue, key), tuple(columns)) for _, key, *columns in rows]


def release(db: sqlite3.Connection, work: Work) -> None:
    """Give a claim back; the count of attempts stays."""
    if db.execute(_RELEASE, (work.id, work.attempt)).rowcount:
        turn_of(db, (work.queue, work.key))


def forget_claims(db: sqlite3.Connection) -> None:
    """Give back what an earlier process had claimed when it ended."""
    keys = db.execute("SELECT queue, key FROM work WHERE claimed = 1").fetchall()
    db.execute("UPDATE work SET claimed = 0 WHERE claimed = 1")
    for key in keys:
        turn_of(db, key)


def revive(db: sqlite3.Connection, id: str) -> bool:
    """Take work out of the dead letters; where the same work waits again already, that is enough."""
    row = db.execute("SELECT seq, work FROM buried WHERE id = ?", (id,)).fetchone()
    if row is None:
        return False
    db.execute("DELETE FROM buried WHERE seq = ?", (row[0],))
    work = _replace(_decode(row[1]), not_before=0, error="")
    if add(db, row_of(work)) is not None:
        turn_of(db, (work.queue, work.key))
    return True
