"""Leaks (S16): what people write and what is secret is in no log, metric, health answer, error output or finding.

Every round plants a handful of words that occur nowhere else, each on its own way through the bot, with logs at debug
level; at the end all that an operator can read is searched for them.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys
import threading
import warnings
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog
from click.testing import CliRunner

from supportbot import Settings, Skill, Turn, cli, logs, match, on
from supportbot.adapters.base import Sent
from supportbot.adapters.console import Console
from supportbot.app import open_app
from supportbot.clock import SimulatedClock
from supportbot.commands.doctor import doctor
from supportbot.commands.retry import retry
from supportbot.config import Config, HealthSettings, Secret, StorageSettings, load_config
from supportbot.domain.reply import Outgoing
from supportbot.errors import ConfigurationError, Refused, SkillError, StoreFailed, TryLater, Unclear
from supportbot.health.lag import LoopWatch
from supportbot.health.look import Look, reasons
from supportbot.health.server import HealthServer
from supportbot.testing.harness import BotHarness
from tests.unit.health.conftest import Monitored

SHORT_ROUNDS, FULL_ROUNDS = 2, 20


class Leaky(Skill[Settings]):
    """Do with words whatever a careless author does."""

    @on.message(match.words("raise"))
    async def fail(self, turn: Turn) -> str:
        """Carry the words in an error."""
        raise ValueError(turn.text)

    @on.message(match.words("misuse"))
    async def misuse(self, turn: Turn) -> str:
        """Carry the words in an error that looks like one of the house."""
        raise SkillError(turn.text)

    @on.message(match.words("chain"))
    async def chain(self, turn: Turn) -> str:
        """Carry the words in an error's cause."""
        try:
            raise KeyError(turn.text)
        except KeyError as error:
            raise RuntimeError from error

    @on.message(match.words("once"))
    async def pay(self, turn: Turn) -> str:
        """Keep the words as the result of something done once, and fail behind it."""

        async def do(_key: str) -> str:
            return turn.text

        raise ValueError(await turn.once(do, key=turn.text))

    @on.message(match.words("task"))
    async def leave_a_task(self, turn: Turn) -> str:
        """Leave a task behind whose error nobody takes."""

        async def do() -> None:
            raise ValueError(turn.text)

        task = asyncio.create_task(do())
        await asyncio.sleep(0)
        del task
        return "left"

    @on.message(match.words("library"))
    async def use_a_library(self, turn: Turn) -> str:
        """Let a library log the words in every way there is."""
        sdk = logging.getLogger("slack_sdk.socket_mode")
        sdk.setLevel(logging.DEBUG)
        sdk.debug("frame: %s", turn.text)
        sdk.debug(f"frame: {turn.text}")
        sdk.warning("two places %s, one word", turn.text, turn.text)
        sdk.error(turn.text, extra={"text": turn.text, "says": turn.text})
        try:
            raise ValueError(turn.text)
        except ValueError:
            sdk.exception("failed")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn(turn.text, stacklevel=1)
        return "used"

    @on.message(match.words("thread"))
    async def use_a_thread(self, turn: Turn) -> str:
        """Fail in a thread, and where Python itself has nobody to tell."""

        def fail() -> None:
            raise ValueError(turn.text)

        class Dropped:
            def __del__(self) -> None:
                fail()

        thread = threading.Thread(target=fail)
        thread.start()
        thread.join()
        Dropped()
        return "failed"


class Planted:
    """Words that occur nowhere else."""

    def __init__(self) -> None:
        self.words: list[str] = []

    def word(self) -> str:
        """Make one, as a word, a name or a token could be."""
        self.words.append(f"planted{len(self.words):04}word")
        return self.words[-1]

    def found_in(self, text: str) -> list[str]:
        return [word for word in self.words if word in text]


@pytest.fixture(params=["text", "json"])
def tamed(request: pytest.FixtureRequest, capfd: pytest.CaptureFixture[str]) -> Iterator[Callable[[], str]]:
    """Log everything, as the command line does; gives what reached standard output and standard error."""
    root = logging.getLogger()
    kept = root.handlers[:], root.level, sys.unraisablehook, threading.excepthook, logging.raiseExceptions
    logs.configure("debug", request.param)
    logs.tame()
    yield lambda: "".join(capfd.readouterr())
    root.handlers[:], level, sys.unraisablehook, threading.excepthook, logging.raiseExceptions = kept
    root.setLevel(level)
    logging.captureWarnings(False)
    logging.getLogger("slack_sdk.socket_mode").setLevel(logging.NOTSET)
    structlog.reset_defaults()
    logs.configure()


class Troubled:
    """The console's way out, which meets one trouble after another, each with the message's own words in it."""

    def __init__(self, bot: BotHarness) -> None:
        console = bot.app.adapters["console"]
        self._send: Callable[[Outgoing], Awaitable[Sent]] = console.send
        self.troubles: list[Callable[[str], Exception]] = []
        console.send = self.send  # type: ignore[method-assign]

    async def send(self, outgoing: Outgoing) -> Sent:
        if self.troubles and outgoing.purpose != "agents":
            raise self.troubles.pop()(f"could not show {outgoing.text} to {outgoing.address.key}")
        return await self._send(outgoing)


async def one_round(bot: BotHarness, way_out: Troubled, planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Plant words on every way through a bot."""
    ada = bot.requester(planted.word())
    for command in ("raise", "misuse", "chain", "once", "task", "library", "thread", "/human", "/status", "/nothing"):
        await ada.says(f"{command} {planted.word()}", id=planted.word())
        bot.app.bot.switches.turn_on("leaky")
    await ada.says(f"a picture {planted.word()}", files=[(f"{planted.word()}.jpg", planted.word().encode())])
    await bot.agent(planted.word()).says(f"/note T-1001 {planted.word()}")
    for trouble in (Refused, Unclear, ValueError, lambda words: TryLater(1, words)):
        way_out.troubles.append(trouble)
        await ada.says(f"/help {planted.word()}", id=planted.word())
        await bot.advance("10m")
    await refused_by_the_store(bot, planted, monkeypatch)
    gc.collect()
    await asyncio.sleep(0)


async def refused_by_the_store(bot: BotHarness, planted: Planted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the store refuse a message, and then what comes of another one."""
    words, commit, refusals = planted.word(), bot.app.store.commit, [True]

    async def refuse(changes: Any) -> Any:
        if refusals and refusals.pop():
            raise StoreFailed(f"postgresql://bot:{words}@db refused {changes}")
        return await commit(changes)

    bob = bot.requester(planted.word())
    with monkeypatch.context() as patch:
        patch.setattr(bot.app.store, "commit", refuse)
        with pytest.raises(StoreFailed, match=words):
            await bob.says(f"hello {planted.word()}", id=planted.word())
        refusals[:] = [True, False]
        await bob.says(f"hello {planted.word()}", id=planted.word())
    await bot.advance("10m")


async def an_adapter_that_shows_its_token(planted: Planted) -> str:
    """Start a bot whose platform is away, and says so with the token in it."""

    class Away(Console):
        async def connect(self) -> None:
            raise OSError(f"no route to {planted.words[-1]}")

    Secret(planted.word())
    config = Config(storage=StorageSettings(url="tinydb:memory"), skills=())
    app = await open_app(config, SimulatedClock(), [lambda clock: Away(lambda _: None, clock)])
    await app.start(watch=False)
    told = list(reasons(app, Look(), is_alive=True))
    await app.stop()
    assert told == [("adapter console", "not connected (OSError)")]
    return str(told)


def _failing(error: Exception) -> Callable[..., None]:
    def fail(**_: Any) -> None:
        raise error

    return fail


def said_by_commands(
    folder: Path, planted: Planted, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> str:
    """Let commands speak of a bot with dead letters, secrets and mistakes."""
    (folder / ".env").write_text(f"T={planted.word()}\nSPAN={planted.word()}\nURL=x://u:{planted.word()}@h\n", "utf-8")
    good, wrong = folder / "good.yaml", folder / "wrong.yaml"
    good.write_text("storage: {url: 'sqlite:bot.db'}\nadapters: {console: {}, discord: {token: '${T}'}}\n", "utf-8")
    wrong.write_text("limits: {handler_time: '${SPAN}'}\nstorage: {url: '${URL}'}\n", "utf-8")
    runner, said = CliRunner(), []
    for command, file in ((doctor, good), (doctor, wrong), (retry, good)):
        said.append(runner.invoke(command, ["--config", str(file)]).output)
    said.append(runner.invoke(doctor, ["--config", str(good), "--json"]).output)
    assert "dead letter" in said[0]
    config = load_config(good)
    said.append(repr(config) + repr(config.adapters.discord))
    with pytest.raises(ConfigurationError) as mistakes:
        load_config(wrong)
    cli._told(mistakes.value)
    cli._told(StoreFailed(f"postgresql://bot:{planted.word()}@db/bot does not answer"))
    with monkeypatch.context() as patch:
        patch.setattr(cli, "supportbot", _failing(ValueError(planted.word())))
        assert cli._exit_code() == 1
    return "".join([*said, *capfd.readouterr()])


async def everything_that_can_be_read(
    rounds: int, folder: Path, tamed: Callable[[], str], planted: Planted, monkeypatch: pytest.MonkeyPatch
) -> str:
    async with BotHarness(Leaky(), store=f"sqlite:{folder / 'bot.db'}", fails=False) as bot:
        logs.configure("debug", "")  # the harness has set its own
        watch = LoopWatch()
        server = HealthServer(msgspec.structs.replace(HealthSettings(), port=0), watch)
        for companion in (watch, server):
            await companion.open(bot.app)
        way_out, monitored = Troubled(bot), Monitored(bot, server, watch)
        read = []
        for _ in range(rounds):
            await one_round(bot, way_out, planted, monkeypatch)
            read.append(await an_adapter_that_shows_its_token(planted))
            read += [str(await monitored.get(path)) for path in ("/healthz", "/readyz", "/metrics", "/nothing")]
        for companion in (server, watch):
            await companion.close()
    return "".join([*read, tamed()])


EXPECTED = (
    "skill failed",
    "work failed",
    "a message was refused",
    "a library says",
    "an error that nobody took",
    "adapter is not up",
    "supportbot_skill_failures_total",
)


@pytest.mark.parametrize("rounds", [SHORT_ROUNDS, pytest.param(FULL_ROUNDS, marks=pytest.mark.full)])
async def test_nothing_that_was_planted_can_be_read_by_an_operator(
    rounds: int,
    tmp_path: Path,
    tamed: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    planted = Planted()
    read = await everything_that_can_be_read(rounds, tmp_path, tamed, planted, monkeypatch)
    read += await asyncio.to_thread(said_by_commands, tmp_path, planted, capfd, monkeypatch)
    assert [line for line in EXPECTED if line not in read] == []
    assert rounds < FULL_ROUNDS or len(planted.words) >= 500
    leaks = planted.found_in(read)
    lines = [line for line in read.splitlines() if any(word in line for word in leaks)]
    assert not leaks, f"{len(leaks)} of {len(planted.words)} planted words can be read:\n" + "\n".join(lines[:20])
