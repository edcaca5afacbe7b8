"""With people in the room: the bot takes part only where it can help, and leaves to people what people have begun."""

from __future__ import annotations

import pytest

from supportbot.domain.timeline import TIMELINE
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts

ROOM = "#help"
PASSWORD = "How do I reset my password?"
NONSENSE = "zebra quartz wombat"


async def test_a_question_that_it_can_answer_is_answered(bot: BotHarness) -> None:
    heard = await bot.requester("ada").says(PASSWORD, room=ROOM)
    assert "Forgot password?" in heard
    assert heard.choices == ["That helped", "Not quite", "Talk to a person"]


async def test_a_question_that_it_can_suggest_for_gets_suggestions(bot: BotHarness, texts: Texts) -> None:
    assert await bot.requester("ada").says("exports", room=ROOM) == texts("faq.did_you_mean")


@pytest.mark.parametrize(
    "words", [NONSENSE, "good morning everyone", "hi", "hello", "thanks!", "help", "", "👍", "who has the stapler?"]
)
async def test_of_everything_else_it_says_nothing(bot: BotHarness, words: str) -> None:
    assert await bot.requester("ada").says(words, room=ROOM) == ""
    assert bot.shown == []


async def test_however_often_it_cannot_help_nobody_is_called(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    for number in range(4):
        await ada.says(NONSENSE, room=ROOM, topic=str(number))
        await ada.says(NONSENSE, room=ROOM, topic="same")
    assert bot.shown == []


async def test_somebody_who_says_that_they_want_a_person_speaks_to_the_people_in_the_room(bot: BotHarness) -> None:
    assert await bot.requester("ada").says("can I talk to someone?", room=ROOM) == ""
    assert bot.agents_channel == ""


async def test_mentioned_it_always_answers(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    assert await ada.says(NONSENSE, room=ROOM, mentioned=True) == texts("faq.not_found")
    assert (await ada.says("hello", room=ROOM, topic="2", mentioned=True)).startswith("Hi ada!")


async def test_mentioned_with_a_wish_it_brings_a_person(bot: BotHarness, texts: Texts) -> None:
    heard = await bot.requester("ada").says("can I talk to someone?", room=ROOM, mentioned=True)
    assert heard == texts("handoff.queued", reference="T-1001")


async def test_a_command_always_works(bot: BotHarness, texts: Texts) -> None:
    assert (await bot.requester("ada").says("/help", room=ROOM)).startswith(texts("help.intro"))
    assert await bot.requester("ada").says("/tickets", room=ROOM, topic="2") == texts("tickets.none")


async def test_in_a_room_too_another_persons_ticket_is_not_found(bot: BotHarness, texts: Texts) -> None:
    await bot.requester("ada").says("/human printer on fire", room=ROOM)
    assert await bot.requester("bob").says("/status T-1001", room=ROOM) == texts("tickets.not_found")


async def test_a_dialogue_in_a_room_belongs_to_the_one_who_began_it(bot: BotHarness, texts: Texts) -> None:
    ada, bob = bot.requester("ada"), bot.requester("bob")
    await ada.says("/ticket printer on fire", room=ROOM)
    assert await bob.says("problem", room=ROOM) == ""
    assert await bob.presses("Problem", room=ROOM) == texts("dialogue.not_your_question")
    assert await ada.says("problem", room=ROOM) == texts("tickets.ask_details")


@pytest.mark.parametrize("label", ["Talk to a person", "That helped", "Not quite"])
async def test_a_bystander_does_nothing_by_pressing_what_was_said_to_somebody_else(
    bot: BotHarness, texts: Texts, label: str
) -> None:
    ada, eve = bot.requester("ada"), bot.requester("eve")
    answer = await ada.says(PASSWORD, room=ROOM)
    label = next((choice for choice in answer.choices if choice.startswith(label)), answer.choices[0])
    assert await eve.presses(label, room=ROOM) == texts("dialogue.not_your_question")
    assert bot.agents_channel == "", "no ticket was opened in ada's name"


async def test_an_agent_who_writes_in_the_requesters_own_thread_owns_it_at_once(bot: BotHarness, texts: Texts) -> None:
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says(PASSWORD, room=ROOM)
    assert await sam.says("Hi Ada, let me look.", room=ROOM) == ""
    assert texts("agents.claimed_by_speaking", reference="T-1001", agent="sam") in bot.agents_channel
    assert await ada.says(PASSWORD, room=ROOM) == ""  # the bot stays out
    assert await ada.says(NONSENSE, room=ROOM) == ""


async def test_an_agent_who_writes_in_a_waiting_requesters_thread_has_claimed_it(bot: BotHarness, texts: Texts) -> None:
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says("/human printer on fire", room=ROOM)
    await sam.says("On my way.", room=ROOM)
    heard = await bot.agent("tess").says("/claim T-1001")
    assert heard == texts("agents.claim_lost", reference="T-1001", agent="sam")
    assert await bot.advance("20m") == []


async def test_an_agent_who_speaks_leaves_the_dialogue_that_waited_there(bot: BotHarness, texts: Texts) -> None:
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says("/ticket printer on fire", room=ROOM)
    await sam.says("No need, I see the smoke.", room=ROOM)
    assert await ada.says("problem", room=ROOM) == ""


async def test_an_agents_commands_work_in_a_room_and_are_refused_to_others(bot: BotHarness, texts: Texts) -> None:
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says("/human printer on fire", room=ROOM)
    await sam.says("hello", room=ROOM, topic="elsewhere")
    assert await ada.says("/solve T-1001", room=ROOM) == texts("errors.refused")


async def test_what_the_bot_left_to_people_it_does_not_keep(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("my salary is 12345", room=ROOM)
    await ada.says("/human printer on fire", room=ROOM)
    assert "12345" not in bot.agents_channel


async def test_whoever_joins_in_on_anothers_topic_speaks_to_people(bot: BotHarness) -> None:
    ada, bob = bot.requester("ada"), bot.requester("bob")
    await ada.says(PASSWORD, room=ROOM)
    assert await bob.says("How do I export my data?", room=ROOM) == ""
    assert "Your data is yours" in await bob.says("How do I export my data?", room=ROOM, mentioned=True)


async def test_the_requester_can_ask_on_in_their_own_topic(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    await ada.says(PASSWORD, room=ROOM)
    assert "Your data is yours" in await ada.says("How do I export my data?", room=ROOM)


async def test_an_agent_who_answers_in_a_topic_that_the_bot_left_alone_is_not_answered(bot: BotHarness) -> None:
    await bot.requester("ada").says(NONSENSE, room=ROOM)
    sam = bot.agent("sam")
    assert await sam.says("How do I export my data? is what you want to look up", room=ROOM) == ""
    assert bot.shown == []


async def test_a_word_in_a_talk_that_goes_on_between_people_is_left_to_them(bot: BotHarness) -> None:
    ada = bot.requester("ada")
    assert await ada.says(PASSWORD, room=ROOM, opens_topic=False) == ""
    assert await ada.says(PASSWORD, room=ROOM, opens_topic=False, mentioned=True) != ""
    assert await ada.says(PASSWORD, room=ROOM, topic="2") != ""


async def test_what_is_somebodys_own_is_shown_to_them_alone(bot: BotHarness, texts: Texts) -> None:
    ada = bot.requester("ada")
    await ada.says("/human my salary is wrong", room=ROOM)
    for act in (ada.says("/tickets", room=ROOM), ada.presses("T-1001", room=ROOM), ada.says("/status", room=ROOM)):
        heard = await act
        assert "my salary is wrong" in heard
        assert {line["to"] for line in heard.lines} == {"ada"}


async def test_a_question_of_a_command_is_asked_in_the_room(bot: BotHarness) -> None:
    heard = await bot.requester("ada").says("/ticket printer on fire", room=ROOM)
    assert {line["to"] for line in heard.lines} == {ROOM}


async def test_what_an_agents_command_shows_in_their_channel_all_of_them_see(bot: BotHarness) -> None:
    await bot.requester("ada").says("/human printer on fire")
    heard = await bot.agent("sam").says("/status T-1001")
    assert {line["to"] for line in heard.lines} == {"#agents"}


async def test_a_card_shows_words_under_the_name_of_whoever_said_them(bot: BotHarness) -> None:
    ada, bob, sam = bot.requester("ada"), bot.requester("bob"), bot.agent("sam")
    await sam.says("hello")
    await ada.says("printer on fire", room=ROOM, mentioned=True)
    await bob.says("mine is fine", room=ROOM, mentioned=True)
    await ada.says("/human", room=ROOM)
    assert "> ada: printer on fire" in bot.agents_channel
    assert "> bob: mine is fine" in bot.agents_channel
    assert "printer on fire" in bot.agents_channel.partition("\n> ")[0]  # its subject is the requester's own words


async def test_a_tickets_subject_is_of_its_requesters_own_words(bot: BotHarness, texts: Texts) -> None:
    ada, bob = bot.requester("ada"), bot.requester("bob")
    await ada.says("good morning", room=ROOM, mentioned=True)
    await bob.says("good evening", room=ROOM, mentioned=True)
    await ada.says("/human", room=ROOM)
    assert texts("agents.card_ticket", subject="good morning") in bot.agents_channel


async def test_an_agents_words_are_kept_once_and_as_an_agents(bot: BotHarness) -> None:
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says(PASSWORD, room=ROOM)
    await sam.says("Let me look.", room=ROOM)
    lines = (await bot.app.store.read(TIMELINE, bot.shown[0]["conversation"])).items
    assert [(line.kind, line.who) for line in lines if line.text == "Let me look."] == [("agent", "sam")]


@pytest.mark.parametrize("end", ["solve", "close"])
async def test_an_agents_last_word_in_a_thread_where_all_is_done_claims_nothing(bot: BotHarness, end: str) -> None:
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says("/human printer on fire", room=ROOM)
    await sam.says("/claim T-1001")
    await sam.says(f"/{end} T-1001")
    before = bot.shown.copy()
    await sam.says("Glad it worked!", room=ROOM)
    assert bot.shown == before
    assert "T-1002" not in await ada.says("/tickets", room=ROOM)
    lines = (await bot.app.store.read(TIMELINE, bot.shown[0]["conversation"])).items
    assert [line.kind for line in lines if line.text == "Glad it worked!"] == ["agent"]
