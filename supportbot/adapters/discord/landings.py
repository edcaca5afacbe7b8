"""Landings: where a message goes that cannot be said where it was sent to.

What is one person's alone goes into a private thread of theirs; where there can be none, into direct messages, and
where those are closed, into a private thread after all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from supportbot.adapters.discord.api import Api, Failed
from supportbot.adapters.discord.incoming import address
from supportbot.adapters.discord.rooms import PRIVATE_THREAD, Rooms
from supportbot.adapters.discord.threads import Threads
from supportbot.clock import MINUTE, Clock
from supportbot.domain.address import ALONE, Address
from supportbot.domain.markdown import plain
from supportbot.domain.reply import Outgoing
from supportbot.logs import log
from supportbot.recent import Recent

_CLOSED_FOR = 10 * MINUTE
"""How long direct messages are believed to be closed: then it is tried again."""
_MOST = 5_000


class Landings:
    """Finds where else to go, and remembers it for what waits behind."""

    def __init__(self, api: Api, threads: Threads, rooms: Rooms, *, clock: Clock, help_channels: Sequence[str]) -> None:
        self._api = api
        self._threads = threads
        self._rooms = rooms
        self._clock = clock
        self._help_channels = help_channels
        self._gone = Recent[str, Address](_MOST)
        """Where messages went that are not whole yet, under their ids."""
        self._closed = Recent[str, tuple[Address, int]](_MOST)
        """Where it goes on with those who take no direct messages, under the address that was closed."""
        self._doubtful = Recent[str, None](_MOST)
        """Messages that may have been shown in a thread that was made for them."""

    async def of(self, outgoing: Outgoing) -> Address:
        """Find where a message is to be said."""
        place = outgoing.address
        if outgoing.id in self._gone:
            return self._gone[outgoing.id]
        if outgoing.only_for:
            return await self._for_one(outgoing)
        if not (place.is_alone or outgoing.aside):
            return self._open(place)
        if outgoing.landed:
            return outgoing.landed
        return await self._alone(outgoing) if place.is_alone else await self._aside(outgoing)

    def went(self, outgoing: Outgoing, where: Address) -> None:
        """Note where a message went that is not whole yet."""
        self._gone[outgoing.id] = where

    def finish(self, outgoing: Outgoing) -> None:
        """Forget a message that was shown whole."""
        self._gone.pop(outgoing.id, None)
        self._doubtful.pop(outgoing.id, None)

    def doubt(self, outgoing: Outgoing) -> None:
        """Note that a message may have been shown already: a thread that was made for it is looked for."""
        self._doubtful[outgoing.id] = None

    # --- alone with one person ------------------------------------------------------------------------------------

    async def _alone(self, outgoing: Outgoing) -> Address:
        """Find where to say what is to last: in a private thread near the channel, or in direct messages."""
        user = outgoing.address.thread.removeprefix(ALONE)
        try:
            where = await self._thread(outgoing, outgoing.address.channel, user)
        except Failed as failed:
            log.info("a private thread could not be opened", adapter="discord", reason=failed.code)
            where = await self._direct(user)
        self.went(outgoing, where)
        return where

    async def _aside(self, outgoing: Outgoing) -> Address:
        """Go aside with somebody; where the platform does not let us, it is said where they are."""
        place = outgoing.address
        if await self._is_private(place):
            return place
        try:
            where = await self._thread(outgoing, place.channel, outgoing.aside.rpartition("/")[2])
        except Failed as failed:
            log.info("a private thread could not be opened", adapter="discord", reason=failed.code)
            return place
        self.went(outgoing, where)
        return where

    async def _for_one(self, outgoing: Outgoing) -> Address:
        """Find where only one person reads it."""
        if await self._is_private(outgoing.address):
            return outgoing.address
        return await self._direct(outgoing.only_for.rpartition("/")[2])

    async def _direct(self, user: str) -> Address:
        return self._open(address(await self._rooms.direct(user)))

    def _open(self, place: Address) -> Address:
        """Tell where it goes on that was said in direct messages which are closed; all else is open."""
        where, until = self._closed.get(place.key, (place, 0))
        return where if until > self._clock.now() else place

    async def _is_private(self, place: Address) -> bool:
        room = None if place.is_alone else await self._threads.kind(place)
        return room is not None and (room.is_direct or room.kind == PRIVATE_THREAD)

    async def _thread(self, outgoing: Outgoing, channel: str, user: str) -> Address:
        if outgoing.id in self._doubtful and (thread := await self._threads.recent(channel, user, outgoing.at)):
            return address(channel, thread)
        first = plain(outgoing.text).strip().partition("\n")[0]
        return address(channel, await self._threads.alone(channel, user, first))

    # --- direct messages are closed -------------------------------------------------------------------------------

    async def instead(self, outgoing: Outgoing, closed: Address, failed: Failed) -> Address:
        """Find where to go on with somebody who takes no direct messages; raises `failed` where there is no place."""
        user = await self._partner(closed)
        near = [outgoing.address.channel] if outgoing.address != closed else []
        for channel in (*near, *self._help_channels):
            try:
                if channel in near or await self._is_there(channel, user):
                    where = await self._thread(outgoing, channel, user)
                    self._closed[closed.key] = (where, self._clock.now() + _CLOSED_FOR)
                    self.went(outgoing, where)
                    return where
            except Failed as other:
                log.info("a private thread could not be opened", adapter="discord", reason=other.code)
        raise failed

    async def _partner(self, direct: Address) -> str:
        """Tell with whom direct messages are."""
        channel: dict[str, Any] = await self._api.read("/channels/{channel_id}", channel_id=direct.channel)
        return str((channel.get("recipients") or [{}])[0].get("id") or "")

    async def _is_there(self, channel: str, user: str) -> bool:
        """Tell whether somebody is on a channel's server."""
        guild = (await self._rooms.room(channel)).guild
        try:
            await self._api.read("/guilds/{guild_id}/members/{user_id}", guild_id=guild, user_id=user)
        except Failed:
            return False
        return True
