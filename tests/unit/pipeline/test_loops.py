"""Loops: other bots are ignored unless listed, and what answers the bot by itself is answered three times at most."""

from __future__ import annotations

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from supportbot import Settings, Skill, Turn, match, on, read
from supportbot.pipeline.loops import MOST_HOPS
from supportbot.testing.harness import BotHarness, Heard, Party
from supportbot.texts import Texts

BotWith = Callable[..., Awaitable[BotHarness]]
TEXTS = Texts()
LAST_WORD = TEXTS("errors.same_again")
TOLD = TEXTS("agents.loop", who="buildbot")


class Chatty(Skill[Settings]):
    """Answers everything that it is told."""

    @on.message(match.anything)
    async def answer(self, turn: Turn) -> str:
        return f"You said: {turn.text[:40]}"


class Steady(Skill[Settings]):
    """Says the same to everything."""

    @on.message(match.anything)
    async def answer(self, turn: Turn) -> str:
        return "Thank you for writing."


def among_strangers(bot: BotHarness) -> BotHarness:
    """Let the console be a platform on which anybody may write."""
    bot.app.bot.rules = dataclasses.replace(bot.app.bot.rules, strangers=frozenset({"console"}))
    return bot


async def answered(party: Party, texts: list[str], **place: object) -> list[Heard]:
    return [heard for text in texts if (heard := await party.says(text, **place))]  # type: ignore[arg-type]


# --- other bots ---------------------------------------------------------------------------------------------------


async def test_a_bot_that_is_not_listed_is_ignored(bot_with: BotWith) -> None:
    bot = await bot_with(Chatty())
    assert await bot.bot("buildbot").says("hello") == ""
    assert await bot.bot("buildbot").says("/human", room="#help", mentioned=True) == ""
    assert bot.shown == []


async def test_a_listed_bot_is_answered(bot_with: BotWith) -> None:
    bot = await bot_with(Chatty(), bots=["buildbot"])
    assert await bot.bot("buildbot").says("the disk is full", room="#help") == "You said: the disk is full"


async def test_a_bot_that_answers_the_bot_is_answered_three_times_and_the_agents_learn_it_once(
    bot_with: BotWith,
) -> None:
    bot = await bot_with(Chatty(), bots=["buildbot"])
    other = bot.bot("buildbot")
    assert len(await answered(other, [f"build {number} failed" for number in range(20)])) == MOST_HOPS
    assert [line["text"] for line in bot.agents_channel.lines] == [TOLD]


async def test_a_human_word_in_between_begins_anew(bot_with: BotWith) -> None:
    bot = await bot_with(Chatty(), bots=["buildbot"])
    place = {"room": "#help", "mentioned": True}
    assert len(await answered(bot.bot("buildbot"), ["a", "b", "c", "d"], **place)) == 3
    await bot.requester("ada").says("what is that?", room="#help", mentioned=True)
    assert len(await answered(bot.bot("buildbot"), ["e", "f", "g", "h"], **place)) == 3


async def test_a_bot_that_opens_a_topic_for_each_answer_goes_round_no_longer(bot_with: BotWith) -> None:
    bot = await bot_with(Chatty(), bots=["buildbot"])
    replies = 0
    for number in range(10):
        replies += bool(await bot.bot("buildbot").says(f"build {number}", room="#help", topic=str(number)))
    assert replies == MOST_HOPS
    assert [line["text"] for line in bot.agents_channel.lines] == [TOLD]


async def test_a_webhook_that_has_news_now_and_then_is_answered_each_time(bot_with: BotWith) -> None:
    bot = await bot_with(Chatty(), bots=["buildbot"])
    for number in range(6):
        assert await bot.bot("buildbot").says(f"build {number}", room="#help", topic=str(number)) != ""
        await bot.advance("15m")


async def test_the_count_survives_a_restart(bot_with: BotWith) -> None:
    bot = await bot_with(Chatty(), bots=["buildbot"])
    replies = 0
    for number in range(8):
        replies += bool(await bot.bot("buildbot").says(f"build {number}"))
        await bot.restart()
    assert replies == MOST_HOPS


async def test_a_bot_among_the_agents_is_no_agent_and_not_answered(bot_with: BotWith) -> None:
    bot = await bot_with(bots=["buildbot"])
    await bot.requester("ada").says("/human please")
    card = bot.agents_channel
    bot._console.agents.add("console/local/buildbot")
    event = bot._console.event("buildbot", key="k", role="agent", text="deployed", thread=card.conversation)
    before = len(bot.shown)
    await bot.app.bot.receive(msgspec.structs.replace(event, by_bot=True))
    await bot.app.bot.crew.idle()
    assert bot.shown[before:] == []


# --- echoes and machines under a person's name --------------------------------------------------------------------


async def test_an_echo_is_answered_three_times_and_no_more(bot_with: BotWith) -> None:
    bot = await bot_with(Chatty())
    ada, said = bot.requester("ada"), "hello there"
    heard = await ada.says(said)
    replies = 0
    for _ in range(10):
        heard = await ada.says(str(heard) or said)
        said, replies = str(heard) or said, replies + bool(heard)
    assert replies == MOST_HOPS


async def test_a_responder_that_repeats_itself_is_answered_three_times_and_no_more(bot_with: BotWith) -> None:
    bot = among_strangers(await bot_with(Steady()))
    ada = bot.requester("ada")
    await ada.says("what is your name?")
    heard = [str(await ada.says("I am away until Monday.")) for _ in range(8)]
    assert heard[:3] == ["Thank you for writing."] * 3
    assert heard[3:] == [LAST_WORD, "", "", "", ""]


async def test_a_person_who_repeats_themselves_learns_why_it_grows_silent_and_goes_on_in_other_words(
    bot_with: BotWith,
) -> None:
    bot = among_strangers(await bot_with())
    ada = bot.requester("ada")
    heard = [await ada.says("hello") for _ in range(4)]
    assert heard[0] == heard[1] == heard[2] != LAST_WORD
    assert heard[3] == LAST_WORD
    assert heard[3].choices == [TEXTS("handoff.talk_to_person"), TEXTS("tickets.open_one")]
    assert await ada.says("hi there") == heard[0]


async def test_in_the_console_the_same_words_are_always_answered(bot_with: BotWith) -> None:
    bot = await bot_with(Steady())
    assert [str(await bot.requester("ada").says("hi")) for _ in range(20)] == ["Thank you for writing."] * 20


async def test_the_same_question_later_is_answered(bot_with: BotWith) -> None:
    bot = among_strangers(await bot_with(Steady()))
    for _ in range(6):
        assert await bot.requester("ada").says("any news?") == "Thank you for writing."
        await bot.advance("2m")


async def test_commands_and_presses_may_be_given_as_often_as_anybody_likes(bot_with: BotWith) -> None:
    bot = among_strangers(await bot_with())
    ada = bot.requester("ada")
    assert [str(await ada.says("/tickets")) for _ in range(6)] == [TEXTS("tickets.none")] * 6
    await ada.says("hello")
    assert [str(await ada.presses("My tickets")) for _ in range(6)] == [TEXTS("tickets.none")] * 6


class Quiz(Skill[Settings]):
    """Asks five things, each of which may get the same answer."""

    @on.message(match.words("quiz"))
    async def ask(self, turn: Turn) -> str:
        for number in range(5):
            await turn.ask(f"Question {number}?")
        return "Done with it."


async def test_the_same_answer_to_different_questions_is_no_loop(bot_with: BotWith) -> None:
    bot = among_strangers(await bot_with(Quiz()))
    await bot.requester("ada").says("quiz")
    heard = [await bot.requester("ada").says("yes") for _ in range(5)]
    assert heard[-1] == "Done with it."


class Order(Skill[Settings]):
    """Asks the same for each of five things."""

    @on.message(match.words("order"))
    async def ask(self, turn: Turn) -> str:
        return " ".join([await turn.ask("How many of the next one?", self.reader) for _ in range(5)])

    reader: Any = read.text


class Numbers(Order):
    """Takes numbers only."""

    reader = read.pattern(r"\d+")


async def test_the_same_answer_to_a_question_that_is_put_again_and_again_is_no_loop(bot_with: BotWith) -> None:
    bot = among_strangers(await bot_with(Order()))
    await bot.requester("ada").says("order")
    heard = [await bot.requester("ada").says("2") for _ in range(5)]
    assert heard[-1] == "2 2 2 2 2"


async def test_a_responder_whose_words_answer_nothing_is_a_loop_in_a_dialogue_too(bot_with: BotWith) -> None:
    bot = among_strangers(await bot_with(Numbers()))
    await bot.requester("ada").says("order")
    heard = [str(await bot.requester("ada").says("I am away until Monday.")) for _ in range(8)]
    assert LAST_WORD in heard
    assert heard[-1] == ""


async def test_words_to_an_agent_are_passed_on_however_often_they_are_the_same(bot_with: BotWith) -> None:
    bot = among_strangers(await bot_with())
    ada = bot.requester("ada")
    await ada.says("/human please")
    for _ in range(6):
        await ada.says("hello?")
    assert [line["text"] for line in bot.agents_channel.lines].count(
        TEXTS("agents.requester_says", who="ada", text="hello?")
    ) == 6
