"""The doctor: what is wrong is found, said with what to do, and keeps nothing else from being looked at."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import NamedTuple

import pytest

from supportbot.adapters.console import Console
from supportbot.app import open_app
from supportbot.clock import DAY, HOUR, SimulatedClock
from supportbot.config import Config, HealthSettings, StorageSettings, load_config, skills_despite_mistakes
from supportbot.domain.event import Event
from supportbot.domain.finding import Finding
from supportbot.domain.schema import SCHEMA
from supportbot.domain.work import TURNS, Work
from supportbot.errors import ConfigurationError
from supportbot.health import doctor
from supportbot.health.checks import service, store
from supportbot.health.checks.base import Patient, counted
from supportbot.health.doctor import examine
from supportbot.storage.base import Changes
from supportbot.storage.open import open_store

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "operating.md"


class Space(NamedTuple):
    total: int
    used: int
    free: int


@pytest.fixture(autouse=True)
def no_units(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Look for systemd's units in a folder of the test's own."""
    folder = tmp_path / "units"
    folder.mkdir()
    monkeypatch.setattr(service, "UNITS", (folder,))
    monkeypatch.setattr(service, "SYSTEMD", folder)
    return folder


def patient(folder: Path, yaml: str = "", *, clock: SimulatedClock | None = None) -> Patient:
    file = folder / "bot.yaml"
    file.write_text(yaml or "storage: {url: sqlite:bot.db}\n", "utf-8")
    try:
        config = load_config(file, environment={})
    except ConfigurationError as error:
        return Patient(file=file, config=None, skills=skills_despite_mistakes(file), mistakes=error.problems)
    return Patient(file=file, config=config, skills=config, clock=clock or SimulatedClock())


async def found(patient: Patient) -> dict[str, Finding]:
    return {finding.name: finding for finding in await examine(patient)}


async def bury(folder: Path, clock: SimulatedClock, *ids: str, due: int = 0) -> None:
    """Leave dead letters behind, and work that waits."""
    bot = await open_store(f"sqlite:{folder / 'bot.db'}", SCHEMA, takes_work=True, clock=clock)
    console = Console(lambda _: None, clock)
    for id in ids:
        event: Event = console.event("ada", key=id, text="my secret words")
        work = Work(id=id, queue=TURNS, key=id, due=due or clock.now(), payload=event)
        [claimed] = await bot.commit(Changes(work=[work]))
        changes = Changes()
        changes.bury(claimed, "KeyError")
        await bot.commit(changes)
    await bot.close()


async def test_a_bot_that_was_never_started_has_no_problem(tmp_path: Path) -> None:
    findings = await found(patient(tmp_path))
    assert {name for name, finding in findings.items() if finding.state == "problem"} == set()
    assert "the first start makes it" in findings["store.place"].what
    assert not (tmp_path / "bot.db").exists()
    assert findings["knowledge"].state == "warning"


async def test_every_mistake_in_the_configuration_is_a_problem_and_the_rest_is_looked_at(tmp_path: Path) -> None:
    sick = patient(tmp_path, "desk: {relay: shout}\nlimits: {handler_time: soon}\nskills: [greetin]\n")
    findings = await examine(sick)
    wrong = [finding.what for finding in findings if finding.name == "configuration"]
    assert [line for what in wrong for line in re.findall(r"bot\.yaml:(\d)", what)] == ["1", "2", "3"]
    assert all(finding.todo for finding in findings if finding.state != "ok")
    assert {"python", "secrets.env"} <= {finding.name for finding in findings}


async def test_the_articles_that_can_be_answered_from_are_counted(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "open.md").write_text("---\nquestion: When are you open?\n---\nAlways.\n", "utf-8")
    findings = await found(patient(tmp_path, "skills:\n  - faq: {sources: [articles]}\n"))
    assert findings["knowledge"] == Finding("knowledge", "ok", "1 article can be answered from")


async def test_a_skill_that_was_left_out_and_an_empty_base_are_told(tmp_path: Path) -> None:
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "pizza.py").write_text("import nothing_of_this_name\n", "utf-8")
    findings = await found(patient(tmp_path, "skill_paths: [skills]\nskills: [pizza, faq]\n"))
    assert findings["skills"].state == "problem"
    assert "pizza.py:1" in findings["skills"].what
    assert findings["knowledge"].state == "warning"


async def test_an_env_file_that_others_may_read_is_a_problem(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("TOKEN=x\n", "utf-8")
    file.chmod(0o644)
    assert "chmod 600" in (await found(patient(tmp_path)))["secrets.env"].todo
    file.chmod(0o600)
    assert (await found(patient(tmp_path)))["secrets.env"].state == "ok"


async def test_an_env_file_of_somebody_else_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").touch(0o600)
    monkeypatch.setattr(os, "getuid", lambda: 4242)
    assert (await found(patient(tmp_path)))["secrets.env"].state == "warning"


async def test_secrets_in_the_file_are_told_by_their_keys_and_not_shown(tmp_path: Path) -> None:
    yaml = "storage: {url: 'postgresql://bot:hunter22@db/bot'}\nadapters: {discord: {token: a-stand-in}}\n"
    findings = await examine(patient(tmp_path, yaml))
    [literal] = [finding for finding in findings if finding.name == "secrets.literal"]
    assert (literal.state, "storage.url, adapters.discord.token" in literal.what) == ("problem", True)
    assert "hunter22" not in str(findings)
    assert "a-stand-in" not in str(findings)


async def test_a_token_that_does_not_look_like_one_is_told(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("T=not-a-token\n", "utf-8")
    file.chmod(0o600)
    sick = tmp_path / "bot.yaml"
    sick.write_text("adapters: {discord: {token: '${T}'}}\n", "utf-8")
    config = load_config(sick)
    findings = await found(Patient(file=sick, config=config, skills=config))
    assert "adapters.discord.token" in findings["adapters.discord"].what


async def test_a_team_without_a_channel_on_a_platform_that_is_served_is_told(tmp_path: Path) -> None:
    yaml = "adapters: {discord: {token: a-stand-in}}\n"
    findings = await examine(patient(tmp_path, yaml))
    [finding] = [finding for finding in findings if finding.name == "configuration"]
    assert (finding.state, "agents_channel is on console" in finding.what) == ("problem", True)
    assert "discord:CHANNEL_ID" in finding.todo


@pytest.mark.parametrize(("free", "state"), [(100, "problem"), (900, "warning"), (5000, "ok")])
async def test_room_on_the_disk_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: str
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Space(0, 0, free * store.MEGABYTE))
    assert (await found(patient(tmp_path)))["store.disk"].state == state


async def test_a_place_that_cannot_be_written_is_a_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)  # root may write everywhere
    assert (await found(patient(tmp_path)))["store.place"].state == "problem"


async def test_a_store_that_does_not_open_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "bot.db").write_bytes(b"not a database, but long enough to be read as one" * 100)
    findings = await found(patient(tmp_path))
    assert findings["store.open"].state == "problem"
    assert "dead_letters" not in findings


async def test_dead_letters_are_counted_without_their_words(tmp_path: Path) -> None:
    clock = SimulatedClock()
    await bury(tmp_path, clock, "one", "two")
    findings = await found(patient(tmp_path, clock=clock))
    assert findings["dead_letters"].state == "warning"
    assert "2 dead letters, the newest failed with KeyError" in findings["dead_letters"].what
    assert "secret words" not in str(findings)


@pytest.mark.parametrize("member", ["sqlite", "tinydb"])
async def test_a_bot_that_runs_is_seen_and_not_disturbed(tmp_path: Path, member: str) -> None:
    clock = SimulatedClock()
    sick = patient(tmp_path, f"storage: {{url: '{member}:bot.db'}}\n", clock=clock)
    assert sick.config
    running = await open_app(sick.config, clock, [lambda c: Console(lambda _: None, c)])
    await running.start(watch=False)
    findings = await found(sick)
    await running.stop()
    words = {"sqlite": "a bot runs on it", "tinydb": "a running bot keeps it to itself"}[member]
    assert (findings["store.open"].state, words in findings["store.open"].what) == ("ok", True)
    assert "no bot runs" not in findings["store.open"].what


async def test_work_that_waits_is_a_problem_only_while_a_bot_runs(tmp_path: Path) -> None:
    clock = SimulatedClock()
    url = f"sqlite:{tmp_path / 'bot.db'}"
    running = await open_store(url, SCHEMA, takes_work=True, clock=clock)
    event = Console(lambda _: None, clock).event("ada", key="k", text="hi")
    await running.commit(Changes(work=[Work(id="w", queue=TURNS, key="k", due=clock.now(), payload=event)]))
    clock.move_to(clock.now() + HOUR)
    assert (await found(patient(tmp_path, clock=clock)))["work.turns"].state == "problem"
    await running.close()
    waiting = (await found(patient(tmp_path, clock=clock)))["work.turns"]
    assert (waiting.state, waiting.what) == ("ok", "turns: 1 piece waits, the oldest for 3,600 s")


async def test_messages_for_a_platform_that_is_not_configured_any_more_are_told(tmp_path: Path) -> None:
    clock = SimulatedClock()
    bot = await open_store(f"sqlite:{tmp_path / 'bot.db'}", SCHEMA, clock=clock)
    event = Console(lambda _: None, clock).event("ada", key="k", text="hi")
    await bot.commit(Changes(work=[Work(id="w", queue="outbox/slack", key="k", due=clock.now(), payload=event)]))
    await bot.close()
    assert (await found(patient(tmp_path, clock=clock)))["work.outbox/slack"].state == "warning"


async def test_a_clock_that_was_set_back_is_told(tmp_path: Path) -> None:
    await bury(tmp_path, SimulatedClock())
    behind = SimulatedClock()
    behind._now = round((tmp_path / "bot.db").stat().st_mtime * 1000) - DAY
    assert (await found(patient(tmp_path, clock=behind)))["store.clock"].state == "warning"
    behind._now = 0
    assert (await found(patient(tmp_path, clock=behind)))["clock"].state == "problem"


async def test_a_store_in_memory_is_told() -> None:
    config = Config(storage=StorageSettings(url="tinydb:memory"))
    assert (await found(Patient(config=config, skills=config)))["store.place"].state == "warning"


async def test_a_port_that_is_taken_by_something_else_is_a_problem(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        answering = asyncio.create_task(_say(other, b"SSH-2.0-somebody\r\n"))
        config = Config(
            storage=StorageSettings(url="tinydb:memory"), health=HealthSettings(port=other.getsockname()[1])
        )
        health = (await found(Patient(config=config, skills=config)))["health"]
        await answering
    assert (health.state, "something else answers" in health.what) == ("problem", True)


async def _say(server: socket.socket, words: bytes) -> None:
    server.setblocking(False)
    loop = asyncio.get_running_loop()
    asked, _ = await loop.sock_accept(server)
    with asked:
        await loop.sock_sendall(asked, words)


WHOLE = (
    "[Service]\nType=notify\nExecStart=/opt/bot/supportbot run\nWatchdogSec=30\nRestart=always\n"
    "RestartPreventExitStatus=2\n"
)


async def test_a_unit_is_held_against_what_it_needs(tmp_path: Path, no_units: Path) -> None:
    unit = no_units / "help.service"
    unit.write_text(WHOLE.replace("WatchdogSec=30\n", ""), "utf-8")
    lacks = (await found(patient(tmp_path)))["systemd"]
    assert (lacks.state, "WatchdogSec=" in lacks.what, "Type=" in lacks.what) == ("warning", True, False)
    unit.write_text(WHOLE, "utf-8")
    assert (await found(patient(tmp_path)))["systemd"].state == "ok"


async def test_the_unit_of_the_page_is_a_whole_one(tmp_path: Path, no_units: Path) -> None:
    unit = re.search(r"^\[Unit\]\n.*?(?=^```)", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert unit
    (no_units / "help.service").write_text(unit[0], "utf-8")
    assert (await found(patient(tmp_path)))["systemd"].state == "ok"


async def test_a_check_that_fails_keeps_no_other_from_being_made(monkeypatch: pytest.MonkeyPatch) -> None:
    async def check_broken(_: Patient) -> AsyncIterator[Finding]:
        yield Finding("first", "ok", "found")
        raise ValueError("somebody's words")

    async def check_slow(_: Patient) -> AsyncIterator[Finding]:
        await asyncio.Event().wait()
        yield Finding("never", "ok", "found")

    monkeypatch.setattr(doctor, "_LONGEST_CHECK", 0.01)
    findings = await examine(Patient(), [check_broken, check_slow])
    assert [(finding.name, finding.state) for finding in findings] == [
        ("first", "ok"),
        ("broken", "problem"),
        ("slow", "problem"),
    ]
    assert "somebody" not in str(findings)


async def test_the_page_has_every_finding(tmp_path: Path) -> None:
    clock = SimulatedClock()
    await bury(tmp_path, clock, "one")
    names = set(await found(patient(tmp_path, clock=clock)))
    rows = set(re.findall(r"^\| `([a-z_.]+)` \|", PAGE.read_text("utf-8"), re.MULTILINE))
    assert {name.partition(".console")[0].partition(".turns")[0].partition(".outbox")[0] for name in names} <= rows


def test_a_count_that_stopped_says_so() -> None:
    assert [counted(n, "letter", most=1000) for n in (1, 2, 1000)] == ["1 letter", "2 letters", "1,000 or more letters"]
