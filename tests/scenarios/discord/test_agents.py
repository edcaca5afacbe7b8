"""The agent's side on Discord: the card and its buttons, what goes across and what stays inside, and who may."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from supportbot.testing.discord import Message, Person
from tests.scenarios.discord.conftest import Desk, OpenDesk

CANNED = """\
hello: "Hello {requester}, {agent} here, about {reference}."
refund: |
  Your refund is on its way, see [Billing](https://example.com/billing).
  It takes up to five days.
"""


async def handed_over(desk: Desk) -> Message:
    """Let ada ask for a person; returns the card."""
    await desk.ada.dm("I want to talk to a human")
    await desk.ada.hears()
    card: Message = await desk.sam.hears(desk.team)
    await desk.sam.sees_thread("T-1001")
    return card


async def claimed(desk: Desk) -> Message:
    """Let sam claim what ada asked for; returns the card, under which their thread is."""
    card = await handed_over(desk)
    await desk.sam.presses("Claim", on=card)
    await desk.ada.sees("Sam is with you now")
    await desk.sam.sees("Sam has T-1001 now", desk.team, thread=card)
    return card


async def becomes_so(desk: Desk, look: Callable[[], object], what: str) -> None:
    """Wait until something is so."""
    await desk.discord.until(lambda: look() or None, what)


async def marked(desk: Desk, message: Message, emoji: str) -> None:
    await becomes_so(desk, lambda: emoji in message.reactions, f"{message!r} has no {emoji}")


def colleague(desk: Desk, name: str = "Tess") -> Person:
    """Another agent."""
    return desk.discord.person(name, roles=[desk.agents])


def files_of(messages: list[Message]) -> list[str]:
    return [file.name for message in messages for file in message.files]


# --- the card -----------------------------------------------------------------------------------------------------


async def test_the_card_says_how_the_case_stands_and_offers_what_can_be_done(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    card = await handed_over(desk)
    assert "T-1001" in card
    assert card.buttons == ["Claim", "Note", "Solve", "Close"]
    thread = await sam.sees_thread("T-1001")
    assert thread.id == card.thread_id

    await sam.presses("Claim", on=card)
    assert await sam.sees("Claimed by Sam", team) is card
    assert "Ada would like to talk to a person" in card  # all else is as it was
    assert card.buttons == ["Release", "Solve", "Assign", "Note"]

    await sam.presses("Release", on=card)
    await becomes_so(desk, lambda: "Claim" in card.buttons, "the card offers a claim again")
    assert "Claimed by" not in card
    await ada.sees("back with the team")

    await sam.presses("Claim", on=card)
    await sam.sees("Claimed by Sam", team)
    await sam.presses("Solve", on=card)
    assert await sam.sees("Solved by Sam", team) is card
    assert card.buttons == ["Reopen"]
    await ada.sees("T-1001 is solved")

    await sam.presses("Reopen", on=card)
    assert await sam.sees("Claimed by Sam", team) is card
    assert not desk.discord.world_log.calls(ok=False)


async def test_the_card_is_current_however_the_case_came_there(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    sam, team = desk.sam, desk.team
    card = await handed_over(desk)
    await sam.writes(team, "/claim", thread=card)
    assert await sam.sees("Claimed by Sam", team) is card
    await sam.writes(team, "/release T-1001")
    await becomes_so(desk, lambda: "Claim" in card.buttons, "the card offers a claim again")
    await sam.writes(team, "/queue")
    queue = await sam.sees("Waiting for a person:", team)
    assert "T-1001" in queue
    await sam.presses("Claim T-1001", on=queue)
    assert await sam.sees("Claimed by Sam", team) is card
    await sam.writes(team, "/close T-1001")
    assert await sam.sees("Closed by Sam", team) is card
    assert not any("solved" in message for message in desk.ada.reads())


async def test_a_note_and_an_assignment_are_filled_in(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    tess = colleague(desk)
    card = await claimed(desk)

    await sam.presses("Note", on=card)
    await sam.submits(await sam.sees_modal("T-1001"), words="rings twice")
    await sam.sees("Noted on T-1001", team, thread=card)

    await sam.presses("Assign", on=card)
    await sam.submits(await sam.sees_modal("T-1001"), who="tess")
    assert await sam.sees("Claimed by Tess", team) is card
    await ada.sees("Tess will look after this")
    await tess.writes(team, "Hello Ada", thread=card)
    await ada.sees("Hello Ada")
    assert not any("rings twice" in message for message in ada.reads())
    assert not desk.discord.world_log.calls(ok=False)


async def test_who_closes_the_form_may_write_in_the_thread_instead(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    sam, team = desk.sam, desk.team
    card = await claimed(desk)
    await sam.presses("Note", on=card)
    await sam.sees_modal("T-1001")
    await sam.closes()
    await sam.sees("What shall I note on T-1001?", team, thread=card)
    await sam.writes(team, "rings twice", thread=card)
    await sam.sees("Noted on T-1001", team, thread=card)
    assert not any("rings twice" in message for message in desk.ada.reads())


async def test_who_asks_again_gets_a_new_card_in_the_same_thread(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    card = await claimed(desk)
    await desk.sam.presses("Solve", on=card)
    await desk.ada.sees("T-1001 is solved")
    await desk.ada.dm("not solved")
    await desk.ada.sees("is open again")
    again = await desk.sam.sees("says that it is not solved", desk.team, thread=card)
    await desk.sam.presses("Claim", on=again)
    assert await desk.sam.sees("Claimed by Sam", desk.team, thread=card) is again
    assert card.buttons == []
    assert "newest card in this thread" in card


# --- what goes across ---------------------------------------------------------------------------------------------


async def test_plain_words_reach_a_requester_wherever_they_asked(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    bo = desk.discord.person("Bo")

    card = await claimed(desk)  # in direct messages
    await sam.writes(team, "Hello Ada", thread=card)
    await ada.sees("Hello Ada")

    await bo.writes(desk.help, "@supportbot I want to talk to a human")  # in public: a private thread
    second = await sam.sees("Bo would like to talk to a person", team)
    await sam.presses("Claim", on=second)
    private = await bo.sees_thread("T-1002")
    assert private.kind == "private_thread"
    await bo.sees("Sam is with you now", private)
    await sam.writes(team, "Hello Bo", thread=second)
    await bo.sees("Hello Bo", private)
    await bo.writes(private, "It burns")
    await sam.sees("It burns", team, thread=second)
    assert not any("Hello" in message for message in ada.reads(desk.help))
    assert not desk.discord.world_log.invalid


async def test_a_mark_tells_what_was_sent_what_stays_inside_and_what_was_taken(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    card = await claimed(desk)
    sent = await sam.writes(team, "Hello Ada", thread=card)
    await marked(desk, sent, "✅")
    inside = await sam.writes(team, "// the old bug", thread=card)
    await marked(desk, inside, "🔒")
    of_another = await colleague(desk).writes(team, "I know them", thread=card)
    await marked(desk, of_another, "🔒")
    taken = await ada.dm("it is broken")
    await marked(desk, taken, "👀")
    assert [list(message.reactions) for message in (sent, inside)] == [["✅"], ["🔒"]]
    assert not any(words in message for message in ada.reads() for words in ("old bug", "I know them"))


async def test_an_agent_changes_and_takes_back_what_was_sent(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    card = await claimed(desk)
    written = await sam.writes(team, "Pres the red button", thread=card)
    relayed = await ada.sees("Pres the red")
    await sam.edits(written, "Press the red button")
    assert await ada.sees("Press the red button") is relayed
    await sam.deletes(written)
    await becomes_so(desk, lambda: relayed.deleted, "the relayed message is gone")
    assert not desk.discord.world_log.calls(ok=False)


async def test_words_that_become_a_note_are_taken_back(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    card = await claimed(desk)
    written = await desk.sam.writes(desk.team, "they are difficult", thread=card)
    relayed = await desk.ada.sees("they are difficult")
    await desk.sam.edits(written, "// they are difficult")
    await becomes_so(desk, lambda: relayed.deleted, "the relayed message is gone")
    await marked(desk, written, "🔒")


async def test_long_words_are_taken_back_whole(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada = desk.ada
    card = await claimed(desk)
    written = await desk.sam.writes(desk.team, "long_word " * 190, thread=card)  # escaped it is more than one message
    await becomes_so(desk, lambda: len(spoken(ada.reads())) > 1, "the words came in several messages")
    await desk.sam.edits(written, "short_word")
    short = "**Sam**\nshort\\_word"
    await becomes_so(desk, lambda: [message.text for message in spoken(ada.reads())] == [short], "one is left")
    await desk.sam.deletes(written)
    await becomes_so(desk, lambda: spoken(ada.reads()) == [], "nothing is left of it")


def spoken(messages: list[Message]) -> list[Message]:
    return [message for message in messages if "word" in message]


async def test_files_go_across_both_ways_as_copies_and_go_with_their_message(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    photo = await ada.uploads(ada.direct, "photo.jpg", b"a photo", "I want to talk to a human")
    await ada.hears()
    card = await sam.hears(team)
    assert [(file.name, file.data) for file in card.files] == [("photo.jpg", b"a photo")]
    assert card.files[0].id != photo.files[0].id
    await sam.presses("Claim", on=card)
    await ada.sees("Sam is with you now")

    sent = await sam.uploads(team, "label.pdf", b"%PDF label", "Print this", thread=card)
    await ada.sees("Print this")
    await becomes_so(desk, lambda: "label.pdf" in files_of(ada.reads()), "ada has the file")
    await sam.uploads(team, "map.png", b"a map", thread=card)  # no words at all
    await ada.sees("map.png")
    await ada.uploads(ada.direct, "log.txt", b"it broke")
    await becomes_so(desk, lambda: "log.txt" in files_of(sam.reads(team, thread=card)), "sam has the log")

    await sam.deletes(sent)
    await becomes_so(desk, lambda: "label.pdf" not in files_of(ada.reads()), "the file is taken back, too")
    assert "map.png" in files_of(ada.reads())
    assert not desk.discord.world_log.calls(ok=False)


async def test_a_requester_who_types_is_seen_typing_in_the_cases_thread(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam = desk.ada, desk.sam
    card = await claimed(desk)
    thread = await sam.sees_thread("T-1001")
    await ada.types()
    await becomes_so(desk, lambda: thread.typing, "the bot types for her")
    await ada.types()  # at once: Discord shows it for ten seconds
    await sam.presses("Solve", on=card)
    await ada.sees("T-1001 is solved")
    await ada.types()  # nobody waits for her words
    await ada.dm("thank you")
    await ada.hears()
    assert thread.typing == [desk.discord.bot.id]
    assert len(desk.discord.world_log.calls("Trigger Typing Indicator")) == 1


async def test_only_a_requesters_own_typing_in_their_own_place_is_shown(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, bo, sam, team = desk.ada, desk.discord.person("Bo"), desk.sam, desk.team
    topic = await ada.writes(desk.help, "How do I reset my password?")
    public = await ada.sees_thread("How do I reset")
    await ada.hears(public)
    await sam.writes(public, "Let me look at that, Ada")
    told = await sam.sees("answered in the requester's own thread", team)
    case = await sam.sees_thread("T-1001")
    assert (topic.thread_id, told.thread_id) == (public.id, case.id)

    await ada.writes(public, "it is locked")
    await sam.sees("it is locked", case)
    await bo.types(public)
    await sam.types(public)
    await ada.types(desk.help)
    await ada.types(public)
    await becomes_so(desk, lambda: case.typing, "the bot types for ada")
    await ada.writes(public, "and now?")
    await sam.sees("and now?", case)
    assert case.typing == [desk.discord.bot.id]


async def test_who_closes_their_direct_messages_is_told_of_once(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    card = await claimed(desk)
    await ada.closes_direct_messages()
    await sam.writes(team, "Hello?", thread=card)
    private = await ada.sees_thread()
    await ada.sees("Hello?", private)
    await sam.writes(team, "Are you there?", thread=card)
    await ada.sees("Are you there?", private)
    await ada.writes(private, "I am")
    await sam.sees("I am", team, thread=card)
    told = [message for message in sam.reads(team, thread=card) if "takes no direct messages" in message]
    assert len(told) == 1
    assert private.kind == "private_thread"
    assert not any(private in other.threads() for other in (colleague(desk), desk.discord.person("Bo")))


async def test_what_does_not_arrive_is_told_in_the_thread_with_the_reason(open_desk: OpenDesk) -> None:
    desk = await open_desk(discord={"help_channels": []})
    ada, sam, team = desk.ada, desk.sam, desk.team
    card = await claimed(desk)
    await ada.closes_direct_messages()
    await sam.writes(team, "Hello Ada", thread=card)
    told = await sam.sees("did not reach the requester", team, thread=card)
    assert "they take no direct messages from me" in told
    assert "Hello Ada" in told


# --- canned replies -----------------------------------------------------------------------------------------------


@pytest.fixture
def canned(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "replies.yaml").write_text(CANNED, "utf-8")
    return {"canned_replies": "replies.yaml"}


async def test_a_canned_reply_is_completed_by_its_name(open_desk: OpenDesk, canned: dict[str, str]) -> None:
    desk = await open_desk(desk=canned)
    ada, sam = desk.ada, desk.sam
    await claimed(desk)
    thread = await sam.sees_thread("T-1001")
    assert await sam.completes("/canned", thread, name="") == ["hello", "refund"]
    assert await sam.completes("/canned", thread, name="REF") == ["refund"]
    assert await sam.completes("/canned", thread, name="fund") == ["refund"]
    await sam.runs("/canned", thread, name="refund")
    refund = await ada.sees("Your refund is on its way")
    assert "[Billing](<https://example.com/billing>)" in refund
    assert await ada.completes("/canned", name="") == []  # they are the team's
    refused = await ada.runs("/canned", name="hello")
    assert "only the support team" in refused.original


async def test_a_canned_reply_is_chosen_from_the_cards_menu(open_desk: OpenDesk, canned: dict[str, str]) -> None:
    desk = await open_desk(desk=canned)
    card = await claimed(desk)
    assert card.menus == {"Canned reply": ["hello", "refund"]}
    await desk.sam.chooses("hello", on=card)
    await desk.ada.sees("Hello Ada, Sam here, about T-1001.")
    await desk.sam.sees("“hello” is sent to the requester of T-1001", desk.team, thread=card)


async def test_only_the_claimer_sends_a_canned_reply(open_desk: OpenDesk, canned: dict[str, str]) -> None:
    desk = await open_desk(desk=canned)
    card = await claimed(desk)
    tess = colleague(desk)
    await tess.chooses("hello", on=card)
    await tess.sees("claim T-1001 first", desk.team, thread=card)
    assert not any("here, about" in message for message in desk.ada.reads())


# --- commands -----------------------------------------------------------------------------------------------------


async def test_what_agents_type_they_can_also_choose_from_discords_commands(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    tess = colleague(desk)
    card = await handed_over(desk)
    thread = await sam.sees_thread("T-1001")

    waiting = await sam.runs("/queue", team)
    assert "T-1001" in waiting.original
    await sam.runs("/claim", team, reference="T-1001")
    assert await sam.sees("Claimed by Sam", team) is card
    noted = await sam.runs("/note", thread, words="rings twice")
    assert "Noted on T-1001" in noted.original
    await sam.runs("/assign", thread, who=tess)
    await ada.sees("Tess will look after this")
    await tess.runs("/release", thread)
    await becomes_so(desk, lambda: "Claim" in card.buttons, "the card offers a claim again")
    refused = await ada.runs("/queue")
    assert "only the support team" in refused.original
    assert not desk.discord.world_log.calls(ok=False)


async def test_a_colleague_is_found_by_a_mention_whatever_they_are_called(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    tess = colleague(desk)
    tess.user.display_name = "Queen of Support"
    card = await claimed(desk)
    await desk.sam.writes(desk.team, f"/assign <@{tess.id}>", thread=card, exact=True)
    await desk.ada.sees("Queen of Support will look after this")


async def test_a_colleague_whom_discord_does_not_tell_of_just_now_is_no_skills_fault(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    colleague(desk)
    card = await claimed(desk)
    desk.discord.trouble.breaks("Search Guild Members", status=503, times=None)
    await desk.sam.writes(desk.team, "/assign tess", thread=card)
    await desk.sam.sees("isn't answering right now", desk.team, thread=card)
    desk.discord.trouble.ends()
    await desk.sam.writes(desk.team, "/assign tess", thread=card)
    await desk.ada.sees("Tess will look after this")


# --- who may ------------------------------------------------------------------------------------------------------


async def test_who_loses_the_role_can_do_nothing_any_more(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    sam, team = desk.sam, desk.team
    card = await claimed(desk)
    desk.discord.allows(team, "view_channel", who=sam)
    desk.discord.allows(team, "send_messages_in_threads", who=sam)
    await sam.loses(desk.agents)
    await sam.writes(team, "Hello Ada", thread=card)
    await sam.sees("only the support team can do that", team, thread=card)
    await sam.presses("Solve", on=card)
    refused = await sam.runs("/reply", await sam.sees_thread("T-1001"), words="Psst")
    assert "only the support team" in refused.original
    assert card.buttons == ["Release", "Solve", "Assign", "Note"]
    assert not any(words in message for message in desk.ada.reads() for words in ("Hello Ada", "Psst", "solved"))


async def test_an_agent_who_answers_in_the_requesters_own_thread_has_claimed_it(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    await ada.writes(desk.help, "How do I reset my password?")
    thread = await ada.sees_thread("How do I reset")
    await ada.hears(thread)
    await sam.writes(thread, "Let me look at that, Ada")
    told = await sam.hears(team)
    assert "Sam answered in the requester's own thread and has T-1001 now" in told
    await sam.sees_thread("T-1001")
    await ada.writes(thread, "it is locked")
    await sam.sees("it is locked", team, thread=told)
    await sam.writes(team, "Unlocked!", thread=told)
    await sam.sees("Unlocked!", thread)
    assert not desk.discord.world_log.calls(ok=False)


async def test_a_team_can_stay_anonymous(open_desk: OpenDesk) -> None:
    desk = await open_desk(desk={"anonymous": True})
    ada, sam, team = desk.ada, desk.sam, desk.team
    card = await handed_over(desk)
    await sam.presses("Claim", on=card)
    await ada.sees("is with you now")
    await sam.writes(team, "Hello", thread=card)
    await ada.sees("Hello")
    await sam.presses("Solve", on=card)
    await ada.sees("How did we do")
    assert not any("Sam" in message for message in ada.reads())
    assert "Solved by Sam" in card


# --- afterwards ---------------------------------------------------------------------------------------------------


async def test_a_low_rating_and_its_comment_go_where_they_are_to_go(open_desk: OpenDesk) -> None:
    desk = await open_desk(starts=False)
    ada, sam = desk.ada, desk.sam
    lead = desk.discord.channel("leads", only_for=[desk.agents])
    survey = {"survey": {"delay": "0s", "low_rating_to": f"discord:{lead.id}"}}
    desk = await open_desk(skills=["greeting", "tickets", "handoff", survey, "help"])
    card = await claimed(desk)
    await sam.presses("Solve", on=card)
    asked = await ada.sees("How did we do with T-1001?")
    assert [button[0] for button in asked.buttons] == ["1", "2", "3", "4", "5"]
    await ada.presses("1", on=asked)
    told = await sam.hears(lead)
    assert "rated it 1 of 5" in told
    await ada.dm("nobody read what I wrote")
    await sam.sees("nobody read what I wrote", lead)
    assert not any("rated it" in message for message in sam.reads(desk.team, thread=card))
