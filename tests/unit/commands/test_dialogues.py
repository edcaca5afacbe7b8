"""`supportbot dialogues check`: before a deploy it says which waiting dialogues would go on, and does nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from supportbot.commands.dialogues import dialogues
from supportbot.domain.schema import SCHEMA
from supportbot.errors import StoreError
from supportbot.storage.open import open_store
from supportbot.testing.harness import BotHarness

SHIPPING = """
from supportbot import NotFound, Settings, Skill, Turn, match, on, read
import pathlib, socket


class Shipping(Skill[Settings]):
    @on.message(match.words("parcel"))
    async def parcel(self, turn: Turn) -> str:
{body}

    @on.command("count", role="agent")
    async def count(self, turn: Turn) -> str:
        await turn.desk.queue()
        return await turn.ask("How many?")


async def note(_key: str) -> int:
    with pathlib.Path(__file__).with_name("done").open("a") as file:
        file.write("once more\\n")
    return 7
"""
TODAY = """
        order = await turn.ask("Which order?", read.number)
        await turn.once(note)
        await turn.say(f"{order:g} it is.")
        return await turn.ask("Where to?")
"""


class Project:
    """A folder with a configuration, a skill and a store in which dialogues wait."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        (folder / "skills").mkdir()
        self.deploy(TODAY)
        self.config = folder / "bot.yaml"
        self.config.write_text(f"storage: {{url: '{url}'}}\nskills: [shipping, tickets]\nskill_paths: [skills]\n")

    def deploy(self, body: str) -> None:
        """Write a release of the skill."""
        (self.folder / "skills" / "shipping.py").write_text(SHIPPING.replace("{body}", body.strip("\n")), "utf-8")

    def line(self, words: str) -> int:
        lines = (self.folder / "skills" / "shipping.py").read_text("utf-8").splitlines()
        return next(number for number, line in enumerate(lines, 1) if words in line)

    @property
    def place(self) -> str:
        member, _, name = self.url.partition(":")
        return f"{member}:{self.folder / name}"

    async def talk(self) -> None:
        """Let three dialogues wait: at the first question, at the second, and an agent's."""
        async with BotHarness(config=self.config, store=self.place) as bot:
            ada, bob = bot.requester("ada"), bot.requester("bob")
            await ada.says("parcel")
            await bob.says("parcel")
            assert await bob.says("12") == "12 it is.\n\nWhere to?"
            await bot.agent("sam").says("/count")

    def check(self, *options: str) -> Result:
        return CliRunner().invoke(dialogues, ["check", "--config", str(self.config), *options])

    def report(self) -> Any:
        return json.loads(self.check("--json").stdout)


@pytest.fixture(params=["tinydb:data", "sqlite:bot.sqlite"], ids=["tinydb", "sqlite"])
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Project:
    return Project(tmp_path, request.param)


async def dump(project: Project) -> list[Any]:
    store = await open_store(project.place, SCHEMA, read_only=True)
    try:
        return [item async for item in store.dump()]
    finally:
        await store.close()


async def in_thread(work: Any, *arguments: str) -> Any:
    import asyncio  # noqa: PLC0415 - the command runs a loop of its own

    return await asyncio.to_thread(work, *arguments)


async def test_where_nothing_changed_all_go_on_and_nothing_is_done(project: Project) -> None:
    await project.talk()
    before = await dump(project)
    result = await in_thread(project.check)
    assert (result.exit_code, result.stdout) == (0, "3 dialogues wait: all go on.\n")
    assert await dump(project) == before
    assert (project.folder / "skills" / "done").read_text() == "once more\n"


async def test_a_new_wording_and_new_steps_before_the_open_question_let_all_go_on(project: Project) -> None:
    await project.talk()
    project.deploy(
        TODAY.replace("Which order?", "What order is it?").replace(
            "        return await", "        await turn.once(note, key='more')\n        return await"
        )
    )
    result = await in_thread(project.check)
    assert result.exit_code == 0, result.stdout
    assert (project.folder / "skills" / "done").read_text() == "once more\n"


async def test_a_step_that_changed_is_named_with_its_line(project: Project) -> None:
    await project.talk()
    project.deploy(TODAY.replace("await turn.once(note)", "await turn.remember('order', order)"))
    result = await in_thread(project.check)
    assert result.exit_code == 1
    assert result.stdout.startswith("3 dialogues wait: 2 would go on, 1 would start afresh.\n\nshipping.parcel starts")
    file = project.folder / "skills" / "shipping.py"
    assert f"{file}:{project.line('turn.remember')}" in result.stdout
    assert "step 2 was once(note), now it is remember(order)" in result.stdout
    assert "conversation c_" in result.stdout


async def test_an_open_question_with_another_reader_is_named(project: Project) -> None:
    await project.talk()
    project.deploy(TODAY.replace("read.number", "read.text").replace("{order:g}", "{order}"))
    report = await in_thread(project.report)
    assert (report["dialogues"], report["go_on"], report["start_afresh"], report["fail"]) == (3, 1, 2, 0)
    whys = sorted(changed["why"].partition(" at ")[0].partition("dialogue: ")[2] for changed in report["changed"])
    assert whys == [
        "step 1 is waiting as ask(number), now it is ask(text)",
        "step 1 was ask(number), now it is ask(text)",
    ]


async def test_a_handler_that_fails_ends_early_or_is_gone_is_told(project: Project) -> None:
    await project.talk()
    project.deploy("        raise LookupError('no map')")
    report = await in_thread(project.report)
    assert report["fail"] == 2
    first = report["changed"][0]
    assert first["why"] == "LookupError: no map"
    assert first["where"].endswith(f"shipping.py:{project.line('LookupError')}")
    assert first["skill"] == "shipping"
    assert first["conversation"].startswith("c_")
    project.deploy("        return 'all by mail now'")
    report = await in_thread(project.report)
    assert report["start_afresh"] == 2
    assert "ended before step 1 of its dialogue" in report["changed"][0]["why"]
    project.config.write_text(project.config.read_text().replace("[shipping, tickets]", "[tickets]"))
    report = await in_thread(project.report)
    assert report["start_afresh"] == 3
    assert "there is no handler shipping.parcel any more" in report["changed"][0]["why"]


async def test_a_connection_is_refused_and_told(project: Project) -> None:
    await project.talk()
    connect = "        socket.create_connection(('127.0.0.1', 9), 1)\n"
    project.deploy(connect + TODAY)
    report = await in_thread(project.report)
    assert report["fail"] == 2
    assert "opened a connection to 127.0.0.1:9" in report["changed"][0]["why"]


async def test_a_skill_that_cannot_be_imported_is_told_beside_its_dialogues(project: Project) -> None:
    await project.talk()
    project.deploy("        this is no python")
    result = await in_thread(project.check)
    assert result.exit_code == 1
    assert "left out: " in result.stderr
    assert "3 would start afresh" in result.stdout


async def test_an_empty_store_has_nothing_to_check(project: Project) -> None:
    async with BotHarness(config=project.config, store=project.place):
        pass
    result = await in_thread(project.check)
    assert (result.exit_code, result.stdout) == (0, "No dialogue waits.\n")


async def test_beside_a_running_bot_it_works_on_sqlite_and_says_on_tinydb_that_the_bot_must_stop(
    project: Project,
) -> None:
    async with BotHarness(config=project.config, store=project.place) as bot:
        await bot.requester("ada").says("parcel")
        result = await in_thread(project.check)
        assert await bot.requester("ada").says("12") == "12 it is.\n\nWhere to?"
    if project.url.startswith("sqlite"):
        assert (result.exit_code, result.stdout) == (0, "1 dialogue waits: all go on.\n")
    else:
        assert isinstance(result.exception, StoreError)
        assert "On TinyDB the bot has to stop for this; on SQLite it may run" in str(result.exception)
