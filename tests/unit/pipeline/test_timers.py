"""Timers: each fires once, can be cancelled by its id as long as it waits, and waits while people speak."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from supportbot import Settings, Skill, Turn, match, on
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts

BotWith = Callable[..., Awaitable[BotHarness]]
TEXTS = Texts()


class Plan(Skill[Settings]):
    """Plans something, and gives it up."""

    @on.message(match.words("plan"))
    async def plan(self, turn: Turn) -> str:
        await turn.remember("id", await turn.schedule(self.ring, after="1m", key="ring"))
        return "planned"

    @on.command("unplan")
    async def unplan(self, turn: Turn) -> str:
        await turn.cancel(str(await turn.recall("id")))
        return "unplanned"

    @on.command("remind", role="agent")
    async def remind(self, turn: Turn) -> str:
        await turn.schedule(self.ring, after="1m")
        return "will do"

    @on.timer
    async def ring(self, turn: Turn) -> str:
        return "RING"


@pytest.fixture
async def put_off(bot_with: BotWith) -> BotHarness:
    """A bot whose timer fell due while an agent had the case."""
    bot = await bot_with(Plan())
    await bot.requester("ada").says("plan")
    await bot.requester("ada").says("/human")
    await bot.agent("sam").says("/claim T-1001")
    assert "RING" not in [line["text"] for line in await bot.advance("2m")]
    return bot


async def test_a_timer_with_a_key_that_was_put_off_waits_only_once(put_off: BotHarness) -> None:
    await put_off.agent("sam").says("/release T-1001 bot")
    await put_off.requester("ada").says("plan")
    rings = [line["to"] for line in await put_off.advance("30m") if line["text"] == "RING"]
    assert rings == ["ada"]


async def test_a_timer_that_was_put_off_is_cancelled_by_its_first_id(put_off: BotHarness) -> None:
    assert await put_off.requester("ada").says("/unplan") == "unplanned"
    await put_off.agent("sam").says("/release T-1001 bot")
    assert "RING" not in [line["text"] for line in await put_off.advance("30m")]


async def test_an_agent_may_schedule_something_in_any_thread_of_the_channel(bot_with: BotWith) -> None:
    bot = await bot_with(Plan())
    assert await bot.agent("sam").says("/remind", case="a thread") == "will do"
    assert [(line["to"], line["text"]) for line in await bot.advance("2m")] == [("#agents", "RING")]


async def test_a_question_that_lapses_while_an_agent_has_the_case_is_a_word_to_the_agents(bot_with: BotWith) -> None:
    bot = await bot_with()
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says("/human")
    case = bot.agents_channel.conversation
    await sam.says("/claim T-1001")
    await ada.says("/ticket another thing")
    shown = []
    for _ in range(26):
        await sam.says("still here", case=case)
        shown += await bot.advance("1h")
    assert TEXTS("dialogue.expired") not in [line["text"] for line in shown]
    assert [line["to"] for line in shown if line["text"] == TEXTS("agents.question_lapsed", who="ada")] == ["#agents"]
