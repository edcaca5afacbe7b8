"""Without leave to read messages the bot serves all that is said to it, and says what it lacks."""

from __future__ import annotations

import pytest

from supportbot import logs
from supportbot.texts import Texts
from tests.scenarios.discord.conftest import Desk, OpenDesk

TEXTS = Texts()
QUESTION = "how do I reset my password?"
ANSWER = "Open **Settings**"


@pytest.fixture
def open_desk(open_desk: OpenDesk) -> OpenDesk:
    """Open a desk whose bot may read only direct messages and what mentions it."""

    async def start(**more: object) -> Desk:
        desk = await open_desk(starts=False)
        desk.discord.allowed_intents.discard("message_content")
        return await open_desk(**more)

    return start


async def test_direct_messages_mentions_commands_and_menus_do_as_ever(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam = desk.ada, desk.sam
    await ada.dm(QUESTION)
    assert ANSWER in await ada.hears()

    await ada.writes(desk.help, f"@supportbot {QUESTION}")
    thread = await ada.sees_thread("how do I reset")
    answer = await ada.hears(thread)
    assert ANSWER in answer
    await ada.presses("That helped", on=answer)
    await ada.sees(TEXTS("faq.helped"), thread)

    asked = await ada.runs("/faq", desk.help, question=QUESTION)
    assert ANSWER in asked.original
    unread = await ada.writes(desk.discord.channel("general"), "Does anybody know where I find my invoices?")
    found = await sam.uses("Find an answer", unread)
    assert "Billing" in found.original
    await ada.uses("Open a ticket", unread)
    await ada.submits(await ada.sees_modal("Open a ticket"), category="Problem")
    assert "where I find my invoices" in await sam.hears(desk.team)
    assert not unread.thread_id
    assert not desk.discord.world_log.calls(ok=False)


async def test_the_card_says_how_to_speak_and_what_mentions_the_bot_reaches_the_requester(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    await ada.dm("I want to talk to a human")
    await ada.hears()
    card = await sam.hears(team)
    assert "only what mentions me" in card
    thread = await sam.sees_thread("T-1001")
    await sam.presses("Claim", on=card)
    await ada.sees("Sam is with you now")
    await sam.sees("Claimed by Sam. I can read only what mentions me here", team)

    await sam.writes(thread, "Hello Ada, can you read me?")
    told = await sam.sees("I can't read that", thread)
    assert "mention" in told
    await sam.writes(thread, "Hello? Ada?")
    sent = await sam.writes(thread, "@supportbot Hello Ada, pres it")
    relayed = await ada.sees("Hello Ada, pres it")
    await desk.discord.until(lambda: "✅" in sent.reactions or None, "sam sees that it was sent")
    await sam.edits(sent, "@supportbot Hello Ada, press it")
    assert await ada.sees("Hello Ada, press it") is relayed
    await sam.writes(thread, "@supportbot // rings twice")
    await sam.runs("/reply", thread, words="Is it better now?")
    await ada.sees("Is it better now?")
    await sam.deletes(sent)
    await desk.discord.until(lambda: relayed.deleted or None, "what sam took back is gone")

    await sam.presses("Note", on=card)
    await sam.submits(await sam.sees_modal("Note"), words="sounds cross")
    await sam.sees("Noted on T-1001", thread)
    await sam.runs("/solve", thread, words="All done.")
    await ada.sees("All done.")
    told = [message for message in sam.reads(thread) if "I can't read that" in message]
    assert len(told) == 1
    assert not any(words in message for message in ada.reads() for words in ("can you read me", "rings twice", "cross"))


async def test_a_requester_who_is_not_heard_is_told_so_once(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, bo, sam = desk.ada, desk.discord.person("Bo"), desk.sam
    await ada.writes(desk.help, "@supportbot I want to talk to a human")
    private = await ada.sees_thread("T-1001")
    card = await sam.hears(desk.team)
    assert desk.app
    await desk.app.bot.crew.idle()
    await ada.writes(private, "It burns")
    await ada.sees(TEXTS("errors.unread"), private)
    await ada.writes(private, "Hello?")
    await ada.writes(private, "@supportbot It burns")
    await sam.sees("It burns", desk.team, thread=card)
    assert len([message for message in ada.reads(private) if TEXTS("errors.unread") in message]) == 1

    general = desk.discord.channel("general")
    talk = await bo.starts_thread(general, "Lunch")  # none of the bot's business
    await bo.writes(talk, "Pizza?")
    await bo.writes(talk, "@supportbot /help")
    await bo.hears()  # what the bot can do is answered to him alone
    assert not any(TEXTS("errors.unread") in message for message in bo.reads(talk))


async def test_an_agent_who_answers_in_the_requesters_own_thread_has_claimed_it_unread(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    await ada.writes(desk.help, f"@supportbot {QUESTION}")
    thread = await ada.sees_thread("how do I reset")
    await ada.hears(thread)
    await sam.writes(thread, "Let me look at that, Ada")
    told = await sam.hears(team)
    assert "Sam answered in the requester's own thread and has T-1001 now" in told


async def test_what_is_lacking_stands_in_the_log_at_the_start(
    open_desk: OpenDesk, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("warning")
    await open_desk()
    assert capsys.readouterr().err.count("may not read messages") == 1
