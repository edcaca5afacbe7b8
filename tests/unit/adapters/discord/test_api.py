"""Calls of Discord's API: what an answer means, and which files are fetched."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import discord
import pytest
from discord.http import Route

from supportbot.adapters.discord.api import Api, Failed
from supportbot.errors import BadToken, TryLater, Unclear
from supportbot.testing.discord import DiscordWorld

MESSAGES = "/channels/{channel_id}/messages"


@pytest.fixture
async def api(discord_world: DiscordWorld, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Api]:
    monkeypatch.setattr(Route, "BASE", discord_world.api_url)
    async with discord.Client(intents=discord.Intents.none()) as client, aiohttp.ClientSession() as session:
        await client.login(discord_world.token)
        yield Api(client.http, session, discord_world.clock)


async def test_an_answer_is_what_discord_said(api: Api, discord_world: DiscordWorld) -> None:
    channel = discord_world.channel("help")
    made = await api.write(MESSAGES, {"content": "hi"}, channel_id=channel.id)
    (message,) = await api.read(MESSAGES, query={"limit": 1}, channel_id=channel.id)
    assert made["id"] == message["id"]
    path = f"{MESSAGES}/{{message_id}}"
    await api.change("DELETE", path, channel_id=channel.id, message_id=made["id"])
    with pytest.raises(Failed) as failed:
        await api.change("DELETE", path, channel_id=channel.id, message_id=made["id"])
    assert (failed.value.code, failed.value.status) == ("10008", 404)


async def test_what_may_have_happened_is_unclear_and_what_can_be_repeated_is_not(
    api: Api, discord_world: DiscordWorld
) -> None:
    channel = discord_world.channel("help")
    discord_world.trouble.loses_replies()
    with pytest.raises(Unclear):
        await api.write(MESSAGES, {"content": "hi"}, channel_id=channel.id)
    discord_world.trouble.breaks("Get Channel Messages", status=503)
    with pytest.raises(TryLater):
        await api.read(MESSAGES, channel_id=channel.id)


async def test_where_nobody_listens_nothing_happened(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Route, "BASE", "http://127.0.0.1:9/api/v10")
    with pytest.raises(TryLater):
        await api.write(MESSAGES, {"content": "hi"}, channel_id="1")


async def test_a_wait_that_is_too_long_for_discord_py_is_left_to_the_outbox(
    api: Api, discord_world: DiscordWorld
) -> None:
    api._http.max_ratelimit_timeout = 30.0
    discord_world.trouble.rate_limits(retry_after=40.0)
    channel = discord_world.channel("help")
    for _ in range(5):
        with pytest.raises(TryLater) as wait:
            await api.write(MESSAGES, {"content": "hi"}, channel_id=channel.id)
        assert wait.value.after == 40
    assert discord_world.world_log.invalid == 1
    await api.write(MESSAGES, {"content": "hi"}, channel_id=discord_world.channel("other").id)
    await discord_world.passes("40s")
    await api.write(MESSAGES, {"content": "hi"}, channel_id=channel.id)


async def test_a_rejected_token_says_so(api: Api) -> None:
    api._http.token = "wrong"
    with pytest.raises(BadToken):
        await api.read("/users/@me")


@pytest.mark.parametrize(
    "address", ["https://evil.example/a", "https://cdn.discordapp.com.evil.example/a", "http://cdn.discordapp.com/a"]
)
async def test_files_are_fetched_from_discord_alone(api: Api, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setattr(Route, "BASE", "https://discord.com/api/v10")
    assert await api.download(address, 100) is None


async def test_a_file_is_fetched_up_to_a_size(api: Api, discord_world: DiscordWorld) -> None:
    ada, channel = discord_world.person("Ada"), discord_world.channel("help")
    await ada.uploads(channel, "log.txt", b"0123456789")
    (message,) = await api.read(MESSAGES, channel_id=channel.id)
    url = message["attachments"][0]["url"]
    assert await api.download(url, 10) == b"0123456789"
    assert await api.download(url, 9) is None
