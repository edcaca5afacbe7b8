"""A store survives ``kill -9`` at any moment, and a disk that refuses, without losing what it acknowledged."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

import supportbot
from supportbot.clock import SimulatedClock
from supportbot.domain.event import Signal
from supportbot.domain.record import Index, Kind, Log, Record, Schema
from supportbot.domain.work import Work
from supportbot.errors import Duplicate
from supportbot.storage.base import Changes, Store
from supportbot.storage.open import open_store


class Item(Record, frozen=True, kw_only=True):
    parity: int
    number: int


class Line(msgspec.Struct, frozen=True, kw_only=True):
    number: int


ITEMS = Kind("items", Item, indexes=(Index("parity", ("parity",), order="number"),))
LINES: Log[Line] = Log("lines", Line)
SCHEMA = Schema(kinds=(ITEMS,), logs=(LINES,))  # type: ignore[arg-type]
URLS = {"tinydb": "tinydb:{0}/data", "sqlite": "sqlite:{0}/data.sqlite"}


async def write_numbers(url: str, first: int) -> None:
    """Commit numbered things, four at a time, and print each number once it is acknowledged: the killed child."""
    store = await open_store(url, SCHEMA, takes_work=True)
    numbers = iter(range(first, first + 1_000_000))

    async def one_after_another() -> None:
        for number in numbers:
            changes = Changes()
            changes.put(ITEMS, Item(id=f"i{number}", parity=number % 2, number=number))
            changes.append(LINES, f"k{number % 3}", Line(number=number))
            changes.add(Work(id=f"w{number}", queue="q", key=f"k{number % 5}", due=0, payload=signal_of(number)))
            changes.unique = f"event {number}"
            await store.commit(changes)
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()

    await asyncio.gather(*(one_after_another() for _ in range(4)))


def signal_of(number: int) -> Signal:
    return Signal(name="ring", conversation=str(number))


async def stored(store: Store) -> set[int]:
    """Read which numbers are stored, and see that each is stored whole, in every part, or not at all."""
    items = {number async for number in numbers_of(store)}
    lines: set[int] = set()
    for key in ("k0", "k1", "k2"):
        found = [line.number for line in (await store.read(LINES, key, limit=100_000)).items]
        assert len(found) == len(set(found))
        lines.update(found)
    works = {int(work.id[1:]) for work in await store.pending("q", limit=1_000_000)}
    assert items == lines == works
    return items


async def numbers_of(store: Store) -> AsyncIterator[int]:
    for parity in (0, 1):
        for item in (await store.find(ITEMS, "parity", parity, limit=1_000_000)).items:
            assert item.number % 2 == parity
            yield item.number


async def check(url: str, acknowledged: set[int]) -> tuple[set[int], float]:
    began = time.monotonic()
    store = await open_store(url, SCHEMA, takes_work=True, clock=SimulatedClock())
    took = time.monotonic() - began
    try:
        found = await stored(store)
        assert acknowledged <= found
        for number in sorted(acknowledged)[-3:]:
            changes = Changes()
            changes.unique = f"event {number}"
            with pytest.raises(Duplicate):
                await store.commit(changes)
    finally:
        await store.close()
    return found, took


def kill_once(url: str, first: int, chance: random.Random) -> set[int]:
    """Run the child until it was seen working, kill it a moment later, and collect what it acknowledged."""
    child = subprocess.Popen(
        [sys.executable, __file__, url, str(first)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path(supportbot.__file__).parents[1])},
    )
    assert child.stdout is not None
    seen = [child.stdout.readline() for _ in range(chance.randint(1, 40))]
    for _ in range(chance.randint(0, 20_000)):  # a moment within a commit, without a clock
        pass
    child.send_signal(signal.SIGKILL)
    seen += child.stdout.readlines()
    child.stdout.close()
    child.wait()
    return {int(line) for line in seen if line.endswith("\n")}


def kill_often(member: str, folder: Path, times: int) -> float:
    url, acknowledged, slowest = URLS[member].format(folder), set[int](), 0.0
    chance = random.Random(20260105)
    for _ in range(times):
        acknowledged |= kill_once(url, max(acknowledged, default=0) + 1_000, chance)
        found, took = asyncio.run(check(url, acknowledged))
        acknowledged |= found
        slowest = max(slowest, took)
    assert len(acknowledged) > times
    return slowest


@pytest.mark.parametrize("member", URLS)
def test_nothing_acknowledged_is_lost_by_a_kill(member: str, tmp_path: Path) -> None:
    kill_often(member, tmp_path, 8)


@pytest.mark.full
@pytest.mark.parametrize("member", URLS)
def test_nothing_acknowledged_is_lost_by_150_kills_and_each_start_takes_under_3_seconds(
    member: str, tmp_path: Path
) -> None:
    assert kill_often(member, tmp_path, 150) < 3


if __name__ == "__main__":
    asyncio.run(write_numbers(sys.argv[1], int(sys.argv[2])))
