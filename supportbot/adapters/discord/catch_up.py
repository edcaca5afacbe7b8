"""What was written while nobody listened, read from the histories of the channels and threads that have news.

What a session brings at its beginning tells of each channel and open thread which message is the last there, so only
those are read in which something was said since. Discord lists no direct messages, and no threads that are closed:
where conversations stand is known in the house (`places`), and those are looked at, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import discord

from supportbot.adapters.base import Missed
from supportbot.adapters.discord.api import Api, Failed
from supportbot.adapters.discord.gap import Gap
from supportbot.adapters.discord.incoming import Incoming, id_before
from supportbot.domain.address import Address
from supportbot.domain.event import Event
from supportbot.errors import TryLater
from supportbot.logs import log

_PAGE = 100
_MOST_PAGES = 50
"""Pages that are read of one channel: what came behind so many messages is not looked for."""
_TRIES = 5

Message = dict[str, Any]
Sleep = Callable[[float], Awaitable[None]]


class History:
    """Reads what was said since an instant, as slowly as Discord asks."""

    def __init__(
        self,
        incoming: Incoming,
        api: Api,
        client: discord.Client,
        agents_channel: str,
        *,
        gap: Gap | None = None,
        sleep: Sleep = asyncio.sleep,
    ) -> None:
        """Tell the gap which channels were read."""
        self._incoming = incoming
        self._api = api
        self._client = client
        self._agents_channel = agents_channel
        self._gap = gap or Gap()
        self._sleep = sleep

    async def since(self, instant: int, places: Sequence[Address]) -> AsyncIterator[Missed]:
        """Read what was written since an instant: what was said to the bot alone first, oldest first in each place."""
        after = id_before(instant)
        news = self._with_news(int(after), places)
        self._gap.read_only(news)
        for channel, guild in news.items():
            try:
                found = await self._channel(channel, after)
            except Failed as failed:
                log.warning("a channel's history could not be read", adapter="discord", reason=failed.code)
                found = []
            for message in found:
                described = {**message, "guild_id": guild} if guild else message
                if event := await self._event(described):
                    yield Missed(event=event, is_answered=await self._is_answered(event, message, found))
            self._gap.finish(channel)

    def _with_news(self, after: int, places: Sequence[Address]) -> dict[str, str]:
        """Name the channels and threads that may have news, with the server of each; "" is a direct message."""
        found: dict[str, str] = {}
        for place in places:
            if place.is_alone:
                continue
            known = self._client.get_channel(int(place.channel))
            guild = getattr(known, "guild", None)
            if guild is None:
                found.setdefault(place.channel, "")
            elif place.thread and guild.get_thread(int(place.thread)) is None and place.thread != place.channel:
                found.setdefault(place.thread, str(guild.id))  # closed by now, or no thread at all
        for guild in self._client.guilds:
            rooms: list[discord.TextChannel | discord.Thread] = [*guild.text_channels, *guild.threads]
            for room in rooms:
                if (room.last_message_id or 0) > after:
                    found[str(room.id)] = str(guild.id)
        return found

    async def _is_answered(self, event: Event, message: Message, found: Sequence[Message]) -> bool:
        """Tell whether another human has replied to a message since, or has written in its thread."""
        if event.direct or event.address.channel == self._agents_channel:
            return False
        if event.address.thread == str(message["channel_id"]):
            return any(_is_by_another(other, message) for other in found)
        replies = [
            other for other in found if (other.get("message_reference") or {}).get("message_id") == message["id"]
        ]
        if any(_is_by_another(other, message) for other in replies):
            return True
        thread = message.get("thread")
        below = await self._channel(str(thread["id"]), str(message["id"])) if thread else []
        return any(_is_by_another(other, message) for other in below)

    async def _channel(self, channel: str, after: str) -> list[Message]:
        """Read a channel or thread, oldest first."""
        found: list[Message] = []
        for _ in range(_MOST_PAGES):
            page = await self._page(channel, after)
            page.sort(key=lambda message: int(message["id"]))
            found += page
            if len(page) < _PAGE:
                break
            after = str(page[-1]["id"])
        return found

    async def _page(self, channel: str, after: str) -> list[Message]:
        query = {"after": after, "limit": _PAGE}
        while True:
            try:
                page = await self._api.read("/channels/{channel_id}/messages", query=query, channel_id=channel)
                return list(page)
            except TryLater as wait:
                await self._sleep(wait.after)

    async def _event(self, message: Message) -> Event | None:
        """Read a message as if it had just come."""
        for _ in range(_TRIES):
            try:
                return await self._incoming.message(message)
            except TryLater as wait:
                await self._sleep(wait.after)
            except TimeoutError:
                await self._sleep(1)
        raise TryLater(1, "what came with a message could not be fetched")


def _is_by_another(other: Message, message: Message) -> bool:
    """Tell whether another human wrote something behind a message."""
    author = other["author"]
    is_later = int(other["id"]) > int(message["id"])
    return is_later and author["id"] != message["author"]["id"] and not author.get("bot")
