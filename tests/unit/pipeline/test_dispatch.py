"""Dispatch: to whom a message goes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from supportbot import PASS, Choice, Reply, Settings, Skill, Turn, match, on
from supportbot.pipeline.commands import command_in
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts

BotWith = Callable[..., Awaitable[BotHarness]]
TEXTS = Texts()


def saying(named: str, word: str, answer: Any, *, first: bool = False) -> Skill[Settings]:
    """Make a skill that answers a word."""

    class Saying(Skill[Settings]):
        name = named

        @on.message(match.words(word), first=first)
        async def answer(self, turn: Turn) -> Any:
            return answer

    return Saying()


async def test_skills_are_asked_in_their_order_and_the_first_that_takes_it_answers(bot_with: BotWith) -> None:
    bot = await bot_with(saying("one", "tea", PASS), saying("two", "tea", "Two."), saying("three", "tea", "Three."))
    assert await bot.requester("ada").says("tea") == "Two."


async def test_skills_of_ones_own_are_asked_before_the_built_in_ones(bot_with: BotWith) -> None:
    bot = await bot_with(saying("mine", "hello", "Mine."))
    assert await bot.requester("ada").says("hello") == "Mine."


async def test_what_nobody_takes_goes_to_the_fallback(bot_with: BotWith) -> None:
    heard = await (await bot_with(saying("one", "tea", PASS))).requester("ada").says("tea")
    assert heard == TEXTS("faq.not_found")
    assert heard.choices == [TEXTS("handoff.talk_to_person"), TEXTS("tickets.open_one")]


async def test_a_fallback_of_ones_own_is_asked_only_when_nobody_takes_it(bot_with: BotWith) -> None:
    class Last(Skill[Settings]):
        @on.fallback
        async def last(self, turn: Turn) -> Any:
            return PASS if "pass" in turn.text else f"Last: {turn.text}"

    ada = (await bot_with(Last(), built_in=["greeting"])).requester("ada")
    assert (await ada.says("hello")) != "Last: hello"


async def test_a_first_handler_hears_the_words_before_an_open_question(bot_with: BotWith) -> None:
    class Ask(Skill[Settings]):
        @on.message(match.words("ask"))
        async def ask(self, turn: Turn) -> str:
            return f"Thanks for {await turn.ask('What?')}"

    ada = (await bot_with(Ask(), saying("stop", "stop", "Stopped.", first=True))).requester("ada")
    await ada.says("ask")
    assert (await ada.says("stop")).startswith("Stopped.")
    assert await ada.says("tea") == "Thanks for tea"


async def test_among_people_the_bot_says_nothing_that_it_is_not_asked(bot_with: BotWith) -> None:
    bot = await bot_with(saying("tea", "tea", "Tea it is."))
    ada = bot.requester("ada")
    assert await ada.says("who knows?", room="#help") == ""
    assert await ada.says("tea, please", room="#help", topic="2") == "Tea it is."
    assert await ada.says("who knows?", room="#help", topic="3", mentioned=True) == TEXTS("faq.not_found")


async def test_what_is_said_among_people_and_not_to_the_bot_leaves_nothing_behind(bot_with: BotWith) -> None:
    bot = await bot_with()
    before = [item async for item in bot.app.store.dump() if item.sort != "unique"]
    await bot.requester("ada").says("my secret plan", room="#help")
    assert [item async for item in bot.app.store.dump() if item.sort != "unique"] == before


async def test_an_unknown_command_is_named(bot_with: BotWith) -> None:
    ada = (await bot_with()).requester("ada")
    assert await ada.says("/coffee now") == TEXTS("errors.unknown_command", command="coffee")


async def test_a_command_works_with_a_slash_an_exclamation_mark_and_in_capitals(bot_with: BotWith) -> None:
    ada = (await bot_with()).requester("ada")
    assert await ada.says("/tickets") == await ada.says("!tickets") == await ada.says("/TICKETS")


async def test_of_two_skills_with_one_command_the_first_has_it(bot_with: BotWith) -> None:
    def with_command(named: str) -> Skill[Settings]:
        class Commanding(Skill[Settings]):
            name = named

            @on.command("tea")
            async def tea(self, turn: Turn) -> str:
                return named

        return Commanding()

    assert await (await bot_with(with_command("one"), with_command("two"))).requester("ada").says("/tea") == "one"


async def test_the_choices_of_two_skills_do_not_meet(bot_with: BotWith) -> None:
    def with_choice(named: str) -> Skill[Settings]:
        class Choosing(Skill[Settings]):
            name = named

            @on.message(match.words(named))
            async def offer(self, turn: Turn) -> Reply:
                return Reply("Well?", [Choice(f"Yes, {named}", to="yes")])

            @on.choice("yes")
            async def yes(self, turn: Turn) -> str:
                return f"{named} it is."

        return Choosing()

    ada = (await bot_with(with_choice("tea"), with_choice("milk"))).requester("ada")
    await ada.says("tea")
    await ada.says("milk")
    assert await ada.presses("Yes, tea") == "tea it is."
    assert await ada.presses("Yes, milk") == "milk it is."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/status T-1042", ("status", "T-1042")),
        ("!STATUS  t-1042 ", ("status", "t-1042")),
        ("/note T-1 one\ntwo", ("note", "T-1 one\ntwo")),
        ("/ticket\nmy printer\nburns", ("ticket", "my printer\nburns")),
        ("/help", ("help", "")),
        ("/this_is-fine", ("this_is-fine", "")),
        ("/ help", ("", "")),
        ("/", ("", "")),
        ("//", ("", "")),
        ("// a note", ("", "")),
        ("!!!", ("", "")),
        ("/usr/bin/env", ("", "")),
        ("/123", ("", "")),
        ("/" + "x" * 33, ("", "")),
        ("help", ("", "")),
        ("", ("", "")),
    ],
)
def test_what_is_a_command_and_what_is_not(text: str, expected: tuple[str, str]) -> None:
    assert command_in(text) == expected
