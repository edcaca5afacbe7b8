"""Starts with Discord: a wrong token ends with one sentence, a Discord that is away is waited for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import yaml

from supportbot.clock import SystemClock
from supportbot.testing.discord import DiscordWorld
from tests.faults.platforms.processes import IN_TIME, end, run


@pytest.fixture
async def discord(tmp_path: Path) -> AsyncIterator[DiscordWorld]:
    """A Discord on real time, and a configuration for it."""
    async with DiscordWorld(clock=SystemClock(), patience=IN_TIME) as world:
        settings = {"token": "${TOKEN}", "api_url": world.api_url, "gateway_url": world.gateway_url}
        config = {
            "storage": {"url": "sqlite:bot.db"},
            "adapters": {"discord": settings},
            "desk": {"agents_channel": f"discord:{world.channel('team').id}"},
            "skills": ["help", "fallback"],
        }
        (tmp_path / "config.yaml").write_text(yaml.safe_dump(config), "utf-8")
        yield world


async def test_a_bot_that_is_run_answers_and_ends_in_order(discord: DiscordWorld, tmp_path: Path) -> None:
    process, lines = await run(tmp_path, TOKEN=discord.token)
    assert "started" in lines[-1], lines
    ada = discord.person("Ada")
    await ada.dm("/help")
    assert str(await ada.hears())
    await end(process)
    assert discord.gateway.identifies == 1


async def test_a_rejected_token_ends_the_start_with_one_sentence(discord: DiscordWorld, tmp_path: Path) -> None:
    process, lines = await run(tmp_path, TOKEN="no-such-token")
    async with asyncio.timeout(IN_TIME):
        assert await process.wait() == 2
    told = [line for line in lines if not line.startswith("20")]
    assert len(told) == 1
    assert "adapters.discord.token" in told[0]
    assert "no-such-token" not in "".join(lines)


async def test_a_discord_that_is_away_at_the_start_is_tried_again_and_then_served(
    discord: DiscordWorld, tmp_path: Path
) -> None:
    ada = discord.person("Ada")
    discord.trouble.breaks("Get Current Application", times=1, status=503)
    process, lines = await run(tmp_path, TOKEN=discord.token)
    assert "not up" in lines[-1]
    await discord.gateway.connected()
    await ada.dm("/help")
    assert str(await ada.hears())
    await end(process)
