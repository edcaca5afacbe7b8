"""Rooms: what a channel is called, who is in it, and in which of its messages the bot takes part."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from supportbot.adapter_settings import ChannelMode
from supportbot.adapters.slack.api import Api
from supportbot.clock import HOUR, Clock
from supportbot.errors import AdapterError

_MOST_ROOMS = 5_000


@dataclass(frozen=True)
class Room:
    """A channel as Slack describes it."""

    name: str = ""
    is_shared: bool = False
    is_direct: bool = False
    until: int = 0


class Rooms:
    """The channels of one workspace, remembered for an hour."""

    def __init__(self, api: Api, clock: Clock, modes: Mapping[str, ChannelMode]) -> None:
        self._api = api
        self._clock = clock
        self._modes = dict(modes)
        self._rooms: OrderedDict[str, Room] = OrderedDict()
        self._directs: OrderedDict[str, str] = OrderedDict()

    async def room(self, channel: str) -> Room:
        """Describe a channel; where Slack does not answer, it is a room without a name."""
        known = self._rooms.get(channel)
        if known and known.until > self._clock.now():
            return known
        try:
            answer = await self._api.look_up("conversations.info", channel=channel)
        except AdapterError:
            return known or Room()
        found = answer.get("channel") or {}
        is_shared = bool(found.get("is_ext_shared"))
        name, until = str(found.get("name") or ""), self._clock.now() + HOUR
        room = Room(name, is_shared, bool(found.get("is_im")), until)
        self._rooms[channel] = room
        while len(self._rooms) > _MOST_ROOMS:
            self._rooms.popitem(last=False)
        return room

    async def mode(self, channel: str) -> ChannelMode:
        """Tell in which messages of a channel the bot takes part, as configured."""
        if not self._modes:
            return "mention"
        room = await self.room(channel)
        return mode_of(room, self._modes)

    def forget(self, channel: str) -> None:
        """Ask again: a channel was renamed or shared."""
        self._rooms.pop(channel, None)

    async def direct(self, user: str) -> str:
        """Find the channel of the direct messages with a user."""
        if user not in self._directs:
            answer = await self._api.write("conversations.open", users=user)
            self._directs[user] = str((answer.get("channel") or {}).get("id", ""))
            while len(self._directs) > _MOST_ROOMS:
                self._directs.popitem(last=False)
        return self._directs[user]


def mode_of(room: Room, modes: Mapping[str, ChannelMode]) -> ChannelMode:
    """Choose among the configured modes: the room's own name, the first pattern that fits, ``shared``, ``default``."""
    if room.name in modes and room.name not in ("shared", "default"):
        return modes[room.name]
    for pattern, mode in modes.items():
        if pattern not in ("shared", "default") and fnmatchcase(room.name, pattern):
            return mode
    fallback = modes.get("default", "mention")
    return modes.get("shared", fallback) if room.is_shared else fallback
