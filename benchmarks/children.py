"""Bots in processes of their own, each serving a simulated platform: what a message costs them, and how they grow."""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Protocol, TypeVar

import yaml

from supportbot.samples.paths import ARTICLES

REQUESTERS = 50
EACH_SECOND = 100
AT_ONCE = 25
"""Messages under way at the most where there is no pace: nobody writes a second one before the first is answered."""
WARM_UP = 5_000
BOT = "from supportbot.cli import main; main()"
DEAREST, LARGEST = 1.5, 5.0
"""The goals: how many times the CPU of a bare bot, and how many MB more after all messages."""
_TICKS = os.sysconf("SC_CLK_TCK")


class Requester(Protocol):
    """Somebody on a simulated platform."""

    @property
    def direct(self) -> Any: ...
    async def dm(self, text: str) -> Any: ...


class World(Protocol):
    """A simulated platform."""

    def person(self, name: str) -> Requester: ...
    async def until(self, look: Any, what: str) -> Any: ...


class Child(ABC):
    """A bot in a process of its own, and the platform that it serves."""

    def __init__(self, world: World, process: asyncio.subprocess.Process) -> None:
        self.people = [world.person(f"person{number}") for number in range(REQUESTERS)]
        self._world = world
        self._process = process
        self._said = 0
        self._forgotten = 0

    @abstractmethod
    def count(self) -> int:
        """Count the answers that the platform remembers."""

    @abstractmethod
    def forget(self) -> None:
        """Keep this process small and quick: what was told and answered is of no further use."""

    async def ask(self, person: Requester, question: str) -> None:
        """Let somebody write."""
        await person.dm(question)

    async def hears(self, messages: int, questions: Sequence[str], each_second: float = 0) -> None:
        """Let the people write so many messages; without a pace they write as fast as they are answered."""
        began, before = time.perf_counter(), self._answers()
        for number in range(messages):
            if each_second:
                await asyncio.sleep(max(0.0, began + number / each_second - time.perf_counter()))
            elif number >= AT_ONCE:
                await self._answered(before + number - AT_ONCE)
            question = questions[self._said // REQUESTERS % len(questions)]
            await self.ask(self.people[self._said % REQUESTERS], question)
            self._said += 1
        await self._answered(before + messages)
        await self.settle()
        self._forgotten = self._answers()
        self.forget()

    async def settle(self) -> None:  # noqa: B027 - where nothing comes, there is nothing to wait for
        """Wait for what comes behind the last answer."""

    def _answers(self) -> int:
        return self._forgotten + self.count()

    async def _answered(self, count: int) -> None:
        await self._world.until(lambda: True if self._answers() >= count else None, f"{count} answers")

    def cpu(self) -> float:
        """Tell the CPU seconds that the process has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def resident(self) -> float:
        """Tell the resident memory of the process, in MB."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    def forget_talks(self) -> None:
        """Forget what the people have said and heard."""
        for person in self.people:
            person.direct.messages.clear()
            person.direct.heard.clear()

    async def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        await self._process.wait()


def configuration(platform: str, settings: Mapping[str, object], team: str) -> dict[str, object]:
    """Configure a bot as a team would, without the limits of floods."""
    return {
        "storage": {"url": "sqlite:bot.db"},
        "adapters": {platform: settings},
        "desk": {"agents_channel": f"{platform}:{team}"},
        "limits": {"messages_per_person": 1_000_000},
        "skills": ["greeting", {"faq": {"sources": [str(ARTICLES)]}}, "tickets", "handoff", "survey", "help"],
        "logs": {"level": "warning"},
    }


async def started(
    folder: Path, program: str, arguments: Sequence[str], given: Mapping[str, str]
) -> asyncio.subprocess.Process:
    """Start a program in a folder, with these variables beside those of this process."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, *arguments, cwd=folder, env={**os.environ, **given}
    )


async def costs(
    children: Mapping[str, Child], questions: Sequence[str], *, seconds: int, rounds: int
) -> dict[str, list[float]]:
    """Measure what a message costs each in turn, round by round: milliseconds of CPU."""
    found: dict[str, list[float]] = {name: [] for name in children}
    for _ in range(rounds):
        for name, child in children.items():
            before = child.cpu()
            await child.hears(seconds * EACH_SECOND, questions, EACH_SECOND)
            found[name].append((child.cpu() - before) / (seconds * EACH_SECOND) * 1e3)
    return found


def print_ratio(bot: Sequence[float], echo: Sequence[float]) -> None:
    """Print how many times the CPU of the bare bot it is."""
    print(f"\nCPU ratio {statistics.median(bot) / statistics.median(echo):.2f} (goal {DEAREST})")


async def memory(bot: Child, questions: Sequence[str], messages: int) -> None:
    """Print how memory grows while the requesters write on."""
    await bot.hears(WARM_UP, questions)
    before = bot.resident()
    print(f"\n{'messages':>10}{'resident MB':>14}{'grown by MB':>14}\n{0:10,}{before:14.1f}{0:14.1f}")
    for done in range(messages // 4, messages + 1, messages // 4):
        await bot.hears(messages // 4, questions)
        print(f"{done:10,}{bot.resident():14.1f}{bot.resident() - before:14.1f}   (goal {LARGEST:g})", flush=True)


AnyChild = TypeVar("AnyChild", bound=Child)
Start = Callable[..., Awaitable[AnyChild]]
"""Starts a program in a folder, with its arguments, on a platform of its own, until the stack ends."""
Compare = Callable[[AnyChild, AnyChild, Sequence[str], int, int], Awaitable[None]]
"""Prints what a message costs the one and the other, in so many seconds and rounds."""


async def _measure(start: Start[AnyChild], echo: str, compare: Compare[AnyChild], *, quick: bool) -> None:
    questions = [article["question"] for article in yaml.safe_load(ARTICLES.read_text("utf-8"))]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bot = await start(stack, folder, BOT, "run", "--config", "config.yaml")
        other = await start(stack, folder, echo)
        for child in (bot, other):
            await child.hears(500, questions)
        await compare(bot, other, questions, 3 if quick else 10, 2 if quick else 5)
        await memory(bot, questions, 2_000 if quick else 20_000)


def main(description: str, start: Start[AnyChild], echo: str, compare: Compare[AnyChild]) -> None:
    """Measure a bot beside a bare one, whose program is `echo`, as the command line says."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--quick", action="store_true", help="smaller and faster, for a look")
    asyncio.run(_measure(start, echo, compare, quick=parser.parse_args().quick))
