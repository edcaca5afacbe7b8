"""Tickets' threads on Discord: closed when solved, opened by what is said, made room for; and people who have left."""

from __future__ import annotations

from typing import Any

import pytest

from supportbot.desk import closing
from supportbot.desk.case import Case
from supportbot.desk.ledger import Ledger
from supportbot.domain.work import TURNS
from supportbot.texts import Texts
from tests.scenarios.discord.conftest import Desk, OpenDesk

TEXTS = Texts()
LEFT = TEXTS("agents.card_left", who="Ada")
LATER = {"skills": ["greeting", {"faq": {"sources": ["faq.yaml"]}}, "tickets", "handoff", {"survey": {"delay": "10m"}}]}


async def with_ticket(desk: Desk, subject: str = "The printer burns", person: Any = None) -> tuple[Any, Any]:
    """Let somebody open a ticket in public; returns its private thread and its card."""
    ada = person or desk.ada
    await ada.runs("/ticket", desk.help, subject=subject)
    await ada.submits(await ada.sees_modal("Open a ticket"), category="Problem", details="Since noon")
    card = await desk.sam.sees(subject, desk.team)
    thread = await ada.sees_thread()
    await ada.sees("Your ticket is", thread)
    return thread, card


async def locked(desk: Desk, thread: Any) -> None:
    """Wait until a thread is archived and locked."""
    await desk.discord.until(lambda: (thread.archived and thread.locked) or None, f"{thread} is closed")


async def test_solving_a_ticket_closes_its_thread_and_a_button_opens_it_again(open_desk: OpenDesk) -> None:
    desk = await open_desk(**LATER)
    ada, sam = desk.ada, desk.sam
    thread, card = await with_ticket(desk)
    await sam.presses("Claim", on=card)
    await ada.sees("Sam is with you now", thread)
    await sam.presses("Solve", on=card)
    over = await ada.sees("so this thread closes", thread)
    assert over.buttons == ["Reopen"]
    await locked(desk, thread)

    await ada.presses("Reopen", on=over)
    await ada.sees("T-1001 is open again", thread)
    assert not thread.archived
    assert not thread.locked
    await sam.sees("It isn't solved.", desk.team, thread=card)
    await sam.presses("Claim", on=await sam.sees("says that it is not solved", desk.team, thread=card))
    await sam.writes(desk.team, "What does it say now?", thread=card)
    await ada.sees("What does it say now?", thread)
    await ada.writes(thread, "Error 7")
    await sam.sees("Error 7", desk.team, thread=card)
    assert not desk.discord.world_log.calls(ok=False)


async def test_the_survey_stands_in_the_closed_thread_and_whoever_answers_it_may_write_there(
    open_desk: OpenDesk,
) -> None:
    desk = await open_desk()
    ada, sam = desk.ada, desk.sam
    thread, card = await with_ticket(desk)
    await sam.presses("Solve", on=card)
    survey = await ada.sees("How did we do", thread)
    await locked(desk, thread)
    await ada.presses("5", on=survey)
    await ada.sees(TEXTS("survey.ask_comment"), thread)
    await ada.writes(thread, "You were quick!")
    await ada.sees(TEXTS("survey.thanks"), thread)
    await locked(desk, thread)
    assert not desk.discord.world_log.calls(ok=False)


async def test_a_survey_that_comes_later_opens_the_thread_and_closes_it_when_it_is_answered(
    open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "_STILL_THERE", -1)
    desk = await open_desk()
    ada, sam = desk.ada, desk.sam
    thread, card = await with_ticket(desk)
    await sam.presses("Solve", on=card)
    survey = await ada.sees("How did we do", thread)
    assert not thread.archived
    assert not thread.locked
    await ada.presses("5", on=survey)
    await ada.sees(TEXTS("survey.ask_comment"), thread)
    await ada.writes(thread, "You were quick!")
    await locked(desk, thread)


async def test_a_survey_that_nobody_answers_closes_the_thread_after_a_while(
    open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "_STILL_THERE", -1)
    monkeypatch.setattr(closing, "DAY", 1)
    desk = await open_desk()
    thread, card = await with_ticket(desk)
    await desk.sam.presses("Solve", on=card)
    survey = await desk.ada.sees("How did we do", thread)
    await locked(desk, thread)
    await desk.ada.presses("4", on=survey)
    await desk.ada.sees(TEXTS("survey.ask_comment"), thread)


async def test_a_ticket_that_was_reopened_meanwhile_keeps_its_thread_open(
    open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(closing, "_STILL_THERE", -1)
    desk = await open_desk()
    thread, card = await with_ticket(desk)
    await desk.sam.presses("Solve", on=card)
    await desk.ada.sees("How did we do", thread)
    await desk.ada.writes(thread, "It still does not work")
    await desk.ada.sees("T-1001 is open again", thread)
    assert desk.app is not None
    bot = desk.app.bot
    waiting = [work for work in await bot.store.pending(TURNS) if work.id.startswith("quiet-")]
    assert len(waiting) == 1
    ledger = Ledger(bot.store, bot.rules, bot.clock.now(), "a day later")
    case = await Case.load(ledger, waiting[0].group)
    assert case is not None
    await closing.close_quiet(case)
    assert not ledger.outgoing


async def test_what_is_closed_without_a_word_closes_its_thread_too(open_desk: OpenDesk) -> None:
    desk = await open_desk(**LATER)
    thread, card = await with_ticket(desk)
    said = len(desk.ada.reads(thread))
    await desk.sam.presses("Close", on=card)
    await locked(desk, thread)
    assert len(desk.ada.reads(thread)) == said


async def test_where_the_bot_may_not_lock_a_thread_it_is_archived(open_desk: OpenDesk) -> None:
    desk = await open_desk(**LATER)
    desk.discord.forbids(desk.help, "manage_threads")
    thread, card = await with_ticket(desk)
    await desk.sam.presses("Solve", on=card)
    await desk.ada.sees("so this thread closes", thread)
    await desk.discord.until(lambda: thread.archived or None, "the thread is archived")
    await desk.ada.writes(thread, "It still burns")
    await desk.ada.sees("T-1001 is open again", thread)


async def test_a_requester_closes_their_own_ticket_from_elsewhere(open_desk: OpenDesk) -> None:
    desk = await open_desk(**LATER)
    thread, _ = await with_ticket(desk)
    await desk.ada.runs("/tickets", desk.help)
    await desk.ada.presses("T-1001")
    await desk.ada.presses("Close it")
    await locked(desk, thread)


async def test_a_thread_that_was_closed_is_opened_by_an_agents_word_after_a_restart(open_desk: OpenDesk) -> None:
    desk = await open_desk(**LATER)
    ada, sam = desk.ada, desk.sam
    thread, card = await with_ticket(desk)
    await sam.presses("Solve", on=card)
    await locked(desk, thread)
    assert desk.app is not None
    await desk.app.stop()
    desk = await open_desk(**LATER)
    await sam.presses("Reopen", on=card)
    await ada.sees("Sam is with you now", thread)
    assert not thread.locked
    await ada.writes(thread, "It burns again")
    await sam.sees("It burns again", desk.team, thread=card)


async def test_at_the_limit_of_threads_the_oldest_solved_ones_are_closed_first(open_desk: OpenDesk) -> None:
    desk = await open_desk(**LATER)
    sam = desk.sam
    first, _ = await with_ticket(desk, "The first of all")  # the oldest, but nobody has solved it
    second, card = await with_ticket(desk, "The second", desk.discord.person("Bo"))
    case = next(thread for thread in sam.threads() if thread.id == card.id)
    await sam.presses("Solve", on=card)
    await locked(desk, second)
    desk.discord.guild.most_active_threads = len([one for one in sam.threads() if not one.archived]) + 1
    third, _ = await with_ticket(desk, "The third", desk.discord.person("Cy"))
    assert not third.archived
    assert case.archived, "what was solved is closed first"
    assert not case.locked, "agents may go on there"
    assert not first.archived
    refused = desk.discord.world_log.calls(ok=False)
    assert refused
    assert {call.error for call in refused} == {160006}


async def test_a_requester_who_left_the_server_is_noted_on_the_card_when_an_agent_claims(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam = desk.ada, desk.sam
    thread, card = await with_ticket(desk)
    await ada.leaves()
    await sam.presses("Claim", on=card)
    assert "Claimed by Sam" in await sam.sees("Claimed by Sam", desk.team)
    assert "least of all a direct message" in await sam.sees("Ada has left the server", desk.team, thread=card)
    await desk.discord.until(lambda: LEFT in card or None, "it is noted on the card")
    await ada.joins()
    await ada.joins(thread)
    await ada.writes(thread, "Here I am again")
    await sam.sees("Here I am again", desk.team, thread=card)
    await sam.presses("Release", on=card)
    await desk.discord.until(lambda: (LEFT not in card and "Claim" in card.buttons) or None, "they are back")


async def test_that_somebody_has_left_is_learned_from_a_message_that_did_not_reach_them(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam = desk.ada, desk.sam
    await ada.dm("/human my account is locked")
    await ada.hears()
    card = await sam.hears(desk.team)
    await sam.presses("Claim", on=card)
    await ada.sees("Sam is with you now")
    await ada.leaves()
    await sam.writes(desk.team, "Are you there?", thread=card)
    await sam.sees("did not reach the requester", desk.team, thread=card)
    await sam.sees("Ada has left the server", desk.team, thread=card)
    await desk.discord.until(lambda: LEFT in card or None, "it is noted on the card")


async def test_who_is_still_there_is_claimed_without_a_word_about_it(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam = desk.ada, desk.sam
    await ada.dm("/human my account is locked")
    await ada.hears()
    card = await sam.hears(desk.team)
    desk.discord.trouble.breaks("Get Guild Member", times=1)
    await sam.presses("Claim", on=card)
    await ada.sees("Sam is with you now")
    await sam.writes(desk.team, "Hello", thread=card)
    await ada.sees("Hello")
    assert LEFT not in card
