"""One broken skill never silences the bot: its requester hears of it, and others are served."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from supportbot import PASS, Choice, Duration, Reply, Settings, Skill, Turn, match, on
from supportbot.config import LimitsSettings
from supportbot.errors import Conflict, Duplicate, LostClaim, SkillError, StoreFailed
from supportbot.pipeline import crew, isolation
from supportbot.pipeline.crew import MOST_ATTEMPTS
from supportbot.pipeline.isolation import Blocked
from supportbot.storage.base import LARGEST_FILE
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts

BotWith = Callable[..., Awaitable[BotHarness]]
Handle = Callable[[Turn], Awaitable[Any]]
TEXTS = Texts()


def broken(handle: Handle, *, limit: float = 20.0) -> Skill[Settings]:
    """Make a skill whose handler does this."""

    class Broken(Skill[Settings]):
        time_limit = limit

        @on.message(match.words("break"))
        async def handle(self, turn: Turn) -> Any:
            return await handle(turn)

    return Broken()


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the watchdog and the notice of a slow skill come soon, so that no test waits long."""
    monkeypatch.setattr(isolation, "LONGEST_STEP", 0.1)
    monkeypatch.setattr(isolation, "TICK", 0.02)
    monkeypatch.setattr(isolation, "ONE_MOMENT_AFTER", 0.05)


@pytest.fixture
async def stuck() -> AsyncIterator[asyncio.Event]:
    """Something that never happens, until the test is over."""
    never = asyncio.Event()
    yield never
    never.set()


# --- what handlers do wrong ---------------------------------------------------------------------------------------


async def raises(turn: Turn) -> str:
    raise RuntimeError("secret words of a requester")


async def exits(turn: Turn) -> str:
    sys.exit(3)


async def interrupts(turn: Turn) -> str:
    raise KeyboardInterrupt


async def returns_rubbish(turn: Turn) -> Any:
    return {"not": "a reply"}


async def passes_after_a_verb(turn: Turn) -> Any:
    await turn.say("I am on it.")
    return PASS


async def cancels_itself(turn: Turn) -> str:
    raise asyncio.CancelledError


async def cancels_its_own_task(turn: Turn) -> str:
    task = asyncio.current_task()
    assert task
    task.cancel()
    await asyncio.sleep(0)
    return "unreached"


async def raises_an_error_of_the_store(turn: Turn) -> str:
    raise StoreFailed("as if the disk were full")


async def raises_a_conflict(turn: Turn) -> str:
    raise Conflict("as if a document had changed")


async def raises_a_lost_claim(turn: Turn) -> str:
    raise LostClaim("as if another had the work")


async def raises_a_duplicate(turn: Turn) -> str:
    raise Duplicate("as if it had been stored before")


async def remembers_half_a_character(turn: Turn) -> str:
    await turn.remember("thing", "\ud800x")
    return "kept"


async def opens_a_ticket_about_half_a_character(turn: Turn) -> str:
    await turn.open_ticket(subject="s\ud800")
    return "opened"


async def stops_iterating(turn: Turn) -> str:
    return next(iter(()))


async def exhausts_the_stack(turn: Turn) -> str:
    return await exhausts_the_stack(turn)


async def remembers_what_is_no_json(turn: Turn) -> str:
    await turn.remember("thing", object())
    return "kept"


async def sends_what_is_no_text(turn: Turn) -> Any:
    await turn.say(42)  # type: ignore[arg-type]
    return "said"


async def offers_what_is_no_choice(turn: Turn) -> Any:
    return Reply("Choose", ["one", "two"])  # type: ignore[list-item]


async def names_a_handler_that_is_not_there(turn: Turn) -> Any:
    return Reply("Choose", [Choice("One", to="nowhere")])


BROKEN: list[Handle] = [
    raises,
    exits,
    interrupts,
    returns_rubbish,
    passes_after_a_verb,
    cancels_itself,
    cancels_its_own_task,
    raises_an_error_of_the_store,
    raises_a_conflict,
    raises_a_lost_claim,
    raises_a_duplicate,
    remembers_half_a_character,
    opens_a_ticket_about_half_a_character,
    stops_iterating,
    exhausts_the_stack,
    remembers_what_is_no_json,
    sends_what_is_no_text,
    offers_what_is_no_choice,
]


@pytest.mark.parametrize("handle", BROKEN, ids=lambda handle: handle.__name__)
async def test_a_broken_handler_gets_an_apology_and_the_others_go_on(bot_with: BotWith, handle: Handle) -> None:
    bot = await bot_with(broken(handle), fails=False)
    ada, bob = bot.requester("ada"), bot.requester("bob")
    heard = await ada.says("break")
    assert heard == TEXTS("errors.broken")
    assert TEXTS("handoff.talk_to_person") in heard.choices
    assert "bob" in await bob.says("hello")
    assert "ada" in await ada.says("hello")
    assert await bot.app.store.pending("turns") == []


@pytest.mark.parametrize("handle", [raises, exits], ids=lambda handle: handle.__name__)
async def test_what_a_failed_handler_did_before_is_undone(bot_with: BotWith, handle: Handle) -> None:
    async def first_acts(turn: Turn) -> Any:
        await turn.say("Here is half of it.")
        await turn.open_ticket(subject="half")
        return await handle(turn)

    bot = await bot_with(broken(first_acts), fails=False)
    ada = bot.requester("ada")
    assert await ada.says("break") == TEXTS("errors.broken")
    assert bot.agents_channel == ""
    assert (await ada.says("/tickets")).startswith(TEXTS("tickets.none"))


async def test_the_culprit_is_named_with_file_and_line_and_without_anyones_words(
    bot_with: BotWith, capsys: pytest.CaptureFixture[str]
) -> None:
    bot = await bot_with(broken(raises), fails=False)
    await bot.requester("ada").says("break the blue one")
    log = capsys.readouterr().err
    line = raises.__code__.co_firstlineno + 1
    assert "skill=broken" in log
    assert f"{__file__}:{line}" in log
    assert "secret words" not in log
    assert "blue one" not in log


async def test_pass_after_a_verb_says_what_to_do(bot_with: BotWith) -> None:
    bot = await bot_with(broken(passes_after_a_verb))
    with pytest.raises(SkillError, match="PASS after it had used a verb"):
        await bot.requester("ada").says("break")


async def test_a_choice_without_a_handler_is_answered(bot_with: BotWith) -> None:
    bot = await bot_with(broken(names_a_handler_that_is_not_there))
    ada = bot.requester("ada")
    await ada.says("break")
    assert await ada.presses("One") == TEXTS("errors.unknown_choice")


# --- handlers that hold the loop or take long ---------------------------------------------------------------------


@pytest.mark.usefixtures("impatient")
async def test_a_handler_that_holds_the_loop_is_interrupted(bot_with: BotWith) -> None:
    async def sleeps(turn: Turn) -> str:
        time.sleep(10)
        return "late"

    bot = await bot_with(broken(sleeps), fails=False)
    began = time.monotonic()
    assert await bot.requester("ada").says("break") == TEXTS("errors.broken")
    assert time.monotonic() - began < 5
    assert isinstance(bot.errors[0], Blocked)
    assert "bob" in await bot.requester("bob").says("hello")


@pytest.mark.usefixtures("impatient")
async def test_a_handler_that_holds_the_loop_after_an_await_is_interrupted_too(bot_with: BotWith) -> None:
    async def sleeps_later(turn: Turn) -> str:
        await asyncio.sleep(0)
        while True:
            pass

    bot = await bot_with(broken(sleeps_later), fails=False)
    assert await bot.requester("ada").says("break") == TEXTS("errors.broken")
    assert isinstance(bot.errors[0], Blocked)


async def test_the_figures_that_people_are_promised() -> None:
    assert isolation.LONGEST_STEP == 1.0
    assert isolation.ONE_MOMENT_AFTER < 5
    assert LimitsSettings().handler_time == Duration("20s")


async def test_a_handler_that_hangs_is_given_up_at_its_limit(bot_with: BotWith, stuck: asyncio.Event) -> None:
    async def hangs(turn: Turn) -> str:
        await stuck.wait()
        return "a late answer"

    bot = await bot_with(broken(hangs, limit=0.05), fails=False)
    assert await bot.requester("ada").says("break") == TEXTS("errors.broken")
    stuck.set()
    await bot.advance("1h")
    assert all("late answer" not in line["text"] for line in bot.shown)


@pytest.mark.usefixtures("impatient")
async def test_a_slow_handler_shows_one_moment_and_then_its_answer(bot_with: BotWith) -> None:
    async def takes_long(turn: Turn) -> str:
        await asyncio.sleep(0.15)
        return "Here it is."

    bot = await bot_with(broken(takes_long))
    assert await bot.requester("ada").says("break") == f"{TEXTS('errors.one_moment')}\n\nHere it is."


@pytest.mark.usefixtures("impatient")
async def test_a_slow_handler_that_never_ends_shows_one_moment_and_then_the_fallback(
    bot_with: BotWith, stuck: asyncio.Event
) -> None:
    async def hangs(turn: Turn) -> str:
        await stuck.wait()
        return "late"

    bot = await bot_with(broken(hangs, limit=0.15), fails=False)
    heard = await bot.requester("ada").says("break")
    assert heard == f"{TEXTS('errors.one_moment')}\n\n{TEXTS('errors.broken')}"


async def test_others_are_served_while_a_handler_hangs(bot_with: BotWith, stuck: asyncio.Event) -> None:
    async def hangs(turn: Turn) -> str:
        await stuck.wait()
        return "There."

    bot = await bot_with(broken(hangs))
    await bot.app.bot.receive(bot._console.event("ada", key="slow", text="break"))
    for _ in range(20):
        await asyncio.sleep(0)
    await bot.app.bot.receive(bot._console.event("bob", key="quick", text="hello"))
    for _ in range(200):
        await asyncio.sleep(0)
    assert [line["to"] for line in bot.shown] == ["bob"]
    stuck.set()
    await bot.app.bot.crew.idle()
    assert bot.shown[-1]["text"] == "There."


async def test_what_a_handler_leaves_running_harms_nobody(bot_with: BotWith, stuck: asyncio.Event) -> None:
    spawned: list[asyncio.Task[Any]] = []

    async def spawns(turn: Turn) -> str:
        spawned.extend(asyncio.create_task(stuck.wait()) for _ in range(1_000))
        return "Begun."

    bot = await bot_with(broken(spawns), fails=False)
    assert await bot.requester("ada").says("break") == "Begun."
    assert "bob" in await bot.requester("bob").says("hello")
    stuck.set()
    await asyncio.gather(*spawned)


async def test_a_task_that_outlives_its_turn_cannot_speak(bot_with: BotWith) -> None:
    spawned: list[asyncio.Task[Any]] = []

    async def speaks_later(turn: Turn) -> str:
        async def speak() -> None:
            await turn.say("psst")

        spawned.append(asyncio.create_task(speak()))
        return "Begun."

    bot = await bot_with(broken(speaks_later))
    assert await bot.requester("ada").says("break") == "Begun."
    assert isinstance((await asyncio.gather(*spawned, return_exceptions=True))[0], SkillError)
    await bot.advance("1h")
    assert all(line["text"] != "psst" for line in bot.shown)


async def test_what_is_scheduled_with_data_that_cannot_be_stored_is_the_skills_failure(bot_with: BotWith) -> None:
    class Late(Skill[Settings]):
        @on.message(match.words("break"))
        async def begin(self, turn: Turn) -> str:
            await turn.schedule(self.tick, after="1s", data=object())
            return "begun"

        @on.timer
        async def tick(self, turn: Turn) -> str:
            return "tick"

    bot = await bot_with(Late(), fails=False)
    assert await bot.requester("ada").says("break") == TEXTS("errors.broken")
    assert isinstance(bot.errors[0], SkillError)


async def test_trouble_of_the_store_inside_a_verb_is_not_the_skills_failure(
    bot_with: BotWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def recalls(turn: Turn) -> str:
        return f"It was {await turn.recall('thing', 'nothing')}."

    bot = await bot_with(broken(recalls), fails=False)
    troubles = [None]
    store_get, refused = bot.app.store.get, bot.app.store.put_file

    async def get(kind: Any, id: str) -> Any:
        if kind.name == "memories" and troubles:
            troubles.pop()
            await refused(b"x" * (LARGEST_FILE + 1))  # as the store itself raises it
        return await store_get(kind, id)

    monkeypatch.setattr(bot.app.store, "get", get)
    ada = bot.requester("ada")
    assert await ada.says("break") == ""
    await bot.advance("2s")
    assert [line["text"] for line in bot.shown] == ["It was nothing."]


@pytest.fixture
async def stubborn(monkeypatch: pytest.MonkeyPatch, stuck: asyncio.Event) -> AsyncIterator[Handle]:
    """A handler that swallows whatever is to end it, and then wants to speak."""
    monkeypatch.setattr(isolation, "GRACE", 0.05)
    left: list[Any] = []
    monkeypatch.setattr(isolation, "LEFT_BEHIND", left)

    async def swallows(turn: Turn) -> str:
        while not stuck.is_set():
            try:
                await asyncio.sleep(100)
            except BaseException:  # noqa: BLE001 - that is what it does wrong
                with contextlib.suppress(SkillError):
                    await turn.say("I am still here.")
        return "late"

    yield swallows
    stuck.set()
    for run in left:
        run.close()


async def test_a_handler_that_swallows_its_cancellation_is_left_behind_at_its_limit(
    bot_with: BotWith, stubborn: Handle
) -> None:
    bot = await bot_with(broken(stubborn, limit=0.05), fails=False)
    ada = bot.requester("ada")
    assert await ada.says("break") == TEXTS("errors.broken")
    assert "ada" in await ada.says("hello")
    await bot.advance("1h")
    assert all("still here" not in line["text"] for line in bot.shown)


async def test_a_handler_that_swallows_its_cancellation_does_not_keep_the_bot_from_stopping(
    bot_with: BotWith, stubborn: Handle, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crew, "_LONGEST_END", 0.05)
    bot = await bot_with(broken(stubborn), fails=False)
    await bot.app.bot.receive(bot._console.event("ada", key="m", text="break"))
    for _ in range(20):
        await asyncio.sleep(0)
    await bot.app.bot.crew.stop(0)
    assert bot.app.bot.crew._tasks == set()
    assert len(isolation.LEFT_BEHIND) == 1
    assert bot.shown == []


async def test_a_verb_used_by_what_outlives_its_turn_does_nothing(bot_with: BotWith, stuck: asyncio.Event) -> None:
    spawned: list[asyncio.Task[Any]] = []

    async def closes_later(turn: Turn) -> str:
        ticket = await turn.open_ticket(subject="printer")

        async def close() -> None:
            await stuck.wait()
            await turn.tickets.close(ticket.reference)

        spawned.append(asyncio.create_task(close()))
        return "Begun."

    bot = await bot_with(broken(closes_later), fails=False)
    await bot.requester("ada").says("break")
    stuck.set()
    assert isinstance((await asyncio.gather(*spawned, return_exceptions=True))[0], SkillError)


async def test_a_message_that_ended_the_process_five_times_is_buried_with_an_apology(bot_with: BotWith) -> None:
    runs: list[str] = []

    async def counts(turn: Turn) -> str:
        runs.append(turn.text)
        return "done"

    bot = await bot_with(broken(counts), fails=False)
    store = bot.app.store
    _, [work] = await bot.app.bot.intake.keep(bot._console.event("ada", key="m", text="break"))
    for _ in range(MOST_ATTEMPTS - 1):
        await store.release(work)
        [work] = await store.claim(work.queue, bot.clock.now())
    await store.release(work)
    await bot.app.bot.crew.idle()
    assert runs == []
    assert [line["text"] for line in bot.shown if line["to"] == "ada"] == [TEXTS("errors.given_up")]
    assert [buried.id for buried in await store.buried()] == [work.id]


@pytest.mark.usefixtures("impatient")
async def test_one_moment_comes_once_where_messages_are_decided_together_and_then_apart(bot_with: BotWith) -> None:
    async def asks_slowly(turn: Turn) -> str:
        await asyncio.sleep(0.15)
        return await turn.ask("What?")

    bot = await bot_with(broken(asks_slowly))
    ada, bob = bot.requester("ada"), bot.requester("bob")
    messages = [(ada, "break"), (ada, "break it"), (ada, "break all")]
    shown = await bot.quickly(*messages, (bob, "hello"))
    assert [line["text"] for line in shown].count(TEXTS("errors.one_moment")) <= len(messages)


# --- plain functions ----------------------------------------------------------------------------------------------


async def test_a_plain_def_handler_runs_in_a_thread_with_a_turn_that_it_may_only_read(bot_with: BotWith) -> None:
    class Plain(Skill[Settings]):
        @on.message(match.words("plain"))
        def plain(self, turn: Turn) -> str:
            assert threading.current_thread() is not threading.main_thread()
            return f"{turn.person.name} said {turn.text}"

    bot = await bot_with(Plain())
    assert await bot.requester("ada").says("plain words") == "ada said plain words"


async def test_a_plain_def_handler_that_wants_to_act_is_told_to_be_async(bot_with: BotWith) -> None:
    class Plain(Skill[Settings]):
        @on.message(match.words("plain"))
        def plain(self, turn: Turn) -> Any:
            return turn.say("hello")

    bot = await bot_with(Plain())
    with pytest.raises(AttributeError, match="async def"):
        await bot.requester("ada").says("plain")


@pytest.mark.usefixtures("impatient")
async def test_a_plain_def_handler_may_block_and_others_are_served(bot_with: BotWith) -> None:
    let_go = threading.Event()

    class Plain(Skill[Settings]):
        time_limit = 0.2

        @on.message(match.words("plain"))
        def plain(self, turn: Turn) -> str:
            let_go.wait(5)
            return "late"

    bot = await bot_with(Plain(), fails=False)
    try:
        heard = await bot.requester("ada").says("plain")
        assert heard == f"{TEXTS('errors.one_moment')}\n\n{TEXTS('errors.broken')}"
        assert "bob" in await bot.requester("bob").says("hello")
    finally:
        let_go.set()


async def test_a_plain_def_handler_that_exits_is_a_failure_like_others(bot_with: BotWith) -> None:
    class Plain(Skill[Settings]):
        @on.message(match.words("plain"))
        def plain(self, turn: Turn) -> str:
            sys.exit(1)

    bot = await bot_with(Plain(), fails=False)
    assert await bot.requester("ada").says("plain") == TEXTS("errors.broken")


async def test_a_handler_that_swallows_its_interruption_is_interrupted_again(
    bot_with: BotWith, impatient: None
) -> None:
    caught = 0

    async def holds_on(turn: Turn) -> str:
        nonlocal caught
        end = time.monotonic() + 10
        for _ in range(3):
            try:
                while time.monotonic() < end:
                    pass
            except BaseException:  # noqa: BLE001 - that is what it does wrong
                caught += 1
        return "I held on."

    bot = await bot_with(broken(holds_on))
    assert await bot.requester("ada").says("break") == "I held on."
    assert caught == 3
