"""After the end: a reply in the ticket's own thread reopens it, thanks do not, and a new question is a new question."""

from __future__ import annotations

import pytest

from supportbot.testing.harness import BotHarness, Party
from supportbot.texts import Texts

ROOM = "#help"


@pytest.fixture
async def ada(bot: BotHarness) -> Party:
    """A requester whose T-1001 was solved, in a DM."""
    ada = bot.requester("ada")
    await ada.says("/human printer on fire")
    await bot.agent("sam").says("/solve T-1001")
    return ada


@pytest.fixture
async def eve(bot: BotHarness) -> Party:
    """A requester whose T-1001 was solved, in a thread of its own in a room."""
    eve = bot.requester("eve")
    await eve.says("/human printer on fire", room=ROOM)
    await bot.agent("sam").says("/solve T-1001")
    return eve


@pytest.mark.parametrize(
    "words",
    [
        "it burns again",
        "thanks, but it burns again",
        "great, now the scanner burns",
        "is this all?",
        "How do I reset my password?",
    ],
)
async def test_a_reply_in_the_tickets_own_thread_reopens_it(
    bot: BotHarness, texts: Texts, eve: Party, words: str
) -> None:
    assert await eve.says(words, room=ROOM) == texts("tickets.reopened", reference="T-1001")
    assert texts("handoff.reason_reopened") in bot.agents_channel
    assert words.split(",", maxsplit=1)[0] in bot.agents_channel


async def test_the_agents_read_the_reply_once_in_the_card(bot: BotHarness, eve: Party) -> None:
    await eve.says("it burns again", room=ROOM)
    assert bot.agents_channel.lines[-1]["text"].count("eve: it burns again") == 1


@pytest.mark.parametrize(
    "words", ["thanks", "Thank you so much!", "Great, thanks!", "perfect 👍", "ok, that works now"]
)
async def test_thanks_in_the_thread_reopen_nothing(bot: BotHarness, texts: Texts, eve: Party, words: str) -> None:
    lines = len(bot.agents_channel.lines)
    await eve.says(words, room=ROOM)
    assert texts("tickets.status.solved") in await eve.says("/status T-1001", room=ROOM)
    assert len(bot.agents_channel.lines) == lines


async def test_a_reply_in_the_thread_of_a_ticket_that_was_closed_since_reopens_it_too(
    bot: BotHarness, texts: Texts, eve: Party
) -> None:
    await bot.advance("4d")
    assert await eve.says("it burns again", room=ROOM) == texts("tickets.reopened", reference="T-1001")
    assert await bot.agent("sam").says("/claim T-1001") == texts("agents.claimed", reference="T-1001", agent="sam")


async def test_somebody_elses_reply_in_the_thread_reopens_nothing(bot: BotHarness, texts: Texts, eve: Party) -> None:
    await bot.requester("bob").says("mine burns too", room=ROOM)
    assert texts("tickets.status.solved") in await eve.says("/status T-1001", room=ROOM)


@pytest.mark.parametrize(
    "words", ["not solved", "It's not solved!", "it is still not working", "sorry, that isn't fixed", "still broken"]
)
async def test_saying_that_it_is_not_solved_reopens_it(bot: BotHarness, texts: Texts, ada: Party, words: str) -> None:
    assert await ada.says(words) == texts("tickets.reopened", reference="T-1001")
    assert texts("handoff.reason_reopened") in bot.agents_channel


async def test_not_solved_beats_an_article_that_would_fit(texts: Texts, ada: Party) -> None:
    heard = await ada.says("I still can't log in, my password is wrong, it is still not working")
    assert heard == texts("tickets.reopened", reference="T-1001")


async def test_naming_it_with_words_reopens_it(texts: Texts, ada: Party) -> None:
    assert await ada.says("T-1001 burns again, please help") == texts("tickets.reopened", reference="T-1001")


async def test_naming_it_alone_only_shows_it(texts: Texts, ada: Party) -> None:
    assert texts("tickets.status.solved") in await ada.says("T-1001")


async def test_adding_to_a_solved_ticket_reopens_it(texts: Texts, ada: Party) -> None:
    assert await ada.says("/add T-1001 it burns again") == texts("tickets.reopened", reference="T-1001")


@pytest.mark.parametrize("words", ["thanks", "Thank you so much!", "thank you"])
async def test_thanks_reopen_nothing(bot: BotHarness, texts: Texts, ada: Party, words: str) -> None:
    assert await ada.says(words) == texts("greeting.welcome")
    assert texts("tickets.status.solved") in await ada.says("/status T-1001")


async def test_a_new_question_in_a_dm_is_a_new_question_with_the_old_ticket_as_a_choice(
    texts: Texts, ada: Party
) -> None:
    heard = await ada.says("How do I reset my password?")
    assert "Forgot password?" in heard
    assert heard.choices[-1] == texts("tickets.this_is_about", reference="T-1001")
    assert texts("tickets.status.solved") in await ada.says("/status T-1001")


@pytest.mark.parametrize("words", ["How do I reset my password?", "exports", "zebra quartz wombat"])
async def test_this_is_about_the_old_ticket_reopens_it_with_what_was_asked(
    bot: BotHarness, texts: Texts, ada: Party, words: str
) -> None:
    await ada.says(words)
    assert await ada.presses("This is about T-1001") == texts("tickets.reopened", reference="T-1001")
    assert words in bot.agents_channel


async def test_without_a_solved_ticket_no_such_choice_is_offered(bot: BotHarness, texts: Texts) -> None:
    heard = await bot.requester("bob").says("How do I reset my password?")
    assert not [choice for choice in heard.choices if choice.startswith("This is about")]


async def test_a_reopened_ticket_is_claimed_and_solved_like_any_other(
    bot: BotHarness, texts: Texts, ada: Party
) -> None:
    sam = bot.agent("sam")
    await ada.says("not solved")
    assert await sam.says("/claim T-1001") == texts("agents.claimed", reference="T-1001", agent="sam")
    assert await sam.says("/solve T-1001") == texts("agents.solved", reference="T-1001")


async def test_a_conversation_ends_with_its_last_ticket(bot: BotHarness, ada: Party) -> None:
    before = bot.shown[-1]["conversation"]
    await ada.says("/status T-1001 close")
    heard = await ada.says("How do I reset my password?")
    assert heard.lines[-1]["conversation"] != before
    assert not [choice for choice in heard.choices if choice.startswith("This is about")]


async def test_a_conversation_goes_on_while_another_of_its_tickets_is_open(bot: BotHarness, ada: Party) -> None:
    for words in ("/ticket scanner slow", "problem", "since monday", "yes"):
        heard = await ada.says(words)
    before = heard.lines[-1]["conversation"]
    await ada.says("/status T-1001 close")
    await bot.advance("30h")
    assert (await ada.says("hello")).lines[-1]["conversation"] == before


async def test_a_conversation_ends_after_a_day_of_silence_and_forgets_what_was_refused(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    await ada.says("How do I reset my password?")
    await ada.presses("Not quite")
    await bot.advance("25h")
    assert "Forgot password?" in await ada.says("How do I reset my password?")


async def test_a_conversation_does_not_end_within_a_day(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    await ada.says("How do I reset my password?")
    await ada.presses("Not quite")
    await bot.advance("23h")
    assert "Forgot password?" not in await ada.says("How do I reset my password?")


async def test_a_day_of_silence_ends_nothing_that_somebody_waits_for(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("/human printer on fire")
    await bot.advance("30h")
    await ada.says("still burning")
    assert texts("agents.requester_says", who="ada", text="still burning") in bot.agents_channel


async def test_a_solved_ticket_closes_by_itself_after_three_days(bot: BotHarness, texts: Texts, ada: Party) -> None:
    await bot.advance("73h")
    assert texts("tickets.status.closed") in await ada.says("/status T-1001")


async def test_a_reopened_ticket_does_not_close_by_itself(bot: BotHarness, texts: Texts, ada: Party) -> None:
    await bot.advance("1h")
    await ada.says("not solved")
    await bot.advance("80h")
    assert texts("tickets.status.closed") not in await ada.says("/status T-1001")
