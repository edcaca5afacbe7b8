"""What people who need help get in Slack beside plain messages: a command, a shortcut, an emoji, Home, the panel."""

from __future__ import annotations

import copy

import pytest

from supportbot.adapters.slack.manifest import SHORTCUT
from supportbot.texts import Texts
from tests.scenarios.slack.conftest import OpenDesk, shown

TEXTS = Texts()
TICKET = {"slack": {"ticket_emoji": "ticket", "channels": {"help": "always"}}}

# --- the slash command --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "heard"),
    [
        ("tickets", TEXTS("tickets.none")),
        ("status T-1", shown(TEXTS("tickets.not_found"))),
        ("help", "These work everywhere"),
        ("", "These work everywhere"),
        ("how do I reset my password?", "Open Settings, then Security"),
        ("human", "T-1001"),
    ],
)
async def test_the_slash_command_is_answered_in_direct_messages(open_desk: OpenDesk, words: str, heard: str) -> None:
    desk = await open_desk(slack={"command": "/desk"})
    await desk.ada.runs(f"/desk {words}", desk.help)
    assert TEXTS("slack.answered_directly") in await desk.ada.hears(desk.help)
    assert heard in await desk.ada.hears()
    assert desk.sam.unheard(desk.help) == []


async def test_the_slash_command_shows_agents_who_waits(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.sam.runs("/support queue", desk.team)
    assert "Nobody is waiting" in await desk.sam.hears()
    await desk.ada.runs("/support queue")
    assert TEXTS("errors.refused") in await desk.ada.hears()


async def test_a_question_by_the_slash_command_reaches_the_team_of_whom_waits(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.ada.runs("/support human")
    assert "!cancel" in await desk.ada.hears()
    await desk.ada.runs("/support is anybody there?")
    assert TEXTS("handoff.taken") in await desk.ada.hears()
    assert desk.app is not None
    assert await desk.app.store.buried() == []


async def test_commands_are_named_as_slacks_clients_let_them_through(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.ada.dm("help")
    told = await desk.ada.hears()
    assert "!status T-1042" in told
    assert "/status" not in told
    await desk.ada.dm("!human")
    card = await desk.sam.hears(desk.team)
    assert "!claim T-1001" in card
    assert "/claim" not in card


# --- a message that is passed on ----------------------------------------------------------------------------------


async def test_a_message_that_is_passed_on_without_a_word_is_answered(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.ada.dm("hello")
    await desk.ada.hears()
    payload = copy.deepcopy(desk.slack.deliveries.all[0].payload)
    payload["event"] |= {"text": "", "blocks": [], "ts": "1800000000.000100"}
    payload["event"]["attachments"] = [{"is_share": True, "author_name": "Bob", "text": "how do I reset my password?"}]
    assert desk.app
    await desk.app.adapters["slack"].take(payload)  # type: ignore[attr-defined] # Slack's own
    assert "Open Settings, then Security" in await desk.ada.hears()


# --- the shortcut and the emoji -----------------------------------------------------------------------------------


async def test_the_shortcut_takes_an_own_message_over_into_the_form(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada = desk.ada
    message = await ada.uploads(desk.help, "log.txt", b"fire", "The printer burns\nsince noon")
    await ada.uses(SHORTCUT, message)
    modal = await ada.sees_modal("Open a ticket")
    await ada.submits(modal, category="Problem")
    assert "The printer burns" in await ada.hears()
    assert "T-1001" in await ada.hears()
    card = await desk.sam.hears(desk.team)
    assert "The printer burns" in card
    assert "since noon" in card
    files = await desk.sam.hears(desk.team)
    assert [file.name for file in files.files] == ["log.txt"]
    await ada.uses(SHORTCUT, message)
    assert TEXTS("tickets.from_message_already", reference="T-1001") in await ada.hears()


async def test_the_shortcut_on_another_persons_message_opens_a_ticket_of_ones_own(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    bob = desk.slack.person("Bob")
    await bob.joins(desk.help)
    message = await desk.ada.writes(desk.help, "The printer burns")
    await bob.uses(SHORTCUT, message)
    await bob.submits(await bob.sees_modal(), category="Problem", details="Mine, too")
    await bob.hears()
    assert "T-1001" in await bob.hears()
    assert "T-1001 – new ticket by bob" in await desk.sam.hears(desk.team)
    assert desk.ada.unheard(desk.help) == []
    assert desk.ada.unheard() == []


async def test_an_agents_emoji_opens_a_ticket_for_the_author_who_is_told_in_the_thread(open_desk: OpenDesk) -> None:
    desk = await open_desk(**TICKET)
    ada, sam = desk.ada, desk.sam
    message = await ada.writes(desk.help, "The printer burns")
    await sam.reacts(message, "ticket")
    told = await ada.hears(desk.help, thread=message)
    assert shown(TEXTS("tickets.created_for", reference="T-1001")) in told
    card = await sam.hears(desk.team)
    assert "T-1001 – new ticket by ada" in card
    await sam.presses("Claim", on=card)
    assert "sam is with you now" in await ada.hears(desk.help, thread=message)
    await ada.dm("/tickets")
    assert "T-1001" in await ada.hears()
    assert sam.unheard() == []


async def test_an_agents_shortcut_asks_the_author_nothing(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    message = await desk.ada.writes(desk.help, "The printer burns")
    await desk.sam.uses(SHORTCUT, message)
    assert "T-1001" in await desk.ada.hears(desk.help, thread=message)
    assert desk.sam.modal is None
    assert "T-1001 – new ticket by ada" in await desk.sam.hears(desk.team)


async def test_the_shortcut_on_what_the_bot_said_opens_an_empty_form(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.ada.dm("hello")
    greeting = await desk.ada.hears()
    await desk.ada.uses(SHORTCUT, greeting)
    modal = await desk.ada.sees_modal("Open a ticket")
    assert TEXTS("tickets.ask_subject") in modal.fields


async def test_what_agents_say_among_themselves_becomes_nobody_elses_ticket(open_desk: OpenDesk) -> None:
    desk = await open_desk(**TICKET)
    kim = desk.slack.person("Kim")
    await kim.joins(desk.team)
    message = await kim.writes(desk.team, "The printer burns")
    await desk.sam.reacts(message, "ticket")
    assert "Your ticket is T-1001" in await desk.sam.hears()
    await desk.sam.sees("T-1001 – new ticket by sam", desk.team)


async def test_two_agents_open_one_ticket_from_one_message(open_desk: OpenDesk) -> None:
    desk = await open_desk(**TICKET)
    kim = desk.slack.person("Kim")
    await kim.joins(desk.team)
    await kim.joins(desk.help)
    message = await desk.ada.writes(desk.help, "The printer burns")
    await desk.sam.reacts(message, "ticket")
    await kim.reacts(message, "ticket")
    told = {(await desk.ada.hears(desk.help)).shown for _ in range(2)}
    assert any(TEXTS("tickets.from_message_already", reference="T-1001") in line for line in told)
    await desk.ada.dm("/tickets")
    assert (await desk.ada.hears()).buttons == ["T-1001"]


async def test_an_emoji_on_a_reply_opens_a_ticket_from_that_reply(open_desk: OpenDesk) -> None:
    desk = await open_desk(**TICKET)
    topic = await desk.ada.writes(desk.help, "A word about our printers")
    reply = await desk.ada.writes(desk.help, "This one burns", thread=topic)
    await desk.sam.reacts(reply, "ticket")
    card = await desk.sam.hears(desk.team)
    assert "This one burns" in card
    assert "A word about" not in card


async def test_an_emoji_on_a_message_that_is_gone_is_acknowledged_and_opens_nothing(open_desk: OpenDesk) -> None:
    desk = await open_desk(**TICKET)
    message = await desk.ada.writes(desk.help, "The printer burns")
    async with desk.slack.trouble.holding():
        await desk.sam.reacts(message, "ticket")
        await desk.ada.deletes(message)
    await desk.slack.settled()
    assert [delivery.name for delivery in desk.slack.deliveries.all if delivery.failures] == []
    await desk.ada.dm("/tickets")
    assert TEXTS("tickets.none") in await desk.ada.hears()


async def test_an_agents_shortcut_where_the_bot_is_not_is_told_the_author_directly(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    elsewhere = desk.slack.channel("random", [desk.ada, desk.sam], bot=False)
    await desk.sam.uses(SHORTCUT, await desk.ada.writes(elsewhere, "The printer burns"))
    assert "The team has taken this up as T-1001" in await desk.ada.hears()
    card = await desk.sam.hears(desk.team)
    await desk.sam.presses("Claim", on=card)
    assert "sam is with you now" in await desk.ada.hears()
    await desk.ada.dm("since noon")
    assert "since noon" in await desk.sam.sees("since noon", desk.team)


async def test_ones_own_emoji_opens_ones_own_ticket_in_the_thread(open_desk: OpenDesk) -> None:
    desk = await open_desk(**TICKET)
    message = await desk.ada.writes(desk.help, "The printer burns")
    await desk.ada.reacts(message, "ticket")
    assert "Your ticket is T-1001" in await desk.ada.hears(desk.help, thread=message)
    assert "T-1001 – new ticket by ada" in await desk.sam.hears(desk.team)


async def test_a_requesters_emoji_on_anothers_message_opens_a_ticket_of_ones_own_out_of_sight(
    open_desk: OpenDesk,
) -> None:
    desk = await open_desk(**TICKET)
    bob = desk.slack.person("Bob")
    await bob.joins(desk.help)
    message = await desk.ada.writes(desk.help, "The printer burns")
    await bob.reacts(message, "ticket")
    assert "Your ticket is T-1001" in await bob.hears()
    assert "T-1001 – new ticket by bob" in await desk.sam.hears(desk.team)
    assert desk.ada.unheard(desk.help) == []


async def test_other_emoji_and_the_bots_own_messages_open_nothing(open_desk: OpenDesk) -> None:
    desk = await open_desk(**TICKET)
    message = await desk.ada.writes(desk.help, "how do I reset my password?")
    answer = await desk.ada.hears(desk.help)
    await desk.ada.reacts(message, "eyes")
    await desk.ada.reacts(answer, "ticket")
    await desk.slack.settled()
    await desk.ada.dm("/tickets")
    assert TEXTS("tickets.none") in await desk.ada.hears()


async def test_a_stranger_of_a_shared_channel_opens_a_ticket_by_emoji_too(open_desk: OpenDesk) -> None:
    desk = await open_desk(**TICKET)
    acme = desk.slack.other_workspace("Acme")
    zoe = desk.slack.person("Zoe", workspace=acme)
    shared = desk.slack.channel("ext-acme", [zoe, desk.sam], shared_with=[acme])
    message = await zoe.writes(shared, "The printer burns")
    await zoe.reacts(message, "ticket")
    assert "Your ticket is T-1001" in await zoe.hears(shared, thread=message)
    card = await desk.sam.hears(desk.team)
    assert "Acme" in card


# --- buttons ------------------------------------------------------------------------------------------------------


async def test_did_you_mean_is_buttons_that_outlive_a_restart(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    await desk.ada.dm("reset the invoices")
    meant = await desk.ada.hears()
    assert desk.app
    assert TEXTS("faq.none_of_these") in meant.buttons
    await desk.app.stop()
    await open_desk()
    await desk.ada.presses("Where do I find my invoices?", on=meant)
    assert "Under Billing" in await desk.ada.hears()


async def test_a_button_in_a_channel_answers_in_its_thread_and_anybody_there_may_press_it(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    topic = await desk.ada.writes(desk.help, "how do I reset my password?")
    answer = await desk.ada.hears(desk.help, thread=topic)
    await desk.ada.presses("That helped", on=answer)
    assert TEXTS("faq.helped") in await desk.ada.hears(desk.help, thread=topic)


async def test_a_dialogues_button_is_for_the_one_who_is_asked(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    acme = desk.slack.other_workspace("Acme")
    zoe = desk.slack.person("Zoe", workspace=acme)
    shared = desk.slack.channel("ext-acme", [zoe, desk.ada], shared_with=[acme])
    topic = await desk.ada.writes(shared, f"<@{desk.slack.bot.id}> /ticket printer", exact=True)
    asked = await desk.ada.hears(shared, thread=topic)
    await zoe.presses("Problem", on=asked)
    await zoe.sees(TEXTS("dialogue.not_your_question"), shared)
    await desk.ada.presses("Problem", on=asked)
    assert TEXTS("tickets.ask_details") in await desk.ada.sees(TEXTS("tickets.ask_details"), shared)


# --- Home ---------------------------------------------------------------------------------------------------------


async def test_home_shows_ones_tickets_and_keeps_them_up_to_date(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada = desk.ada
    await ada.opens_home()
    home = await ada.sees_home(TEXTS("tickets.none"))
    assert home.buttons[:2] == [TEXTS("tickets.open_one"), TEXTS("handoff.talk_to_person")]
    await ada.presses(TEXTS("tickets.open_one"), on=home)
    await ada.submits(await ada.sees_modal(), subject="The printer burns", category="Problem", details="Since noon")
    await ada.sees("Your ticket is T-1001")
    home = await ada.sees_home("T-1001 The printer burns")
    await ada.presses("T-1001", on=home)
    assert "Add something" in (await ada.sees("The printer burns – waiting")).buttons
    card = await desk.sam.hears(desk.team)
    await desk.sam.presses("Claim", on=card)
    await ada.sees_home("someone is on it")


# --- the assistant's panel ----------------------------------------------------------------------------------------

PANEL = {"slack": {"ai_threads": True}}


async def test_the_panel_suggests_shows_that_it_works_and_keeps_each_thread_apart(open_desk: OpenDesk) -> None:
    desk = await open_desk(**PANEL)
    ada = desk.ada
    thread = await ada.opens_assistant()
    await desk.slack.until(lambda: thread.prompts or None, "there are no prompts")
    assert thread.prompts[TEXTS("greeting.tickets")] == "!tickets"
    await ada.dm("how do I reset my password?", thread=thread)
    assert "Open Settings" in await ada.hears(thread=thread)
    await desk.slack.until(lambda: thread.title or None, "there is no title")
    assert thread.title == "how do I reset my password?"
    assert thread.statuses == [TEXTS("slack.working"), ""]

    other = await ada.opens_assistant()
    await desk.slack.until(lambda: other.prompts or None, "there are no prompts")
    await ada.takes_prompt(other, TEXTS("greeting.tickets"))
    assert TEXTS("tickets.none") in await ada.hears(thread=other)
    assert ada.unheard(thread=thread) == []


async def test_a_message_that_is_only_marked_leaves_no_word_behind_in_the_panel(open_desk: OpenDesk) -> None:
    desk = await open_desk(**PANEL)
    thread = await desk.ada.opens_assistant()
    await desk.ada.dm("/human", thread=thread)
    await desk.ada.hears(thread=thread)
    message = await desk.ada.dm("It burns", thread=thread)
    await desk.slack.until(lambda: (message.reactions and not thread.status) or None, "the word stays")


async def test_a_team_suggests_what_it_likes(open_desk: OpenDesk) -> None:
    desk = await open_desk(slack={"ai_threads": True, "prompts": {"Hours": "When are you open?"}})
    thread = await desk.ada.opens_assistant()
    await desk.slack.until(lambda: thread.prompts or None, "there are no prompts")
    assert thread.prompts == {"Hours": "When are you open?"}


# --- a question that is rewritten ---------------------------------------------------------------------------------


async def test_a_rewritten_question_gets_its_answer_in_place(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada = desk.ada
    question = await ada.dm("how do I reset my password?")
    answer = await ada.hears()
    await ada.edits(question, "where do I find my invoices?")
    assert await ada.sees("Under Billing") is answer
    await ada.edits(question, "I forgot my password")
    assert await ada.sees("Open Settings") is answer
    await ada.presses("That helped", on=answer)
    assert TEXTS("faq.helped") in await ada.hears()
    assert ada.unheard() == []


async def test_a_rewritten_question_stays_as_it_is_once_a_person_has_the_case(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada = desk.ada
    question = await ada.dm("how do I reset my password?")
    await ada.hears()
    await ada.dm("/human")
    await ada.hears()
    await ada.edits(question, "where do I find my invoices?")
    await desk.slack.settled()
    await ada.dm("hello?")
    await desk.sam.sees("hello?", desk.team)
    assert not [message for message in ada.reads() if "Billing" in message]


async def test_an_answer_in_a_dialogue_that_is_rewritten_is_left_alone(open_desk: OpenDesk) -> None:
    desk = await open_desk()
    ada = desk.ada
    await ada.dm("!ticket the printer burns")
    await ada.hears()
    await ada.dm("problem")
    await ada.hears()
    details = await ada.dm("since noon")
    await ada.hears()
    await ada.edits(details, "how do I reset my password?")
    await ada.dm("no")
    assert TEXTS("tickets.not_opened") in await ada.hears()
    await ada.edits(details, "where do I find my invoices?")
    await desk.slack.settled()
    await ada.dm("/tickets")
    assert TEXTS("tickets.none") in await ada.hears()
