"""SIGTERM at random moments: the bot ends well and in time, and the next process goes on where it stopped."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.conversation import (
    STORES,
    Chat,
    Line,
    Play,
    five_requesters,
    keys_of_effects,
    prepare,
    state_after,
    undisturbed,
    write_config,
)

IN_TIME = 100
"""Seconds: ten times what the figure says."""


@dataclass
class Stopper:
    """Sends SIGTERM to the process of a play at random moments, so many times."""

    left: int
    in_time: float = IN_TIME
    chance: random.Random = field(default_factory=lambda: random.Random(20260106))

    def __call__(self, chat: Chat) -> Iterator[Line]:
        if not self.left:
            return
        lines = [chat.read() for _ in range(self.chance.randint(1, 12)) if not chat.is_idle]
        for _ in range(self.chance.randint(0, 30_000)):
            pass
        if not chat.is_idle:
            self.left -= 1
            chat.process.send_signal(signal.SIGTERM)
            chat.process.wait(self.in_time)
        yield from filter(None, lines)


def stop_often(store: str, folder: Path, times: int, in_time: float = IN_TIME) -> None:
    stopper = Stopper(times, in_time)
    play = Play(prepare(folder, store), stopper)
    runs = 0
    while stopper.left or not runs:
        play.perform(five_requesters(runs))
        runs += 1
    play.close()

    assert play.codes == [0] * times
    expected = undisturbed(folder / "undisturbed", store, runs)
    found = asyncio.run(state_after(play, store, folder))
    assert (found - expected, expected - found) == ({}, {})
    assert {len(keys) for keys in keys_of_effects(folder).values()} == {1}


@pytest.mark.parametrize("store", STORES)
def test_a_bot_that_is_told_to_stop_ends_well_and_the_next_one_goes_on(store: str, tmp_path: Path) -> None:
    stop_often(store, tmp_path, 5)


@pytest.mark.full
@pytest.mark.parametrize("store", STORES)
def test_100_times_told_to_stop_it_is_out_in_10_seconds_and_nothing_is_lost(store: str, tmp_path: Path) -> None:
    stop_often(store, tmp_path, 100, in_time=10)


def test_a_bot_that_waits_for_input_ends_well_without_a_word(tmp_path: Path) -> None:
    chat = Chat("--data", tmp_path, clock="real")
    chat.says("ada", "hi")
    assert chat.end(signal.SIGTERM) == 0


SLOW = '''
"""Slow: handlers that take longer than anybody waits."""

import asyncio
import time
from pathlib import Path

from supportbot import Settings, Skill, Turn, match, on


class SlowSettings(Settings):
    """What is slow only once."""

    seen: str
    """A folder that remembers it."""


class Slow(Skill[SlowSettings]):
    """Take very long, but not when it is tried again."""

    @on.message(match.words("loop"))
    async def loop(self, turn: Turn) -> str:
        """Wait on the loop."""
        await asyncio.sleep(self.time("loop"))
        return "Now it is done."

    @on.message(match.words("stubborn"))
    async def stubborn(self, turn: Turn) -> str:
        """Swallow whatever is to end it."""
        end = self.time("stubborn")
        while end:
            try:
                await asyncio.sleep(end)
            except BaseException:
                pass
        return "Now it is done."

    @on.message(match.words("leaves"))
    async def leaves(self, turn: Turn) -> str:
        """Leave something running that swallows whatever is to end it."""
        asyncio.create_task(self.stubborn(turn))
        await asyncio.sleep(self.time("leaves"))
        return "Now it is done."

    @on.message(match.words("thread"))
    def thread(self, turn: Turn) -> str:
        """Wait in a thread."""
        time.sleep(self.time("thread"))
        return "Now it is done."

    def time(self, what: str) -> float:
        """Tell how long it takes."""
        seen = Path(self.settings.seen, what)
        is_new = not seen.exists()
        seen.touch()
        return 1_000 if is_new else 0
'''

SLOW_WAYS = ("loop", "thread", "stubborn", "leaves")


def test_handlers_that_take_forever_do_not_keep_the_bot_from_ending(tmp_path: Path) -> None:
    (tmp_path / "slow.py").write_text(SLOW, "utf-8")
    skills = [{"slow": {"seen": str(tmp_path)}}, "greeting"]
    config = write_config(tmp_path, "sqlite", skills=skills, skill_paths=[str(tmp_path)])
    slow: list[Line] = [{"from": who, "text": who, "id": "m1"} for who in SLOW_WAYS]
    chat = Chat("--config", config, clock="real")
    chat.send(*slow, {"from": "bob", "text": "hi"})
    while chat.undone != set(range(1, len(SLOW_WAYS) + 1)):
        assert chat.read() is not None
    chat.process.send_signal(signal.SIGTERM)
    try:
        assert chat.process.wait(IN_TIME) == 0
    finally:
        chat.process.kill()
        chat.end()

    following = Chat("--config", config, clock="real")
    outs = following.until_done(following.send(*slow))
    said = [(out["to"], out["text"]) for out in outs if "to" in out]
    assert sorted(said) == [(who, "Now it is done.") for who in sorted(SLOW_WAYS)]
    assert [out for out in outs if "done" in out] == [{"done": n} for n in range(1, len(SLOW_WAYS) + 1)]
    assert following.end() == 0
