"""Open the store that a url names; each member is imported only when it is the one."""

from __future__ import annotations

from pathlib import Path

from supportbot.clock import Clock, SystemClock
from supportbot.domain.record import Schema
from supportbot.errors import ConfigurationError
from supportbot.storage.base import Store, place_of
from supportbot.storage.replace import finish

_FORMS = "tinydb:DIR, sqlite:FILE"


async def open_store(
    url: str,
    schema: Schema,
    *,
    takes_work: bool = False,
    read_only: bool = False,
    alone: bool = False,
    clock: Clock | None = None,
) -> Store:
    """Open ``tinydb:memory``, ``tinydb:DIR`` or ``sqlite:FILE``, making it where it is missing.

    `takes_work` makes this the one process that runs work; `read_only` looks without changing anything, and with
    `alone` only while no other process runs on it. Raises
    StoreInUse, StoreTooNew, StoreUnreadable, and ConfigurationError for a url that names no store.
    """
    member, place = place_of(url)
    clock = clock or SystemClock()
    if member in ("tinydb", "sqlite") and place != "memory":
        finish(Path(place))
    if member not in {"tinydb", "sqlite", "postgresql"} or not place:
        raise ConfigurationError([f"storage.url: {url!r} names no store; write it as one of {_FORMS}"])
    if member == "tinydb":
        from supportbot.storage import tinydb, tinydb_folder  # noqa: PLC0415 - heavy, loaded when configured

        if place == "memory":
            return tinydb.open_memory(schema, clock, takes_work=takes_work)
        return tinydb_folder.open_folder(Path(place), schema, clock, takes_work=takes_work, read_only=read_only)
    if member == "sqlite":
        from supportbot.storage import sqlite  # noqa: PLC0415 - loaded when configured

        return sqlite.open_file(Path(place), schema, clock, takes_work=takes_work, read_only=read_only, alone=alone)
    raise ConfigurationError(["storage.url: postgresql is not there yet; use sqlite:FILE, and move later"])
