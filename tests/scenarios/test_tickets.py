"""Tickets: opened in a short dialogue, seen and changed by the people whose they are, and by nobody else."""

from __future__ import annotations

import pytest

from supportbot.testing.harness import BotHarness, Heard, Party
from supportbot.texts import Texts


async def opened(ada: Party, subject: str = "printer on fire") -> Heard:
    """Go through the whole dialogue."""
    await ada.says(f"/ticket {subject}")
    await ada.presses("Problem")
    await ada.says("flames since noon")
    return await ada.presses("Yes")


async def test_a_ticket_takes_a_subject_a_category_details_and_one_confirmation(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    assert await ada.says("/ticket") == texts("tickets.ask_subject")
    asked = await ada.says("printer on fire")
    assert asked == texts("tickets.ask_category")
    assert asked.choices == ["Question", "Problem", "Billing", "Something else"]
    assert await ada.presses("Problem") == texts("tickets.ask_details")
    summary = await ada.says("flames since noon")
    assert summary == texts(
        "tickets.confirm", subject="printer on fire", category=" (Problem)", details="flames since noon"
    )
    assert summary.choices == ["Yes", "No"]
    assert await ada.says("yes") == texts("tickets.created", reference="T-1001")


async def test_the_words_behind_the_command_are_its_subject(bot: BotHarness, texts: Texts) -> None:
    heard = await bot.requester("ada").says("!ticket the invoice is wrong")
    assert heard.startswith(texts("tickets.about", subject="the invoice is wrong"))


async def test_what_was_said_before_is_taken_over(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("zebra quartz wombat")
    heard = await ada.says("/ticket")
    assert heard.startswith(texts("tickets.about", subject="zebra quartz wombat"))


async def test_saying_no_opens_nothing(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("/ticket printer on fire")
    await ada.says("problem")
    await ada.says("flames")
    assert await ada.says("no") == texts("tickets.not_opened")
    assert await ada.says("/tickets") == texts("tickets.none")
    assert bot.agents_channel == ""


async def test_cancel_leaves_the_dialogue(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("/ticket printer on fire")
    assert await ada.says("/cancel") == texts("dialogue.cancelled")
    assert await ada.says("problem") == texts("faq.not_found")


async def test_a_category_can_be_typed_or_numbered(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("/ticket printer on fire")
    assert await ada.says("2") == texts("tickets.ask_details")
    assert "(Problem)" in await ada.says("flames")


async def test_a_question_in_between_is_answered_and_the_dialogue_comes_back(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("/ticket printer on fire")
    heard = await ada.says("How do I reset my password?")
    assert "Forgot password?" in heard
    assert texts("tickets.ask_category") in heard
    assert await ada.presses("Billing") == texts("tickets.ask_details")


async def test_an_unreadable_answer_is_asked_again_and_the_second_time_a_person_is_offered(
    bot: BotHarness, texts: Texts
) -> None:
    ada = bot.requester("ada")
    await ada.says("/ticket printer on fire")
    first = await ada.says("purple elephants")
    assert texts("tickets.ask_category") in first
    assert texts("dialogue.offer_person") not in first
    second = await ada.says("purple elephants")
    assert texts("dialogue.offer_person") in second
    assert "Talk to a person" in second.choices


async def test_the_agents_see_a_new_ticket_with_its_reference_first(bot: BotHarness) -> None:
    await opened(bot.requester("ada"))
    card = bot.agents_channel
    assert card.startswith("**T-1001**")
    for part in ("ada", "printer on fire", "Problem", "flames since noon", "/claim T-1001"):
        assert part in card


async def test_a_ticket_without_a_handoff_leaves_the_bot_in_the_conversation(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    await opened(ada)
    assert "Forgot password?" in await ada.says("How do I reset my password?")


async def test_tickets_lists_ones_own_newest_first(bot: BotHarness, texts: Texts) -> None:
    ada, bob = bot.requester("ada"), bot.requester("bob")
    await opened(ada, "printer on fire")
    await opened(bob, "bob's secret")
    await bot.advance("1m")
    await opened(ada, "scanner on fire")
    heard = await ada.says("/tickets")
    assert heard.startswith(texts("tickets.list"))
    assert heard.index("T-1003") < heard.index("T-1001")
    assert "secret" not in heard
    assert heard.choices == ["T-1003", "T-1001"]


async def test_status_shows_a_ticket_with_add_and_close(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await opened(ada)
    heard = await ada.says("/status t-1001")
    assert "printer on fire" in heard
    assert texts("tickets.status.new") in heard
    assert heard.choices == ["Add something", "Close it"]


async def test_status_without_a_reference_shows_the_current_ticket(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    await opened(ada)
    assert "**T-1001** printer on fire" in await ada.says("/status")


async def test_naming_a_ticket_alone_shows_it(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    await opened(ada)
    assert "**T-1001** printer on fire" in await ada.says("t-1001?")


async def test_what_is_added_reaches_the_agents(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await opened(ada)
    await ada.says("/status T-1001")
    assert await ada.presses("Add something") == texts("tickets.ask_words", reference="T-1001")
    assert await ada.says("now the curtain burns") == texts("tickets.added", reference="T-1001")
    assert "now the curtain burns" in bot.agents_channel


@pytest.mark.parametrize(
    "words", ["/add T-1001 the curtain burns", "/status T-1001 add the curtain burns", "T-1001: the curtain burns"]
)
async def test_words_can_be_added_in_one_line(bot: BotHarness, texts: Texts, words: str) -> None:
    ada = bot.requester("ada")
    await opened(ada)
    assert await ada.says(words) == texts("tickets.added", reference="T-1001")
    assert "the curtain burns" in bot.agents_channel


async def test_closing_ones_ticket_is_told_to_the_agents(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await opened(ada)
    await ada.says("/status T-1001")
    assert await ada.presses("Close it") == texts("tickets.closed", reference="T-1001")
    assert texts("agents.closed_by_requester", reference="T-1001", who="ada") in bot.agents_channel
    assert texts("tickets.status.closed") in await ada.says("/status T-1001")


async def test_closing_twice_says_that_it_is_closed(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await opened(ada)
    await ada.says("/status T-1001 close")
    assert await ada.says("/status T-1001 close") == texts("tickets.closed_already", reference="T-1001")


@pytest.mark.parametrize(
    "words",
    ["/status T-1001", "/status t-1001 close", "/status T-1001 add me too", "/add T-1001 me too", "T-1001 hello there"],
)
async def test_another_persons_ticket_is_not_found(bot: BotHarness, texts: Texts, words: str) -> None:
    await opened(bot.requester("ada"))
    seen_before = bot.agents_channel
    heard = await bot.requester("bob").says(words)
    assert heard == texts("tickets.not_found")
    assert bot.agents_channel == seen_before
    assert "printer" not in heard


async def test_another_persons_ticket_reads_like_one_that_never_was(bot: BotHarness) -> None:
    await opened(bot.requester("ada"))
    bob = bot.requester("bob")
    assert await bob.says("/status T-1001") == await bob.says("/status T-4711")


async def test_a_choice_shown_to_one_person_is_of_no_use_to_another(bot: BotHarness, texts: Texts) -> None:
    ada, bob = bot.requester("ada"), bot.requester("bob")
    await opened(ada)
    close = next(c for c in (await ada.says("/status T-1001")).lines[-1]["choices"] if c["label"] == "Close it")
    assert await bot.act(bob, press=close["id"]) == texts("errors.unknown_choice")
    assert texts("tickets.status.new") in await ada.says("/status T-1001")


async def test_references_go_on_from_one_person_to_the_next(bot: BotHarness, texts: Texts) -> None:
    assert await opened(bot.requester("ada")) == texts("tickets.created", reference="T-1001")
    assert await opened(bot.requester("bob")) == texts("tickets.created", reference="T-1002")


async def test_a_dialogue_that_nobody_answers_ends_kindly_after_a_day(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("/ticket printer on fire")
    shown = await bot.advance("25h")
    assert [line["text"] for line in shown if line["to"] == "ada"] == [texts("dialogue.expired")]


async def test_an_answered_question_cannot_be_answered_again_by_its_old_choice(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await opened(ada)
    assert await ada.presses("Yes") == texts("dialogue.already_answered")
    assert (await ada.says("/tickets")).choices == ["T-1001"]


async def test_a_ticket_without_categories_asks_for_none(bot_with, texts: Texts) -> None:
    bot = await bot_with(built_in=({"tickets": {"categories": []}},))
    heard = await bot.requester("ada").says("/ticket printer on fire")
    assert heard.endswith(texts("tickets.ask_details"))
    summary = await bot.requester("ada").says("flames")
    assert "()" not in summary
