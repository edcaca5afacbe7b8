"""Delivery: what waits goes out once, in order for each address, whatever the platform answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from supportbot import Settings, Skill, Turn, match, on
from supportbot.adapters.base import Capabilities, Sent
from supportbot.clock import MINUTE
from supportbot.domain.reply import Outgoing
from supportbot.domain.work import OUTBOX
from supportbot.errors import Refused, TryLater, Unclear
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts

BotWith = Callable[..., Awaitable[BotHarness]]
TEXTS = Texts()


class Three(Skill[Settings]):
    """Says three things."""

    @on.message(match.words("count"))
    async def count(self, turn: Turn) -> str:
        await turn.say("one")
        await turn.say("two")
        return "three"


class Platform:
    """Stands between the bot and the console, and answers as platforms do."""

    def __init__(self, bot: BotHarness) -> None:
        self.bot = bot
        self.troubles: list[Exception] = []
        self.shows_first = False
        """What went wrong was only the answer: the message itself was shown."""
        self.shown: dict[str, Outgoing] = {}
        self.asked = 0
        self._send = bot._console.send
        bot._console.send = self.send  # type: ignore[method-assign]
        bot._console.find_sent = self.find_sent  # type: ignore[method-assign]

    async def send(self, outgoing: Outgoing) -> Sent:
        if self.troubles and outgoing.purpose != "agents":
            if self.shows_first:
                self.shown[outgoing.id] = outgoing
                await self._send(outgoing)
            raise self.troubles.pop(0)
        self.shown[outgoing.id] = outgoing
        return await self._send(outgoing)

    async def find_sent(self, outgoing: Outgoing) -> Sent | None:
        self.asked += 1
        return Sent(id=outgoing.id) if outgoing.id in self.shown else None

    def said(self) -> list[str]:
        return [line["text"] for line in self.bot.shown if line["to"] == "ada"]


@pytest.fixture
async def platform(bot_with: BotWith, monkeypatch: pytest.MonkeyPatch) -> Platform:
    bot = await bot_with(Three(), fails=False)
    monkeypatch.setattr(type(bot._console), "capabilities", Capabilities(idempotent=False))
    return Platform(bot)


async def test_what_is_said_goes_out_in_order_and_is_marked_as_sent(platform: Platform) -> None:
    await platform.bot.requester("ada").says("count")
    assert platform.said() == ["one", "two", "three"]
    assert await platform.bot.app.store.pending(OUTBOX) == []


async def test_a_platform_that_asks_to_wait_gets_everything_later_and_in_order(platform: Platform) -> None:
    platform.troubles = [TryLater(30), TryLater(2.5)]
    await platform.bot.requester("ada").says("count")
    assert platform.said() == []
    await platform.bot.advance("29s")
    assert platform.said() == []
    await platform.bot.advance("10s")
    assert platform.said() == ["one", "two", "three"]


async def test_one_address_that_waits_holds_up_no_other(platform: Platform) -> None:
    platform.troubles = [TryLater(60)]
    await platform.bot.requester("ada").says("count")
    assert await platform.bot.requester("bob").says("count") == "one\n\ntwo\n\nthree"


async def test_an_unclear_message_that_was_shown_is_not_shown_again(platform: Platform) -> None:
    platform.troubles, platform.shows_first = [Unclear("no answer")], True
    await platform.bot.requester("ada").says("count")
    await platform.bot.advance("1m")
    assert platform.said() == ["one", "two", "three"]
    assert platform.asked == 1


async def test_an_unclear_message_that_was_not_shown_is_shown(platform: Platform) -> None:
    platform.troubles = [Unclear("no answer")]
    await platform.bot.requester("ada").says("count")
    await platform.bot.advance("1m")
    assert platform.said() == ["one", "two", "three"]


async def test_a_message_whose_fate_stays_unclear_is_shown_to_an_agent_instead(platform: Platform) -> None:
    platform.troubles = [Unclear("no answer") for _ in range(100)]
    await platform.bot.requester("ada").says("count")
    await platform.bot.advance("6m")
    platform.troubles.clear()
    await platform.bot.advance("6m")
    assert "one" not in platform.said()
    assert TEXTS("agents.not_delivered", text="one") in platform.bot.agents_channel
    assert [work.payload.text for work in await platform.bot.app.store.buried()][:1] == ["one"]  # type: ignore[union-attr]


async def test_a_refused_message_is_shown_to_the_agents_and_the_next_goes_out(platform: Platform) -> None:
    platform.troubles = [Refused("messages are closed")]
    await platform.bot.requester("ada").says("count")
    assert platform.said() == ["two", "three"]
    assert TEXTS("agents.not_delivered", text="one") in platform.bot.agents_channel


async def test_a_restart_sends_what_was_not_sent(platform: Platform) -> None:
    platform.troubles = [TryLater(60)]
    bot = platform.bot
    await bot.requester("ada").says("count")
    await bot.restart()
    await bot.advance("2m")
    assert platform.said() == ["one", "two", "three"]


async def test_an_adapter_that_is_broken_is_tried_again_and_given_up_with_a_word_to_the_agents(
    platform: Platform,
) -> None:
    platform.troubles = [RuntimeError("a bug in the adapter")] * 5
    await platform.bot.requester("ada").says("count")
    await platform.bot.advance(f"{60 * MINUTE // 1000}s")
    assert platform.said()[-2:] == ["two", "three"]
    assert "RuntimeError" in platform.bot.agents_channel
    assert len(await platform.bot.app.store.buried()) == 1
