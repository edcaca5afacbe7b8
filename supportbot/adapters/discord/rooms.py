"""Rooms: what a channel is (direct messages, a text channel, a forum, a thread), and where the bot takes part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from supportbot.adapter_settings import ChannelMode, DiscordSettings
from supportbot.adapters.discord.api import Api
from supportbot.adapters.discord.gateway import Gateway
from supportbot.adapters.modes import mode_of
from supportbot.recent import Recent

TEXT, DM, FORUM, MEDIA = 0, 1, 15, 16
PUBLIC_THREAD, PRIVATE_THREAD = 11, 12
THREADS = frozenset({10, PUBLIC_THREAD, PRIVATE_THREAD})
FORUMS = frozenset({FORUM, MEDIA})
_MOST_ROOMS = 5_000


@dataclass(frozen=True)
class Room:
    """A channel or a thread as Discord describes it."""

    id: str
    name: str = ""
    kind: int = TEXT
    """Discord's own number for the type of a channel."""
    guild: str = ""
    """The server it is in; "" is a direct message."""
    parent: str = ""
    """The channel that a thread hangs in."""
    owner: str = ""
    """Who began a thread."""
    is_closed: bool = False
    """A thread is archived, or locked."""

    @property
    def is_direct(self) -> bool:
        """Tell whether somebody is alone with the bot here."""
        return self.kind == DM

    @property
    def is_thread(self) -> bool:
        """Tell whether it is a thread, or a post in a forum."""
        return self.kind in THREADS

    @property
    def channel(self) -> str:
        """Name the channel itself, also of a thread."""
        return self.parent if self.is_thread else self.id


class Rooms:
    """The channels of the bot's servers: those that the gateway's client knows, and others that were asked for."""

    def __init__(self, api: Api, gateway: Gateway, settings: DiscordSettings) -> None:
        self._api = api
        self._gateway = gateway
        self._modes = dict(settings.channels)
        self._help = frozenset(settings.help_channels)
        self._rooms = Recent[str, Room](_MOST_ROOMS)
        self._directs = Recent[str, str](_MOST_ROOMS)

    async def room(self, channel: str, guild: str = "") -> Room:
        """Describe a channel or a thread; TryLater where Discord does not answer, Failed where there is none."""
        if known := self.known(channel, guild):
            return known
        return self.note(await self._api.read("/channels/{channel_id}", channel_id=channel))

    def known(self, channel: str, guild: str = "") -> Room | None:
        """Describe a channel that was told of before; None where Discord is to be asked."""
        client = self._gateway.client
        if client is None:
            return self._rooms.get(channel)
        found: Any = None
        if server := client.get_guild(int(guild)) if guild else None:
            found = server.get_channel_or_thread(int(channel))
        elif not guild:
            found = client.get_channel(int(channel))
        if getattr(found, "guild", None) is None:
            return self._rooms.get(channel)
        parent, owner = str(getattr(found, "parent_id", None) or ""), str(getattr(found, "owner_id", None) or "")
        is_closed = bool(getattr(found, "archived", False) or getattr(found, "locked", False))
        return Room(channel, found.name, found.type.value, str(found.guild.id), parent, owner, is_closed)

    def note(self, channel: Mapping[str, Any]) -> Room:
        """Remember a channel or thread as a payload describes it: one that was just made, say."""
        kind, closed = int(channel.get("type") or 0), channel.get("thread_metadata") or {}
        room = Room(
            id=str(channel["id"]),
            name=str(channel.get("name") or ""),
            kind=kind,
            guild=str(channel.get("guild_id") or ""),
            parent=str(channel.get("parent_id") or "") if kind in THREADS else "",
            owner=str(channel.get("owner_id") or ""),
            is_closed=bool(closed.get("archived") or closed.get("locked")),
        )
        self._rooms[room.id] = room
        return room

    def forget(self, channel: str) -> None:
        """Ask again: a channel was renamed, or is gone."""
        self._rooms.pop(channel, None)

    async def mode(self, channel: str, guild: str = "") -> ChannelMode:
        """Tell in which messages of a channel (never a thread) the bot takes part, as configured."""
        if channel in self._help:
            return "always"
        if not self._modes:
            return "mention"
        return mode_of((await self.room(channel, guild)).name, self._modes)

    def called(self, guild: str, kind: str, id: str) -> str:
        """Tell what a channel (``#``) or a role (``@&``) of a server is called; its id where that is not known."""
        client = self._gateway.client
        server = client.get_guild(int(guild)) if client and guild else None
        if server is None:
            return id
        found = server.get_channel_or_thread(int(id)) if kind == "#" else server.get_role(int(id))
        return found.name if found else id

    async def direct(self, user: str) -> str:
        """Find the channel of the direct messages with a user, which is made where there is none."""
        if user not in self._directs:
            answer = await self._api.change("POST", "/users/@me/channels", {"recipient_id": user})
            self._directs[user] = str(answer["id"])
        return self._directs[user]
