"""Timers that fall due across restarts run exactly once each, and in order."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from supportbot import Settings, Skill, Turn, match, on
from supportbot.clock import DAY, HOUR, MINUTE
from supportbot.errors import StoreFailed
from supportbot.faults import arm, disarm
from supportbot.testing.harness import BotHarness

BotWith = Callable[..., Awaitable[BotHarness]]


class Bells(Skill[Settings]):
    """Rings after as many minutes as one says."""

    @on.message(match.words("ring"))
    async def ring(self, turn: Turn) -> str:
        for minutes in turn.text.split()[1:]:
            await turn.schedule(self.bell, after=timedelta(minutes=int(minutes)), minutes=int(minutes))
        return "I will."

    @on.message(match.words("alarm"))
    async def alarm(self, turn: Turn) -> str:
        await turn.remember("alarm", await turn.schedule(self.bell, after="10m", key="alarm", minutes=10))
        return "Set."

    @on.message(match.words("quiet"))
    async def quiet(self, turn: Turn) -> str:
        await turn.cancel(await turn.recall("alarm"))
        return "Quiet."

    @on.timer
    async def bell(self, turn: Turn) -> str:
        return f"bell {turn.data['minutes']}"


def rung(bot: BotHarness, who: str) -> list[int]:
    """Tell which bells somebody heard, in order."""
    lines = [line["text"] for line in bot.shown if line["to"] == who]
    return [int(text.split()[1]) for text in lines if text.startswith("bell")]


async def ring_across_restarts(bot: BotHarness, count: int, *, restarts: int, seed: int) -> None:
    """Set bells for ten people at random times over a week, and restart the bot again and again meanwhile."""
    chance = random.Random(seed)
    people = {f"person{number}": sorted(chance.sample(range(1, 7 * 24 * 60), count // 10)) for number in range(10)}
    for name, minutes in people.items():
        shuffled = chance.sample(minutes, len(minutes))
        await bot.requester(name).says("ring " + " ".join(map(str, shuffled)))
    for _ in range(restarts):
        await bot.advance(f"{7 * 24 * 60 // restarts + 1}m")
        await bot.restart()
    await bot.advance("1d")
    assert {name: rung(bot, name) for name in people} == people
    assert await bot.app.store.pending("turns") == []


@pytest.mark.parametrize("store", ["tinydb:memory", "sqlite:{}/data.sqlite"], ids=["memory", "sqlite"])
async def test_two_hundred_timers_across_restarts_run_once_each_and_in_order(
    bot_with: BotWith, tmp_path: Path, store: str
) -> None:
    bot = await bot_with(Bells(), store=store.format(tmp_path))
    await ring_across_restarts(bot, 200, restarts=7, seed=20)


@pytest.mark.full
@pytest.mark.parametrize("store", ["tinydb:{}/data", "sqlite:{}/data.sqlite"], ids=["tinydb", "sqlite"])
async def test_a_thousand_timers_across_restarts_run_once_each_and_in_order(
    bot_with: BotWith, tmp_path: Path, store: str
) -> None:
    bot = await bot_with(Bells(), store=store.format(tmp_path))
    await ring_across_restarts(bot, 1_000, restarts=50, seed=20)


async def test_timers_that_fell_due_while_the_bot_was_away_run_in_order_when_it_is_back(bot_with: BotWith) -> None:
    bot = await bot_with(Bells())
    await bot.requester("ada").says("ring 30 10 20")
    await bot.app.bot.crew.stop(0)
    bot.clock.move_to(bot.clock.now() + DAY)
    await bot.restart()
    await bot.advance("0s")
    assert rung(bot, "ada") == [10, 20, 30]


async def test_timers_of_one_instant_run_in_the_order_in_which_they_were_set(bot_with: BotWith) -> None:
    bot = await bot_with(Bells())
    ada = bot.requester("ada")
    await ada.says("ring 60")
    bot.clock.move_to(bot.clock.now() + 30 * MINUTE)
    await ada.says("ring 30")
    await bot.advance("31m")
    assert rung(bot, "ada") == [60, 30]


async def test_a_timer_with_a_key_waits_only_once(bot_with: BotWith) -> None:
    bot = await bot_with(Bells())
    ada = bot.requester("ada")
    for _ in range(3):
        await ada.says("alarm")
    await bot.advance("1h")
    assert rung(bot, "ada") == [10]
    await ada.says("alarm")
    await bot.advance("1h")
    assert rung(bot, "ada") == [10, 10]


async def test_a_cancelled_timer_does_not_run(bot_with: BotWith) -> None:
    bot = await bot_with(Bells())
    ada = bot.requester("ada")
    await ada.says("alarm")
    await bot.restart()
    await ada.says("quiet")
    await bot.advance("1d")
    assert rung(bot, "ada") == []


async def test_a_timer_whose_turn_fails_is_tried_again_and_said_once(bot_with: BotWith) -> None:
    bot = await bot_with(Bells(), fails=False)
    await bot.requester("ada").says("ring 10")
    failures = [StoreFailed("the disk is full")] * 2

    def fail() -> None:
        if failures:
            raise failures.pop()

    arm("timer.before_run", fail)
    try:
        await bot.advance("1h")
    finally:
        disarm()
    assert rung(bot, "ada") == [10]


async def test_a_clock_that_jumps_forward_runs_what_is_due_once(bot_with: BotWith) -> None:
    bot = await bot_with(Bells())
    await bot.requester("ada").says("ring 10 20 60000")
    bot.clock.move_to(bot.clock.now() + 100 * DAY)
    await bot.advance("0s")
    await bot.advance("1h")
    assert rung(bot, "ada") == [10, 20, 60000]


async def test_a_timer_of_a_skill_that_is_no_longer_there_does_no_harm(bot_with: BotWith) -> None:
    class Other(Skill[Settings]):
        @on.message(match.words("other"))
        async def other(self, turn: Turn) -> str:
            return "other"

    bot = await bot_with(Bells())
    await bot.requester("ada").says("ring 10")
    await bot.restart(Other())
    assert await bot.advance("1h") == []
    assert await bot.requester("ada").says("other") == "other"


async def test_a_timer_waits_while_a_person_has_the_conversation(bot_with: BotWith) -> None:
    bot = await bot_with(Bells())
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says("ring 10")
    await ada.says("/human")
    await sam.says("/claim T-1001")
    await bot.advance(f"{HOUR // MINUTE // 3}m")
    assert rung(bot, "ada") == []
    await sam.says("/solve T-1001")
    await bot.advance("1h")
    assert rung(bot, "ada") == [10]
