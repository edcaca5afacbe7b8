"""Connections that end in every way there is: another takes their place, and nothing that was said is lost."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from supportbot import presence
from supportbot.adapters.discord.gateway import Patience
from supportbot.app import App
from supportbot.testing.discord import DiscordWorld, Person
from supportbot.testing.discord.gateway import OVER, Gateway
from tests.faults.discord.conftest import MANY, QUICK, adapter_of, answered, said, serving
from tests.faults.platforms.skills import Clerk

HASTY = replace(QUICK, silence=0.4, lasts=0.0, pauses=(0.001, 0.01))
"""What takes a minute in earnest, in a fraction of a second."""
HEARTBEAT = 100
"""Milliseconds between heartbeats, of which discord.py misses none."""


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "LOOKS_EVERY", 0.01)


def closes(code: int) -> Callable[[Gateway], None]:
    """Close with a code."""
    return lambda gateway: gateway.fail(code)


RESUMED: dict[str, Callable[[Gateway], None]] = {
    "the connection is reset": lambda gateway: gateway.drop(),
    "asked to come again (op 7)": lambda gateway: gateway.refresh(),
    "told to resume (op 9)": lambda gateway: gateway.invalidate(resumable=True),
    "half-open": lambda gateway: gateway.deafen(frozen=True),
    "deaf": lambda gateway: gateway.deafen(),
    **{f"closed with {code}": closes(code) for code in (4000, 4001, 4002, 4003, 4005, 4008)},
}
"""Ends of a connection whose session goes on."""
ANEW: dict[str, Callable[[Gateway], None]] = {
    "the session is over (op 9)": lambda gateway: gateway.invalidate(),
    "all sessions are forgotten": lambda gateway: gateway.forget(),
    "a frame that is no JSON": lambda gateway: gateway.garble(),
    **{f"closed with {code}": closes(code) for code in OVER},
}
"""Ends of a session: what was said until the next one begins is told by nobody."""
TROUBLES = {**RESUMED, **ANEW}


@asynccontextmanager
async def hasty(discord: DiscordWorld, folder: Path, patience: Patience = HASTY) -> AsyncIterator[App]:
    """Run a bot that waits for nothing as long as it does in earnest."""
    discord.gateway.heartbeat_interval = HEARTBEAT
    team = discord.channel("team")
    async with serving(discord, folder, team.id, own=[Clerk()], patience=patience, storage="tinydb:memory") as app:
        yield app


async def disconnect(discord: DiscordWorld, folder: Path, troubles: list[str]) -> None:
    """Talk while connections end; afterwards everything was answered once, and the connection stands."""
    ada, words, chance = discord.person("Ada"), ["hello"], random.Random(11)
    async with hasty(discord, folder) as app:
        await ada.dm(words[0])
        await ada.hears()
        for number, trouble in enumerate(troubles):
            TROUBLES[trouble](discord.gateway)
            for part in range(chance.randint(1, 3)):
                words.append(f"message {number}.{part}")
                await ada.dm(words[-1])
            if trouble == "deaf":
                discord.gateway.drop()  # its heartbeats were answered, so nobody could know it
            await discord.until(lambda: len(read(ada)) >= len(words) or None, f"all is answered after {trouble}")
        await answered(discord, app)
        await discord.until(lambda: adapter_of(app).trouble == "" or None, "the bot is well")
    assert read(ada) == words
    print(f"{len(troubles)} disconnects, {discord.gateway.identifies} sessions, {discord.gateway.resumes} resumed")
    assert discord.gateway.identifies <= 1 + sum(trouble in ANEW for trouble in troubles)


def read(person: Person) -> list[str]:
    """List what somebody read in their direct messages, line by line."""
    return [line for message in said(person.direct) for line in message.shown.split("\n") if line]


@pytest.mark.parametrize("trouble", TROUBLES)
async def test_messages_that_meet_the_end_of_a_connection_are_answered_once(
    discord: DiscordWorld, tmp_path: Path, trouble: str
) -> None:
    await disconnect(discord, tmp_path, [trouble, trouble])


@pytest.mark.full
async def test_500_disconnects_of_every_kind_lose_nothing(discord: DiscordWorld, tmp_path: Path) -> None:
    chance = random.Random(11)
    await disconnect(discord, tmp_path, [chance.choice(list(TROUBLES)) for _ in range(500)])


def test_a_connection_that_nothing_comes_down_is_given_up_within_a_minute() -> None:
    assert Patience().silence <= 60


def test_a_day_of_sessions_that_end_at_once_stays_far_below_what_discord_allows() -> None:
    assert Patience().sessions_an_hour * 24 < 1_000 / 2 < MANY
