"""What was written while nobody listened, read from the histories of the direct messages and channels.

Slack lists no replies beside the topics they belong to. So a channel is read from a week further back than asked: a
topic tells when it was last replied to, and the threads with news are read, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from supportbot.adapters.base import Missed
from supportbot.adapters.slack.api import Failed
from supportbot.adapters.slack.incoming import Incoming
from supportbot.clock import DAY, SECOND
from supportbot.domain.event import Event
from supportbot.errors import TryLater
from supportbot.logs import log

THREADS_FROM = 7 * DAY
"""How much further back topics are looked for that got a reply."""
_PAGE = 200
_MOST_PAGES = 25
"""Pages that are read of one channel: what is older in it than so many messages is not looked for."""
_KINDS = ("im", "private_channel", "public_channel")
_TRIES = 5

Message = dict[str, Any]
Sleep = Callable[[float], Awaitable[None]]
Serves = Callable[[str], Awaitable[bool]]
"""Tells whether what is said in a channel comes in here, and not in another workspace that it is shared with."""


class History:
    """Reads one workspace's history, as slowly as Slack asks."""

    def __init__(
        self, incoming: Incoming, agents_channel: str, *, serves: Serves | None = None, sleep: Sleep = asyncio.sleep
    ) -> None:
        self._incoming = incoming
        self._api = incoming.team.api
        self._agents_channel = agents_channel
        self._serves = serves
        self._sleep = sleep

    async def since(self, instant: int) -> AsyncIterator[Missed]:
        """Read what was written since an instant: direct messages first, and oldest first in each place."""
        for kind in _KINDS:
            async for channel in self._pages("users.conversations", "channels", types=kind, exclude_archived="true"):
                name = str(channel.get("id"))
                if channel.get("is_ext_shared") and not await self._is_ours(name):
                    continue
                try:
                    found = await self._channel(name, instant)
                except Failed as failed:
                    log.warning("a channel's history could not be read", adapter="slack", reason=failed.code)
                    continue
                for message, is_answered in found:
                    if event := await self._event({**message, "type": "message", "channel": name}):
                        yield Missed(event=event, is_answered=is_answered)

    async def _is_ours(self, channel: str) -> bool:
        """Tell whether a channel that is shared is not read in another workspace that the bot serves."""
        while True:
            try:
                return self._serves is None or await self._serves(channel)
            except TryLater as wait:
                await self._sleep(wait.after)

    async def _channel(self, channel: str, instant: int) -> list[tuple[Message, bool]]:
        """Read a channel and its threads: each message, and whether somebody else has answered it there."""
        oldest, where = instant / SECOND, {"channel": channel}
        found: dict[str, tuple[Message, bool]] = {}
        since = f"{(instant - THREADS_FROM) / SECOND:.6f}"
        async for topic in self._pages("conversations.history", "messages", oldest=since, **where):
            said = [topic]
            if float(topic.get("latest_reply") or 0) >= oldest:
                replies = self._pages(
                    "conversations.replies", "messages", ts=topic["ts"], oldest=f"{oldest:.6f}", **where
                )
                said += [reply async for reply in replies if reply.get("ts") != topic["ts"]]
            is_room = channel[:1] != "D" and channel != self._agents_channel
            for message in said:
                if float(message["ts"]) >= oldest:
                    found[message["ts"]] = message, is_room and _is_answered(message, said)
        return [found[ts] for ts in sorted(found, key=float)]

    async def _event(self, message: Message) -> Event | None:
        """Read a message as if it had just come; one whose files cannot be had in time comes without being read."""
        for _ in range(_TRIES):
            try:
                return await self._incoming.event({"event": message})
            except TryLater as wait:
                await self._sleep(wait.after)
            except TimeoutError:
                await self._sleep(1)
        raise TryLater(1, "what came with a message could not be fetched")

    async def _pages(self, method: str, items: str, **arguments: Any) -> AsyncIterator[Message]:
        """Read a list page by page, waiting where Slack asks to."""
        cursor = ""
        for _ in range(_MOST_PAGES):
            page = await self._patiently(method, limit=_PAGE, cursor=cursor, **arguments)
            for item in page.get(items) or ():
                yield item
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def _patiently(self, method: str, **arguments: Any) -> dict[str, Any]:
        while True:
            try:
                return await self._api.read(method, **arguments)
            except TryLater as wait:
                await self._sleep(wait.after)


def _is_answered(message: Message, thread: list[Message]) -> bool:
    """Tell whether another human wrote in the thread after a message."""
    return any(
        float(other["ts"]) > float(message["ts"])
        and other.get("user") not in (None, message.get("user"))
        and not other.get("bot_id")
        for other in thread
    )
