"""A Discord that tells things twice, late and in another order: each has its effect once, in its order."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from supportbot.app import App
from supportbot.testing.discord import DiscordWorld
from tests.faults.discord.conftest import adapter_of, answered, said, serving
from tests.faults.platforms.skills import Clerk

PEOPLE = 40


class Deliveries:
    """What the bot is told, counted, and told again."""

    def __init__(self, discord: DiscordWorld, app: App) -> None:
        self.discord = discord
        self.count = 0
        self._happened = adapter_of(app).gateway._happened
        adapter_of(app).gateway._happened = self._hear

    def _hear(self, name: str, data: Any) -> None:
        self.count += 1
        self._happened(name, data)

    def replay(self) -> None:
        """Tell again a few things of any age, as they were told."""
        for session in self.discord.gateway.sessions.values():
            told, chance = list(session.told), self.discord.trouble.chance
            for _, event, data in chance.sample(told, k=min(len(told), 8)):
                if event.startswith(("MESSAGE", "INTERACTION")):
                    session.tell(event, data)

    async def resumes(self) -> None:
        """Break the connection, and wait until it is resumed: much of what was told comes again."""
        resumed = self.discord.gateway.resumes
        self.discord.gateway.drop()
        await self.discord.gateway.resumed(resumed + 1)


async def redeliver(discord: DiscordWorld, folder: Path, count: int) -> None:
    """Let everybody write in waves until the bot was told so many things, then see what stands in Discord.

    A wave comes in any order; half of it stands in a channel, where there are soon as many threads as there may be.
    Every other wave ends with a broken connection: what was told since long before comes again with it.
    """
    people = [discord.person(f"p{number}") for number in range(PEOPLE)]
    team, room = discord.channel("team"), discord.channel("help")
    written: dict[str, list[str]] = {person.id: [] for person in people}
    asked: dict[str, str] = {}
    discord.trouble.repeats, discord.guild.most_active_threads = PEOPLE, PEOPLE
    async with serving(discord, folder, team.id, own=[Clerk()], discord={"help_channels": [room.id]}) as app:
        deliveries, wave = Deliveries(discord, app), 0
        while deliveries.count < count:
            async with discord.trouble.holding(shuffled=True):
                for number, person in enumerate(people):
                    if (number + wave) % 2:
                        question = await person.writes(room, f"@supportbot question {wave} of {number}")
                        asked[question.id] = f"question {wave} of {number}"
                    else:
                        written[person.id].append(f"message {wave} of {number}")
                        await person.dm(written[person.id][-1])
            deliveries.replay()
            if wave % 2:
                await deliveries.resumes()
            await answered(discord, app)
            wave += 1
        rooms = discord._backstage.directory.channels
        await discord.until(
            lambda: None if [id for id in asked if id not in rooms or not said(rooms[id])] else True,
            "each question is answered",
        )
        await answered(discord, app)
        assert await app.store.buried() == []
    for person in people:
        lines = [line for message in said(person.direct) for line in message.shown.split("\n") if line]
        assert lines == written[person.id]
    answers = {id: [message.shown for message in said(rooms[id])] for id in asked}
    assert answers == {id: [words] for id, words in asked.items()}
    assert discord.gateway.identifies == 1


async def test_what_comes_twice_late_and_in_another_order_is_answered_once_and_in_order(
    discord: DiscordWorld, tmp_path: Path
) -> None:
    await redeliver(discord, tmp_path, 400)


@pytest.mark.full
async def test_20_000_deliveries_bring_no_extra_reply(discord: DiscordWorld, tmp_path: Path) -> None:
    discord.patience = 120
    await redeliver(discord, tmp_path, 20_000)


async def test_what_one_channel_brings_is_taken_in_in_order_also_beside_a_store_that_fails(
    discord: DiscordWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ada, team = discord.person("Ada"), discord.channel("team")
    async with serving(discord, tmp_path, team.id, own=[Clerk()], storage="tinydb:memory") as app:
        receive, left = adapter_of(app)._receive, [1, 2, 3]
        assert receive is not None

        async def failing(event: Any) -> object:
            if left:
                left.pop()
                raise OSError("the disk is full")
            return await receive(event)

        monkeypatch.setattr(adapter_of(app), "_receive", failing)
        for number in range(10):
            await ada.dm(f"message {number}")
        await answered(discord, app)
        lines = [line for message in said(ada.direct) for line in message.shown.split("\n")]
        assert lines == [f"message {number}" for number in range(10)]


async def test_an_interaction_that_comes_twice_has_its_effect_once(discord: DiscordWorld, tmp_path: Path) -> None:
    ada, team = discord.person("Ada"), discord.channel("team")
    async with serving(discord, tmp_path, team.id, skills=["tickets", "handoff", "help"]) as app:
        deliveries = Deliveries(discord, app)
        await asyncio.gather(*(ada.runs("/human", reason="it burns") for _ in range(3)))
        deliveries.replay()
        await deliveries.resumes()
        await answered(discord, app)
        assert len([message for message in said(team) if "T-10" in message and message.buttons]) == 1
