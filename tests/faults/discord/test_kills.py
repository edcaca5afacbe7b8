"""``kill -9`` of a running bot under load: what Discord holds afterwards has each answer once, in order, none missing.

The gateway wants no acknowledgement and tells nothing again: what was said to a bot that died with it, or while it was
dead, is found in the histories.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from supportbot.clock import SystemClock
from supportbot.testing.discord import DiscordWorld, Message, Thread
from tests.faults.discord.conftest import configuration, said
from tests.faults.platforms.killing import SKILLS, Killing
from tests.faults.platforms.processes import IN_TIME, end


class OnDiscord(Killing):
    """People who write directly, and in a channel where each topic gets a thread."""

    def __init__(self, discord: DiscordWorld, folder: Path) -> None:
        super().__init__(discord, folder, said)
        self.room = discord.channel("help")
        self.direct: dict[str, list[str]] = {person.id: [] for person in self.people}
        team, settings = discord.channel("team"), {"help_channels": [self.room.id]}
        configuration(discord, folder, team.id, discord=settings, **SKILLS)

    async def begins(self) -> None:
        """Let everybody say hello: of direct messages from people that it never heard of a bot cannot know."""
        process = await self.starts()
        for number, person in enumerate(self.people):
            await person.dm(f"hello {number}")
            await person.hears()
            self.written[f"hello {number}"] = ""
            self.direct[person.id].append(f"hello {number}")
        await end(process)

    async def says(self, person: Any, words: str) -> None:
        if self.chance.random() < 0.3:
            await person.writes(self.room, f"@supportbot {words}")
        else:
            await person.dm(words)
            self.direct[person.id].append(words)

    def read(self) -> Iterator[Message]:
        yield from super().read()
        for channel in self.world._backstage.directory.channels.values():
            if isinstance(channel, Thread):
                yield from said(channel)

    def out_of_order(self) -> list[tuple[str, str]]:
        """List what was answered before something that was said before it."""
        found = []
        for person in self.people:
            lines = [line for message in said(person.direct) for line in message.shown.split("\n") if line]
            places = [lines.index(words) for words in self.direct[person.id]]
            pairs = zip(itertools.pairwise(places), itertools.pairwise(self.direct[person.id]), strict=True)
            found += [words for (before, after), words in pairs if before > after]
        return found


async def kill_often(folder: Path, times: int) -> float:
    """Kill the bot so many times; returns how long the slowest start took until it was ready."""
    async with DiscordWorld(clock=SystemClock(), patience=IN_TIME) as discord:  # the process has no other clock
        killing = OnDiscord(discord, folder)
        try:
            await killing.begins()
            for _ in range(times):
                await killing.dies()
            await killing.ends_well()
        finally:
            await killing.over()
    took = sorted(killing.starts_took)
    print(f"{len(killing.written)} messages, {discord.gateway.identifies} sessions")
    print(f"ready in {took[len(took) // 2]:.1f} s, in {took[-1]:.1f} s at the worst")
    killing.check()
    assert killing.out_of_order() == []
    return max(killing.starts_took)


async def test_a_bot_that_is_killed_under_load_loses_nothing_and_says_nothing_twice(tmp_path: Path) -> None:
    await kill_often(tmp_path, 2)


@pytest.mark.full
async def test_200_kills_lose_nothing_say_nothing_twice_and_the_bot_is_ready_in_3_seconds(tmp_path: Path) -> None:
    assert await kill_often(tmp_path, 200) < 3
