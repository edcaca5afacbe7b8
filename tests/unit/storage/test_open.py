"""Opening a store by its url: the wrong ones are named, the members are loaded only when used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import supportbot
from supportbot.domain.platform import PLATFORMS, Platform
from supportbot.domain.schema import SCHEMA
from supportbot.errors import ConfigurationError
from supportbot.storage.base import Changes
from supportbot.storage.open import open_store


@pytest.mark.parametrize("url", ["", "tinydb", "tinydb:", "redis://x", "data"])
async def test_a_url_that_names_no_store_is_a_mistake_in_the_configuration(house: Any, url: str) -> None:
    with pytest.raises(ConfigurationError, match="write it as one of tinydb:DIR, sqlite:FILE"):
        await open_store(url, house.schema)


async def test_postgresql_is_told_to_be_not_there_yet(house: Any) -> None:
    with pytest.raises(ConfigurationError, match="not there yet"):
        await open_store("postgresql://localhost/bot", house.schema)


async def test_missing_folders_are_made(house: Any) -> None:
    for url in (f"tinydb:{house.folder}/a/b", f"sqlite:{house.folder}/c/d/bot.sqlite"):
        store = await open_store(url, house.schema, takes_work=True)
        assert store.takes_work
        await store.close()


def test_a_member_is_loaded_only_when_it_is_the_one() -> None:
    script = "import sys, supportbot.storage.open; print([m for m in ('tinydb', 'sqlite3') if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": str(Path(supportbot.__file__).parents[1])}
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=True)

    assert found.stdout.strip() == "[]"


@pytest.mark.parametrize("url", ["sqlite:{}/bot.db", "tinydb:{}/data"])
async def test_nobody_else_on_the_machine_can_read_what_people_said(url: str, tmp_path: Path) -> None:
    store = await open_store(url.format(tmp_path), SCHEMA)
    await store.put_file(b"a photo")
    changes = Changes()
    changes.put(PLATFORMS, Platform(id="slack"))
    await store.commit(changes)
    try:
        modes = {place.name: place.stat().st_mode & 0o077 for place in tmp_path.iterdir() if place.suffix != ".lock"}
        assert set(modes.values()) == {0}, modes
    finally:
        await store.close()
