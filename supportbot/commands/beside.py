"""The store as a command opens it beside a bot that may be running."""

from __future__ import annotations

from supportbot.clock import SystemClock
from supportbot.domain.schema import SCHEMA
from supportbot.errors import StoreInUse
from supportbot.storage.base import Store
from supportbot.storage.open import open_store


async def open_beside(url: str, *, read_only: bool = True) -> Store:
    """Open a store without taking its work; StoreInUse says what to do where a bot keeps it to itself."""
    try:
        return await open_store(url, SCHEMA, read_only=read_only, clock=SystemClock())
    except StoreInUse as error:
        what = f"{error}. On TinyDB the bot has to stop for this; on SQLite it may run"
        raise StoreInUse(f"{what} (`supportbot move` takes you there)") from error
