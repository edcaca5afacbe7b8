"""What one person writes in quick succession is one turn's worth where nothing was said between."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from supportbot import PASS, Pass, Settings, Skill, Turn, match, on, read
from supportbot.testing.harness import BotHarness

Start = Callable[..., Awaitable[BotHarness]]


class Echo(Skill[Settings]):
    """Says what it heard."""

    @on.message(match.words("order"))
    async def order(self, turn: Turn) -> str:
        number = await turn.ask("Which one?", read.number)
        when = await turn.ask("When was it?", read.text)
        return f"{number:g} on {when}"

    @on.message(match.anything)
    async def echo(self, turn: Turn) -> str | Pass:
        return PASS if turn.in_public else f"<{turn.text}>"


async def quickly(bot: BotHarness, *messages: tuple[str, str]) -> dict[str, list[str]]:
    """Let people write without waiting for an answer, and tell what each of them heard."""
    heard: dict[str, list[str]] = {}
    for line in await bot.quickly(*((bot.requester(who), text) for who, text in messages)):
        heard.setdefault(str(line["to"]), []).append(str(line["text"]))
    return heard


async def test_what_came_while_the_bot_was_busy_is_answered_together(bot_with: Start) -> None:
    bot = await bot_with(Echo())
    heard = await quickly(bot, ("ada", "my invoice"), ("ada", "is wrong"), ("ada", "since may"))
    assert heard == {"ada": ["<my invoice\nis wrong\nsince may>"]}


async def test_a_command_in_between_keeps_its_place(bot_with: Start) -> None:
    bot = await bot_with(Echo())
    heard = await quickly(bot, ("ada", "one"), ("ada", "two"), ("ada", "/nonsense"), ("ada", "three"))
    assert heard["ada"][0] == "<one\ntwo>"
    assert "/nonsense" in heard["ada"][1]
    assert heard["ada"][2] == "<three>"


async def test_two_people_are_never_mixed(bot_with: Start) -> None:
    bot = await bot_with(Echo())
    heard = await quickly(bot, ("ada", "a1"), ("bob", "b1"), ("ada", "a2"), ("bob", "b2"))
    assert heard == {"ada": ["<a1\na2>"], "bob": ["<b1\nb2>"]}


async def test_in_a_dialogue_each_message_answers_a_question_of_its_own(bot_with: Start) -> None:
    bot = await bot_with(Echo())
    heard = await quickly(bot, ("ada", "an order"), ("ada", "7"), ("ada", "monday"))
    assert heard["ada"] == ["Which one?", "When was it?", "7 on monday"]


async def test_every_message_stands_in_the_timeline_by_itself(bot_with: Start) -> None:
    bot = await bot_with(Echo())
    await quickly(bot, ("ada", "one"), ("ada", "two"), ("ada", "three"))
    card = await bot.requester("ada").says("/human") and str(bot.agents_channel)
    assert card.count("> ada: ") == 3
    assert "> ada: two\n> ada: three" in card
