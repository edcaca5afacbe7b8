"""Doors: threads are closed when nothing is left to do there, opened when something is said, and room is made for new.

A server has room for so many active threads; an archived one takes none, and whoever writes there opens it again. The
private thread of a ticket is locked as well: its last message has a button that opens the ticket again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Any, TypeVar

from supportbot.adapters.discord.api import IS_ARCHIVED, NO_PERMISSION, Api, Failed
from supportbot.adapters.discord.incoming import address
from supportbot.adapters.discord.rooms import FORUMS, PRIVATE_THREAD, Room, Rooms
from supportbot.domain.address import Address
from supportbot.errors import TryLater
from supportbot.logs import log
from supportbot.recent import Recent

_TOO_MANY = "160006"
_WANTS_TAG = "40067"
_MOST_TAGS = 5
_AT_ONCE = 10
"""Threads that are closed at once to make room, so that the next one does not meet the limit again."""
_NOT_NOW, _SOON = 60.0, 2.0
_TRIES = 2
_MOST = 5_000
_CHANNEL = "/channels/{channel_id}"

Changes = dict[str, Any]
Made = TypeVar("Made")


class Doors:
    """Closes threads and opens them again."""

    def __init__(
        self,
        api: Api,
        rooms: Rooms,
        *,
        bot: str,
        is_settled: Callable[[Address], Awaitable[bool]],
        solved_tags: Collection[str],
    ) -> None:
        """Close threads as the user `bot`; a forum's tag with one of these names is put on a post that is closed."""
        self._api = api
        self._rooms = rooms
        self._bot = bot
        self._is_settled = is_settled
        self._solved_tags = [tag.casefold() for tag in solved_tags]
        self._makes_room = asyncio.Lock()
        self._closed = Recent[str, None](_MOST)
        """Threads that were closed here: the gateway tells of it a little later."""

    # --- closing --------------------------------------------------------------------------------------------------

    async def close(self, thread: str) -> None:
        """Archive a thread in which nothing is left to do; a ticket's own is locked, a forum's post gets its tag.

        Where the bot may not, it stays open: what was to be said there is said.
        """
        try:
            room = await self._rooms.room(thread)
            if room.is_thread:
                await self._close(room)
                self._closed[thread] = None
        except Failed as failed:
            if failed.code != IS_ARCHIVED:
                log.warning("a thread could not be closed", adapter="discord", reason=failed.code)

    async def _close(self, room: Room) -> None:
        marks = await self._marks(room)
        try:
            await self._change(room.id, {"archived": True, **marks})
        except Failed as failed:
            if failed.code != NO_PERMISSION or not marks:
                raise
            await self._change(room.id, {"archived": True})

    async def _marks(self, room: Room) -> Changes:
        """Tell what a thread gets beside being archived."""
        if self._is_own(room):
            return {"locked": True}
        if (await self._rooms.room(room.parent, room.guild)).kind not in FORUMS:
            return {}
        has = [str(tag) for tag in (await self._read(room.id)).get("applied_tags") or ()]
        named = {str(tag["name"]).casefold(): str(tag["id"]) for tag in await self._tags(room)}
        tag = next((named[name] for name in self._solved_tags if name in named), "")
        return {"applied_tags": [*has, tag]} if tag and tag not in has and len(has) < _MOST_TAGS else {}

    def _is_own(self, room: Room) -> bool:
        """Tell whether a thread is one that the bot began to be alone with somebody."""
        return room.kind == PRIVATE_THREAD and room.owner == self._bot

    async def _tags(self, post: Room) -> list[dict[str, Any]]:
        return list((await self._read(post.parent)).get("available_tags") or ())

    async def _read(self, channel: str) -> dict[str, Any]:
        found: dict[str, Any] = await self._api.read(_CHANNEL, channel_id=channel)
        return found

    # --- opening --------------------------------------------------------------------------------------------------

    async def open_for_words(self, thread: str) -> None:
        """Let whoever is in a ticket's own thread answer what is about to be said there."""
        room = self._rooms.known(thread)
        if room and self._is_own(room) and (room.is_closed or thread in self._closed):
            with contextlib.suppress(Failed):
                await self._open(thread, {"archived": False, "locked": False})

    async def open_again(self, thread: str) -> None:
        """Open a thread that was archived; Failed where the bot may not."""
        await self._open(thread, {"archived": False})

    async def _open(self, thread: str, changes: Changes) -> None:
        await self.with_room(thread, partial(self._change, thread, changes))
        self._closed.pop(thread, None)

    async def with_room(self, channel: str, takes_room: Callable[[], Awaitable[Made]]) -> Made:
        """Make or open a thread; at the limit of active ones room is made for it, for one after the other."""
        try:
            return await takes_room()
        except Failed as failed:
            if failed.code != _TOO_MANY:
                raise
        async with self._makes_room:
            for _ in range(_TRIES):
                await self._make_room((await self._rooms.room(channel)).guild)
                try:
                    return await takes_room()
                except Failed as failed:
                    if failed.code != _TOO_MANY:
                        raise
        raise TryLater(_SOON, "others were given the room that was made")

    async def _make_room(self, guild: str) -> None:
        """Close the bot's oldest threads in which nothing is left to do, or else the one that was quiet for longest."""
        answer = await self._api.read("/guilds/{guild_id}/threads/active", guild_id=guild)
        own = [thread for thread in answer.get("threads") or () if str(thread.get("owner_id")) == self._bot]
        if not own:
            raise TryLater(_NOT_NOW, "the server has as many active threads as Discord allows")
        own.sort(key=lambda thread: int(thread.get("last_message_id") or thread["id"]))
        settled: list[str] = []
        for thread in own:
            if len(settled) < _AT_ONCE and await self._is_settled(address(str(thread["parent_id"]), str(thread["id"]))):
                settled.append(str(thread["id"]))
        for id in settled:
            await self.close(id)
        if not settled:
            await self._change(str(own[0]["id"]), {"archived": True})

    async def _change(self, thread: str, changes: Changes) -> None:
        """Change a thread; a forum that wants a tag on each of its posts gets one."""
        try:
            changed = await self._api.change("PATCH", _CHANNEL, changes, channel_id=thread)
        except Failed as failed:
            tags = await self._tags(await self._rooms.room(thread)) if failed.code == _WANTS_TAG else []
            if not tags:
                raise
            tagged = {**changes, "applied_tags": [str(tags[0]["id"])]}
            changed = await self._api.change("PATCH", _CHANNEL, tagged, channel_id=thread)
        self._rooms.note(changed)
