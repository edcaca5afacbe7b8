"""Floods and loops: while some write a hundred messages a second, the others are answered as if nobody did."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from supportbot import Settings, Skill, Turn, match, on
from supportbot.config import LimitsSettings
from supportbot.pipeline.floods import PER_CHANNEL, PER_PERSON
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts
from tests.faults.traffic import Arrival, Traffic, steady

BotWith = Callable[..., Awaitable[BotHarness]]
TEXTS = Texts()
USUAL = LimitsSettings(messages_per_person=PER_PERSON, messages_per_channel=PER_CHANNEL)
FLOOD = 100
"""Messages a second."""
CROWD = 100
"""People who flood a room together."""


class Polite(Skill[Settings]):
    """Answers everything."""

    @on.message(match.anything)
    async def answer(self, turn: Turn) -> str:
        return f"You said {turn.text[:40]}"


def flood(seconds: float, people: int, room: str = "") -> list[Arrival]:
    return list(steady(FLOOD, seconds, "eve", people, "word", room))


async def test_a_backlog_of_one_person_holds_up_nobody_else(bot_with: BotWith) -> None:
    bot = await bot_with(Polite())
    eve, bob = bot.requester("eve"), bot.requester("bob")
    events = [bot._event(eve, text=f"word {number}") for number in range(200)]
    events.insert(100, bot._event(bob, text="hello"))
    await asyncio.gather(*(bot.app.bot.receive(event) for event in events))
    await bot.app.bot.crew.idle()
    order = [line["to"] for line in bot.shown]
    assert order.index("bob") <= 2  # one turn of each who wait, in turn, and not all of one person's first
    assert order.count("eve") >= 200 / 10


@pytest.mark.parametrize(("people", "room"), [(1, ""), (CROWD, "#help")])
async def test_of_a_flood_only_what_the_limit_allows_costs_a_turn(bot_with: BotWith, people: int, room: str) -> None:
    bot = await bot_with(Polite(), limits=USUAL)
    traffic = Traffic(bot, "bob")
    await traffic.play(flood(10, people, room), steady(2, 10, "bob", 5, "hello"))
    told = TEXTS("errors.flood_in_channel") if room else TEXTS("errors.flood")
    limit = PER_CHANNEL if room else PER_PERSON
    turns = sum(sum(timed.counts) for timed in bot.app.bot.vitals.turns.values())
    assert turns - 20 <= limit * 1.1  # a little sinks until the limit is met
    assert len(traffic.waits) == 20
    assert [text for text in traffic.texts if text == told] == [told]


async def test_all_that_is_acknowledged_as_read_is_answered(bot_with: BotWith) -> None:
    bot = await bot_with(Polite(), limits=USUAL)
    traffic = Traffic(bot, "eve")
    await traffic.play(flood(5, 1))
    answered = "\n".join(traffic.texts)
    assert [f"word {number}" in answered for number in range(PER_PERSON)] == [True] * PER_PERSON


# --- the whole figure ---------------------------------------------------------------------------------------------

MINUTES = 5


@pytest.mark.full
@pytest.mark.parametrize(("people", "room"), [(1, ""), (CROWD, "#help")], ids=["one person", "a whole room"])
@pytest.mark.parametrize("store", ["tinydb:memory"])
async def test_others_wait_at_most_twice_as_long_while_a_flood_goes_on(
    bot_with: BotWith, people: int, room: str, store: str
) -> None:
    others = list(steady(20, MINUTES * 60, "bob", 200, "hello"))
    calm = Traffic(await bot_with(Polite(), limits=USUAL, store=store), "bob")
    await calm.play(others)
    flooded = Traffic(await bot_with(Polite(), limits=USUAL, store=store), "bob")
    await flooded.play(others, flood(MINUTES * 60, people, room))
    ratio = flooded.quantile(0.95) / calm.quantile(0.95)
    print(f"p95 {calm.quantile(0.95) * 1e3:.2f} ms, flooded {flooded.quantile(0.95) * 1e3:.2f} ms: {ratio:.2f} times")
    assert len(calm.waits) == len(flooded.waits) == len(others)
    assert ratio <= 2
