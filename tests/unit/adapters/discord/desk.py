"""A bot behind the real adapter that does as a test says: what it heard, and what it says."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, BinaryIO

from supportbot.adapter_settings import DiscordSettings
from supportbot.adapters.discord.adapter import Discord
from supportbot.adapters.discord.gateway import Patience
from supportbot.adapters.discord.posts import posts_of
from supportbot.clock import SystemClock
from supportbot.domain.event import Event
from supportbot.domain.reply import Outgoing
from supportbot.settings import Secret
from supportbot.testing.discord import DiscordWorld
from supportbot.texts import Texts

QUICK = Patience(apart=0.0, opening=10.0, guilds=0.1, pauses=(0.01, 0.05))

React = Callable[[Event], Awaitable[None]]


class NoFiles:
    """Keeps no files."""

    async def put_file(self, content: bytes) -> str:
        """Keep nothing of it."""
        return f"file{len(content)}"

    async def open_file(self, id: str) -> BinaryIO | None:
        """Find what stands for it."""
        return io.BytesIO(id.encode())


class Bot:
    """What stands behind the adapter: keeps what it heard, and does as a test says."""

    def __init__(self, adapter: Discord) -> None:
        self.adapter = adapter
        self.heard: list[Event] = []
        self.reacts: React | None = None
        """What it does about an event, beside the taking in."""
        self.stores: Callable[[Event], Awaitable[None]] | None = None
        self._count = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def receive(self, event: Event) -> bool:
        """Store an event; what comes of it is done beside, as in a bot."""
        if self.stores:
            await self.stores(event)
        self.heard.append(event)
        if self.reacts:
            task = asyncio.get_running_loop().create_task(_done(self.reacts(event)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        return True

    def says(self, words: str, about: Event, **more: Any) -> Outgoing:
        """Make a message to where an event came from."""
        self._count += 1
        given: dict[str, Any] = {"address": about.address, "conversation": "c_1", "purpose": "command", **more}
        return Outgoing(id=f"o_{self._count}", text=words, at=self.adapter.interactions._clock.now(), **given)

    async def shows(self, outgoing: Outgoing) -> bool:
        """Show a message by an interaction, if there is one that takes it."""
        (post,) = posts_of(outgoing)
        return await self.adapter.interactions.answer(outgoing, post)

    def answers(self, words: str, **more: Any) -> None:
        """Say so to whatever happens from now on."""

        async def react(event: Event) -> None:
            await self.shows(self.says(words, event, **more))

        self.reacts = react


async def _done(work: Awaitable[None]) -> None:
    await work


@asynccontextmanager
async def bot_on(
    discord: DiscordWorld, suggest: Callable[[str, str], list[str]] | None = None, **more: Any
) -> AsyncIterator[Bot]:
    """Run the adapter with a bot behind it that does as it is told; `more` are settings."""
    given = {"api_url": discord.api_url, "gateway_url": discord.gateway_url, **more}
    settings = DiscordSettings(token=Secret(discord.token), **given)
    adapter = Discord(settings, "", Texts(), SystemClock(), patience=QUICK)
    adapter.suggest = suggest
    bot = Bot(adapter)
    try:
        await adapter.connect()
        await adapter.start(bot.receive, NoFiles())
        await discord.until(lambda: discord.commands or None, "the commands are there")
        yield bot
    finally:
        await adapter.stop()
