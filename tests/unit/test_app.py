"""The app: a configuration becomes a running bot, and ends in order."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from supportbot import ConfigurationError, Duration, Settings, Skill, Start, Turn, match, on, presence
from supportbot.adapters.base import Files, Receive
from supportbot.adapters.console import Console
from supportbot.app import App, open_app
from supportbot.clock import Clock, SimulatedClock
from supportbot.config import Config, DeskSettings, LimitsSettings, SkillEntry, StorageSettings
from supportbot.errors import BadToken
from supportbot.knowledge.watch import wait_for_change
from supportbot.skills.base import name_of
from supportbot.storage.base import Store
from supportbot.testing.harness import BotHarness

PLAIN = Config(storage=StorageSettings(url="tinydb:memory"), skills=(SkillEntry("greeting"),))


async def opened(*skills: Skill[Any], config: Config = PLAIN, strict: bool = False) -> App:
    clock = SimulatedClock()
    return await open_app(config, clock, [lambda c: Console(lambda _: None, c)], skills=skills, strict=strict)


def starting(named: str, error: BaseException | None, calls: list[str]) -> Skill[Settings]:
    """Make a skill that writes down when it starts and stops, and may fail at either."""

    class Starting(Skill[Settings]):
        name = named

        @on.start
        async def begin(self, start: Start) -> None:
            calls.append(f"{named} starts in {start.folder.name}")
            if error:
                raise error

        @on.stop
        def end(self) -> None:
            calls.append(f"{named} stops")
            raise RuntimeError("could not stop")

        @on.message(match.words(named))
        async def answer(self, turn: Turn) -> str:
            return named

    return Starting()


async def test_a_skill_is_called_at_the_start_and_at_the_stop() -> None:
    calls: list[str] = []
    app = await opened(starting("one", None, calls))
    await app.start(watch=False)
    await app.stop()
    assert calls == [f"one starts in {PLAIN.folder.name}", "one stops"]


async def test_a_skill_that_fails_to_stop_keeps_nobody_from_stopping() -> None:
    calls: list[str] = []
    app = await opened(starting("one", None, calls), starting("two", None, calls))
    closed: list[bool] = []

    class Watched:
        def __init__(self, store: Store) -> None:
            self._store = store

        def __getattr__(self, name: str) -> Any:
            return getattr(self._store, name)

        async def close(self) -> None:
            closed.append(True)
            await self._store.close()

    app.store = Watched(app.store)  # type: ignore[assignment]
    await app.start(watch=False)
    await app.stop()
    assert calls[-2:] == ["one stops", "two stops"]
    assert closed == [True]


@pytest.mark.parametrize("error", [RuntimeError("no oven"), SystemExit(3)], ids=["raises", "exits"])
async def test_a_skill_that_cannot_start_is_left_out_and_the_others_run(error: BaseException) -> None:
    app = await opened(starting("bad", error, []), starting("good", None, []))
    assert [name_of(type(skill)) for skill in app.skills] == ["good", "greeting", "fallback"]
    (failure,) = app.failures
    assert failure.skill == "bad"
    assert type(error).__name__ in failure.why
    await app.stop()


async def test_strict_stops_where_a_skill_was_left_out() -> None:
    with pytest.raises(ConfigurationError, match="no oven"):
        await opened(starting("bad", RuntimeError("no oven"), []), strict=True)


async def test_mistakes_in_the_settings_of_skills_stop_the_start_all_at_once() -> None:
    one = starting("one", ConfigurationError(["the oven is cold"]), [])
    two = starting("two", ConfigurationError(["no dough", "no cheese"]), [])
    with pytest.raises(ConfigurationError) as caught:
        await opened(one, two)
    told = [problem.rpartition(": ")[2] for problem in caught.value.problems]
    assert told == ["the oven is cold", "no dough", "no cheese"]


async def test_a_missing_knowledge_base_stops_the_start(tmp_path: Path) -> None:
    faq = SkillEntry("faq", {"sources": [str(tmp_path / "nothing.yaml")]})
    with pytest.raises(ConfigurationError, match=r"nothing\.yaml"):
        await opened(config=msgspec.structs.replace(PLAIN, skills=(faq,)))


async def test_what_is_saved_while_the_bot_runs_is_served_and_a_slip_is_not(tmp_path: Path) -> None:
    one, two = tmp_path / "one.md", tmp_path / "two.md"
    one.write_text("# One?\nOld.")
    two.write_text("# Two?\nOld.")
    faq = SkillEntry("faq", {"sources": [str(tmp_path)]})
    app = await opened(config=msgspec.structs.replace(PLAIN, skills=(faq,)))
    await app.start()
    one.write_text("---\ntags: [open\n---\n# One?\nBroken.")
    two.write_text("# Two?\nNew.")
    async with asyncio.timeout(20):
        while app.knowledge.articles["two"].answer != "New.":
            await wait_for_change([tmp_path], at_most=0.05)
    await app.stop()
    assert app.knowledge.articles["one"].answer == "Old."


async def test_an_agents_channel_on_an_adapter_that_is_not_there_stops_the_start() -> None:
    desk = DeskSettings(agents_channel="slack:C0123456789")
    with pytest.raises(ConfigurationError, match=r"desk\.agents_channel: slack"):
        await opened(config=msgspec.structs.replace(PLAIN, desk=desk))


async def test_what_an_earlier_process_left_is_finished_before_anything_new(tmp_path: Path) -> None:
    url = f"sqlite:{tmp_path / 'data.sqlite'}"
    async with BotHarness(store=url) as first:
        await first.app.bot.intake.keep(first._console.event("ada", key="m1", text="/human"))
    async with BotHarness(store=url) as second:
        assert sorted(str(line["to"]) for line in second.shown) == ["#agents", "ada"]
        assert "T-1001" in second.agents_channel


class Far(Console):
    """A platform that cannot be reached at first, or whose token is wrong."""

    name = "far"

    def __init__(self, clock: Clock, *failures: Exception) -> None:
        super().__init__(lambda _: None, clock)
        self.failures = list(failures)
        self.feeds = asyncio.Event()

    async def connect(self) -> None:
        if self.failures:
            raise self.failures.pop(0)

    async def start(self, receive: Receive, files: Files) -> None:
        self.feeds.set()


async def brought_up(*failures: Exception) -> tuple[App, Far]:
    clock = SimulatedClock()
    far = Far(clock, *failures)
    return await open_app(PLAIN, clock, [lambda c: Console(lambda _: None, c), lambda _: far]), far


async def test_a_platform_that_cannot_be_reached_is_tried_again_and_stops_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("supportbot.presence.PAUSES", (0,))
    app, far = await brought_up(OSError("no route"), TimeoutError(), OSError("no route"))
    await app.start(watch=False)
    assert not far.feeds.is_set()
    async with asyncio.timeout(10):
        await far.feeds.wait()
    await app.stop()


async def test_a_rejected_token_ends_the_start() -> None:
    app, _ = await brought_up(BadToken("far rejected its token"))
    with pytest.raises(BadToken):
        await app.start(watch=False)
    await app.stop()


async def test_a_handler_may_take_as_long_as_the_configuration_says_unless_its_skill_says_otherwise() -> None:
    class Patient(Skill[Settings]):
        time_limit = 60.0

        @on.message(match.anything)
        async def answer(self, turn: Turn) -> str:
            return "at last"

    config = msgspec.structs.replace(PLAIN, limits=LimitsSettings(handler_time=Duration("5s")))
    app = await opened(Patient(), config=config)
    limits = {handler.skill: handler.time_limit for handler in app.bot.handlers.all}
    assert (limits["patient"], limits["greeting"]) == (60.0, 5.0)
    await app.stop()


# --- what runs beside it ------------------------------------------------------------------------------------------


class Witness:
    """A companion that writes down what it is told."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    async def open(self, app: App) -> None:
        self.heard.append(f"open while {app.phase}, {app.down}")
        self._app = app

    async def ready(self) -> None:
        self.heard.append(f"ready while {self._app.phase}, {self._app.down}")

    async def close(self) -> None:
        self.heard.append(f"close while {self._app.phase}")


async def test_a_companion_hears_of_the_start_and_the_stop_and_which_adapters_are_up() -> None:
    app, witness = await opened(), Witness()
    app.companions = [witness]
    await app.start(watch=False)
    await app.stop()
    assert witness.heard == ["open while starting, {'console': ''}", "ready while running, {}", "close while stopping"]


async def test_an_adapter_that_is_away_is_down_with_its_errors_name_until_it_comes_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(presence, "PAUSES", (0,))

    class Away(Console):
        is_back = False

        async def connect(self) -> None:
            if not self.is_back:
                raise OSError("no route, with a token")

    app = await open_app(PLAIN, SimulatedClock(), [lambda c: Away(lambda _: None, c)])
    await app.start(watch=False)
    assert app.down == {"console": "OSError"}
    app.adapters["console"].is_back = True  # type: ignore[attr-defined]
    while app.down:
        await asyncio.sleep(0)
    await app.stop()


async def test_what_is_being_answered_at_the_stop_is_still_sent_before_the_adapter_disconnects() -> None:
    told, go_on = list[object](), asyncio.Event()

    class Slow(Skill[Settings]):
        """Answer when told to."""

        @on.message(match.words("slow"))
        async def answer(self, turn: Turn) -> str:
            await go_on.wait()
            return "done"

    class Leaving(Console):
        async def stop_receiving(self) -> None:
            told.append("takes nothing more in")
            go_on.set()

        async def stop(self) -> None:
            told.append("disconnects")

    app = await open_app(PLAIN, SimulatedClock(), [lambda c: Leaving(told.append, c)], skills=[Slow()])
    await app.start(watch=False)
    console = app.adapters["console"]
    assert isinstance(console, Console)
    await app.bot.receive(console.event("ada", key="1", text="slow"))
    await app.stop()
    assert told[0] == "takes nothing more in"
    assert isinstance(told[1], dict)
    assert told[1]["text"] == "done"
    assert told[2] == "disconnects"
