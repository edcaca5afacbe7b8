"""``kill -9`` of a running bot under load: what Slack holds afterwards has each answer once, and none is missing."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from supportbot.clock import SystemClock
from supportbot.testing.slack import Delivery, SlackWorld
from tests.faults.slack.conftest import IN_TIME, MODES, Process, begun, configuration, end, said, spawn

PEOPLE = 8
SKILL = '''"""Repeat what was said."""

from supportbot import Settings, Skill, Turn, match, on


class Clerk(Skill[Settings]):
    """Repeat what was said."""

    @on.message(match.anything)
    async def repeat(self, turn: Turn) -> str:
        """Repeat the words."""
        return turn.text
'''


class Killing:
    """People who write without pause to a bot that dies again and again."""

    def __init__(self, slack: SlackWorld, folder: Path, mode: str) -> None:
        self.slack, self.folder = slack, folder
        self.chance = random.Random(1)
        self.people = [slack.person(f"p{number}") for number in range(PEOPLE)]
        self.written: dict[str, Delivery] = {}
        self.slowest = 0.0
        (folder / "skills").mkdir()
        (folder / "skills" / "clerk.py").write_text(SKILL, "utf-8")
        team = slack.channel("team", [], private=True)
        configuration(slack, folder, team.id, mode, skills=["clerk"], skill_paths=["skills"])

    async def starts(self) -> Process:
        """Start the bot, and let Slack tell it again what nobody took."""
        since = time.monotonic()
        process = await spawn(self.folder)
        lines = await begun(process)
        assert "started" in lines[-1], "".join(lines)
        self.slowest = max(self.slowest, time.monotonic() - since)
        self.slack.redelivers()
        return process

    async def writes(self, count: int) -> None:
        """Let anybody write something, and somebody else, and so on."""
        for _ in range(count):
            words = f"message {len(self.written)}"
            await self.chance.choice(self.people).dm(words)
            self.written[words] = self.slack.deliveries.all[-1]
            assert self.written[words].payload["event"]["text"] == words

    def happened(self) -> int:
        """Count what has passed between Slack and the bot."""
        acknowledged = sum(delivery.state == "acknowledged" for delivery in self.slack.deliveries.all[-200:])
        return len(self.slack.world_log) + acknowledged

    async def dies(self) -> None:
        """Start the bot, and kill it: while it starts, or in the middle of its work."""
        if self.chance.random() < 0.15:
            process, calls = await spawn(self.folder), len(self.slack.world_log) + self.chance.randint(1, 2)
            await self.slack.until(lambda: len(self.slack.world_log) >= calls or None, "the bot calls Slack")
        else:
            process, before = await self.starts(), self.happened()
            await self.writes(self.chance.randint(5, 30))
            goal = before + self.chance.randint(1, 25)
            await self.slack.until(lambda: self.happened() >= goal or None, "the bot does something")
            for _ in range(self.chance.randint(0, 30_000)):  # a moment between two things, without a clock
                pass
        await end(process, kill=True)

    async def ends_well(self) -> None:
        """Start the bot a last time, and let it do what is left."""
        process = await self.starts()
        while self.slack.deliveries.waiting():
            await self.slack.settled()
            self.slack.redelivers()
        await self.slack.until(lambda: None if self.missing() else True, "everything is answered")
        await end(process)

    def answers(self) -> Counter[str]:
        messages = [message for person in self.people for message in said(person.direct)]
        return Counter(line for message in messages for line in message.shown.split("\n") if line)

    def missing(self) -> list[str]:
        answers = self.answers()
        taken = [words for words, delivery in self.written.items() if delivery.state == "acknowledged"]
        return [words for words in taken if words not in answers]


async def kill_often(folder: Path, mode: str, times: int) -> float:
    """Kill the bot so many times; returns how long the slowest start took until it was ready."""
    async with SlackWorld(clock=SystemClock(), patience=IN_TIME) as slack:  # the process has no other clock
        killing = Killing(slack, folder, mode)
        for _ in range(times):
            await killing.dies()
        await killing.ends_well()
    answers = killing.answers()
    assert killing.missing() == []
    assert {words: count for words, count in answers.items() if count > 1} == {}
    assert answers.keys() <= killing.written.keys()
    assert len(answers) > len(killing.written) / 2
    return killing.slowest


@pytest.mark.parametrize("mode", MODES)
async def test_a_bot_that_is_killed_under_load_loses_nothing_and_says_nothing_twice(tmp_path: Path, mode: str) -> None:
    await kill_often(tmp_path, mode, 5)


@pytest.mark.full
@pytest.mark.parametrize("mode", MODES)
async def test_200_kills_lose_nothing_say_nothing_twice_and_the_bot_is_ready_in_3_seconds(
    tmp_path: Path, mode: str
) -> None:
    assert await kill_often(tmp_path, mode, 200) < 3
