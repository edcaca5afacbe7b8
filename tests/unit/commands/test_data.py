"""backup, restore, export and erase as an operator calls them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from supportbot import cli
from supportbot.domain.schema import SCHEMA
from supportbot.storage.open import open_store
from supportbot.testing.harness import BotHarness

URLS = {"tinydb": "tinydb:data", "sqlite": "sqlite:data.sqlite"}


class Desk:
    """A folder with a configuration, in which commands are called."""

    def __init__(self, folder: Path, member: str, monkeypatch: Any, capsys: Any) -> None:
        self.folder = folder
        self.member = member
        self.url = URLS[member].replace(":", f":{folder}/")
        self._monkeypatch = monkeypatch
        self._capsys = capsys
        (folder / "bot.yaml").write_text(f"storage: {{url: '{URLS[member]}'}}\n")

    def run(self, command: str, *arguments: str) -> tuple[int, str, str]:
        """Call a command; returns its exit code, and what it said on both ways."""
        self._monkeypatch.setattr("sys.argv", ["supportbot", command, "--config", "bot.yaml", *arguments])
        code = cli._exit_code()
        said = self._capsys.readouterr()
        return code, said.out, said.err

    async def live(self) -> None:
        """Let people talk to a bot on this store."""
        async with BotHarness(store=self.url) as bot:
            ada, bob, sam = bot.requester("ada-77"), bot.requester("bob"), bot.agent("Sam")
            await ada.says("/human my order is late")
            await bob.says("/human I am stuck")
            await sam.says("/claim T-1001")
            await sam.says("/reply T-1001 I am Sam")

    async def ids(self) -> list[str]:
        store = await open_store(self.url, SCHEMA)
        try:
            return [item.key async for item in store.dump()]
        finally:
            await store.close()


@pytest.fixture(params=["tinydb", "sqlite"])
def desk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: Any, capsys: Any) -> Desk:

    monkeypatch.chdir(tmp_path)
    desk = Desk(tmp_path, request.param, monkeypatch, capsys)
    asyncio.run(desk.live())
    capsys.readouterr()
    return desk


def of(desk: Desk) -> list[str]:

    return asyncio.run(desk.ids())


def test_a_backup_is_put_back_and_the_store_that_was_there_is_named(desk: Desk) -> None:
    before = of(desk)
    code, out, _ = desk.run("backup", "monday.backup")
    assert (code, out) == (0, f"Saved {len(before)} items in monday.backup.\n")
    assert desk.run("erase", "ada-77", "--yes")[0] == 0

    code, _, err = desk.run("restore", "monday.backup")
    assert (code, "has data in it; with --replace" in err) == (2, True)
    code, out, _ = desk.run("restore", "monday.backup", "--replace")

    assert code == 0
    assert f"Restored {len(before)} items of " in out
    assert "What was there before is in " in out
    assert Path(out.split("What was there before is in ")[1].split(";")[0]).exists()
    assert of(desk) == before


def test_a_backup_climbs_to_another_member(desk: Desk, tmp_path: Path) -> None:
    before = of(desk)
    desk.run("backup", "monday.backup")
    (tmp_path / "bot.yaml").write_text("storage: {url: 'sqlite:other.sqlite'}\n")

    assert desk.run("restore", "monday.backup")[0] == 0
    desk.url = f"sqlite:{tmp_path}/other.sqlite"
    assert sorted(of(desk)) == sorted(before)


def test_what_is_no_backup_is_refused_with_a_sentence(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "diary").write_text("dear diary")

    for name, words in (("diary", "is no backup of supportbot"), ("none", "is not there")):
        code, _, err = desk.run("restore", name, "--replace")
        assert (code, words in err, "Traceback" in err) == (2, True, False)


def test_while_the_bot_runs_only_sqlite_can_be_read_and_nothing_replaced_or_erased(desk: Desk) -> None:

    desk.run("backup", "monday.backup")

    async def running() -> list[tuple[int, str, str]]:
        store = await open_store(desk.url, SCHEMA, takes_work=True)
        try:
            calls = (
                ("backup", "b"),
                ("export", "e"),
                ("restore", "monday.backup", "--replace"),
                ("erase", "bob", "--yes"),
            )
            return [await asyncio.to_thread(desk.run, *call) for call in calls]
        finally:
            await store.close()

    answers = asyncio.run(running())

    assert [code for code, *_ in answers] == ([0, 0, 2, 2] if desk.member == "sqlite" else [2, 2, 2, 2])
    assert all("in use by the process" in err for code, _, err in answers if code)
    if desk.member == "tinydb":
        assert "on SQLite it may run" in answers[0][2]


def test_an_export_of_all_and_of_one_person(desk: Desk, tmp_path: Path) -> None:
    code, out, _ = desk.run("export", "report")
    assert code == 0
    assert "tickets 2" in out
    assert desk.run("export", "report")[0] == 2

    code, out, _ = desk.run("export", "--person", "ada-77", "for-ada")
    assert (code, "tickets 1" in out) == (0, True)
    assert json.loads((tmp_path / "for-ada" / "about.json").read_text())["id"] == "console/local/ada-77"


def test_an_erasure_shows_what_will_go_and_hands_out_a_receipt_without_a_name(desk: Desk, tmp_path: Path) -> None:
    code, out, err = desk.run("erase", "ada-77")
    assert code == 2
    assert "console/local/ada-77 (ada-77)\n  will be removed: conversations 1" in out
    assert "give --yes" in err
    code, _, err = desk.run("erase", "ada")
    assert (code, "these are alike:\n  console/local/ada-77" in err) == (2, True)

    code, out, _ = desk.run("erase", "ada-77", "--yes", "--receipt", "receipt.json")

    receipt = json.loads((tmp_path / "receipt.json").read_text())
    assert code == 0
    assert receipt["receipt"] in out
    assert receipt["removed"]["conversations"] == 1
    assert "ada" not in json.dumps(receipt)
    data = [path for path in tmp_path.rglob("*") if path.is_file() and path.name.startswith("data")]
    data += [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert not [path for path in data if b"ada-77" in path.read_bytes()]


def test_an_erasure_names_the_copies_that_a_restore_kept_beside(desk: Desk) -> None:
    desk.run("backup", "monday.backup")
    desk.run("restore", "monday.backup", "--replace")

    code, _, err = desk.run("erase", "ada-77", "--yes")

    assert code == 0
    assert ".before-" in err
    assert "is an earlier copy, and still has it all" in err


def test_a_receipt_that_cannot_be_written_is_shown(desk: Desk) -> None:
    code, out, _ = desk.run("erase", "ada-77", "--yes", "--receipt", "nowhere/receipt.json")

    assert code == 1
    assert json.loads(out)["removed"]["conversations"] == 1


def test_a_store_in_memory_has_nothing_to_save(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "bot.yaml").write_text("storage: {url: 'tinydb:memory'}\n")

    for call in (("backup", "b"), ("export", "e"), ("erase", "x", "--yes")):
        code, _, err = desk.run(*call)
        assert (code, "ends with its process" in err) == (2, True)
