"""Traffic: people write at given times to a bot in memory, in a time that only the bot's own work makes pass.

The time is the CPU time of the loop's thread. Where nothing is left to do it jumps to the next arrival, so an hour of
traffic takes as long as its work does, and neither another process nor a slow disk has a part in what is measured.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from supportbot.testing.harness import BotHarness, Topic


class Arrival(NamedTuple):
    """Somebody writes something at a time, in seconds from the beginning; `room` is "" for a direct message."""

    at: float
    who: str
    text: str
    room: str = ""


def steady(each_second: float, seconds: float, who: str, people: int, text: str, room: str = "") -> Iterator[Arrival]:
    """Let so many people write in turn, evenly, a so-manieth of the time apart."""
    for number in range(int(each_second * seconds)):
        yield Arrival((number + 0.5) / each_second, f"{who}{number % people}", f"{text} {number}", room)


class Traffic:
    """Plays arrivals to a bot, and measures how long those whose name begins so waited for their answer."""

    def __init__(self, bot: BotHarness, watched: str) -> None:
        self.bot = bot
        self.waits: list[float] = []
        self.answers: dict[str, int] = {}
        self.texts: list[str] = []
        self._watched = watched
        self._waiting: dict[str, list[float]] = {}
        self._skipped = -time.thread_time()
        self._began = bot.clock.now()
        bot._console._show = self._shown

    def _now(self) -> float:
        return time.thread_time() + self._skipped

    def _shown(self, line: dict[str, Any]) -> None:
        who = line["to"]
        self.texts.append(line["text"])
        self.answers[who] = self.answers.get(who, 0) + 1
        if self._waiting.get(who):
            self.waits.append(self._now() - self._waiting[who].pop(0))

    async def play(self, *streams: Iterable[Arrival]) -> None:
        """Let everything arrive at its time, and be dealt with to the end."""
        arrivals = sorted((arrival for stream in streams for arrival in stream), reverse=True)
        crew, receiving = self.bot.app.bot.crew, set[asyncio.Task[None]]()
        while arrivals:
            if not receiving and not crew._tasks:
                self._skipped += max(0.0, arrivals[-1].at - self._now())
            while arrivals and arrivals[-1].at <= self._now():
                task = asyncio.create_task(self._arrive(arrivals.pop()))
                receiving.add(task)
                task.add_done_callback(receiving.discard)
            await asyncio.sleep(0)
        await asyncio.gather(*receiving)
        await crew.idle()

    async def _arrive(self, arrival: Arrival) -> None:
        bot = self.bot
        bot.clock.move_to(self._began + int(arrival.at * 1_000))
        if arrival.who.startswith(self._watched):
            self._waiting.setdefault(arrival.who, []).append(arrival.at)
        place = Topic(arrival.room, f"{arrival.who} {arrival.at}", mentioned=True) if arrival.room else None
        await bot.app.bot.receive(bot._event(bot.requester(arrival.who), text=arrival.text, place=place))

    def quantile(self, part: float) -> float:
        """Tell within how many seconds this part of the answers came."""
        return sorted(self.waits)[int(len(self.waits) * part)]
