"""Who is who on Discord: who the bot is, how people are called, and who of them is an agent."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import discord

from supportbot.adapters.discord.api import NO_ACCESS, Api, Failed
from supportbot.adapters.discord.gateway import Gateway
from supportbot.clock import MINUTE, SECOND, Clock
from supportbot.domain.person import Person
from supportbot.domain.words import clean_name
from supportbot.recent import Recent

NAME = "discord"
WORKSPACE = "main"
"""What addresses call all of Discord: a person is the same on every server and in direct messages."""
READS_CONTENT = (1 << 18) | (1 << 19)
"""The application's flags that let it read messages, for those on many servers and on few."""
_MOST_PEOPLE = 5_000
_KNOWN_FOR = MINUTE
_FEW_SERVERS = 10
"""On so many servers it is looked at most whether somebody is there."""
_DECIDED_FOR = 10 * SECOND
"""How long a change of the agents' channel's permissions may go unnoticed; one of somebody's roles counts at once."""
_USER = re.compile(r"<@!?(\d{1,20})>|@?(\d{15,20})")
_NO_SUCH = frozenset({"10004", "10007", "10013", NO_ACCESS})


@dataclass(frozen=True)
class _Known:
    """The roles that somebody has on a server, or that they are not on it, and until when that is believed."""

    roles: frozenset[str] | None
    until: int


class Members:
    """The people of the servers that the bot is on."""

    def __init__(self, api: Api, gateway: Gateway, clock: Clock, *, agent_roles: tuple[str, ...], channel: str) -> None:
        """Name the agents: those with one of these roles, else those who can see the agents' channel; "" is none."""
        self.api = api
        self.bot_user = ""
        self.bot_name = ""
        self.application = ""
        """The application's id, for its commands and what it says later."""
        self.reads_content = False
        """Every message may come with its words; else only direct messages and those that mention the bot do."""
        self._gateway = gateway
        self._clock = clock
        self._agent_roles = frozenset(agent_roles)
        self._channel = channel
        self._known = Recent[tuple[str, str], _Known](_MOST_PEOPLE)
        self._decided = Recent[tuple[str, str], tuple[frozenset[str], bool, int]](_MOST_PEOPLE)
        """Who may see the agents' channel, with which roles, and until when that is believed: it is costly to tell."""

    async def introduce(self) -> None:
        """Learn from Discord who the bot is."""
        user = await self.api.read("/users/@me")
        self.bot_user, self.bot_name = str(user["id"]), str(user.get("username") or "")
        application = await self.api.read("/applications/@me")
        self.application = str(application["id"])
        self.reads_content = bool(int(application.get("flags") or 0) & READS_CONTENT)

    @property
    def reads_all(self) -> bool:
        """Tell whether the bot may read, in channels, what does not mention it: only where Discord allows that."""
        return self.reads_content and not self._gateway.is_refused_content

    def person(self, user: Mapping[str, Any], member: Mapping[str, Any] | None = None) -> Person:
        """Name a user as a payload has them."""
        name = (member or {}).get("nick") or user.get("global_name") or user.get("username") or ""
        return Person.of(NAME, WORKSPACE, str(user["id"]), clean_name(str(name)))

    def bot_marks(self, guild: str) -> frozenset[str]:
        """Name the ids that mean the bot where they are mentioned: its own, and that of its role on a server."""
        client = self._gateway.client
        server = client.get_guild(int(guild)) if client and guild else None
        role = server.self_role if server else None
        return frozenset({self.bot_user, str(role.id)} if role else {self.bot_user})

    async def has_left(self, user: str, guild: str = "") -> bool:
        """Tell whether a user is no longer on a server; without one, on none of them, as far as those are few."""
        client = self._gateway.client
        guilds = [guild] if guild else [str(known.id) for known in client.guilds] if client else []
        if not 0 < len(guilds) <= _FEW_SERVERS:
            return False
        for known in guilds:
            if await self._member(known, user):
                return False
        return True

    # --- agents ---------------------------------------------------------------------------------------------------

    def note(self, payload: Mapping[str, Any]) -> None:
        """Remember the roles that came with a message or an interaction."""
        member, guild = payload.get("member"), payload.get("guild_id")
        user = (member or {}).get("user") or payload.get("author") or {}
        if member and guild and user.get("id") and "roles" in member:
            self._remember(str(guild), str(user["id"]), frozenset(map(str, member["roles"])))

    async def is_agent(self, user: str) -> bool:
        """Tell whether a user is an agent now; TryLater where Discord does not say."""
        for server in self._servers():
            roles = await self._roles(str(server.id), user)
            if roles is not None and self._makes_agent(server, user, roles):
                return True
        return False

    async def find(self, named: str) -> Person | None:
        """Find an agent by a mention, an id or the beginning of a name."""
        said = named.strip()
        marked = _USER.fullmatch(said)
        for server in self._servers():
            guild = str(server.id)
            if marked:
                found = [await self._member(guild, marked[1] or marked[2])]
            else:
                query = {"query": said.removeprefix("@"), "limit": 10}
                found = await self.api.read("/guilds/{guild_id}/members/search", query=query, guild_id=guild)
            for member in found:
                if member and await self.is_agent(str(member["user"]["id"])):
                    return self.person(member["user"], member)
        return None

    def _servers(self) -> list[discord.Guild]:
        """List the servers that agents can be on: those of the roles, or that of the agents' channel."""
        client = self._gateway.client
        if client is None:
            return []
        if self._agent_roles:
            return [guild for guild in client.guilds if any(guild.get_role(int(role)) for role in self._agent_roles)]
        room = client.get_channel(int(self._channel)) if self._channel else None
        guild = getattr(room, "guild", None)
        return [guild] if guild else []

    def _makes_agent(self, server: discord.Guild, user: str, roles: frozenset[str]) -> bool:
        if self._agent_roles:
            return bool(self._agent_roles & roles)
        now, place = self._clock.now(), (str(server.id), user)
        with_roles, decision, until = self._decided.get(place) or (None, False, 0)
        if with_roles != roles or until <= now:
            decision = self._sees_agents(server, user, roles)
            self._decided[place] = roles, decision, now + _DECIDED_FOR
        return decision

    def _sees_agents(self, server: discord.Guild, user: str, roles: frozenset[str]) -> bool:
        channel = server.get_channel_or_thread(int(self._channel))
        if isinstance(channel, discord.Thread):
            channel = channel.parent
        return channel is not None and sees(channel, user, roles)

    async def _roles(self, guild: str, user: str) -> frozenset[str] | None:
        known = self._known.get((guild, user))
        if known is None or known.until <= self._clock.now():
            member = await self._member(guild, user)
            return self._remember(guild, user, frozenset(map(str, member["roles"])) if member else None)
        return known.roles

    def _remember(self, guild: str, user: str, roles: frozenset[str] | None) -> frozenset[str] | None:
        self._known[guild, user] = _Known(roles, self._clock.now() + _KNOWN_FOR)
        return roles

    async def _member(self, guild: str, user: str) -> Mapping[str, Any] | None:
        try:
            found: Mapping[str, Any] = await self.api.read(
                "/guilds/{guild_id}/members/{user_id}", guild_id=guild, user_id=user
            )
        except Failed as failed:
            if failed.code in _NO_SUCH:
                return None
            raise
        return found


def sees(channel: discord.abc.GuildChannel, user: str, roles: frozenset[str]) -> bool:
    """Work out as Discord does whether a member with these roles can see a channel.

    discord.py can only tell of members that it keeps, and it keeps none.
    """
    guild = channel.guild
    if str(guild.owner_id) == user:
        return True
    theirs = [role for role in guild.roles if str(role.id) in roles or role.is_default()]
    may = discord.Permissions(0)
    for role in theirs:
        may |= role.permissions
    if may.administrator:
        return True
    can = may.view_channel
    everyone = guild.default_role.id
    steps = ([everyone], [role.id for role in theirs if role.id != everyone], [int(user)])
    for ids in steps:
        given = [channel.overwrites_for(discord.Object(id)).view_channel for id in ids]
        if False in given:
            can = False
        if True in given:
            can = True
    return can
