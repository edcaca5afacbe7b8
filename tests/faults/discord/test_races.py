"""What people do twice at once, and rooms that are taken away meanwhile: one ticket each, and nothing is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from supportbot.app import App
from supportbot.domain.ticket import TICKETS
from supportbot.testing.discord import DiscordWorld, Message, Thread
from tests.faults.discord.conftest import answered, said, serving
from tests.faults.platforms.agents_only import FORM
from tests.faults.platforms.hostility import SKILLS


class Desk:
    """Ada, who is in a hurry, and Sam of the team."""

    app: App

    def __init__(self, discord: DiscordWorld) -> None:
        self.discord = discord
        self.ada, self.sam = discord.person("Ada"), discord.person("Sam")
        agents = discord.role("Agents", [self.sam])
        self.team, self.help = discord.channel("team", only_for=[agents]), discord.channel("help")

    async def tickets(self) -> int:
        """Count them once nothing happens any more; each has one card."""
        await answered(self.discord, self.app)
        requester = f"discord/main/{self.ada.id}"
        count = len((await self.app.store.find(TICKETS, "requester", "main", requester)).items)
        assert len(self.cards()) == count
        return count

    def cards(self) -> list[Message]:
        return [message for message in said(self.team) if "T-10" in message and message.buttons]

    async def is_asked(self) -> None:
        """Bring Ada to the last question before a ticket is opened."""
        await self.ada.dm("/ticket the printer burns")
        await self.ada.hears()
        await self.ada.presses("Problem")
        await self.ada.hears()
        await self.ada.dm("Since noon")
        await self.ada.sees("Shall I open the ticket?")

    async def is_claimed(self) -> tuple[Message, Thread]:
        """Bring Ada and Sam together."""
        await self.ada.dm("/human it burns")
        card = await self.sam.hears(self.team)
        await self.sam.presses("Claim", on=card)
        await answered(self.discord, self.app)
        return card, await self.sam.sees_thread("T-1001")


@pytest.fixture
async def desk(discord: DiscordWorld, tmp_path: Path) -> AsyncIterator[Desk]:
    desk = Desk(discord)
    help_channels: dict[str, Any] = {"help_channels": [desk.help.id]}
    async with serving(discord, tmp_path, desk.team.id, skills=SKILLS, discord=help_channels) as desk.app:
        yield desk


# --- one thing, done twice --------------------------------------------------------------------------------------------


async def test_a_button_that_is_pressed_twice_opens_one_ticket(desk: Desk) -> None:
    await desk.is_asked()
    await asyncio.gather(*(desk.ada.presses("Yes") for _ in range(4)))
    assert await desk.tickets() == 1


async def test_a_button_that_is_pressed_while_the_same_is_typed_opens_one_ticket(desk: Desk) -> None:
    await desk.is_asked()
    await asyncio.gather(desk.ada.presses("Yes"), desk.ada.dm("yes"), desk.ada.presses("Yes"))
    assert await desk.tickets() == 1


@pytest.mark.parametrize("is_direct", [True, False])
async def test_a_form_that_is_sent_twice_opens_one_ticket(desk: Desk, *, is_direct: bool) -> None:
    await desk.ada.runs("/ticket", None if is_direct else desk.help)
    modal = await desk.ada.sees_modal()
    await asyncio.gather(*(desk.ada.submits(modal, **FORM) for _ in range(4)))
    assert await desk.tickets() == 1


async def test_two_forms_that_were_opened_side_by_side_open_one_ticket_each_at_most(desk: Desk) -> None:
    await desk.ada.runs("/ticket", desk.help)
    first = await desk.ada.sees_modal()
    await desk.ada.runs("/ticket", desk.help)
    second = await desk.ada.sees_modal()
    await asyncio.gather(desk.ada.submits(first, **FORM), desk.ada.submits(second, **FORM))
    assert await desk.tickets() <= 2
    await asyncio.gather(desk.ada.submits(first, **FORM), desk.ada.submits(second, **FORM))
    assert await desk.tickets() <= 2


async def test_asking_for_a_person_in_many_ways_at_once_is_one_handoff(desk: Desk) -> None:
    await asyncio.gather(
        desk.ada.runs("/human", reason="it burns"),
        desk.ada.dm("I want to talk to a human"),
        desk.ada.runs("/human"),
        desk.ada.dm("/human now"),
    )
    await answered(desk.discord, desk.app)
    assert len(desk.cards()) == 1


async def test_a_ticket_whose_private_thread_is_made_twice_over_goes_on_in_one(desk: Desk) -> None:
    desk.discord.trouble.loses_replies("Start Thread without Message", times=1)
    await desk.ada.runs("/ticket", desk.help)
    await desk.ada.submits(await desk.ada.sees_modal(), **FORM)
    await desk.ada.sees_thread()
    await answered(desk.discord, desk.app)
    await desk.discord.until(lambda: "T-1001" in str(spoken(desk.ada)) or None, "the ticket is told of")
    assert len([thread for thread in desk.ada.threads() if said(thread)]) == 1


def spoken(person: Any) -> list[Message]:
    return [message for thread in person.threads() for message in said(thread)]


# --- rooms that are taken away ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["archives", "locks", "deletes"])
async def test_words_reach_the_agents_whatever_becomes_of_their_thread(desk: Desk, what: str) -> None:
    card, _ = await desk.is_claimed()
    for number in range(3):
        thread = next(thread for thread in reversed(desk.sam.threads()) if thread.parent is desk.team)
        if what == "deletes":
            await desk.discord.deletes(thread)
        else:
            await desk.sam.archives(thread, locked=what == "locks")
        lines = [f"line {number}.{part}" for part in range(3)]
        await asyncio.gather(*(desk.ada.dm(line) for line in lines))
        await answered(desk.discord, desk.app)
        told = [message.text for thread in desk.sam.threads() for message in said(thread)]
        assert [line for words in told for line in lines if line in words] == lines
    assert "T-1001" in card


@pytest.mark.parametrize("what", ["archives", "locks"])
async def test_a_requesters_thread_that_was_closed_is_opened_again(desk: Desk, what: str) -> None:
    await desk.ada.runs("/ticket", desk.help)
    await desk.ada.submits(await desk.ada.sees_modal(), **FORM)
    thread, card = await desk.ada.sees_thread(), await desk.sam.hears(desk.team)
    await desk.sam.presses("Claim", on=card)
    await answered(desk.discord, desk.app)
    await desk.sam.archives(thread, locked=what == "locks")
    await desk.sam.writes(desk.team, "Here I am", thread=card)
    await desk.ada.sees("Here I am", thread)
    assert not thread.archived


async def test_direct_messages_that_close_and_open_lose_nothing_and_stay_in_order(desk: Desk) -> None:
    card, _ = await desk.is_claimed()
    words = [f"word {number}" for number in range(12)]
    for number, word in enumerate(words):
        if number % 4 == 1:
            await desk.ada.closes_direct_messages()
        elif number % 4 == 3:
            await desk.ada.opens_direct_messages()
        await desk.sam.writes(desk.team, word, thread=card)
        await answered(desk.discord, desk.app)
    rooms = [desk.ada.direct, *desk.ada.threads()]
    told = sorted((message for room in rooms for message in said(room)), key=lambda message: int(message.id))
    assert [line for message in told for line in message.text.split("\n") if line.startswith("word")] == words
    assert len([room for room in desk.ada.threads() if room.kind == "private_thread"]) == 1


async def test_at_the_limit_of_threads_everybody_gets_theirs_however_many_ask_at_once(desk: Desk) -> None:
    desk.discord.guild.most_active_threads = 5
    people = [desk.discord.person(f"p{number}") for number in range(12)]
    for _ in range(2):
        await asyncio.gather(*(person.writes(desk.help, "How do I reset my password?") for person in people))
        await answered(desk.discord, desk.app)
    topics = [message for message in desk.help.heard if message.text.startswith("How do I")]
    await desk.discord.until(
        lambda: all(message.thread_id for message in topics) or None, "there is a thread for each question"
    )
    threads = [desk.discord._backstage.directory.channels[message.thread_id] for message in topics]
    await desk.discord.until(lambda: all(said(thread) for thread in threads) or None, "each question is answered")
    assert {len(said(thread)) for thread in threads} == {1}
    assert await desk.app.store.buried() == []
