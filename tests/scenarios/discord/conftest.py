"""A supportbot in a simulated Discord: the real adapter, real discord.py, over loopback."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from supportbot.adapters.discord.adapter import Discord
from supportbot.adapters.discord.gateway import Patience
from supportbot.adapters.open import platforms_of
from supportbot.app import App, open_app
from supportbot.clock import SystemClock
from supportbot.config import load_config
from supportbot.testing.discord import DiscordWorld
from tests.scenarios.slack.conftest import ARTICLES, SKILLS

QUICK = Patience(apart=0.0, opening=10.0, guilds=0.1, pauses=(0.01, 0.05))
"""A simulated Discord lets sessions begin right after each other."""


@dataclass
class Desk:
    """The Discord of a community: its people, its channels, and the bot."""

    discord: DiscordWorld
    ada: Any
    sam: Any
    team: Any
    help: Any
    agents: Any
    """The agents' role."""
    app: App | None = None

    @property
    def adapter(self) -> Discord:
        """The bot's adapter, for tests of what is inside."""
        assert self.app is not None
        adapter = self.app.adapters["discord"]
        assert isinstance(adapter, Discord)
        return adapter


@asynccontextmanager
async def supported(desk: Desk, folder: Path, /, patience: Patience = QUICK, **more: Any) -> AsyncIterator[App]:
    """Run a bot that serves this Discord."""
    (folder / "faq.yaml").write_text(ARTICLES, "utf-8")
    settings = {
        "token": "${TOKEN}",
        "api_url": desk.discord.api_url,
        "gateway_url": desk.discord.gateway_url,
        "help_channels": [desk.help.id],
        "agent_roles": [desk.agents.id],
        **more.pop("discord", {}),
    }
    config = {
        "storage": {"url": "sqlite:bot.db"},
        "adapters": {"discord": settings, **more.pop("adapters", {})},
        "desk": {"agents_channel": f"discord:{desk.team.id}", **more.pop("desk", {})},
        "skills": SKILLS,
        **more,
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config), "utf-8")
    loaded = load_config(folder / "config.yaml", environment={"TOKEN": desk.discord.token})
    app = await open_app(loaded, SystemClock(), platforms_of(loaded))
    adapter = app.adapters["discord"]
    assert isinstance(adapter, Discord)
    adapter.gateway.patience = patience
    try:
        await app.start()
        yield app
    finally:
        if app.phase != "stopping":  # the test has stopped it
            await app.stop()


OpenDesk = Callable[..., Awaitable[Desk]]


@pytest.fixture
async def open_desk(tmp_path: Path) -> AsyncIterator[OpenDesk]:
    """Open a desk with ada, who needs help, and sam of the team: ``desk = await open_desk(discord={...})``.

    Called again, after ``await desk.app.stop()``, it is the same desk; with ``starts=False`` there is no bot yet.
    """
    async with DiscordWorld(clock=SystemClock()) as discord, AsyncExitStack() as stack:
        ada, sam = discord.person("Ada"), discord.person("Sam")
        agents = discord.role("Agents", [sam])
        team, help_channel = discord.channel("support-team", only_for=[agents]), discord.channel("help")
        desk = Desk(discord, ada, sam, team, help_channel, agents)

        async def start(*, starts: bool = True, **more: Any) -> Desk:
            if not starts:
                return desk
            desk.app = await stack.enter_async_context(supported(desk, tmp_path, **more))
            await discord.until(lambda: discord.commands or None, "the commands are there")
            return desk

        yield start
