"""Numbers that wait for no disk of their own are still never given twice to anything that is stored."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from supportbot.errors import Conflict
from supportbot.storage.base import Changes, Store
from supportbot.storage.open import open_store


async def opened(house: Any, url: str = "") -> Store:
    return await open_store(url or house.sqlite, house.schema, takes_work=True)


def as_a_kill_leaves_it(folder: Path) -> str:
    """Copy the file with its write-ahead log, as they are at this moment."""
    (folder / "killed").mkdir()
    for name in ("data.sqlite", "data.sqlite-wal"):
        shutil.copy(folder / name, folder / "killed" / name)
    return f"sqlite:{folder / 'killed' / 'data.sqlite'}"


async def test_a_number_that_something_stored_has_is_not_given_again_after_a_kill(house: Any) -> None:
    store = await opened(house)
    number = await store.next_number("acme")
    await store.commit(Changes(puts=[(house.notes, house.note(f"T-{number}"))]))

    after = await opened(house, as_a_kill_leaves_it(house.folder))

    assert await after.next_number("acme") == number + 1
    await after.close()
    await store.close()


async def test_a_refused_commit_leaves_its_numbers_to_the_next_one(house: Any) -> None:
    store = await opened(house)
    await store.commit(Changes(puts=[(house.notes, house.note("a"))]))
    number = await store.next_number("acme")
    with pytest.raises(Conflict):
        await store.commit(Changes(puts=[(house.notes, house.note("a"))]))
    await store.commit(Changes(puts=[(house.notes, house.note(f"T-{number}"))]))

    after = await opened(house, as_a_kill_leaves_it(house.folder))

    assert await after.next_number("acme") == number + 1
    await after.close()
    await store.close()


async def test_a_number_that_nothing_used_is_kept_when_the_store_closes(house: Any) -> None:
    store = await opened(house)
    number = await store.next_number("acme")
    await store.close()

    store = await opened(house)

    assert await store.next_number("acme") == number + 1
    await store.close()
