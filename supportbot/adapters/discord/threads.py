"""Threads: the places of conversations in a server are opened where there are none, opened again, and replaced."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal, NamedTuple

from supportbot.adapters.discord.api import (
    NO_ACCESS,
    NO_CHANNEL,
    NO_MESSAGE,
    NO_PERMISSION,
    WRONG_CHANNEL,
    Api,
    Failed,
)
from supportbot.adapters.discord.doors import Doors
from supportbot.adapters.discord.incoming import instant
from supportbot.adapters.discord.rooms import FORUMS, PRIVATE_THREAD, PUBLIC_THREAD, Room, Rooms
from supportbot.adapters.lengths import fitting
from supportbot.clock import MINUTE
from supportbot.domain.address import Address
from supportbot.errors import Refused, TryLater, Unclear
from supportbot.logs import log
from supportbot.recent import Recent

_HAS_THREAD = "160004"
_LONGEST_NAME = 100
_WEEK = 10_080
"""Minutes of silence after which Discord archives a thread: as long as it takes."""
_MOST_TOPICS = 5_000
_CLOCKS_DIFFER = MINUTE

Answers = Literal["thread", "reply"]


class Spot(NamedTuple):
    """Where a post goes: a channel or a thread, and the message there that it answers."""

    channel: str
    replies_to: str = ""


class Threads:
    """Finds the threads of conversations, and opens those that are needed."""

    def __init__(
        self, api: Api, rooms: Rooms, doors: Doors, *, bot: str, answers: Answers, agents_channel: str, name: str
    ) -> None:
        """Open threads as the user `bot`; `name` is what those are called whose topic nobody noted.

        In the agents' channel the cases have threads; what agents ask there is answered by a reply.
        """
        self.doors = doors
        self._api = api
        self._rooms = rooms
        self._bot = bot
        self._answers = answers
        self._agents_channel = agents_channel
        self._name = name
        self._topics = Recent[str, str](_MOST_TOPICS)
        self._unthreaded = Recent[str, None](_MOST_TOPICS)
        """Messages that begin a topic and have no thread: they are answered by replies."""

    def begins(self, message: str, words: str) -> None:
        """Note with which words a message begins a topic: a thread made of it is named so."""
        self._topics[message] = words

    def is_topic(self, message: str) -> bool:
        """Tell whether a message in a channel is known to have begun a topic there."""
        return message in self._topics

    # --- where a conversation is ----------------------------------------------------------------------------------

    async def spot(self, address: Address) -> Spot:
        """Find where to write for an address; its thread is opened where there is none yet.

        Failed where its thread is gone: it may have been a private one, and what is said there is not for all.
        """
        channel, thread = address.channel, address.thread
        if not thread:
            return Spot(channel)
        if self._rooms.known(thread):
            return Spot(thread)
        if thread in self._unthreaded:
            return Spot(channel, thread)
        has_threads = self._answers == "thread" and channel != self._agents_channel
        if has_threads and await self._thread_of(channel, thread):
            return Spot(thread)
        if await self._look(thread):
            return Spot(thread)
        if not self.is_topic(thread) and await self._read(channel, thread) is None:
            raise Failed("GET /channels/{channel_id}", NO_CHANNEL, 404)
        self._unthreaded[thread] = None
        return Spot(channel, thread)

    async def standing(self, address: Address) -> str:
        """Tell where something that was said at an address would stand: in its thread, if there is one."""
        if address.thread and await self._look(address.thread):
            return address.thread
        return address.channel

    async def kind(self, address: Address) -> Room | None:
        """Tell what an address is on Discord: its thread, or the channel where it has none yet."""
        return await self._look(address.thread or address.channel) or await self._look(address.channel)

    async def _look(self, channel: str) -> Room | None:
        try:
            return await self._rooms.room(channel)
        except Failed as failed:
            if failed.code == NO_CHANNEL:
                return None
            raise

    async def _thread_of(self, channel: str, message: str) -> bool:
        """Make a thread of a message that begins a topic; tells whether there is one, also if it was there before."""
        try:
            await self.of_message(
                channel, message, self._topics.get(message) or await self._read(channel, message) or ""
            )
        except Failed as failed:
            if failed.code in (NO_MESSAGE, WRONG_CHANNEL, NO_PERMISSION, NO_ACCESS):
                return False
            raise
        return True

    async def of_message(self, channel: str, message: str, words: str) -> str:
        """Make a thread of a message, or find the one that it has; its id is the message's."""
        made = {"name": self._named(words), "auto_archive_duration": _WEEK}
        path = "/channels/{channel_id}/messages/{message_id}/threads"
        try:
            await self._make(channel, path, made, message_id=message)
        except Failed as failed:
            if failed.code != _HAS_THREAD:
                raise
            await self._look(message)
        return message

    async def _read(self, channel: str, message: str) -> str | None:
        """Read a message's words; None where it cannot be read."""
        path = "/channels/{channel_id}/messages/{message_id}"
        try:
            return str((await self._api.read(path, channel_id=channel, message_id=message)).get("content") or "")
        except Failed:
            return None

    # --- making them ----------------------------------------------------------------------------------------------

    async def alone(self, channel: str, user: str, words: str) -> str:
        """Open a private thread with one person in a channel, or in the one that it hangs in."""
        room = await self._rooms.room(channel)
        if room.channel != channel:
            room = await self._rooms.room(room.channel)
        if room.kind in FORUMS:
            raise Failed("POST /channels/{channel_id}/threads", WRONG_CHANNEL, 400, "a forum has no private threads")
        return await self._private(room.id, [user], words)

    async def recent(self, channel: str, user: str, since: int) -> str | None:
        """Find the private thread that was opened in a channel for somebody since an instant, if one was."""
        answer = await self._api.read(
            "/guilds/{guild_id}/threads/active", guild_id=(await self._rooms.room(channel)).guild
        )
        for thread in answer.get("threads") or ():
            mine = str(thread.get("owner_id")) == self._bot and str(thread.get("parent_id")) == channel
            is_new = thread["type"] == PRIVATE_THREAD and instant(str(thread["id"])) >= since - _CLOCKS_DIFFER
            if mine and is_new and user in await self._people(str(thread["id"])):
                self._rooms.note(thread)
                return str(thread["id"])
        return None

    async def _people(self, thread: str) -> list[str]:
        """List who is in a thread beside the bot."""
        found = await self._api.read("/channels/{channel_id}/thread-members", channel_id=thread)
        return [id for item in found if (id := str(item["user_id"])) != self._bot]

    async def _private(self, channel: str, users: list[str], words: str) -> str:
        made = {"name": self._named(words), "type": PRIVATE_THREAD, "invitable": False, "auto_archive_duration": _WEEK}
        thread = str((await self._make(channel, "/channels/{channel_id}/threads", made))["id"])
        path = "/channels/{channel_id}/thread-members/{user_id}"
        try:
            for user in users:
                await self._api.change("PUT", path, channel_id=thread, user_id=user)
        except Failed:
            await self._drop(thread)
            raise
        return thread

    async def _drop(self, thread: str) -> None:
        """Close a thread that nobody came into."""
        try:
            await self._api.change("PATCH", "/channels/{channel_id}", {"archived": True}, channel_id=thread)
        except (Refused, TryLater):
            log.info("an empty thread stays open", adapter="discord")

    async def _make(self, channel: str, path: str, thread: dict[str, Any], **places: str) -> dict[str, Any]:
        """Make a thread; at the limit of active threads room is made for it."""
        write = partial(self._write, path, thread, channel_id=channel, **places)
        made = await self.doors.with_room(channel, write)
        self._rooms.note(made)
        return made

    async def _write(self, path: str, thread: dict[str, Any], **places: Any) -> dict[str, Any]:
        try:
            made: dict[str, Any] = await self._api.write(path, thread, **places)
        except Unclear as doubt:
            raise TryLater(2, "whether a thread was made is not known") from doubt  # an empty one harms nobody
        return made

    # --- those that are over --------------------------------------------------------------------------------------

    async def replace(self, thread: str, channel: str, *, for_agents: bool) -> str:
        """Begin another thread in the place of one that is lost, as private as it was and with the same people.

        Refused where nobody knows who was in it: what was said in private is not to become public.
        """
        room = self._rooms.known(thread)
        words = room.name if room else ""
        if room and room.kind == PRIVATE_THREAD:
            return await self._private(channel, await self._people(thread), words)
        if room is None and not for_agents:
            raise Refused("the thread of a conversation is gone", NO_CHANNEL)
        made = {"name": self._named(words), "type": PUBLIC_THREAD, "auto_archive_duration": _WEEK}
        return str((await self._make(channel, "/channels/{channel_id}/threads", made))["id"])

    def _named(self, words: str) -> str:
        return fitting(words, _LONGEST_NAME) or fitting(self._name, _LONGEST_NAME)
