"""A form is one question with one record as its answer; on the console its fields are asked in turn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Awaitable, Callable

import pytest

from supportbot import Settings, Skill, Turn, match, on, read
from supportbot.domain.dialogue import DIALOGUES
from supportbot.errors import SkillError
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts

Start = Callable[..., Awaitable[BotHarness]]


class Returns(Skill[Settings]):
    """Takes a return."""

    @on.message(match.words("return"))
    async def take(self, turn: Turn) -> str:
        record = await turn.ask(
            "A few things about it:",
            read.form(
                order=("Which order is it?", read.whole_number()),
                bought=("When did you buy it?", read.date),
                reason=("Why?", read.choice("Broken", "Too small")),
            ),
        )
        name = await turn.ask("Your name?")
        assert isinstance(record["bought"], dt.date)
        return f"{name}: {record['order']}, {record['bought']:%d %b %Y}, {record['reason']}"


async def test_its_fields_are_asked_in_turn_and_come_as_one_record_over_restarts(bot_with: Start) -> None:
    bot = await bot_with(Returns())
    ada = bot.requester("ada")
    assert await ada.says("I want to return it") == "A few things about it:\nWhich order is it?"
    assert await ada.says("42") == "When did you buy it?"
    await bot.restart()
    heard = await ada.says("2026-01-02")
    assert (heard, heard.choices) == ("Why?", ["Broken", "Too small"])
    assert await ada.presses("Too small") == "Your name?"
    await bot.restart()
    assert await ada.says("Ada") == "Ada: 42, 02 Jan 2026, Too small"


async def test_the_journal_gets_the_record_as_one_step(bot_with: Start) -> None:
    bot = await bot_with(Returns())
    ada = bot.requester("ada")
    for words in ("return", "42", "2026-01-02", "broken"):
        await ada.says(words)
    (dialogue,) = (await bot.app.store.find(DIALOGUES, "skill", "returns")).items
    (step,) = dialogue.steps
    assert (step.kind, step.name) == ("ask", "form")
    assert step.result == {"order": 42, "bought": "2026-01-02", "reason": "Broken"}


async def test_a_field_that_cannot_be_read_is_put_again_and_the_others_are_kept(bot_with: Start, texts: Texts) -> None:
    bot = await bot_with(Returns())
    ada = bot.requester("ada")
    await ada.says("return")
    await ada.says("42")
    assert await ada.says("zebra") == f"{texts('dialogue.hint.date')}\nWhen did you buy it?"
    assert await ada.says("yesterday") == "Why?"


async def test_the_choice_of_a_field_that_is_filled_in_is_not_taken_for_the_next_one(
    bot_with: Start, texts: Texts
) -> None:
    class Two(Skill[Settings]):
        @on.message(match.words("two"))
        async def ask(self, turn: Turn) -> str:
            fields = read.form(one=("One?", read.choice("A", "B")), other=("Other?", read.choice("A", "B")))
            return str(await turn.ask("", fields))

    bot = await bot_with(Two())
    ada = bot.requester("ada")
    first = await ada.says("two")
    press = first.lines[0]["choices"][0]["id"]
    assert await bot.act(ada, press=press) == "Other?"
    assert await bot.act(ada, press=press) == texts("dialogue.already_answered")
    assert await ada.presses("B") == "{'one': 'A', 'other': 'B'}"


async def test_a_form_that_nobody_goes_on_with_ends_kindly(bot_with: Start, texts: Texts) -> None:
    bot = await bot_with(Returns())
    ada = bot.requester("ada")
    await ada.says("return")
    await bot.advance("23h")
    await ada.says("42")
    assert await bot.advance("23h") == []
    shown = await bot.advance("2h")
    assert [line["text"] for line in shown] == [texts("dialogue.expired")]


def test_a_form_has_a_field() -> None:
    with pytest.raises(SkillError, match="at least one field"):
        read.form()
