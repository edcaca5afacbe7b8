"""The survey: asked once, easy to answer, easy to ignore; a question is never swallowed, a low rating is heard."""

from __future__ import annotations

import pytest

from supportbot.testing.harness import BotHarness, Heard, Party
from supportbot.texts import Texts

ROOM = "#help"


@pytest.fixture
async def ada(bot: BotHarness) -> Party:
    """A requester whose T-1001 was solved, and who was just asked how it was."""
    ada = bot.requester("ada")
    await ada.says("/human printer on fire")
    await bot.agent("sam").says("/claim T-1001")
    await bot.agent("sam").says("/solve T-1001 It was the toaster.")
    await bot.advance("10m")
    return ada


def asked(bot: BotHarness, texts: Texts, reference: str = "T-1001") -> int:
    """How often a rating was asked for."""
    return [line["text"] for line in bot.shown].count(texts("survey.ask_rating", reference=reference))


async def test_the_survey_comes_ten_minutes_after_solving_with_five_choices(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("/human")
    await bot.agent("sam").says("/solve T-1001")
    assert await bot.advance("9m") == []
    shown = Heard(await bot.advance("1m"))
    assert shown == texts("survey.ask_rating", reference="T-1001")
    assert shown.choices == [texts(f"survey.label.{stars}") for stars in range(1, 6)]


async def test_the_survey_can_come_at_once(bot_with, texts: Texts) -> None:
    bot = await bot_with(built_in=("tickets", "handoff", {"survey": {"delay": "0s"}}))
    ada = bot.requester("ada")
    await ada.says("/human")
    await bot.agent("sam").says("/solve T-1001")
    assert asked(bot, texts) == 1


async def test_a_ticket_opened_without_a_handoff_is_asked_about_too(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    for words in ("/ticket printer on fire", "problem", "flames", "yes"):
        await ada.says(words)
    await bot.agent("sam").says("/solve T-1001")
    await bot.advance("10m")
    assert asked(bot, texts) == 1


async def test_a_pressed_rating_is_stored_and_a_comment_asked_for(texts: Texts, ada: Party) -> None:
    assert await ada.presses("5") == texts("survey.ask_comment")
    assert await ada.says("They were kind") == texts("survey.thanks")


async def test_a_typed_digit_rates_while_the_survey_is_the_bots_last_message(texts: Texts, ada: Party) -> None:
    assert await ada.says("4") == texts("survey.ask_comment")


async def test_a_typed_digit_rates_nothing_once_the_bot_has_said_something_else(
    bot: BotHarness, texts: Texts, ada: Party
) -> None:
    await ada.says("How do I reset my password?")
    assert await ada.says("4") == texts("errors.no_such_number", number="4")
    assert await ada.presses("4") == texts("survey.ask_comment")  # the choice still works


async def test_a_digit_outside_the_scale_is_no_rating(texts: Texts, ada: Party) -> None:
    assert await ada.says("7") == texts("errors.no_such_number", number="7")


async def test_a_question_in_place_of_a_rating_is_answered(ada: Party) -> None:
    assert "Forgot password?" in await ada.says("How do I reset my password?")


async def test_a_question_in_place_of_a_comment_is_answered(ada: Party) -> None:
    await ada.says("5")
    assert "Forgot password?" in await ada.says("How do I reset my password?")


async def test_what_the_faq_would_suggest_for_is_no_comment(texts: Texts, ada: Party) -> None:
    await ada.says("5")
    assert (await ada.says("exports")).startswith(texts("faq.did_you_mean"))


async def test_a_command_in_place_of_a_comment_is_a_command(ada: Party) -> None:
    await ada.says("5")
    assert "**T-1001**" in await ada.says("/tickets")


async def test_asking_for_a_person_in_place_of_a_comment_brings_a_person(texts: Texts, ada: Party) -> None:
    await ada.says("2")
    assert await ada.says("can I talk to someone?") == texts("handoff.queued", reference="T-1002")


async def test_the_text_after_a_rating_is_its_comment(bot: BotHarness, texts: Texts, ada: Party) -> None:
    await ada.says("1")
    assert await ada.says("it took three weeks") == texts("survey.thanks_low")
    assert "it took three weeks" in bot.agents_channel


async def test_a_low_rating_goes_to_the_agents_with_an_offer_to_reopen_that_works(
    bot: BotHarness, texts: Texts, ada: Party
) -> None:
    await ada.presses("2")
    told = bot.agents_channel.lines[-1]
    assert told["text"] == texts("agents.low_rating", reference="T-1001", who="ada", rating=2, comment="")
    heard = await bot.agent("tess").presses(texts("agents.reopen"))
    assert heard == texts("agents.reopened", reference="T-1001")
    assert bot.requester("ada").hears == "ada"
    assert [line["text"] for line in bot.shown if line["to"] == "ada"][-1] == texts("handoff.claimed", agent="tess")
    await bot.agent("tess").says("What went wrong?", case=told["conversation"])
    await ada.says("it still burns")
    assert texts("agents.requester_says", who="ada", text="it still burns") in bot.agents_channel


async def test_a_low_rating_of_a_ticket_closed_meanwhile_can_be_reopened_too(
    bot: BotHarness, texts: Texts, ada: Party
) -> None:
    await bot.advance("4d")
    await ada.presses("1")
    case = bot.agents_channel.conversation
    assert await bot.agent("tess").presses(texts("agents.reopen")) == texts("agents.reopened", reference="T-1001")
    assert await bot.agent("tess").says("hello ada", case=case) == texts("agents.relayed", who="ada")
    await ada.says("it still burns")
    assert texts("agents.requester_says", who="ada", text="it still burns") in bot.agents_channel


@pytest.mark.parametrize("rating", ["3", "5"])
async def test_other_ratings_do_not_trouble_the_agents(bot: BotHarness, ada: Party, rating: str) -> None:
    lines = len(bot.agents_channel.lines)
    await ada.presses(rating)
    assert len(bot.agents_channel.lines) == lines


async def test_a_rating_is_given_once(texts: Texts, ada: Party) -> None:
    await ada.presses("5")
    assert await ada.presses("1") == texts("dialogue.already_answered")


async def test_a_ticket_solved_again_is_not_asked_about_again(bot: BotHarness, texts: Texts, ada: Party) -> None:
    sam = bot.agent("sam")
    await ada.presses("4")
    await ada.says("not solved, it burns again")
    await sam.says("/claim T-1001")
    await sam.says("/solve T-1001")
    await bot.advance("2d")
    assert asked(bot, texts) == 1


async def test_a_ticket_reopened_before_the_survey_is_asked_about_after_it_is_solved_for_good(
    bot: BotHarness, texts: Texts
) -> None:
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says("/human printer on fire")
    await sam.says("/solve T-1001")
    await ada.says("it is not solved")
    await bot.advance("20m")
    assert asked(bot, texts) == 0
    await sam.says("/claim T-1001")
    await sam.says("/solve T-1001")
    await bot.advance("10m")
    assert asked(bot, texts) == 1


async def test_each_ticket_has_its_own_survey(bot: BotHarness, texts: Texts, ada: Party) -> None:
    await ada.presses("5")
    await ada.says("/human scanner slow")
    await bot.agent("sam").says("/solve T-1002")
    await bot.advance("10m")
    assert asked(bot, texts, "T-1002") == 1
    assert await ada.says("5") == texts("survey.ask_comment")


async def test_a_survey_that_nobody_answers_ends_without_a_word(bot: BotHarness, ada: Party) -> None:
    assert [line for line in await bot.advance("9d") if line["to"] == "ada"] == []


async def test_a_comment_that_nobody_gives_leaves_the_rating(bot: BotHarness, texts: Texts, ada: Party) -> None:
    await ada.presses("1")
    assert [line for line in await bot.advance("2d") if line["to"] == "ada"] == []
    assert texts("agents.low_rating", reference="T-1001", who="ada", rating=1, comment="") in bot.agents_channel


async def test_a_survey_outlives_a_restart(bot: BotHarness, texts: Texts, ada: Party) -> None:
    await bot.restart()
    assert await ada.says("5") == texts("survey.ask_comment")
    await bot.restart()
    assert await ada.says("They were kind") == texts("survey.thanks")


async def test_nobody_rates_for_somebody_else(bot: BotHarness, texts: Texts, ada: Party) -> None:
    five = bot.shown[-1]["choices"][4]["id"]
    heard = await bot.act(bot.requester("mallory"), press=five)
    assert heard in (texts("errors.unknown_choice"), texts("dialogue.not_your_question"))
    assert await ada.says("5") == texts("survey.ask_comment")


async def test_in_a_thread_a_typed_rating_and_its_comment_reopen_nothing(bot: BotHarness, texts: Texts) -> None:
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says("/human printer on fire", room=ROOM)
    await sam.says("/solve T-1001")
    await bot.advance("10m")
    assert await ada.says("4", room=ROOM) == texts("survey.ask_comment")
    assert await ada.says("took a while", room=ROOM) == texts("survey.thanks")
    assert texts("tickets.status.solved") in await ada.says("/status T-1001", room=ROOM)
