"""The parts of the adapter that listen, beside a simulated Discord."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from supportbot.adapter_settings import DiscordSettings
from supportbot.adapters.discord.api import Api
from supportbot.adapters.discord.client import Payload
from supportbot.adapters.discord.gateway import Gateway, Patience
from supportbot.adapters.discord.incoming import Incoming
from supportbot.adapters.discord.members import Members
from supportbot.adapters.discord.rooms import Rooms
from supportbot.clock import SystemClock
from supportbot.domain.event import Event
from supportbot.settings import Secret
from supportbot.testing.discord import DiscordWorld

QUICK = Patience(apart=0.0, opening=5.0, guilds=0.1, pauses=(0.01, 0.05))
"""A simulated Discord lets sessions begin right after each other."""


@dataclass
class Ears:
    """Hears a simulated Discord as the adapter does."""

    gateway: Gateway
    members: Members
    rooms: Rooms
    incoming: Incoming
    payloads: asyncio.Queue[tuple[str, Payload]] = field(default_factory=asyncio.Queue)

    async def hears(self, name: str = "MESSAGE_CREATE") -> Payload:
        """Wait for the next payload of a name; those of other names before it are left out."""
        async with asyncio.timeout(5):
            while True:
                happened, data = await self.payloads.get()
                if happened == name:
                    return data

    async def event(self, name: str = "MESSAGE_CREATE") -> Event | None:
        """Wait for the next payload of a name, and read it; what comes before it is read, too."""
        async with asyncio.timeout(5):
            while True:
                happened, data = await self.payloads.get()
                event = await self.incoming.event(happened, data)
                if happened == name:
                    return event

    async def said(self) -> Event:
        """Wait for the next message, which is one for the bot."""
        event = await self.event()
        assert event is not None
        return event


Listen = Callable[..., Awaitable[Ears]]


@asynccontextmanager
async def listening(world: DiscordWorld, patience: Patience, settings: dict[str, Any]) -> AsyncIterator[Ears]:
    """Connect to a Discord, and hear it."""
    Route.BASE, DiscordWebSocket.DEFAULT_GATEWAY = world.api_url, yarl.URL(world.gateway_url)
    channel, content = str(settings.pop("channel", "")), settings.pop("content", True)
    given = DiscordSettings(token=Secret(world.token), **settings)
    clock, payloads = SystemClock(), asyncio.Queue[tuple[str, Payload]]()
    intents = discord.Intents.none()
    intents.guilds = intents.guild_messages = intents.dm_messages = intents.guild_reactions = True
    intents.message_content = content

    def wanted() -> discord.Intents:
        intents.message_content = intents.message_content and not gateway.is_refused_content
        return intents

    def happened(name: str, data: Payload) -> None:
        payloads.put_nowait((name, data))

    gateway = Gateway(world.token, wanted, happened, clock, patience=patience)
    rest = discord.Client(intents=discord.Intents(guilds=True))
    async with aiohttp.ClientSession() as session:
        await rest.login(world.token)
        api = Api(rest.http, session, clock)
        members = Members(api, gateway, clock, agent_roles=given.agent_roles, channel=channel)
        await members.introduce()
        rooms = Rooms(api, gateway, given)
        try:
            yield Ears(gateway, members, rooms, Incoming(members, rooms, given, clock), payloads)
        finally:
            await gateway.close()
            await rest.close()
