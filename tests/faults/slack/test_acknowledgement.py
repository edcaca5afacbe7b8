"""Acknowledgements wait for nothing but the store: not for a slow skill, and not for what others write."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from supportbot.testing.slack import Delivery, SlackWorld
from tests.faults.platforms.skills import sleeper
from tests.faults.slack.conftest import MODES, answered, serving, told

EACH_SECOND = 100
P99, LONGEST = 0.3, 2.5


async def burst(slack: SlackWorld, people: list[Any], count: int, each_second: float) -> list[Delivery]:
    """Let people write so many messages, at a pace if there is one; returns how Slack told of them."""
    began, deliveries = time.perf_counter(), []
    for number in range(count):
        if each_second:
            await asyncio.sleep(began + number / each_second - time.perf_counter())
        await people[number % len(people)].dm(f"message {number}")
        deliveries.append(slack.deliveries.all[-1])
    await told(slack)
    return deliveries


async def beside_a_slow_skill(
    slack: SlackWorld, folder: Path, mode: str, count: int, each_second: float = 0, seconds: float = 0
) -> list[float]:
    people, ada = [slack.person(f"p{number}") for number in range(50)], slack.person("Ada")
    team, skill = slack.channel("team", [], private=True), sleeper()
    async with serving(slack, folder, team.id, mode=mode, own=[skill], limits={"handler_time": "120s"}) as app:
        await ada.dm("slow please")
        timer = asyncio.get_running_loop().call_later(seconds, skill.is_over.set) if seconds else None
        deliveries = await burst(slack, people, count, each_second)
        assert skill.is_over.is_set() == bool(timer)
        skill.is_over.set()
        await answered(slack, app)
        assert "at last" in [message.shown.strip() for message in ada.reads()][-1]
    assert not [delivery for delivery in slack.deliveries.all if len(delivery.attempts) > 1]
    return sorted(delivery.took for delivery in deliveries)


@pytest.mark.parametrize("mode", MODES)
async def test_a_skill_that_does_not_end_keeps_nothing_from_being_acknowledged(
    slack_world: SlackWorld, tmp_path: Path, mode: str
) -> None:
    await beside_a_slow_skill(slack_world, tmp_path, mode, 200)


@pytest.mark.full
@pytest.mark.parametrize("mode", MODES)
async def test_100_messages_a_second_beside_a_skill_of_30_seconds_are_acknowledged_in_time(
    slack_world: SlackWorld, tmp_path: Path, mode: str
) -> None:
    slack_world.patience = 60
    took = await beside_a_slow_skill(slack_world, tmp_path, mode, 35 * EACH_SECOND, EACH_SECOND, seconds=30)
    print(f"{mode}: p99 {took[int(len(took) * 0.99)] * 1e3:.0f} ms, max {took[-1] * 1e3:.0f} ms")
    assert took[int(len(took) * 0.99)] <= P99
    assert took[-1] <= LONGEST
