"""A platform that delivers again, late and in blocks: each event has its effect once, in each person's own order."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from supportbot import Settings, Skill, Turn, match, on
from supportbot.adapters.console import Console
from supportbot.domain.event import Event
from supportbot.domain.ticket import TICKETS
from supportbot.domain.timeline import TIMELINE
from supportbot.testing.harness import BotHarness
from tests.faults.conversation import STORES

PEOPLE = 25
AT_ONCE = 40
"""Deliveries that are under way at the same time."""
BotWith = Callable[..., Awaitable[BotHarness]]


class Clerk(Skill[Settings]):
    """Repeat what was said, and open a ticket where one is wanted."""

    @on.message(match.words("problem"))
    async def problem(self, turn: Turn) -> str:
        """Open a ticket."""
        ticket = await turn.open_ticket(subject=turn.text)
        return f"{turn.text}\n{ticket.reference}"

    @on.message(match.anything)
    async def repeat(self, turn: Turn) -> str:
        """Repeat the words."""
        return turn.text


class Cashier(Skill[Settings]):
    """Charge for each message, in the outside world."""

    charged: ClassVar[list[tuple[str, str]]] = []

    @on.message(match.words("pay"))
    async def pay(self, turn: Turn) -> str:
        """Charge, and ask where a receipt is wanted."""

        async def charge(key: str) -> None:
            self.charged.append((turn.text, key))

        await turn.once(charge)
        if "receipt" in turn.text and not await turn.confirm("On paper?"):
            return "Sent."
        return "Thanks."


def events_of_people(console: Console, messages: int) -> list[Event]:
    """Write the messages in the order in which they were said; every tenth opens a ticket."""
    events = []
    for number in range(messages):
        words = f"problem {number}" if number % 10 == 0 else f"message {number}"
        events.append(console.event(f"p{number % PEOPLE}", key=f"id/{number}", text=words))
    return events


def deliveries(events: list[Event], count: int, chance: random.Random) -> Iterator[list[Event]]:
    """Deliver in waves: 30% come twice or more often, neighbours change places, whole blocks are replayed.

    Within a wave everything is under way at the same time, but one person's new messages come in their order.
    """
    delivered = 0
    for start in range(0, len(events), AT_ONCE):
        wave = events[start : start + AT_ONCE]
        seen = events[: start + AT_ONCE]
        again = chance.choices(seen[-5 * AT_ONCE :], k=round(0.3 * len(wave)))
        wave = reordered([*wave, *again], chance)
        delivered += len(wave)
        yield wave
        if chance.random() < 0.1:
            first = chance.randrange(len(seen))
            delivered += len(seen[first : first + AT_ONCE])
            yield seen[first : first + AT_ONCE]
    while delivered < count:
        delivered += AT_ONCE
        yield chance.choices(events, k=AT_ONCE)


def reordered(wave: list[Event], chance: random.Random) -> list[Event]:
    """Mix the messages of different people, and leave those of one person in their order."""
    order = list(wave)
    chance.shuffle(order)
    queues: dict[str, list[Event]] = {}
    for event in sorted(wave, key=lambda event: int(event.key.rpartition("/")[2])):
        queues.setdefault(event.person.id, []).append(event)
    return [queues[event.person.id].pop(0) for event in order]


async def deliver(bot: BotHarness, wave: list[Event]) -> None:
    """Hand a wave to the bot: everybody's at the same time, one person's one after another, as a platform does."""
    lanes: dict[str, list[Event]] = {}
    for event in wave:
        lanes.setdefault(event.person.id, []).append(event)

    async def one_after_another(lane: list[Event]) -> None:
        for event in lane:
            await bot.app.bot.receive(event)

    await asyncio.gather(*map(one_after_another, lanes.values()))


async def redeliver(bot: BotHarness, count: int) -> None:
    chance = random.Random(20260107)
    events = events_of_people(Console(lambda _line: None, bot.clock), count * 2 // 3)
    delivered = 0
    for wave in deliveries(events, count, chance):
        await deliver(bot, wave)
        delivered += len(wave)
        if chance.random() < 0.05:
            await bot.restart()
    await bot.app.bot.crew.idle()
    assert delivered >= count
    await check(bot, events)


async def check(bot: BotHarness, events: list[Event]) -> None:
    """See that everybody was answered once for each message, in order, and that each ticket is there once.

    What somebody wrote in quick succession may be one turn's worth: then one reply repeats several messages.
    """
    store = bot.app.store
    for number in range(PEOPLE):
        who = f"p{number}"
        said = [event.text for event in events if event.person.name == who]
        replies = [line for line in bot.shown if line["to"] == who]
        repeated = [words for line in replies for words in line["text"].split("\n")]
        assert [words for words in repeated if not words.startswith("T-")] == said
        assert len({line["id"] for line in replies}) == len(replies)
        entries: list[Any] = (await store.read(TIMELINE, replies[0]["conversation"], limit=10 * len(said))).items
        assert [entry.text for entry in reversed(entries) if entry.kind == "requester"] == said
        tickets = (await store.find(TICKETS, "requester", "main", f"console/local/{who}", limit=len(said))).items
        told = [words for words in repeated if words.startswith("T-")]
        assert sorted(ticket.reference for ticket in tickets) == sorted(told)
        assert len(told) == sum("problem" in line["text"] for line in replies)


@pytest.mark.parametrize("words", ["pay", "pay with receipt"])
async def test_what_is_done_once_is_done_once_for_each_message_however_quickly_they_come(
    words: str, bot_with: BotWith
) -> None:
    Cashier.charged.clear()
    bot = await bot_with(Cashier(Settings()), built_in=())
    console, said = Console(lambda _line: None, bot.clock), [f"{words} {number}" for number in range(3)]
    for text in said:
        await bot.app.bot.receive(console.event("ada", key=text, text=text))
    await bot.app.bot.crew.idle()
    assert [text for text, _ in Cashier.charged] == said
    assert len({key for _, key in Cashier.charged}) == len(said)


def url(store: str, folder: Path) -> str:
    return "tinydb:memory" if store == "tinydb" else f"sqlite:{folder / 'data.sqlite'}"


@pytest.mark.parametrize("store", STORES)
async def test_what_is_delivered_again_and_in_another_order_is_answered_once_and_in_order(
    store: str, bot_with: BotWith, tmp_path: Path
) -> None:
    await redeliver(await bot_with(Clerk(Settings()), built_in=(), store=url(store, tmp_path)), 2_000)


@pytest.mark.full
@pytest.mark.parametrize("store", STORES)
async def test_20_000_deliveries_bring_no_extra_reply_and_no_extra_ticket(
    store: str, bot_with: BotWith, tmp_path: Path
) -> None:
    await redeliver(await bot_with(Clerk(Settings()), built_in=(), store=url(store, tmp_path)), 20_000)
