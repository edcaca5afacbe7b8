"""Intake: what comes in is made clean, stored once, and only then acknowledged."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable

import msgspec
import pytest

from supportbot import faults
from supportbot.adapters.console import Console
from supportbot.clock import SimulatedClock
from supportbot.config import LimitsSettings
from supportbot.domain.work import TURNS, outbox
from supportbot.errors import StoreFailed
from supportbot.pipeline.floods import Floods
from supportbot.pipeline.intake import LONGEST_NAME, Intake, cleaned
from supportbot.testing.harness import BotHarness

MOST_CHARACTERS = LimitsSettings().message_characters

BotWith = Callable[..., Awaitable[BotHarness]]
CONSOLE = Console(lambda _: None, SimulatedClock())


async def test_an_event_is_stored_before_it_is_acknowledged(bot_with: BotWith) -> None:
    bot = await bot_with()
    changes, claimed = await bot.app.bot.intake.keep(bot._console.event("ada", key="m1", text="hello"))
    (stored,) = await bot.app.store.pending(TURNS)
    assert stored.payload == changes.work[0].payload
    assert [work.id for work in claimed] == [stored.id]
    assert stored.person == "console/local/ada"


@pytest.mark.parametrize("times", [2, 5])
async def test_an_event_that_comes_again_changes_nothing(bot_with: BotWith, times: int) -> None:
    bot = await bot_with()
    heard = [await bot.requester("ada").says("hello", id="m1") for _ in range(times)]
    assert heard[0] != ""
    assert heard[1:] == [""] * (times - 1)
    assert await bot.app.store.pending(outbox("console")) == []


async def test_an_event_that_comes_again_after_a_restart_changes_nothing(bot_with: BotWith) -> None:
    bot = await bot_with()
    await bot.requester("ada").says("/human", id="m1")
    await bot.restart()
    assert await bot.requester("ada").says("/human", id="m1") == ""
    assert "T-1002" not in bot.agents_channel


async def test_the_same_id_of_two_people_is_two_events(bot_with: BotWith) -> None:
    bot = await bot_with()
    assert await bot.requester("ada").says("hello", id="m1") != ""
    assert await bot.requester("bob").says("hello", id="m1") != ""


async def test_what_cannot_be_stored_is_not_acknowledged_and_may_come_again(bot_with: BotWith) -> None:
    bot = await bot_with()

    def fail() -> None:
        raise StoreFailed("the disk is full")

    faults.arm("intake.before_store", fail)
    try:
        with pytest.raises(StoreFailed):
            await bot.requester("ada").says("hello", id="m1")
    finally:
        faults.disarm()
    assert await bot.requester("ada").says("hello", id="m1") != ""


async def test_an_unlisted_workspace_is_refused_and_leaves_nothing(bot_with: BotWith) -> None:
    bot = await bot_with()
    rules = dataclasses.replace(bot.app.bot.rules, tenants={"console/elsewhere": "theirs"})
    event = bot._console.event("ada", key="m1", text="hello")
    floods = Floods(LimitsSettings())
    is_agent, blocks = bot._console.is_agent, bot.app.bot.blocks
    intake = Intake(bot.app.store, rules, bot.clock, floods=floods, blocks=blocks, is_agent=is_agent)
    changes, claimed = await intake.keep(event)
    assert (changes.work, claimed) == ([], [])
    assert await bot.app.store.pending(TURNS) == []


async def test_a_platform_whose_clock_is_ahead_is_answered_at_once(bot_with: BotWith) -> None:
    bot = await bot_with()
    event = bot._console.event("ada", key="m1", text="hello")
    await bot.app.bot.receive(msgspec.structs.replace(event, at=bot.clock.now() + 90_000))
    await bot.app.bot.crew.idle()
    assert [line["to"] for line in bot.shown] == ["ada"]


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("plain", "plain"),
        ("a\0b", "a\ufffdb"),
        ("a\ud800b", "a\ufffdb"),
        ("cafe\u0301", "café"),
        ("x" * (MOST_CHARACTERS + 1), "x" * MOST_CHARACTERS),
        ("\u202eevil", "\u202eevil"),
    ],
    ids=["plain", "NUL", "half a character", "decomposed", "too long", "right to left"],
)
def test_words_are_made_fit_to_be_stored_and_shown(said: str, kept: str) -> None:
    assert cleaned(CONSOLE.event("ada", key="m1", text=said), MOST_CHARACTERS).text == kept


def test_names_are_made_fit_too() -> None:
    event = cleaned(CONSOLE.event("a\0" + "b" * 1_000, key="m1", text="hello"), MOST_CHARACTERS)
    assert event.person.name == "a\ufffd" + "b" * (LONGEST_NAME - 2)
    msgspec.json.encode(event.person.name)


def test_a_clean_event_is_not_copied() -> None:
    event = CONSOLE.event("ada", key="m1", text="hello")
    assert cleaned(event, MOST_CHARACTERS) is event
