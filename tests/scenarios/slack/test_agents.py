"""The agent's side in Slack: the card and its buttons, what goes across and what stays inside, and who may."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from supportbot.testing.slack.messages import Message
from tests.scenarios.slack.conftest import Desk, OpenDesk

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
    return card


async def claimed(desk: Desk) -> Message:
    """Let sam claim what ada asked for; returns the card."""
    card = await handed_over(desk)
    await desk.sam.presses("Claim", on=card)
    await desk.ada.sees("sam is with you now")
    await desk.sam.sees("sam has T-1001 now", desk.team)
    return card


def refused(desk: Desk) -> list[Any]:
    return [call for call in desk.slack.world_log.calls() if not call.ok]


async def becomes_so(desk: Desk, look: Callable[[], object], what: str) -> None:
    """Wait until something is so."""
    await desk.slack.until(lambda: look() or None, what)


async def marked(desk: Desk, message: Message, emoji: str) -> None:
    await becomes_so(desk, lambda: emoji in message.reactions, f"{message!r} has no {emoji}")


# --- the card -----------------------------------------------------------------------------------------------------


async def test_the_card_says_how_the_case_stands_and_offers_what_can_be_done(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    card = await handed_over(desk)
    assert card.buttons == ["Claim", "Note", "Solve", "Close"]

    await sam.presses("Claim", on=card)
    assert await sam.sees("Claimed by sam", team) is card
    assert "ada would like to talk to a person" in card  # all else is as it was
    assert card.buttons == ["Release", "Solve", "Assign", "Note"]

    await sam.presses("Release", on=card)
    await becomes_so(desk, lambda: "Claim" in card.buttons, "the card offers a claim again")
    assert "Claimed by" not in card

    await sam.presses("Claim", on=card)
    await sam.sees("Claimed by sam", team)
    await sam.presses("Solve", on=card)
    assert await sam.sees("Solved by sam", team) is card
    assert card.buttons == ["Reopen"]
    assert "We think T-1001 is solved" in await ada.sees("We think T-1001 is solved")

    await sam.presses("Reopen", on=card)
    assert await sam.sees("Claimed by sam", team) is card
    assert refused(desk) == []


async def test_a_note_and_an_assignment_ask_for_words_in_the_thread(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    tess = desk.slack.person("Tess")
    await tess.joins(team)
    card = await claimed(desk)

    await sam.presses("Note", on=card)
    await sam.sees("What shall I note on T-1001?", team, thread=card)
    await sam.writes(team, "rings twice", thread=card)
    await sam.sees("Noted on T-1001", team, thread=card)

    await sam.presses("Assign", on=card)
    await sam.sees("Who shall have T-1001?", team, thread=card)
    await sam.writes(team, "@tess", thread=card)
    assert await sam.sees("Claimed by tess", team) is card
    await ada.sees("tess will look after this")
    await tess.writes(team, "Hello Ada", thread=card)
    await ada.sees("Hello Ada")
    assert not any("rings twice" in message for message in ada.reads())


async def test_a_card_closed_without_a_word_says_so(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    card = await handed_over(desk)
    await desk.sam.presses("Close", on=card)
    assert await desk.sam.sees("Closed by sam", desk.team) is card


async def test_the_card_of_a_customer_names_their_company_and_leads_to_their_message(open_desk: OpenDesk) -> None:
    desk = await open_desk(slack={"channels": {"default": "always"}})
    acme = desk.slack.other_workspace("Acme")
    zoe = desk.slack.person("Zoe", workspace=acme)
    shared = desk.slack.channel("ext-acme", [zoe, desk.sam], shared_with=[acme])
    question = await zoe.writes(
        shared, "I want to talk to a human <@bot>".replace("<@bot>", f"<@{desk.slack.bot.id}>"), exact=True
    )
    card = await desk.sam.hears(desk.team)
    assert "zoe (Acme)" in card
    label, address = card.links[0]
    assert (label, address.rpartition("/")[2]) == ("the message", f"p{question.ts.replace('.', '')}")


async def test_who_asks_again_gets_a_new_card_in_the_same_thread(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    card = await claimed(desk)
    await desk.sam.presses("Solve", on=card)
    await desk.ada.sees("We think T-1001 is solved")
    await desk.ada.dm("not solved")
    await desk.ada.sees("is open again")
    again = await desk.sam.sees("says that it is not solved", desk.team, thread=card)
    await desk.sam.presses("Claim", on=again)
    assert await desk.sam.sees("Claimed by sam", desk.team, thread=card) is again
    assert card.buttons == []
    assert "newest card in this thread" in card


# --- what goes across ---------------------------------------------------------------------------------------------


async def test_a_mark_tells_what_was_sent_what_stays_inside_and_what_was_taken(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    card = await claimed(desk)
    sent = await sam.writes(team, "Hello Ada", thread=card)
    await marked(desk, sent, "white_check_mark")
    inside = await sam.writes(team, "// the old bug", thread=card)
    await marked(desk, inside, "lock")
    tess = desk.slack.person("Tess")
    await tess.joins(team)
    of_another = await tess.writes(team, "I know them", thread=card)
    await marked(desk, of_another, "lock")
    taken = await ada.dm("it is broken")
    await marked(desk, taken, "eyes")
    assert [list(message.reactions) for message in (sent, inside)] == [["white_check_mark"], ["lock"]]


async def test_an_agent_changes_and_takes_back_what_was_sent(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    card = await claimed(desk)
    written = await sam.writes(team, "Pres the red button", thread=card)
    relayed = await ada.sees("Pres the red")
    await sam.edits(written, "Press the *red* button")
    assert await ada.sees("Press the *red* button") is relayed
    await sam.deletes(written)
    await becomes_so(desk, lambda: relayed.deleted, "the relayed message is gone")
    assert refused(desk) == []


async def test_words_that_become_a_note_are_taken_back(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    card = await claimed(desk)
    written = await desk.sam.writes(desk.team, "they are difficult", thread=card)
    relayed = await desk.ada.sees("they are difficult")
    await desk.sam.edits(written, "// they are difficult")
    await becomes_so(desk, lambda: relayed.deleted, "the relayed message is gone")
    await marked(desk, written, "lock")


async def test_a_note_that_is_changed_into_plain_words_stays_inside(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    card = await claimed(desk)
    written = await desk.sam.writes(desk.team, "// they are difficult", thread=card)
    await marked(desk, written, "lock")
    await desk.sam.edits(written, "they are difficult")
    await desk.sam.writes(desk.team, "Hello", thread=card)
    await desk.ada.sees("Hello")
    assert not any("difficult" in message for message in desk.ada.reads())


async def test_what_was_sent_by_command_is_changed_by_changing_the_command(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    card = await claimed(desk)
    written = await desk.sam.writes(desk.team, "/reply T-1001 Pres it", thread=card)
    relayed = await desk.ada.sees("Pres it")
    await desk.sam.edits(written, "/reply T-1001 Press it")
    assert await desk.ada.sees("Press it") is relayed


async def test_a_requesters_changes_reach_the_agents(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    card = await claimed(desk)
    said = await ada.dm("my code is 1234")
    shown = await sam.sees("my code is 1234", team, thread=card)
    await ada.edits(said, "my code is 4321")
    assert await sam.sees("my code is 4321", team, thread=card) is shown
    await ada.deletes(said)
    await becomes_so(desk, lambda: shown.deleted, "the words are gone from the thread")


async def test_a_message_with_replies_is_taken_back_though_slack_leaves_something_of_it(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    card = await claimed(desk)
    said = await desk.ada.dm("my code is 1234")
    shown = await desk.sam.sees("my code is 1234", desk.team, thread=card)
    await desk.ada.dm("oh no", thread=said)
    await desk.sam.sees("oh no", desk.team, thread=card)
    await desk.ada.deletes(said)
    await becomes_so(desk, lambda: shown.deleted, "the words are gone from the thread")


async def test_a_preview_of_a_link_changes_nothing(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    card = await claimed(desk)
    written = await desk.sam.writes(desk.team, "see https://example.com/help", thread=card)
    await desk.ada.sees("see https://example.com/help")
    await desk.slack.unfurls(written)
    await desk.sam.writes(desk.team, "and then?", thread=card)
    await desk.ada.sees("and then?")
    assert desk.slack.world_log.calls("chat.update")[1:] == []  # only the card's, when it was claimed


async def test_files_go_across_both_ways_and_go_with_their_message(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    card = await claimed(desk)
    sent = await sam.uploads(team, "label.pdf", b"%PDF label", "Print this", thread=card)
    await ada.sees("Print this")
    await becomes_so(desk, lambda: "label.pdf" in files_of(ada.reads()), "ada has the file")
    await sam.uploads(team, "map.png", b"a map", thread=card)  # no words at all
    await ada.sees("map.png")
    await ada.uploads(ada.direct, "photo.jpg", b"a photo", "like this")
    await sam.sees("like this", team, thread=card)
    await becomes_so(desk, lambda: "photo.jpg" in files_of(sam.reads(team, thread=card)), "sam has the photo")

    await sam.deletes(sent)
    await becomes_so(desk, lambda: "label.pdf" not in files_of(ada.reads()), "the file is taken back, too")
    assert not any("Print this" in message for message in ada.reads())
    assert "map.png" in files_of(ada.reads())
    assert refused(desk) == []


def files_of(messages: list[Message]) -> list[str]:
    return [file.name for message in messages for file in message.files]


async def test_a_file_that_cannot_be_taken_over_is_told_to_both_sides(
    open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supportbot.adapters.shelf.LARGEST", 1_000)
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    card = await claimed(desk)
    await ada.uploads(ada.direct, "film.mp4", bytes(2_000), "this is how it looks")
    assert "film.mp4" in await ada.sees("I couldn't take over film.mp4")
    shown = await sam.sees("this is how it looks", team, thread=card)
    assert "With it came film.mp4" in shown

    sent = await sam.uploads(team, "fix.zip", bytes(2_000), "install this", thread=card)
    assert "fix.zip" not in await ada.sees("install this")
    await sam.sees("ada didn't get fix.zip", team, thread=card)
    await marked(desk, sent, "white_check_mark")

    await ada.uploads(ada.direct, "empty.txt", b"")
    await ada.sees("I couldn't take over empty.txt")


async def test_a_change_does_not_overtake_a_message_whose_file_is_still_fetched(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team = desk.ada, desk.sam, desk.team
    card = await claimed(desk)
    changed = await ada.uploads(ada.direct, "a.txt", bytes(500_000), "my code is 1234")
    await ada.edits(changed, "my code is 4321")
    await sam.sees("my code is 4321", team, thread=card)
    gone = await ada.uploads(ada.direct, "b.txt", bytes(500_001), "and this is my key")
    await ada.deletes(gone)
    await ada.dm("that is all")
    await sam.sees("that is all", team, thread=card)
    await becomes_so(desk, lambda: not shows(desk, "my key", "b.txt"), "the words and the file are gone")
    assert shows(desk, "a.txt")


def shows(desk: Desk, *what: str) -> bool:
    """Tell whether the agents see some words, or a file of that name."""
    there = [(str(message), *(file.name for file in message.files)) for message in desk.sam.reads(desk.team)]
    return any(wanted in part for wanted in what for parts in there for part in parts)


async def test_among_people_nobody_is_told_of_a_file_that_cannot_be_taken_over(
    open_desk: OpenDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supportbot.adapters.shelf.LARGEST", 1_000)
    desk = await open_desk()
    await desk.ada.uploads(desk.help, "film.mp4", bytes(2_000), "look at my holidays")
    await desk.ada.dm("hello")
    await desk.ada.hears()
    assert desk.ada.unheard(desk.help) == []


async def test_long_words_are_taken_back_whole(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    card = await claimed(desk)
    written = await desk.sam.writes(desk.team, "long word " * 2_000, thread=card)
    await becomes_so(desk, lambda: len(spoken(desk)) > 1, "the words came in several messages")
    await desk.sam.edits(written, "short word")
    await becomes_so(desk, lambda: [str(message).strip() for message in spoken(desk)] == ["short word"], "one is left")
    await desk.sam.deletes(written)
    await becomes_so(desk, lambda: spoken(desk) == [], "nothing is left of it")


def spoken(desk: Desk) -> list[Message]:
    return [message for message in desk.ada.reads() if "word" in message]


async def test_what_does_not_arrive_is_told_in_the_thread_with_the_reason(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    sam, team, help_channel = desk.sam, desk.team, desk.help
    await desk.ada.writes(help_channel, f"<@{desk.slack.bot.id}> I want to talk to a human", exact=True)
    card = await sam.hears(team)
    await sam.presses("Claim", on=card)
    await sam.sees("Claimed by sam", team)
    await sam.sees("sam is with you now", help_channel)
    help_channel.archived = True
    await sam.writes(team, "Hello Ada", thread=card)
    told = await sam.sees("did not reach the requester", team, thread=card)
    assert "because the channel was archived" in told
    assert "Hello Ada" in told


# --- canned replies -----------------------------------------------------------------------------------------------


@pytest.fixture
def canned(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "replies.yaml").write_text(CANNED, "utf-8")
    return {"canned_replies": "replies.yaml"}


async def test_a_canned_reply_is_chosen_from_the_cards_menu(open_desk: OpenDesk, canned: dict[str, str]) -> None:
    desk = await open_desk(desk=canned)
    card = await claimed(desk)
    assert card.menus == {"Canned reply": ["hello", "refund"]}
    await desk.sam.chooses("hello", on=card)
    await desk.ada.sees("Hello ada, sam here, about T-1001.")
    await desk.sam.sees("“hello” is sent to the requester of T-1001", desk.team, thread=card)
    await desk.sam.chooses("refund", on=card)
    refund = await desk.ada.sees("Your refund is on its way")
    assert refund.links == [("Billing", "https://example.com/billing")]


async def test_only_the_claimer_sends_a_canned_reply(open_desk: OpenDesk, canned: dict[str, str]) -> None:
    desk = await open_desk(desk=canned)
    card = await claimed(desk)
    tess = desk.slack.person("Tess")
    await tess.joins(desk.team)
    await tess.chooses("hello", on=card)
    await tess.sees("claim T-1001 first", desk.team, thread=card)
    await tess.writes(desk.team, "/canned hello", thread=card)
    await desk.sam.writes(desk.team, "/canned", thread=card)
    which = await desk.sam.sees("Which reply shall I send?", desk.team, thread=card)
    await desk.sam.chooses("refund", on=which)
    await desk.ada.sees("Your refund is on its way")
    assert not any("sam here" in message or "tess here" in message for message in desk.ada.reads())


# --- who may ------------------------------------------------------------------------------------------------------


async def test_who_left_the_channel_can_press_nothing_any_more(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    tess = desk.slack.person("Tess")
    await tess.joins(desk.team)
    card = await handed_over(desk)
    await tess.leaves(desk.team)
    await desk.slack.settled()
    await tess.presses("Claim", on=card)
    await desk.sam.sees("only the support team can do that", desk.team, thread=card)
    assert "Claim" in card.buttons


async def test_the_team_may_be_a_user_group(open_desk: OpenDesk) -> None:
    desk = await open_desk(starts=False)
    group = desk.slack.user_group("support", [desk.sam])
    tess = desk.slack.person("Tess")
    await tess.joins(desk.team)
    desk = await open_desk(slack={"agents": group.id})
    card = await handed_over(desk)
    await tess.presses("Claim", on=card)
    await tess.sees("only the support team can do that", desk.team, thread=card)
    await desk.sam.presses("Claim", on=card)
    await desk.ada.sees("sam is with you now")


async def test_an_agent_who_answers_in_the_customers_own_thread_has_claimed_it(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada, sam, team, help_channel = desk.ada, desk.sam, desk.team, desk.help
    question = await ada.writes(help_channel, "how do I reset my password?")
    await ada.hears(help_channel)
    await sam.writes(help_channel, "Let me look at that, Ada", thread=question)
    told = await sam.hears(team)
    assert "sam answered in the requester's own thread and has T-1001 now" in told
    await ada.writes(help_channel, "it is locked", thread=question)
    await sam.sees("it is locked", team, thread=told)
    await sam.writes(team, "Unlocked!", thread=told)
    await sam.sees("Unlocked!", help_channel, thread=question)
    assert refused(desk) == []


async def test_a_low_rating_goes_where_it_is_to_go(open_desk: OpenDesk) -> None:
    desk = await open_desk(starts=False)
    lead = desk.slack.channel("leads", [desk.sam])
    survey = {"survey": {"delay": "0s", "low_rating_to": f"slack:{lead.id}"}}
    desk = await open_desk(skills=["greeting", "tickets", "handoff", survey, "help"])
    card = await claimed(desk)
    await desk.sam.presses("Solve", on=card)
    await desk.ada.sees("How did we do with T-1001?")
    await desk.ada.presses("1")
    told = await desk.sam.hears(lead)
    assert "T-1001" in told
    assert "rated it 1 of 5" in told
    assert not any("rated it" in message for message in desk.sam.reads(desk.team))
