"""What is said while Discord or the bot is away gets its answer afterwards, once, or is shown to the agents."""

from __future__ import annotations

from dataclasses import replace

import pytest

from supportbot import catch_up, presence
from supportbot.testing.discord import Message
from tests.scenarios.discord.conftest import QUICK, Desk, OpenDesk

QUESTION = "how do I reset my password?"
ANSWER = "Open **Settings**"
INVOICES = "where do I find my invoices?"


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(presence, "LOOKS_EVERY", 0.01)
    monkeypatch.setattr(catch_up, "LISTED_IN", 100)


async def settled(desk: Desk) -> None:
    """Wait until all that was missed is dealt with, and all that came of it was said."""
    assert desk.app is not None
    await desk.app.presence.caught_up()
    await desk.app.bot.crew.idle()


async def closed(desk: Desk) -> None:
    """Stop the bot, as for a deploy."""
    assert desk.app is not None
    await desk.app.stop()


async def claimed(desk: Desk) -> Message:
    """Bring ada and sam together; returns the card, in whose thread sam speaks with her."""
    await desk.ada.dm("I want to talk to a human")
    await desk.ada.hears()
    card: Message = await desk.sam.hears(desk.team)
    await desk.sam.presses("Claim", on=card)
    await desk.ada.hears()
    return card


# --- the bot is away --------------------------------------------------------------------------------------------------


async def test_what_was_written_meanwhile_is_answered_once(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada = desk.ada
    await ada.dm(QUESTION)
    assert ANSWER in await ada.hears()
    topic = await ada.writes(desk.help, QUESTION)
    thread = await ada.sees_thread()
    await ada.hears(thread)
    await closed(desk)

    await ada.dm(INVOICES)
    await ada.writes(thread, INVOICES)
    another = await ada.writes(desk.help, INVOICES)
    await open_desk()

    assert "Billing" in await ada.hears()
    assert "Billing" in await ada.hears(thread)
    newest = await desk.discord.until(lambda: another.thread_id, "the topic is answered")
    assert newest != topic.id
    await settled(desk)
    assert [place for place in (None, desk.help, thread) if ada.unheard(place)] == []
    assert len(desk.discord.world_log.calls("Start Thread from Message", ok=True)) == 2


async def test_a_first_start_reads_no_history(open_desk: OpenDesk) -> None:
    desk = await open_desk(starts=False)
    await desk.ada.writes(desk.help, QUESTION)
    await open_desk()
    await settled(desk)
    assert not desk.discord.world_log.calls("Get Channel Messages")


async def test_what_a_person_has_answered_is_only_listed(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await closed(desk)
    topic = await desk.ada.writes(desk.help, QUESTION)
    await desk.sam.writes(desk.help, "In the settings.", replies_to=topic)
    await open_desk()
    listed = await desk.sam.hears(desk.team)
    assert "Ada" in listed
    assert QUESTION in listed
    await settled(desk)
    assert not topic.thread_id


# --- Discord is away --------------------------------------------------------------------------------------------------


async def test_what_is_said_while_a_session_is_lost_is_answered(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.ada.dm(QUESTION)
    await desk.ada.hears()
    desk.discord.gateway.forget()
    await desk.ada.dm(INVOICES)  # told to nobody: there is no session to keep it
    assert "Billing" in await desk.ada.hears()
    await settled(desk)
    assert desk.ada.unheard() == []
    assert desk.discord.gateway.identifies == 2


async def test_what_resuming_brings_twice_is_answered_once(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.ada.dm(QUESTION)
    await desk.ada.hears()
    desk.discord.trouble.repeats = 50
    desk.discord.gateway.drop()
    await desk.ada.dm(INVOICES)
    assert "Billing" in await desk.ada.hears()
    await settled(desk)
    assert desk.ada.unheard() == []


async def test_a_frame_that_cannot_be_read_costs_no_message(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    desk.discord.gateway.garble()
    topic = await desk.ada.writes(desk.help, QUESTION)
    await desk.discord.until(lambda: topic.thread_id, "the topic is answered")
    assert ANSWER in await desk.ada.hears(await desk.ada.sees_thread())


async def test_a_payload_that_makes_no_sense_stops_nobody(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    for session in desk.discord.gateway.sessions.values():
        for event in ("MESSAGE_CREATE", "MESSAGE_UPDATE", "MESSAGE_DELETE_BULK", "INTERACTION_CREATE", "TYPING_START"):
            for data in ({}, {"id": None, "author": 7, "channel_id": "x"}, {"id": "1", "type": 2, "channel_id": {}}):
                session.tell(event, data)
    await desk.ada.dm(QUESTION)
    assert ANSWER in await desk.ada.hears()
    assert desk.discord.gateway.identifies == 1


async def test_a_half_open_connection_costs_no_message(open_desk: OpenDesk) -> None:
    desk = await open_desk(starts=False)
    desk.discord.gateway.heartbeat_interval = 100
    desk = await open_desk(patience=replace(QUICK, silence=0.5))
    desk.discord.gateway.deafen(frozen=True)
    await desk.ada.dm(QUESTION)
    assert ANSWER in await desk.ada.hears()
    assert desk.discord.gateway.identifies == 1


async def test_without_leave_to_read_messages_it_serves_all_that_is_said_to_it(open_desk: OpenDesk) -> None:
    desk = await open_desk(starts=False)
    desk.discord.allowed_intents.discard("message_content")
    await open_desk()
    ada = desk.ada
    await ada.dm(QUESTION)
    assert ANSWER in await ada.hears()
    unread = await ada.writes(desk.help, QUESTION)
    topic = await ada.writes(desk.help, f"@supportbot {QUESTION}")
    await desk.discord.until(lambda: topic.thread_id, "the mention is answered")
    await settled(desk)
    assert not unread.thread_id
    assert desk.discord.gateway.identifies == 1


async def test_leave_that_is_taken_away_later_is_done_without(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.ada.dm(INVOICES)
    await desk.ada.hears()
    desk.discord.allowed_intents.discard("message_content")
    desk.discord.gateway.forget()
    await desk.ada.dm(QUESTION)
    assert ANSWER in await desk.ada.hears()
    assert desk.adapter.gateway.is_refused_content


# --- what is changed and taken back -----------------------------------------------------------------------------------


async def test_edits_and_deletions_go_across_both_ways(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    card = await claimed(desk)

    said = await sam.writes(team, "Press the red buton", thread=card)
    shown = await ada.hears()
    await sam.edits(said, "Press the red button")
    await ada.sees("Press the red button")
    await sam.deletes(said)
    await desk.discord.until(lambda: shown.deleted, "what was taken back is gone")

    wrote = await ada.dm("my password is hunter2")
    copy = await sam.sees("hunter2", team, thread=card)
    await ada.edits(wrote, "my password is secret")
    await sam.sees("my password is secret", team, thread=card)
    await ada.deletes(wrote)
    await desk.discord.until(lambda: copy.deleted, "what was taken back is gone")


async def test_files_are_copied_on_arrival(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    card = await claimed(desk)
    await ada.uploads(ada.direct, "log.txt", b"it broke", "here is the log")
    copy = await sam.sees("here is the log", team, thread=card)
    assert [(file.name, file.data) for file in copy.files] == [("log.txt", b"it broke")]
