"""Rooms: what a channel is called, who is in it, and in which of its messages the bot takes part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from supportbot.adapter_settings import ChannelMode
from supportbot.adapters.modes import mode_of
from supportbot.adapters.slack.api import Api
from supportbot.clock import HOUR, MINUTE, Clock
from supportbot.errors import AdapterError, BadToken, Refused, TryLater
from supportbot.recent import Recent

_MOST_ROOMS = 5_000


@dataclass(frozen=True)
class Room:
    """A channel as Slack describes it."""

    name: str = ""
    is_shared: bool = False
    is_direct: bool = False
    has_bot: bool = False
    until: int = 0


class Rooms:
    """The channels of one workspace, remembered for an hour."""

    def __init__(self, api: Api, clock: Clock, modes: Mapping[str, ChannelMode]) -> None:
        self._api = api
        self._clock = clock
        self._modes = dict(modes)
        self._rooms = Recent[str, Room](_MOST_ROOMS)
        self._directs = Recent[str, str](_MOST_ROOMS)

    async def room(self, channel: str) -> Room:
        """Describe a channel; where Slack does not answer, it is a room without a name."""
        try:
            return await self._known(channel)
        except AdapterError:
            return self._rooms.get(channel) or Room()

    async def has_bot(self, channel: str) -> bool:
        """Tell whether the bot is in a channel; TryLater where Slack does not say so in time."""
        try:
            return (await self._known(channel)).has_bot
        except (Refused, BadToken):
            return False  # it cannot even see it

    async def reaches(self, channel: str) -> bool:
        """Tell whether the bot can write in a channel; where Slack does not say so in time, that is to be tried."""
        try:
            return await self.has_bot(channel)
        except TryLater:
            return True

    async def _known(self, channel: str) -> Room:
        known, now = self._rooms.get(channel), self._clock.now()
        if known and known.until > now:
            return known
        try:
            answer = await self._api.look_up("conversations.info", channel=channel)
        except Refused:
            self._rooms[channel] = replace(known or Room(), has_bot=False, until=now + MINUTE)
            raise
        found = answer.get("channel") or {}
        room = Room(
            name=str(found.get("name") or ""),
            is_shared=bool(found.get("is_ext_shared")),
            is_direct=bool(found.get("is_im")),
            has_bot=any(found.get(name) for name in ("is_member", "is_im", "is_mpim")),  # of these it sees its own
            until=self._clock.now() + HOUR,
        )
        self._rooms[channel] = room
        return room

    async def mode(self, channel: str) -> ChannelMode:
        """Tell in which messages of a channel the bot takes part, as configured."""
        if not self._modes:
            return "mention"
        room = await self.room(channel)
        mode = mode_of(room.name, self._modes, is_shared=room.is_shared)
        return mode if room.name or mode != "always" else "mention"  # it may be one where the bot is to keep quiet

    def forget(self, channel: str) -> None:
        """Ask again: a channel was renamed or shared."""
        self._rooms.pop(channel, None)

    async def direct(self, user: str) -> str:
        """Find the channel of the direct messages with a user."""
        if user not in self._directs:
            answer = await self._api.write("conversations.open", users=user)
            self._directs[user] = str((answer.get("channel") or {}).get("id", ""))
        return self._directs[user]
