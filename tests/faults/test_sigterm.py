"""SIGTERM at random moments: the bot ends well and in time, and the next process goes on where it stopped."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.conversation import (
    STORES,
    TEXTS,
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

from supportbot import Settings, Skill, Turn, match, on


class Slow(Skill[Settings]):
    """Take very long, a hundred times where a test allows ten."""

    @on.message(match.words("slow"))
    async def slow(self, turn: Turn) -> str:
        """Wait on the loop, but not when it is tried again."""
        if await self.is_new():
            await asyncio.sleep(1_000)
        return "Now it is done."

    @on.message(match.words("thread"))
    def thread(self, turn: Turn) -> str:
        """Wait in a thread."""
        if not MARK.exists():
            MARK.touch()
            time.sleep(1_000)
        return "Now it is done."

    async def is_new(self) -> bool:
        """Tell whether this is the first time."""
        is_new = not MARK.exists()
        MARK.touch()
        return is_new
'''


@pytest.mark.parametrize("word", ["slow", "thread"])
def test_a_handler_that_takes_forever_does_not_keep_the_bot_from_ending(word: str, tmp_path: Path) -> None:
    mark = f"from pathlib import Path\nMARK = Path({json.dumps(str(tmp_path / 'mark'))})\n"
    (tmp_path / "slow.py").write_text(f"{SLOW}\n\n{mark}", "utf-8")
    config = write_config(tmp_path, "sqlite", skills=["slow", "greeting"], skill_paths=[str(tmp_path)])
    chat = Chat("--config", config, clock="real")
    chat.send({"from": "ada", "text": word, "id": "m1"}, {"from": "bob", "text": "hi"})
    while (line := chat.read()) != {"done": 2}:
        assert line is not None
    try:
        chat.process.send_signal(signal.SIGTERM)
        assert chat.process.wait(IN_TIME) == 0
    except subprocess.TimeoutExpired:
        chat.process.kill()
        raise

    following = Chat("--config", config, clock="real")
    said = following.read()
    assert said is not None
    assert (said["to"], said["text"]) == ("ada", "Now it is done.")
    assert following.until_done(following.send({"from": "ada", "text": word, "id": "m1"})) == [{"done": 1}]
    assert following.end() == 0
    assert TEXTS("errors.broken") not in str(said)
