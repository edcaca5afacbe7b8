"""Payloads that Discord never sent: none ends the bot or its connection, and it goes on to answer."""

from __future__ import annotations

import asyncio
import copy
import json
import random
import time
from pathlib import Path
from typing import Any

import pytest

from supportbot.app import App
from supportbot.testing.discord import DiscordWorld
from tests.faults.discord.conftest import adapter_of, answered, said, serving
from tests.faults.platforms.agents_only import FORM
from tests.faults.platforms.fuzzing import LONGEST_HOLD, Payload, mutated, without_others_garbage
from tests.faults.platforms.skills import Clerk

SKILLS = ["greeting", {"faq": {"sources": ["faq.yaml"]}}, "tickets", "handoff", "help"]


async def recorded(discord: DiscordWorld, folder: Path) -> list[tuple[str, Payload]]:
    """Let people do all that they can do with a bot, and take down what Discord tells of it."""
    ada, sam = discord.person("Ada"), discord.person("Sam")
    team, room, forum = discord.channel("team"), discord.channel("help"), discord.forum("questions")
    async with serving(discord, folder, team.id, skills=SKILLS, storage="tinydb:memory") as app:
        message = await ada.writes(room, "@supportbot how do I reset my *password*? https://example.com @Sam")
        await answered(discord, app)
        await sam.writes(room, "like this", replies_to=message)
        await ada.edits(message, "how do I?")
        await ada.reacts(message, "🎫")
        await ada.uploads(room, "log.txt", b"data", "see this")
        await discord.posts(discord.other_bot("Mee6"), room, "Level up!")
        thread = await ada.starts_thread(room, "About printers")
        await ada.writes(thread, "hello")
        await ada.posts(forum, "Printer", "It burns")
        await ada.types(room)
        await ada.archives(thread)
        await ada.runs("/ticket", subject="It burns")
        await ada.submits(await ada.sees_modal(), **FORM)
        await ada.runs("/faq", room, question="password")
        await ada.completes("/faq", room, question="pass")
        await ada.uses("Open a ticket", message)
        await ada.runs("/human")
        await answered(discord, app)
        await sam.presses("Claim")
        await ada.deletes(message)
        await answered(discord, app)
        told = [(event, data) for session in discord.gateway.sessions.values() for _, event, data in session.told]
    told.append(("MESSAGE_DELETE_BULK", {"ids": [message.id], "channel_id": room.id, "guild_id": discord.guild.id}))
    return [(event, copy.deepcopy(data)) for event, data in told if event != "READY" and isinstance(data, dict)]


class Holds:
    """Notes how long one step held the loop at the most, in CPU time."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.longest = 0.0
        run = asyncio.Handle._run

        def timed(handle: asyncio.Handle) -> None:
            since = time.thread_time()
            run(handle)
            self.longest = max(self.longest, time.thread_time() - since)

        monkeypatch.setattr(asyncio.Handle, "_run", timed)


async def fuzz(discord: DiscordWorld, folder: Path, count: int, monkeypatch: pytest.MonkeyPatch) -> float:
    """Tell the bot so many mutated payloads; returns how long it held the loop at the most."""
    payloads, chance, bob = await recorded(discord, folder), random.Random(9), discord.person("Bob")
    team, kinds = discord.channel("team"), sorted({event for event, _ in payloads})
    told = {kind: [data for event, data in payloads if event == kind] for kind in kinds}
    emoji = {"ticket_emoji": "🎫"}
    async with serving(discord, folder, team.id, own=[Clerk()], storage="tinydb:memory", discord=emoji) as app:
        before, holds = discord.gateway.identifies, Holds(monkeypatch)
        with without_others_garbage():
            for number in range(count):
                event = chance.choice(kinds)
                tell(discord, event, mutated(chance.choice(told[event]), chance))
                if number % 200 == 199:
                    await answered(discord, app)
        await goes_on(discord, app, bob)
        assert discord.gateway.identifies == before
        return holds.longest


def tell(discord: DiscordWorld, event: str, data: Any) -> None:
    """Tell it down the wire, as far as it can be written there."""
    try:
        json.dumps(data).encode()
    except (ValueError, UnicodeEncodeError):
        return
    for session in discord.gateway.sessions.values():
        session.tell(event, data)


async def goes_on(discord: DiscordWorld, app: App, bob: Any) -> None:
    await bob.dm("still there?")
    await answered(discord, app)
    assert "still there?" in said(bob.direct)[-1]
    assert adapter_of(app).trouble == ""


async def test_mutated_payloads_do_not_stop_the_bot(
    discord: DiscordWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fuzz(discord, tmp_path, 500, monkeypatch)


@pytest.mark.full
async def test_10_000_mutated_payloads_do_not_stop_the_bot_or_hold_it_up(
    discord: DiscordWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    longest = await fuzz(discord, tmp_path, 10_000, monkeypatch)
    print(f"the loop was held {longest * 1e3:.0f} ms at the most")
    assert longest < LONGEST_HOLD
