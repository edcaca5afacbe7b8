"""The gateway client: discord.py's own, with small caches, that hands on raw what the bot has a reader for itself.

discord.py would make objects of each message, keep some of them, and end at the first one that it cannot read. So
messages, reactions and interactions do not go through it; servers, channels, threads and roles do, and are its cache.
What it cannot read of those is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import HTTPClient

from supportbot.errors import SupportbotError
from supportbot.logs import log

Payload = Mapping[str, Any]

TAKEN = (
    "MESSAGE_CREATE",
    "MESSAGE_UPDATE",
    "MESSAGE_DELETE",
    "MESSAGE_DELETE_BULK",
    "MESSAGE_REACTION_ADD",
    "INTERACTION_CREATE",
    "TYPING_START",
)
"""What discord.py does not see."""
HEARD = (
    "READY",
    "RESUMED",
    "THREAD_CREATE",
    "THREAD_UPDATE",
    "THREAD_DELETE",
    "CHANNEL_UPDATE",
    "CHANNEL_DELETE",
)
"""What it sees first."""
_NEEDED = frozenset({"READY", "RESUMED"})
"""What a session cannot do without."""
SILENCE = 50.0
"""Seconds without any frame after which a connection is given up; heartbeats are answered every 41."""
_LONGEST_GOODBYE = 3.0
_LONGEST_HANDSHAKE = 60.0


class Keeper(Protocol):
    """Whoever keeps a client, and hears of it."""

    def hear(self, name: str, data: Payload) -> None:
        """Hear what came down the gateway: an event as Discord names it (``MESSAGE_CREATE``), and its raw ``d``."""

    def lose(self, shard: int) -> None:
        """Hear that a shard was disconnected."""

    def know_servers(self) -> None:
        """Hear that all servers of the session are known."""

    async def may_begin(self, shard: int) -> None:
        """Return when another session of a shard may begin."""


class Client(discord.AutoShardedClient):
    """One life of the gateway: it ends at whatever discord.py cannot deal with, and another is made."""

    def __init__(
        self,
        intents: discord.Intents,
        keeper: Keeper,
        *,
        silence: float = SILENCE,
        guilds_within: float = 2.0,
    ) -> None:
        discord.VoiceClient.warn_nacl = False
        discord.VoiceClient.warn_dave = False
        super().__init__(
            intents=intents,
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
            heartbeat_timeout=silence,
            shard_connect_timeout=_LONGEST_HANDSHAKE,
            guild_ready_timeout=guilds_within,
        )
        self._keeper = keeper
        self._launched: set[int] = set()
        self.http.ws_connect = partial(_connected, self.http)  # type: ignore[method-assign] # it has no other door
        parsers = self._connection.parsers
        for name in TAKEN:
            parsers[name] = partial(keeper.hear, name)
        for name in HEARD:
            parsers[name] = _both(parsers[name], partial(keeper.hear, name))
        for name in parsers.keys() - _NEEDED:
            parsers[name] = _guarded(name, parsers[name])

    async def launch_shard(self, gateway: yarl.URL, shard_id: int, *, initial: bool = False) -> None:  # noqa: ARG002
        """Begin a shard where the configuration says; discord.py would try again for ever, and too often."""
        if shard_id in self._launched:
            raise NotLaunched("a connection to Discord's gateway could not be made")
        self._launched.add(shard_id)
        await super().launch_shard(DiscordWebSocket.DEFAULT_GATEWAY, shard_id, initial=initial)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:  # noqa: ARG002
        """Wait until another session may begin."""
        await self._keeper.may_begin(shard_id or 0)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """Note that events may be missed from now on."""
        self._keeper.lose(shard_id)

    async def on_ready(self) -> None:
        """Note that all servers are known, with their channels."""
        self._keeper.know_servers()


class NotLaunched(SupportbotError):
    """The first handshake of a shard failed."""


def _guarded(name: str, parse: Callable[[Any], None]) -> Callable[[Any], None]:
    """Let a payload that cannot be read cost itself alone, and not the connection."""

    def guarded(data: Any) -> None:
        try:
            parse(data)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the next one may be in order
            log.warning("a payload was left out", adapter="discord", payload=name, error=type(error).__name__)

    return guarded


def _both(first: Callable[[Any], None], second: Callable[[Any], None]) -> Callable[[Any], None]:
    def parse(data: Any) -> None:
        first(data)
        second(data)

    return parse


async def _connected(http: HTTPClient, url: str, *, compress: int = 0) -> aiohttp.ClientWebSocketResponse:
    """Open a socket that does not wait half a minute for the goodbye of somebody who is no longer there."""
    socket = await HTTPClient.ws_connect(http, url, compress=compress)
    leave = socket.close

    async def close(*, code: int = 4000, message: bytes = b"") -> bool:
        try:
            async with asyncio.timeout(_LONGEST_GOODBYE):
                return await leave(code=code, message=message)
        except TimeoutError:
            return False

    socket.close = close  # type: ignore[method-assign] # discord.py names the class of its sockets itself
    return socket
