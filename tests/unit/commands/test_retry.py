"""`supportbot retry`: dead letters are listed without anybody's words, and run again."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from supportbot.adapters.console import Console
from supportbot.clock import SystemClock
from supportbot.commands.retry import retry
from supportbot.domain.schema import SCHEMA
from supportbot.domain.work import TURNS, Work
from supportbot.errors import NotFound, StoreInUse
from supportbot.storage.base import Changes
from supportbot.storage.open import open_store


@pytest.fixture(params=["sqlite", "tinydb"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    file = tmp_path / "bot.yaml"
    file.write_text(f"storage: {{url: '{request.param}:bot.db'}}\n", "utf-8")
    return file


def url_of(config: Path) -> str:
    member = "sqlite" if "sqlite" in config.read_text("utf-8") else "tinydb"
    return f"{member}:{config.parent / 'bot.db'}"


def bury(config: Path, *ids: str) -> list[str]:
    """Leave dead letters behind; returns their names."""

    async def do() -> list[str]:
        store = await open_store(url_of(config), SCHEMA, takes_work=True)
        codes = []
        for id in ids:
            event = Console(lambda _: None, SystemClock()).event("ada", key=id, text="my secret words")
            work = Work(id=id, queue=TURNS, key=id, due=1, payload=event, person=event.person.id)
            [claimed] = await store.commit(Changes(work=[work]))
            changes = Changes()
            changes.bury(claimed, "KeyError")
            await store.commit(changes)
            codes.append(work.code)
        await store.close()
        return codes

    return asyncio.run(do())


def left(config: Path) -> tuple[int, int]:
    """Count the dead letters, and what waits to be run."""

    async def do() -> tuple[int, int]:
        store = await open_store(url_of(config), SCHEMA, read_only=True)
        counts = len(await store.buried()), len(await store.pending(TURNS))
        await store.close()
        return counts

    return asyncio.run(do())


def run(config: Path, *arguments: str) -> Result:
    return CliRunner().invoke(retry, ["--config", str(config), *arguments])


def test_what_there_is_is_listed_without_words_and_stays(config: Path) -> None:
    codes = bury(config, "ada/1", "ada/2")
    listed = run(config)
    assert [line.split()[0] for line in listed.output.splitlines()] == codes
    assert "KeyError" in listed.output
    assert "ada" not in listed.output
    assert "secret" not in listed.output
    assert left(config) == (2, 0)


def test_one_is_run_again_by_its_name(config: Path) -> None:
    code, _ = bury(config, "ada/1", "ada/2")
    assert run(config, code).output == f"{code} is run again\n"
    assert left(config) == (1, 1)


def test_all_are_run_again(config: Path) -> None:
    bury(config, "ada/1", "ada/2")
    assert run(config, "--all").exit_code == 0
    assert left(config) == (0, 2)


def test_a_name_that_is_none_is_told(config: Path) -> None:
    bury(config, "ada/1")
    assert isinstance(run(config, "w_nobody").exception, NotFound)
    assert left(config) == (1, 0)


def test_one_and_all_at_once_is_a_mistake(config: Path) -> None:
    assert run(config, "w_1", "--all").exit_code == 2


def test_a_running_bot_on_sqlite_is_handed_the_work_and_on_tinydb_it_is_told_to_stop_first(config: Path) -> None:
    bury(config, "ada/1")

    async def while_it_runs() -> Result:
        running = await open_store(url_of(config), SCHEMA, takes_work=True)
        result = await asyncio.to_thread(run, config, "--all")
        if url_of(config).startswith("sqlite"):
            assert [work.id for work in await running.claim(TURNS, 2)] == ["ada/1"]
        await running.close()
        return result

    result = asyncio.run(while_it_runs())
    if url_of(config).startswith("sqlite"):
        assert result.exit_code == 0
    else:
        assert isinstance(result.exception, StoreInUse)
        assert "on SQLite it may run" in str(result.exception)
