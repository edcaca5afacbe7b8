"""``kill -9`` at random points of a conversation with five requesters: nothing that was done is lost or done twice."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from supportbot.storage.unique_keys import hashed
from tests.faults.conversation import (
    STORES,
    Chat,
    Line,
    Play,
    event_key,
    five_requesters,
    items_of,
    keys_of_effects,
    prepare,
    state_after,
    undisturbed,
)

LONGEST_START = 0.6
"""Seconds within which a process was seen to start: kills before the first line fall anywhere in them."""


@dataclass
class Killer:
    """Kills the process of a play at random points, so many times."""

    left: int
    chance: random.Random = field(default_factory=lambda: random.Random(20260105))

    def __call__(self, chat: Chat) -> Iterator[Line]:
        if not self.left or self.chance.random() < 0.2:
            return
        if self.chance.random() < 0.2:
            lines = [chat.read(within=self.chance.uniform(0, LONGEST_START))]
        else:
            lines = [chat.read() for _ in range(self.chance.randint(1, 12)) if not chat.is_idle]
            for _ in range(self.chance.randint(0, 30_000)):  # a moment within a turn, without a clock
                pass
        if not chat.is_idle:
            self.left -= 1
            chat.process.send_signal(signal.SIGKILL)
            chat.process.wait()
        yield from filter(None, lines)


def kill_often(store: str, folder: Path, times: int) -> float:
    """Play until the process was killed so often; returns how long the slowest opening of the store took."""
    killer = Killer(times)
    play = Play(prepare(folder, store), killer)
    slowest = 0.0

    def check(play: Play) -> None:
        nonlocal slowest
        assert play.codes[-1] == -signal.SIGKILL
        began = time.monotonic()
        items = asyncio.run(items_of(store, folder)) if play.done else []
        slowest = max(slowest, time.monotonic() - began)
        stored = {item.key for item in items if item.sort == "unique"}
        assert {hashed(event_key(line)) for line in play.done} <= stored, "a line that was done is lost"

    play.on_death = check
    runs = 0
    while killer.left or not runs:
        play.perform(five_requesters(runs))
        runs += 1
    play.close()

    expected = undisturbed(folder / "undisturbed", store, runs)
    found = asyncio.run(state_after(play, store, folder))
    assert (found - expected, expected - found) == ({}, {})
    assert len(play.codes) == times
    assert {len(keys) for keys in keys_of_effects(folder).values()} == {1}
    return slowest


@pytest.mark.parametrize("store", STORES)
def test_a_conversation_that_is_killed_ten_times_ends_as_if_it_had_never_been(store: str, tmp_path: Path) -> None:
    kill_often(store, tmp_path, 10)


@pytest.mark.full
@pytest.mark.parametrize("store", STORES)
def test_200_kills_lose_nothing_double_nothing_and_the_store_opens_in_3_seconds(store: str, tmp_path: Path) -> None:
    assert kill_often(store, tmp_path, 200) < 3
