"""A bot in a simulated Discord on a bad day: the real adapter, real discord.py, over loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml

from supportbot import Skill
from supportbot.adapters.discord.adapter import Discord
from supportbot.adapters.discord.gateway import Patience
from supportbot.adapters.open import platforms_of
from supportbot.app import App, open_app
from supportbot.clock import Clock, SystemClock
from supportbot.config import Config, load_config
from supportbot.testing.discord import Channel, DiscordWorld, Message
from tests.faults.platforms.skills import ARTICLES

MANY = 1_000_000
"""A limit of floods that nobody reaches."""
QUICK = Patience(apart=0.0, opening=10.0, guilds=0.1, pauses=(0.01, 0.05), sessions_an_hour=MANY)
"""A simulated Discord lets sessions begin right after each other."""
_NOBODY = "nobody"


@pytest.fixture
async def discord() -> AsyncIterator[DiscordWorld]:
    """Start a Discord whose clock is this machine's."""
    async with DiscordWorld(clock=SystemClock(), patience=15) as world:
        yield world


def configuration(world: DiscordWorld, folder: Path, agents: str, skills: Sequence[Any] = (), **more: Any) -> Config:
    """Write and read a configuration."""
    (folder / "faq.yaml").write_text(ARTICLES, "utf-8")
    settings = {"token": "${TOKEN}", "api_url": world.api_url, "gateway_url": world.gateway_url}
    config = {
        "storage": {"url": more.pop("storage", "sqlite:bot.db")},
        "adapters": {"discord": {**settings, **more.pop("discord", {})}},
        "desk": {"agents_channel": f"discord:{agents}", **more.pop("desk", {})},
        "limits": {"messages_per_person": MANY, "messages_per_channel": MANY, **more.pop("limits", {})},
        "skills": list(skills),
        **more,
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config), "utf-8")
    (folder / ".env").write_text(f"TOKEN={world.token}\n", "utf-8")
    return load_config(folder / "config.yaml", environment={"TOKEN": world.token})


@asynccontextmanager
async def serving(
    world: DiscordWorld,
    folder: Path,
    agents: str,
    *,
    clock: Clock | None = None,
    own: Sequence[Skill[Any]] = (),
    patience: Patience = QUICK,
    watch: bool = True,
    **more: Any,
) -> AsyncIterator[App]:
    """Run a bot that serves this Discord; `own` are skills put before the listed ones."""
    config = configuration(world, folder, agents, **more)
    app = await open_app(config, clock or SystemClock(), platforms_of(config), skills=own)
    adapter_of(app).gateway.patience = patience
    try:
        await app.start(watch=watch)
        await world.until(lambda: world.commands or None, "the commands are there")
        yield app
    finally:
        await app.stop()


def adapter_of(app: App) -> Discord:
    """Find the adapter, for what a test has to look at inside."""
    adapter = app.adapters["discord"]
    assert isinstance(adapter, Discord)
    return adapter


def said(channel: Channel) -> list[Message]:
    """List what the bot said in a channel, oldest first; what one person alone sees is among it."""
    return [message for message in channel.heard if message.author.bot and not message.deleted]


async def answered(world: DiscordWorld, app: App) -> None:
    """Wait until all that happened was told, taken in, dealt with and said."""
    adapter, told = adapter_of(app), asyncio.Event()
    happened = adapter.gateway._happened

    def hear(name: str, data: Any) -> None:
        if data.get("user_id") == _NOBODY:
            told.set()
        else:
            happened(name, data)

    adapter.gateway._happened = hear
    try:
        await world.gateway.connected()
        for session in world.gateway.sessions.values():
            session.tell("TYPING_START", {"user_id": _NOBODY})  # whatever was told before came before it
        async with asyncio.timeout(world.patience):
            await told.wait()
            while adapter._lines._workers:
                await asyncio.wait(adapter._lines._workers.values())
            await app.presence.caught_up()
    finally:
        adapter.gateway._happened = happened
    await app.bot.crew.idle()
