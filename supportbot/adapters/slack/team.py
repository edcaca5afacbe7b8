"""Who is who in one workspace: names, companies, and who of them is an agent, asked of Slack and remembered a while."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from supportbot.adapters.slack.api import Api, Failed
from supportbot.clock import HOUR, MINUTE, SECOND, Clock
from supportbot.domain.person import Person
from supportbot.domain.words import clean_name
from supportbot.errors import AdapterError, TryLater
from supportbot.recent import Recent

NAME = "slack"
MAIN = "main"
"""What addresses call the workspace of `bot_token`; others have the name that the configuration gives them.

It is known before Slack has said anything, so that work for it can wait.
"""
_MOST_PEOPLE = 5_000
_AGENTS_KNOWN_FOR = 20 * SECOND
"""How long the list of agents is believed: what changes it also comes as an event, and ends the belief at once."""
_AGENTS_BELIEVED_FOR = 10 * MINUTE
"""How long it is believed where Slack does not answer: an agent's words are not to be refused for that."""
_USER = re.compile(r"<@([UW][A-Z0-9]+)(?:\|[^>]*)?>|@?([UW][A-Z0-9]{6,})")


@dataclass
class _Known:
    name: str
    team: str
    handle: str
    until: int


class Team:
    """One workspace that the app is installed in."""

    def __init__(
        self,
        api: Api,
        clock: Clock,
        *,
        agents: str,
        channel: str,
        outside_agents: Collection[str] = (),
        workspace: str = MAIN,
        is_home: bool = True,
        ours: set[str] | None = None,
    ) -> None:
        self.api = api
        self.workspace = workspace
        """What addresses call it."""
        self.id = ""
        self.name = ""
        self.url = ""
        self.bot_user = ""
        self.bot_id = ""
        self.ours: set[str] = set() if ours is None else ours
        """The bot's own ids, in all workspaces that it serves: several of them may share a channel."""
        self.scopes: frozenset[str] = frozenset()
        self._clock = clock
        self._agents = agents
        """A user group's id; "" is everyone in the agents' channel."""
        self._is_home = is_home
        """The agents are of this workspace: people of others are named with where they come from."""
        self._channel = channel
        self._outside_agents = frozenset(outside_agents)
        self._people = Recent[str, _Known](_MOST_PEOPLE)
        self._companies: dict[str, str] = {}
        self._members: frozenset[str] = frozenset()
        self._members_until = self._believed_until = 0

    async def introduce(self) -> None:
        """Learn from Slack who the bot is here; BadToken where the token is no good."""
        answer = await self.api.client.api_call("auth.test")
        data: Any = answer.data
        self.id, self.name = str(data.get("team_id", "")), str(data.get("team", ""))
        self.url, self.bot_user = str(data.get("url", "")), str(data.get("user_id", ""))
        self.bot_id = str(data.get("bot_id", ""))
        self.ours |= {self.bot_user, self.bot_id} - {""}
        granted = str(answer.headers.get("x-oauth-scopes", ""))
        self.scopes = frozenset(scope.strip() for scope in granted.split(",") if scope.strip())

    async def person(self, user: str, team: str = "", name: str = "") -> Person:
        """Name a user; `name` is what the event said, for when Slack does not answer."""
        known = await self._know(user, name)
        home = self.id if known.team == self.id else team or known.team or self.id
        person = Person.of(NAME, self.id, user, clean_name(known.name))
        if home == self.id and self._is_home:
            return person
        return Person(person.id, person.name, clean_name(self.name) if home == self.id else await self._company(home))

    async def names(self, users: list[str]) -> dict[str, str]:
        """Name several users, as they are shown in a text."""
        return {user: (await self._know(user, "")).name for user in users[:20]}

    async def is_agent(self, user: str) -> bool:
        """Tell whether a user is an agent: in the user group where one is named, else in the agents' channel.

        People of other workspaces are the team's only where they are listed, however they came into either.
        """
        if user in self._outside_agents:
            return True
        if self._clock.now() >= self._members_until:
            await self._read_agents()
        return user in self._members and (await self._know(user, "")).team == self.id

    def forget_agents(self) -> None:
        """Ask again who is an agent: somebody came or went."""
        self._members_until = self._believed_until = 0

    def forget(self, user: str) -> None:
        """Ask again how somebody is called."""
        self._people.pop(user, None)

    async def find(self, named: str) -> Person | None:
        """Find an agent by a mention, an id, a handle or the name that is shown."""
        said = named.strip()
        if (found := _USER.fullmatch(said)) and await self.is_agent(found[1] or found[2]):
            return await self.person(found[1] or found[2])
        await self._read_agents()
        wanted = said.removeprefix("@").casefold()
        for user in sorted(self._members):
            known = await self._know(user, "")
            if wanted in (known.name.casefold(), known.handle.casefold()) and await self.is_agent(user):
                return await self.person(user)
        return None

    async def _read_agents(self) -> None:
        """Read the list of agents; where Slack does not give it, the last one is believed for a while."""
        now = self._clock.now()
        try:
            self._members = await self._listed() - {self.bot_user}
        except TryLater as wait:
            if now >= self._believed_until:
                raise
            self._members_until = now + round(wait.after * SECOND)
            return
        self._members_until = now + _AGENTS_KNOWN_FOR
        self._believed_until = now + _AGENTS_BELIEVED_FOR

    async def _listed(self) -> frozenset[str]:
        try:
            if not (self._agents or self._channel):
                return frozenset()  # the team works on another platform
            if self._agents:
                answer = await self.api.read("usergroups.users.list", usergroup=self._agents)
                return frozenset(answer.get("users") or ())
            pages = self.api.pages("conversations.members", "members", channel=self._channel)
            return frozenset([user async for user in pages])
        except Failed:
            return frozenset()

    async def _know(self, user: str, name: str) -> _Known:
        known = self._people.get(user)
        if known and known.until > self._clock.now():
            self._people.move_to_end(user)
            return known
        try:
            answer = await self.api.look_up("users.info", user=user)
        except Failed:
            answer = {"user": {"real_name": name}}  # another bot, say: there is no more to be learned of it
        except AdapterError:
            return known or _Known(name or user, "", "", until=0)
        known = self._remembered(answer.get("user") or {}, user)
        self._people[user] = known
        return known

    def _remembered(self, found: dict[str, Any], user: str) -> _Known:
        profile = found.get("profile") or {}
        teams = (found.get("enterprise_user") or {}).get("teams") or ()  # an organisation's people are in several
        name = profile.get("display_name") or profile.get("real_name") or found.get("real_name") or found.get("name")
        return _Known(
            name=str(name or user),
            team=self.id if self.id in teams else str(found.get("team_id") or profile.get("team") or ""),
            handle=str(found.get("name") or ""),
            until=self._clock.now() + HOUR,
        )

    async def _company(self, team: str) -> str:
        """Name the workspace that somebody is from."""
        if team not in self._companies:
            try:
                answer = await self.api.look_up("team.info", team=team)
            except AdapterError:
                return ""
            self._companies[team] = clean_name(str((answer.get("team") or {}).get("name", "")))
        return self._companies[team]
