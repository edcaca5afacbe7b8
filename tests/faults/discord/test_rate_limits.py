"""A Discord that asks to wait, or is not there: everything is said, in each channel's order, with few calls in vain."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from supportbot.app import App
from supportbot.chat_lines import move_clock
from supportbot.clock import MINUTE, SECOND, SimulatedClock
from supportbot.testing.discord import DiscordWorld
from tests.faults.discord.conftest import answered, said, serving
from tests.faults.platforms.skills import AT_ONCE, Clerk, Talker

POST = "Create Message"
NOW = 1_800_000_000_000
MOST_INVALID = 100
"""Answers of 401, 403 and 429 in ten minutes; at ten thousand Discord bans the address."""


class Storm:
    """A bot that has much to say to everybody, on a clock of the test's."""

    def __init__(self, discord: DiscordWorld, clock: SimulatedClock, people: int) -> None:
        self.discord, self.clock = discord, clock
        self.people = [discord.person(f"p{number}") for number in range(people)]
        self.rounds = 0
        self.app: App

    async def asks_all(self) -> None:
        """Let everybody say something, and the bot what it has to say to that as far as it is let."""
        for person in self.people:
            await person.dm(f"{self.rounds}")
        self.rounds += 1
        await answered(self.discord, self.app)

    async def passes(self, span: int) -> None:
        """Let time pass, for the bot and for Discord."""
        await move_clock(self.app, self.clock, span)

    def check(self) -> None:
        """See that everybody read everything, in order, once."""
        expected = [f"{number}.{part}" for number in range(self.rounds) for part in range(AT_ONCE)]
        for person in self.people:
            assert [message.text for message in said(person.direct)] == expected

    def most_invalid(self) -> int:
        """Count the calls that were in vain in the worst ten minutes, by the simulated clock."""
        at = [call.at for call in self.discord.world_log if call.status in (401, 403, 429)]
        return max((sum(start <= other < start + 10 * MINUTE for other in at) for start in at), default=0)

    def asked_too_early(self) -> int:
        """Count the calls for a channel before the time was over that Discord had asked to wait for it."""
        until: dict[str, int] = {}
        early = 0
        for call in self.discord.world_log.calls(POST):
            early += call.at < until.get(call.path, 0)
            if call.status == 429 and (wait := float(call.answer["retry_after"])) >= 1:
                until[call.path] = call.at + int(wait * SECOND)
        return early


async def storm(folder: Path, people: int, rounds: int, **trouble: Any) -> Storm:
    """Say much to everybody while many calls are turned away in every way there is, then see what everybody read."""
    clock = SimulatedClock(NOW)
    async with DiscordWorld(clock=clock, patience=120) as discord:
        storm, team = Storm(discord, clock, people), discord.channel("team")
        async with serving(discord, folder, team.id, clock=clock, own=[Talker()], watch=False) as storm.app:
            discord.trouble.rate_limits(POST, times=None, share=0.3, retry_after=0.001)
            discord.trouble.rate_limits(POST, times=None, share=0.15, retry_after=40)
            discord.trouble.breaks(POST, times=None, share=0.1, status=503)
            discord.trouble.loses_replies(POST, times=None, share=0.03)
            discord.trouble.hangs_up(POST, times=None, share=0.03)
            for _ in range(rounds):
                await storm.asks_all()
                await storm.passes(AT_ONCE * MINUTE)
            discord.trouble.ends()
            await storm.passes(60 * MINUTE)
            assert await storm.app.store.buried() == []
    storm.check()
    assert storm.asked_too_early() == 0
    return storm


async def test_a_storm_of_429_and_503_loses_nothing_and_keeps_each_channels_order(tmp_path: Path) -> None:
    await storm(tmp_path, people=8, rounds=2)


@pytest.mark.full
async def test_5_000_sends_in_a_storm_are_all_said_in_order(tmp_path: Path) -> None:
    made = await storm(tmp_path, people=50, rounds=10)
    print(Counter(call.status for call in made.discord.world_log.calls(POST)))


async def paced(folder: Path, people: int, rounds: int, limit: int) -> Storm:
    """Say much to everybody on a Discord that keeps to its own limits, and tells them with each answer."""
    clock = SimulatedClock(NOW)
    async with DiscordWorld(clock=clock, patience=120) as discord:
        storm, team = Storm(discord, clock, people), discord.channel("team")
        async with serving(discord, folder, team.id, clock=clock, own=[Talker()], watch=False) as storm.app:
            discord.trouble.paces(POST, limit=limit, window=0.05)
            for _ in range(rounds):
                await storm.asks_all()
            await storm.passes(60 * MINUTE)
    storm.check()
    return storm


async def test_limits_that_discord_tells_are_kept_and_few_calls_are_in_vain(tmp_path: Path) -> None:
    made = await paced(tmp_path, people=10, rounds=2, limit=2)
    assert made.discord.world_log.invalid <= 10


@pytest.mark.full
async def test_5_000_sends_within_limits_make_fewer_than_100_calls_in_vain(tmp_path: Path) -> None:
    made = await paced(tmp_path, people=50, rounds=10, limit=5)
    print(f"{made.discord.world_log.invalid} calls in vain")
    assert made.discord.world_log.invalid < MOST_INVALID


async def turned_away(folder: Path, people: int, **trouble: Any) -> Storm:
    """Have much to say while Discord turns every call away for ten minutes."""
    clock = SimulatedClock(NOW)
    async with DiscordWorld(clock=clock, patience=120) as discord:
        storm, team = Storm(discord, clock, people), discord.channel("team")
        async with serving(discord, folder, team.id, clock=clock, own=[Talker()], watch=False) as storm.app:
            discord.trouble.rate_limits(POST, times=None, **trouble)
            await storm.asks_all()
            for _ in range(10):
                await storm.passes(MINUTE)
            assert storm.most_invalid() < MOST_INVALID
            discord.trouble.ends()
            await storm.passes(120 * MINUTE)
            assert await storm.app.store.buried() == []
    storm.check()
    print(f"{storm.most_invalid()} calls in vain in ten minutes")
    return storm


async def test_while_the_guard_in_front_of_discord_turns_all_away_it_is_hardly_asked(tmp_path: Path) -> None:
    await turned_away(tmp_path, people=25, retry_after=30, via=False)


async def test_a_token_that_is_rejected_meanwhile_is_hardly_tried(tmp_path: Path) -> None:
    clock = SimulatedClock(NOW)
    async with DiscordWorld(clock=clock, patience=60) as discord:
        storm, team = Storm(discord, clock, people=25), discord.channel("team")
        async with serving(discord, tmp_path, team.id, clock=clock, own=[Talker()], watch=False) as storm.app:
            token, discord._backstage.app.token = discord.token, "another"
            await storm.asks_all()
            for _ in range(10):
                await storm.passes(MINUTE)
            assert storm.most_invalid() < MOST_INVALID
            discord._backstage.app.token = token
            await storm.passes(10 * MINUTE)
            assert await storm.app.store.buried() == []
    storm.check()


async def test_a_channel_that_asks_to_wait_holds_up_no_other(tmp_path: Path) -> None:
    clock = SimulatedClock(NOW)
    async with DiscordWorld(clock=clock) as discord:
        ada, bob, team = discord.person("Ada"), discord.person("Bob"), discord.channel("team")
        async with serving(discord, tmp_path, team.id, clock=clock, own=[Clerk()], watch=False) as app:
            discord.trouble.rate_limits(POST, times=1, retry_after=60)
            await ada.dm("first")
            await answered(discord, app)
            await bob.dm("second")
            assert "second" in await bob.hears()
            assert said(ada.direct) == []
            await move_clock(app, clock, MINUTE)
            assert "first" in await ada.hears()
