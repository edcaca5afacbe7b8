"""Measure a message's whole way in memory: ``python benchmarks/pipeline.py [--quick]``.

Each message is received, stored in ``tinydb:memory``, dealt with by a small skill, committed, put into the outbox and
delivered to an adapter that shows it to nobody. CPU is the process's time, in microseconds a message; the median of
several rounds. Twenty bare ``asyncio.create_task`` round trips, measured in turn with it, tell how fast the machine is.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from collections.abc import Awaitable, Callable

from supportbot import Settings, Skill, Turn, logs, match, on
from supportbot.adapters.base import Sent
from supportbot.adapters.console import Console
from supportbot.app import App, open_app
from supportbot.clock import Clock, SystemClock
from supportbot.config import Config, StorageSettings
from supportbot.domain.reply import Outgoing

PEOPLE = 100
TOGETHER = 10
ROUND_TRIPS = 20
LIMIT, AIM = 90, 45

Work = Callable[[int], Awaitable[float]]
"""Does something so many times, and tells the CPU seconds."""


class Nowhere(Console):
    """A console that shows nothing."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(lambda _: None, clock)

    async def send(self, outgoing: Outgoing) -> Sent:
        """Take a message, and show it to nobody."""
        return Sent(id=outgoing.id)


def answering(word: str) -> Skill[Settings]:
    """Make a skill that answers one word."""

    class Answering(Skill[Settings]):
        """Answer one word."""

        name = f"answers_{word}"

        @on.message(match.words(word))
        async def answer(self, turn: Turn) -> str:
            return f"You said {turn.text}"

    return Answering(Settings())


async def open_bot(skills: int) -> App:
    """Open a bot with so many skills, the one that will answer among them in the middle."""
    clock = SystemClock()
    words = [f"nobody{number}" for number in range(skills)]
    words[skills // 2] = "weather"
    return await open_app(
        Config(storage=StorageSettings(url="tinydb:memory"), skills=()),
        clock,
        [Nowhere],
        skills=[answering(word) for word in words],
    )


def messages(app: App) -> Work:
    """Let ten people say something one after another, and wait until all is delivered and marked as sent."""
    console = app.adapters["console"]
    assert isinstance(console, Nowhere)
    sent = 0

    async def send(times: int) -> float:
        nonlocal sent
        events = [
            console.event(f"person{number % PEOPLE}", key=str(number), text="How is the weather in Lisbon today?")
            for number in range(sent, sent + times)
        ]
        sent += times
        began = time.process_time()
        for start in range(0, times, TOGETHER):
            for event in events[start : start + TOGETHER]:
                await app.bot.receive(event)
            await app.bot.crew.idle()
        return time.process_time() - began

    return send


async def round_trips(times: int) -> float:
    """Make twenty tasks, one after another, each awaited."""

    async def nothing() -> None:
        """Do nothing."""

    began = time.process_time()
    for _ in range(times * ROUND_TRIPS):
        await asyncio.create_task(nothing())
    return time.process_time() - began


async def run(*, quick: bool) -> None:
    logs.configure()
    times, rounds = (300, 5) if quick else (2_000, 9)
    one, hundred = await open_bot(1), await open_bot(100)
    works = {"1 skill": messages(one), "100 skills": messages(hundred), "20 create_task round trips": round_trips}
    for app in (one, hundred):
        await app.start(watch=False)
    for work in works.values():
        await work(times)  # warm up
    costs: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):  # in turn, so that a busy machine treats all alike
        for name, work in works.items():
            costs[name].append(await work(times) / times * 1e6)
    figures = {name: statistics.median(of) for name, of in costs.items()}
    print(f"{'a message, stored, answered and delivered':44}{'CPU µs':>8}{'lowest':>8}")
    for name, figure in figures.items():
        print(f"{name:44}{figure:8.1f}{min(costs[name]):8.1f}")
    first, many, trips = figures.values()
    print(f"\n{'with 1 skill / 20 round trips':44}{first / trips:8.2f}   (limit {LIMIT} µs, aim {AIM}, or 1.00)")
    print(f"{'100 skills / 1 skill':44}{many / first:8.2f}   (limit 1.30)")
    for app in (one, hundred):
        await app.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure what a message costs, from its coming to its answer.")
    parser.add_argument("--quick", action="store_true", help="smaller and faster, for a look")
    asyncio.run(run(quick=parser.parse_args().quick))
