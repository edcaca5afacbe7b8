"""The pytest plugin: fixtures for tests of skills, there as soon as supportbot is installed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest


@pytest.fixture
async def bot_with() -> AsyncIterator[Callable[..., Awaitable[Any]]]:
    """Start a BotHarness with the skills to test: ``bot = await bot_with(Refunds(RefundSettings(limit=50)))``."""
    from supportbot.testing.harness import BotHarness  # noqa: PLC0415 - heavy; other projects' tests do not pay for it

    async with AsyncExitStack() as stack:

        async def start(*skills: Any, **options: Any) -> BotHarness:
            return await stack.enter_async_context(BotHarness(*skills, **options))

        yield start


@pytest.fixture
async def slack_world() -> AsyncIterator[Any]:
    """Start a Slack on this machine, to which a real app connects: see supportbot.testing.slack."""
    from supportbot.testing.slack import SlackWorld  # noqa: PLC0415 - loads aiohttp; others' tests do not pay for it

    async with SlackWorld() as slack:
        yield slack


@pytest.fixture
async def discord_world() -> AsyncIterator[Any]:
    """Start a Discord on this machine, to which a real app connects: see supportbot.testing.discord."""
    from supportbot.testing.discord import DiscordWorld  # noqa: PLC0415 - loads aiohttp; others' tests do not pay for it

    async with DiscordWorld() as discord:
        yield discord
