"""Bare discord.py clients on the simulated Discord: what is tested is the simulator, so the apps only echo."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import discord
import pytest
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from supportbot.testing.discord import DiscordWorld
from tests.unit.testing.told import PATIENCE, Told

Start = Callable[..., Awaitable[discord.Client]]


@pytest.fixture
def told() -> Told:
    """An empty list to which an app's listeners add what they are told."""
    return Told()


@pytest.fixture
def wired(discord_world, monkeypatch) -> DiscordWorld:
    """The world, to which discord.py in this process now connects."""
    monkeypatch.setattr(Route, "BASE", discord_world.api_url)
    monkeypatch.setattr(DiscordWebSocket, "DEFAULT_GATEWAY", yarl.URL(discord_world.gateway_url))
    return discord_world


class App(discord.Client):
    """A client with commands; what fails in a listener fails its test."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("intents", discord.Intents.all())
        super().__init__(
            guild_ready_timeout=0.01,
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            **options,
        )
        self.tree = app_commands.CommandTree(self)
        self.failed: list[BaseException] = []

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Do not wait five seconds between two sessions, as the library does."""

    async def on_error(self, event: str, *args: Any, **kwargs: Any) -> None:
        self.failed.append(sys.exc_info()[1])


@asynccontextmanager
async def running(world: DiscordWorld, app: discord.Client) -> AsyncIterator[asyncio.Task[None]]:
    """Run an app; the task tells how it ended."""
    await app.login(world.token)
    task = asyncio.create_task(app.connect())
    try:
        yield task
    finally:
        await app.close()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError, discord.DiscordException, ValueError):
            await task


@pytest.fixture
def app(wired) -> App:
    """A bare app with all intents."""
    return App()


@pytest.fixture
async def start(wired, app) -> AsyncIterator[Start]:
    """Connect the app once its listeners are there, and wait until it is ready."""
    async with contextlib.AsyncExitStack() as stack:

        async def begin(other: discord.Client | None = None) -> discord.Client:
            chosen = other or app
            await stack.enter_async_context(running(wired, chosen))
            async with asyncio.timeout(PATIENCE):
                await chosen.wait_until_ready()
            return chosen

        yield begin
    assert app.failed == []
