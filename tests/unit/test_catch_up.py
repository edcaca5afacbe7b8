"""Catching up begins again where it failed, and does nothing twice."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from supportbot.adapters.base import Missed
from supportbot.catch_up import OVERLAP, CatchUp, Gap
from supportbot.clock import HOUR
from supportbot.domain.address import Address
from supportbot.testing.harness import BotHarness

COUNT = 70


class History:
    """What a platform remembers, where reading fails after so many messages."""

    name = "console"

    def __init__(self, missed: list[Missed]) -> None:
        self.missed_events = missed
        self.fails_after = len(missed)
        self.asked: list[int] = []

    async def missed(self, since: int, places: Sequence[Address] = ()) -> AsyncIterator[Missed]:
        self.asked.append(since)
        for number, missed in enumerate(self.missed_events):
            if number == self.fails_after:
                raise ConnectionError
            yield missed


def history(bot: BotHarness) -> History:
    events = [bot._event(bot.requester(f"ada{number}"), text=f"question {number}") for number in range(COUNT)]
    return History([Missed(event=event) for event in events])


def gap(bot: BotHarness, adapter: Any) -> Gap:
    now = bot.clock.now()
    return Gap(adapter, now - HOUR, now, is_told=True)


async def test_it_reads_from_a_while_before(bot_with) -> None:
    bot: BotHarness = await bot_with()
    missed = history(bot)
    await CatchUp(bot.app.bot, HOUR).run(gap(bot, missed))
    assert missed.asked == [bot.clock.now() - HOUR - OVERLAP]


async def test_what_fails_in_the_middle_goes_on_and_answers_nothing_twice(bot_with) -> None:
    bot: BotHarness = await bot_with()
    missed, catch_up = history(bot), CatchUp(bot.app.bot, HOUR)
    missed.fails_after = 20
    with pytest.raises(ConnectionError):
        await catch_up.run(gap(bot, missed))
    missed.fails_after = COUNT
    await catch_up.run(gap(bot, missed))
    await bot.app.bot.crew.idle()
    answered = [line["to"] for line in bot.shown if line["to"].startswith("ada")]
    assert sorted(answered) == sorted({f"ada{number}" for number in range(COUNT)})
    assert f"{COUNT - 20} in all" in bot.agents_channel


async def test_a_long_list_comes_in_several_messages_and_only_once(bot_with) -> None:
    bot: BotHarness = await bot_with()
    missed, catch_up = history(bot), CatchUp(bot.app.bot, 0)
    await bot.advance("1m")
    await catch_up.run(gap(bot, missed))
    await catch_up.run(gap(bot, missed))
    await bot.advance("1m")
    lists = [line["text"] for line in bot.shown if "left it to you" in line["text"]]
    assert len(lists) == 3
    for number in range(COUNT):
        assert sum(f"question {number}\n" in f"{text}\n" for text in lists) == 1
