"""``kill -9`` of a running bot under load: what Slack holds afterwards has each answer once, and none is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from supportbot.clock import SystemClock
from supportbot.testing.slack import Delivery, SlackWorld
from tests.faults.platforms.killing import SKILLS, Killing
from tests.faults.platforms.processes import IN_TIME
from tests.faults.slack.conftest import MODES, configuration, said


class OnSlack(Killing):
    """Slack tells again what was not acknowledged."""

    def has_started(self) -> None:
        self.world.redelivers()

    def note(self, words: str) -> Delivery:
        delivery: Delivery = self.world.deliveries.all[-1]
        assert delivery.payload["event"]["text"] == words
        return delivery

    def happened(self) -> int:
        acknowledged = sum(delivery.state == "acknowledged" for delivery in self.world.deliveries.all[-200:])
        return super().happened() + acknowledged

    def must_be_answered(self) -> list[str]:
        return [words for words, delivery in self.written.items() if delivery.state == "acknowledged"]

    async def all_told(self) -> None:
        while self.world.deliveries.waiting():
            await self.world.settled()
            self.world.redelivers()


async def kill_often(folder: Path, mode: str, times: int) -> float:
    """Kill the bot so many times; returns how long the slowest start took until it was ready."""
    async with SlackWorld(clock=SystemClock(), patience=IN_TIME) as slack:  # the process has no other clock
        killing, team = OnSlack(slack, folder, said), slack.channel("team", [], private=True)
        configuration(slack, folder, team.id, mode, **SKILLS)
        try:
            for _ in range(times):
                await killing.dies()
            await killing.ends_well()
        finally:
            await killing.over()
    killing.check()
    return max(killing.starts_took)


@pytest.mark.parametrize("mode", MODES)
async def test_a_bot_that_is_killed_under_load_loses_nothing_and_says_nothing_twice(tmp_path: Path, mode: str) -> None:
    await kill_often(tmp_path, mode, 5)


@pytest.mark.full
@pytest.mark.parametrize("mode", MODES)
async def test_200_kills_lose_nothing_say_nothing_twice_and_the_bot_is_ready_in_3_seconds(
    tmp_path: Path, mode: str
) -> None:
    assert await kill_often(tmp_path, mode, 200) < 3
