"""Interactions wait for nothing but the store: not for a slow skill, and not for what others write."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from supportbot.testing.discord import DiscordWorld, Interaction, Person
from tests.faults.discord.conftest import answered, serving
from tests.faults.platforms.skills import sleeper

EACH_SECOND = 100
P99, LONGEST = 1.0, 2.5


async def beside_a_slow_skill(
    discord: DiscordWorld, folder: Path, count: int, interactions: int, each_second: float = 0, seconds: float = 0
) -> list[Interaction]:
    """Let people write so many messages, at a pace if there is one, and use commands all along."""
    people, ada = [discord.person(f"p{number}") for number in range(50)], discord.person("Ada")
    slow, chance = [discord.person(f"s{number}") for number in range(20)], random.Random(8)
    room, team, skill = discord.channel("help"), discord.channel("team"), sleeper()
    ways: tuple[Callable[[Person], Coroutine[Any, Any, Interaction]], ...] = (
        lambda person: person.runs("/help", room),
        lambda person: person.runs("/tickets"),
        lambda _: chance.choice(slow).runs("/faq", room, question="slow please"),
        lambda person: person.runs("/ticket", room, subject="It burns"),
    )
    done: list[asyncio.Task[Interaction]] = []
    limits, skills = {"handler_time": "120s"}, [{"faq": {"sources": ["faq.yaml"]}}, "tickets", "handoff", "help"]
    async with serving(discord, folder, team.id, own=[skill], skills=skills, limits=limits) as app:
        await ada.dm("slow please")
        timer = asyncio.get_running_loop().call_later(seconds, skill.is_over.set) if seconds else None
        began = time.perf_counter()
        for number in range(count):
            await asyncio.sleep(began + number / each_second - time.perf_counter() if each_second else 0)
            person = people[number % len(people)]
            await person.dm(f"message {number}")
            if number % (count // interactions) == 0:
                done.append(asyncio.create_task(ways[len(done) % len(ways)](person)))
        taken = [await task for task in done]
        assert skill.is_over.is_set() == bool(timer)
        skill.is_over.set()
        await answered(discord, app)
        await ada.sees("at last")
    return taken


async def test_a_skill_that_does_not_end_keeps_no_interaction_from_being_answered_or_deferred(
    discord: DiscordWorld, tmp_path: Path
) -> None:
    taken = await beside_a_slow_skill(discord, tmp_path, 100, 20)
    assert {interaction.state for interaction in taken} == {"answered"}


@pytest.mark.full
async def test_beside_100_messages_a_second_and_a_skill_of_30_seconds_interactions_are_answered_within_a_second(
    discord: DiscordWorld, tmp_path: Path
) -> None:
    taken = await beside_a_slow_skill(discord, tmp_path, 32 * EACH_SECOND, 400, EACH_SECOND, seconds=30)
    took = sorted(interaction.took for interaction in taken)
    p99 = took[int(len(took) * 0.99)]
    print(f"p50 {took[len(took) // 2] * 1e3:.0f} ms, p99 {p99 * 1e3:.0f} ms, max {took[-1] * 1e3:.0f} ms")
    assert p99 <= P99
    assert took[-1] <= LONGEST
