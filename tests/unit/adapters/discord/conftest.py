"""The adapter in a simulated Discord, without the bot behind it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

import pytest

from supportbot.clock import SystemClock
from supportbot.testing.discord import DiscordWorld
from tests.unit.adapters.discord.ears import QUICK, Ears, Listen, listening


@pytest.fixture
async def discord() -> AsyncIterator[DiscordWorld]:
    """Start a Discord whose clock is this machine's."""
    async with DiscordWorld(clock=SystemClock()) as world:
        yield world


@pytest.fixture
async def listen() -> AsyncIterator[Listen]:
    """Listen to a Discord: ``ears = await listen(discord, help_channels=(…))``.

    With ``opens=False`` it is not connected yet; ``content=False`` does without the words of messages.
    """
    async with AsyncExitStack() as stack:

        async def start(world: DiscordWorld, *, opens: bool = True, patience: Any = None, **settings: Any) -> Ears:
            ears = await stack.enter_async_context(listening(world, replace(QUICK, **(patience or {})), settings))
            if opens:
                await ears.gateway.open()
                await ears.gateway.ready()
            return ears

        yield start
