"""A Slack that asks to wait: everything is said, in each channel's order, and no channel waits for another."""

from __future__ import annotations

from pathlib import Path

import pytest

from supportbot import Reply, Settings, Skill, Turn, match, on
from supportbot.chat_lines import move_clock
from supportbot.clock import SimulatedClock
from supportbot.testing.slack import SlackWorld
from tests.faults.platforms.skills import AT_ONCE, Clerk, Talker
from tests.faults.slack.conftest import answered, said, serving


async def storm(folder: Path, people: int, rounds: int) -> None:
    """Let the bot say much to everybody while two of five calls are turned away, then see what everybody read."""
    clock = SimulatedClock(1_800_000_000_000)
    async with SlackWorld(clock=clock, patience=120) as slack:
        everybody = [slack.person(f"p{number}") for number in range(people)]
        team = slack.channel("team", [], private=True)
        slack.trouble.rate_limits("chat.postMessage", times=None, share=0.4, retry_after=3)
        slack.trouble.rate_limits("users.info", times=None, share=0.2)
        async with serving(slack, folder, team.id, clock=clock, own=[Talker()], watch=False) as app:
            for number in range(rounds):
                for person in everybody:
                    await person.dm(f"{number}")
                await answered(slack, app)
                await move_clock(app, clock, 1_000 * 3 * AT_ONCE)
            await move_clock(app, clock, 3_600_000)
            assert await app.store.buried() == []
        assert not slack.world_log.calls("conversations.history")  # nothing was in doubt, so nothing was read back
    expected = [f"{number}.{said}" for number in range(rounds) for said in range(AT_ONCE)]
    for person in everybody:
        assert [message.shown.strip() for message in said(person.direct)] == expected


async def test_a_storm_of_429_loses_nothing_and_keeps_each_channels_order(tmp_path: Path) -> None:
    await storm(tmp_path, people=10, rounds=2)


@pytest.mark.full
async def test_5_000_sends_in_a_storm_of_429_are_all_said_in_order(tmp_path: Path) -> None:
    await storm(tmp_path, people=50, rounds=10)


async def test_a_channel_that_asks_to_wait_holds_up_no_other(tmp_path: Path) -> None:
    clock = SimulatedClock(1_800_000_000_000)
    async with SlackWorld(clock=clock) as slack:
        ada, bob = slack.person("Ada"), slack.person("Bob")
        team = slack.channel("team", [], private=True)
        async with serving(slack, tmp_path, team.id, clock=clock, own=[Clerk()], watch=False) as app:
            slack.trouble.rate_limits("chat.postMessage", times=1, retry_after=60)
            await ada.dm("first")
            await answered(slack, app)
            await bob.dm("second")
            assert "second" in await bob.hears()
            assert said(ada.direct) == []
            await move_clock(app, clock, 60_000)
            assert "first" in await ada.hears()


async def test_threads_of_a_channel_that_asks_to_wait_do_not_each_ask_again(tmp_path: Path) -> None:
    clock = SimulatedClock(1_800_000_000_000)
    async with SlackWorld(clock=clock) as slack:
        ada = slack.person("Ada")
        team, room = slack.channel("team", [], private=True), slack.channel("help", [ada])
        async with serving(slack, tmp_path, team.id, clock=clock, own=[Clerk()], watch=False) as app:
            slack.trouble.rate_limits("chat.postMessage", times=1, retry_after=60)
            await ada.writes(room, "@supportbot first")
            await answered(slack, app)
            for number in range(5):
                await ada.writes(room, f"@supportbot {number}")
            await answered(slack, app)
            assert len(slack.world_log.calls("chat.postMessage")) == 1
            await move_clock(app, clock, 60_000)
            assert len(said(room)) == 6


async def test_a_line_for_one_person_that_is_turned_away_is_shown_once_later(tmp_path: Path) -> None:
    clock = SimulatedClock(1_800_000_000_000)
    async with SlackWorld(clock=clock) as slack:
        ada = slack.person("Ada")
        team, room = slack.channel("team", [], private=True), slack.channel("help", [ada])
        limits = {"messages_per_person": 1}
        async with serving(slack, tmp_path, team.id, clock=clock, own=[Clerk()], limits=limits, watch=False) as app:
            slack.trouble.rate_limits("chat.postEphemeral", times=2, retry_after=5)
            for number in range(3):
                await ada.writes(room, f"@supportbot {number}")
            await answered(slack, app)
            await move_clock(app, clock, 60_000)
            whispers = [message for message in said(room) if message.only_for]
            assert len(whispers) == 1
            assert len(slack.world_log.calls("chat.postEphemeral")) == 3


async def test_a_reply_in_parts_goes_on_where_it_was_turned_away(tmp_path: Path) -> None:
    clock = SimulatedClock(1_800_000_000_000)
    words = " ".join(f"word{number}" for number in range(3_000))
    async with SlackWorld(clock=clock) as slack:
        ada = slack.person("Ada")
        team = slack.channel("team", [], private=True)

        class Long(Skill[Settings]):
            """Say much."""

            @on.message(match.anything)
            async def say(self, turn: Turn) -> Reply:
                """Say it."""
                return Reply(words)

        async with serving(slack, tmp_path, team.id, clock=clock, own=[Long()], watch=False) as app:
            slack.trouble.rate_limits("chat.postMessage", times=None, share=0.5, retry_after=5)
            await ada.dm("go")
            await answered(slack, app)
            await move_clock(app, clock, 600_000)
            assert " ".join(" ".join(part.shown.split()) for part in said(ada.direct)) == words
            assert len(said(ada.direct)) > 1
