"""BotHarness: a test reads as the conversation, and fails with the skill's own error."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from supportbot import Choice, Reply, Settings, Skill, Start, Turn, match, on
from supportbot.domain.article import Article
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts

BotWith = Callable[..., Awaitable[BotHarness]]


class Tea(Skill[Settings]):
    """Makes tea."""

    @on.message(match.words("tea"))
    async def tea(self, turn: Turn) -> Reply:
        await turn.say("Water is on.")
        return Reply("Milk?", [Choice("Yes", to="milk", value="yes"), Choice("No", to="milk", value="no")])

    @on.choice("milk")
    async def milk(self, turn: Turn) -> str:
        return f"Milk: {turn.value}."

    @on.message(match.words("break"))
    async def fail(self, turn: Turn) -> str:
        raise ZeroDivisionError("by nothing")


async def test_what_somebody_says_returns_what_they_hear_with_the_choices(bot_with: BotWith) -> None:
    heard = await (await bot_with(Tea())).requester("ada").says("tea")
    assert heard == "Water is on.\n\nMilk?"
    assert heard.choices == ["Yes", "No"]
    assert [line["text"] for line in heard.lines] == ["Water is on.", "Milk?"]


async def test_a_choice_is_pressed_by_its_label_the_newest_first(bot_with: BotWith) -> None:
    ada = (await bot_with(Tea())).requester("ada")
    await ada.says("tea")
    assert await ada.presses("No") == "Milk: no."


async def test_pressing_what_nobody_offered_fails_with_a_sentence(bot_with: BotWith) -> None:
    ada = (await bot_with(Tea())).requester("ada")
    with pytest.raises(AssertionError, match="nobody offered ada a choice that begins with 'Maybe'"):
        await ada.presses("Maybe")


async def test_a_skill_that_raises_fails_the_test_with_its_own_error(bot_with: BotWith) -> None:
    with pytest.raises(ZeroDivisionError, match="by nothing"):
        await (await bot_with(Tea())).requester("ada").says("break")


async def test_a_test_may_look_at_what_people_see_of_a_failure_instead(bot_with: BotWith) -> None:
    ada = (await bot_with(Tea(), fails=False)).requester("ada")
    assert await ada.says("break") == Texts()("errors.broken")


async def test_time_moves_only_when_the_test_says_so(bot_with: BotWith) -> None:
    bot = await bot_with(Tea())
    began = bot.clock.now()
    await bot.requester("ada").says("tea")
    assert bot.clock.now() == began
    await bot.advance("1h30m")
    assert bot.clock.now() - began == 90 * 60 * 1000


async def test_two_conversations_with_the_same_words_are_the_same(bot_with: BotWith) -> None:
    async def lines() -> list[object]:
        bot = await bot_with(Tea())
        await bot.requester("ada").says("tea")
        await bot.requester("ada").says("/human")
        return list(bot.shown)

    assert await lines() == await lines()


async def test_articles_make_the_faq_answer(bot_with: BotWith) -> None:
    article = Article(id="hours", question="When are you open?", answer="From 9 to 5.")
    ada = (await bot_with(articles=[article])).requester("ada")
    assert await ada.says("When are you open?") == "From 9 to 5."


async def test_texts_of_ones_own_are_said(bot_with: BotWith) -> None:
    bot = await bot_with(texts={"greeting.hello": "Welcome, {name}."})
    assert await bot.requester("ada").says("hello") == "Welcome, ada."


async def test_a_skill_may_be_tested_alone(bot_with: BotWith) -> None:
    heard = await (await bot_with(Tea(), built_in=[])).requester("ada").says("hello")
    assert heard == Texts()("faq.not_found")
    assert heard.choices == []


async def test_a_restart_makes_the_skills_anew_and_keeps_the_store(bot_with: BotWith) -> None:
    class Counting(Skill[Settings]):
        def __init__(self, settings: Settings | None = None) -> None:
            super().__init__(settings)
            self.count = 0

        @on.message(match.words("count"))
        async def up(self, turn: Turn) -> str:
            self.count += 1
            kept = int(await turn.recall("count", 0)) + 1
            await turn.remember("count", kept)
            return f"{self.count} here, {kept} kept"

    bot = await bot_with(Counting())
    ada = bot.requester("ada")
    await ada.says("count")
    assert await ada.says("count") == "2 here, 2 kept"
    await bot.restart()
    assert await ada.says("count") == "1 here, 3 kept"


async def test_a_file_comes_with_a_message_and_is_kept_by_the_store(bot_with: BotWith) -> None:
    class Look(Skill[Settings]):
        @on.message(match.files)
        async def look(self, turn: Turn) -> Reply:
            return Reply(", ".join(f"{file.name} {file.media_type} {file.size}" for file in turn.files), [], turn.files)

    bot = await bot_with(Look())
    heard = await bot.requester("ada").says("", files=[("a.jpg", b"abc"), ("b", b"")])
    assert heard == "a.jpg image/jpeg 3, b application/octet-stream 0"
    assert heard.files == ["a.jpg", "b"]
    kept = await bot.app.store.open_file(heard.lines[0]["files"][0]["id"])
    assert kept
    with kept:
        assert kept.read() == b"abc"


async def test_a_restart_stops_the_skills_before_it_starts_new_ones(bot_with: BotWith) -> None:
    told: list[str] = []

    class Connected(Skill[Settings]):
        @on.start
        async def open(self, start: Start) -> None:
            told.append("open")

        @on.stop
        async def close(self) -> None:
            told.append("close")

    bot = await bot_with(Connected())
    await bot.restart()
    assert told == ["open", "close", "open"]


async def test_people_of_one_room_are_told_apart_from_direct_messages(bot_with: BotWith) -> None:
    bot = await bot_with(Tea())
    ada = bot.requester("ada")
    assert await ada.says("tea", room="#help") == "Water is on.\n\nMilk?"
    assert await ada.presses("Yes", room="#help") == "Milk: yes."
    assert all(line["to"] == "#help" for line in bot.shown)
