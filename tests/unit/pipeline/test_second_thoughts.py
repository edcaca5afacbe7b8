"""Second thoughts: which rewritten words are answered again, how they are put together, and what is left alone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec
import pytest

from supportbot import Settings, Skill, Turn, match, on, read
from supportbot.pipeline.second_thoughts import WITHIN
from supportbot.testing.harness import BotHarness, Party
from supportbot.texts import Texts

BotWith = Callable[..., Awaitable[BotHarness]]
TEXTS = Texts()


class Echo(Skill[Settings]):
    """Repeats what is said, asks, and does things."""

    @on.message(match.words("say"))
    async def say(self, turn: Turn) -> str:
        return turn.text

    @on.message(match.words("weigh"))
    async def weigh(self, turn: Turn) -> str:
        return f"{await turn.ask('How heavy is it?', read.number):g} kg"

    @on.message(match.words("open"))
    async def open(self, turn: Turn) -> str:
        return (await turn.open_ticket(subject=turn.text)).reference


async def rewritten(bot: BotHarness, who: Party, id: str, text: str, *, after: int = 0) -> str:
    """Let somebody change a message, and tell what the bot says to it."""
    before = len(bot.shown)
    event = bot._event(who, text=text, id=id)
    key = f"{event.key}/edited/{len(bot.shown)}/{text}"
    edit = msgspec.structs.replace(event, kind="edit", target=event.key, key=key, at=event.at + after)
    await bot.app.bot.receive(edit)
    await bot._settle()
    return "\n".join(str(line["text"]) for line in bot.shown[before:] if line["to"] == who.name)


async def test_rewritten_words_are_answered_again_where_nothing_can_be_changed_in_place(bot_with: BotWith) -> None:
    bot = await bot_with(Echo())
    ada = bot.requester("ada")
    assert await ada.says("say one", id="m1") == "say one"
    assert await rewritten(bot, ada, "m1", "say two") == "say two"
    assert await rewritten(bot, ada, "m1", "say three") == "say three"


async def test_the_same_words_change_nothing(bot_with: BotWith) -> None:
    bot = await bot_with(Echo())
    ada = bot.requester("ada")
    await ada.says("say one", id="m1")
    assert await rewritten(bot, ada, "m1", "say two") == "say two"
    assert await rewritten(bot, ada, "m1", "say two") == ""


@pytest.mark.parametrize(("after", "heard"), [(WITHIN, "say two"), (WITHIN + 1, "")])
async def test_it_is_answered_for_ten_minutes(bot_with: BotWith, after: int, heard: str) -> None:
    bot = await bot_with(Echo())
    ada = bot.requester("ada")
    await ada.says("say one", id="m1")
    assert await rewritten(bot, ada, "m1", "say two", after=after) == heard


async def test_of_what_was_said_as_one_the_rest_stays(bot_with: BotWith) -> None:
    bot = await bot_with(Echo())
    ada = bot.requester("ada")
    (answer,) = await bot.quickly((ada, "say one"), (ada, "and two"))
    assert answer["text"] == "say one\nand two"
    assert await rewritten(bot, ada, "2", "and three") == "say one\nand three"
    assert await rewritten(bot, ada, "1", "say four") == "say four\nand three"


async def test_what_nobody_said_or_somebody_else_said_changes_nothing(bot_with: BotWith) -> None:
    bot = await bot_with(Echo())
    ada, bob = bot.requester("ada"), bot.requester("bob")
    await ada.says("say one", id="m1")
    assert await rewritten(bot, ada, "m9", "say two") == ""
    assert await rewritten(bot, bob, "m1", "say two") == ""


async def test_what_has_been_done_is_not_done_twice(bot_with: BotWith) -> None:
    bot = await bot_with(Echo(), built_in=("tickets",))
    ada = bot.requester("ada")
    reference = await ada.says("open a door", id="m1")
    assert await rewritten(bot, ada, "m1", "open a window") == ""
    assert (await ada.says("/tickets")).choices == [reference]


async def test_neither_a_dialogues_beginning_nor_its_answers_are_taken_back(bot_with: BotWith) -> None:
    bot = await bot_with(Echo())
    ada = bot.requester("ada")
    await ada.says("weigh it", id="m1")
    assert await rewritten(bot, ada, "m1", "say two") == ""
    assert await ada.says("3", id="m2") == "3 kg"
    assert await rewritten(bot, ada, "m2", "say two") == ""
    assert await rewritten(bot, ada, "m1", "say two") == ""


async def test_once_a_person_has_the_case_the_bot_stays_out(bot_with: BotWith) -> None:
    bot = await bot_with(Echo(), built_in=("handoff",))
    ada = bot.requester("ada")
    await ada.says("say one", id="m1")
    await ada.says("/human")
    assert "say two" not in await rewritten(bot, ada, "m1", "say two")


async def test_a_command_that_is_rewritten_is_not_run_again(bot_with: BotWith) -> None:
    bot = await bot_with(Echo(), built_in=("tickets",))
    ada = bot.requester("ada")
    await ada.says("/tickets", id="m1")
    assert await rewritten(bot, ada, "m1", "say two") == ""
