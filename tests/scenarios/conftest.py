"""What the scenarios share: a whole bot with the sample articles, and every built-in skill."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from supportbot.samples.paths import ARTICLES
from supportbot.testing.harness import BotHarness, Party
from supportbot.texts import Texts

BotWith = Callable[..., Awaitable[BotHarness]]
DESK = ("greeting", {"faq": {"sources": [str(ARTICLES)]}}, "tickets", "handoff", "survey", "help")


@pytest.fixture
async def bot(bot_with: BotWith) -> BotHarness:
    """A bot as a team would run it."""
    return await bot_with(built_in=DESK)


@pytest.fixture
def texts() -> Texts:
    """The bot's sentences, by their key."""
    return Texts()


@pytest.fixture
def sam(bot: BotHarness) -> Party:
    """An agent."""
    return bot.agent("sam")


@pytest.fixture
async def waiting(bot: BotHarness) -> Party:
    """Ada, a requester who waits with T-1001."""
    ada = bot.requester("ada")
    await ada.says("/human printer on fire")
    return ada
