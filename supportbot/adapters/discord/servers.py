"""What ``doctor`` looks at on the servers: whether the bot is there, what it may do where, and who is an agent."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import discord

from supportbot.adapter_settings import DiscordSettings
from supportbot.adapters.discord.invite import Invite
from supportbot.adapters.discord.permissions import AGENTS, FORUM, TOPICS, Place, lacking, needed_in
from supportbot.domain.finding import Finding

_MOST = 200
"""Servers that are listed; a bot for all the world may be on more."""
_FEW = 20
"""Up to so many are looked into; beyond that only those that have a channel which the configuration names."""
_SHOWN = 3
_COPY_ID = "right-click it, Copy ID; that is there once User Settings, Advanced, Developer Mode is on"

Channel = discord.abc.GuildChannel


@dataclass(frozen=True)
class Server:
    """A server as Discord describes it without a connection, with the bot's own roles there."""

    guild: discord.Guild
    me: discord.Member
    channels: Sequence[Channel]

    @classmethod
    async def of(cls, client: discord.Client, id: int, bot: int) -> Server:
        """Ask for a server and its channels; for a bot Discord lists those that it cannot see, too."""
        guild = await client.fetch_guild(id, with_counts=False)
        return cls(guild, await guild.fetch_member(bot), await guild.fetch_channels())


class Found(NamedTuple):
    """A channel that the configuration names, and where it is."""

    server: Server
    channel: Channel


class Servers:
    """Looks at the servers that the bot is on, and at the channels and roles there that the configuration names."""

    def __init__(self, client: discord.Client, settings: DiscordSettings, agents_channel: str, invite: Invite) -> None:
        """Look with a client that has logged in; `agents_channel` is "" where the agents are on another platform."""
        self._client = client
        self._settings = settings
        self._agents_channel = agents_channel
        self._invite = invite
        self._servers: list[Server] = []

    async def look(self) -> AsyncIterator[Finding]:
        """Look at all of it; where the bot is on no server there is nothing more to see."""
        bot = self._client.user
        guilds: list[dict[str, Any]] = [dict(guild) for guild in await self._client.http.get_guilds(_MOST)]
        name = "adapters.discord.servers"
        if not guilds or bot is None:
            todo = f"open {self._invite.url}, choose your server, and press Authorize"
            yield Finding(name, "problem", "the bot is on no server", todo)
            return
        yield Finding(name, "ok", f"the bot is on {_listed([str(guild['name']) for guild in guilds])}")
        for guild in guilds:
            if finding := self._permissions(guild):
                yield finding
        for id in await self._to_look_into([int(guild["id"]) for guild in guilds]):
            self._servers.append(await Server.of(self._client, id, bot.id))
        for finding in (*self._channels(), *self._agents()):
            yield finding

    def _permissions(self, guild: dict[str, Any]) -> Finding | None:
        """Look at what the bot may do on a whole server: channels of their own settings are another matter."""
        allowed = discord.Permissions(int(guild["permissions"]))
        missing = lacking(allowed, [permission for permission, _ in self._invite.needed])
        if not missing or allowed.administrator:
            return None
        todo = f"open {self._invite.url} again, choose that server, and press Authorize: what is missing is added"
        what = f"on {guild['name']} the bot lacks {missing}"
        return Finding("adapters.discord.permissions", "warning", what, todo)

    async def _to_look_into(self, guilds: list[int]) -> list[int]:
        if len(guilds) <= _FEW:
            return guilds
        found: dict[int, None] = {}
        for channel in filter(str.isdecimal, (self._agents_channel, *self._settings.help_channels)):
            try:
                described: dict[str, Any] = {**await self._client.http.get_channel(int(channel))}
            except (discord.NotFound, discord.Forbidden):
                continue
            found[int(described.get("guild_id") or 0)] = None
        return [guild for guild in found if guild in guilds]

    # --- channels -------------------------------------------------------------------------------------------------

    def _channels(self) -> Iterator[Finding]:
        if self._agents_channel:
            yield self._channel("agents_channel", self._agents_channel, "desk.agents_channel")
        for channel in self._settings.help_channels:
            yield self._channel(f"help_channels.{channel}", channel, "adapters.discord.help_channels")

    def _channel(self, what: str, id: str, key: str) -> Finding:
        name, found = f"adapters.discord.{what}", self._find(id)
        if found is None:
            todo = f"put the right ID into {key}: in Discord, the channel, {_COPY_ID}"
            return Finding(name, "problem", f"{id} is no channel on a server that the bot is on", todo)
        called, place = f"#{found.channel.name}", _place(found.channel)
        if place is None or (place == FORUM and what == "agents_channel"):
            wanted = "text channel" if what == "agents_channel" else "text channel or forum"
            return Finding(name, "problem", f"{called} is no {wanted}", f"put the ID of one into {key}")
        needed = needed_in(AGENTS if what == "agents_channel" else place, self._settings)
        if missing := lacking(found.channel.permissions_for(found.server.me), needed):
            todo = f"in Discord, {called}, Edit Channel, Permissions: add @{found.server.me.name}, and allow it these"
            return Finding(name, "problem", f"in {called} the bot lacks {missing}", todo)
        return Finding(name, "ok", f"the bot may do in {called} what it has to")

    def _find(self, id: str) -> Found | None:
        there = (Found(server, channel) for server in self._servers for channel in server.channels)
        return next((found for found in there if str(found.channel.id) == id), None)

    # --- who is an agent ------------------------------------------------------------------------------------------

    def _agents(self) -> Iterator[Finding]:
        found = self._find(self._agents_channel)
        for role in self._settings.agent_roles:
            yield self._role(role, found)
        if found is None:
            return
        called, guild = f"#{found.channel.name}", found.server.guild
        name, private = "adapters.discord.agents", f"in Discord, {called}, Edit Channel, Permissions: Private Channel"
        is_public = found.channel.permissions_for(guild.default_role).view_channel
        if self._settings.agent_roles:
            if is_public:
                what = f"everybody on {guild.name} reads {called}, what agents write to one another included"
                yield Finding(name, "warning", what, private)
        elif is_public:
            what = f"everybody on {guild.name} sees {called}, and so is an agent"
            yield Finding(
                name, "problem", what, f"{private}; or name the agents' roles in adapters.discord.agent_roles"
            )
        else:
            yield Finding(name, "ok", f"whoever sees {called} is an agent")

    def _role(self, id: str, agents_channel: Found | None) -> Finding:
        name = f"adapters.discord.agent_roles.{id}"
        roles = [(server.guild, role) for server in self._servers if (role := server.guild.get_role(int(id)))]
        if not roles:
            todo = f"in Discord, Server Settings, Roles, the agents' role: {_COPY_ID}"
            return Finding(name, "problem", f"{id} is no role on a server that the bot is on", todo)
        [(guild, role)] = roles
        if role.is_default():
            todo = "name a role that only agents have"
            return Finding(name, "problem", f"that is the role of everybody on {guild.name}: all are agents", todo)
        if agents_channel and agents_channel.server.guild.id == guild.id:
            channel = agents_channel.channel
            if not channel.permissions_for(role).view_channel:
                what = f"who has @{role.name} is an agent, and does not see #{channel.name}"
                todo = f"in Discord, #{channel.name}, Edit Channel, Permissions: add @{role.name}"
                return Finding(name, "warning", what, todo)
        return Finding(name, "ok", f"who has @{role.name} on {guild.name} is an agent")


def _place(channel: Channel) -> Place | None:
    if isinstance(channel, discord.ForumChannel):
        return FORUM
    return TOPICS if isinstance(channel, discord.TextChannel) else None


def _listed(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
