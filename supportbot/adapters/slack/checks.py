"""What ``doctor`` looks at in Slack: tokens, scopes, channels, the clock; and what to click where one is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from supportbot.adapter_settings import SlackSettings
from supportbot.adapters.clocks import SET_IT, seconds_apart
from supportbot.adapters.slack.api import PASSING, Api, Failed, NotSlack, code_of
from supportbot.adapters.slack.manifest import scopes
from supportbot.adapters.slack.team import MAIN
from supportbot.clock import Clock
from supportbot.domain.address import Address
from supportbot.domain.finding import Finding, State
from supportbot.errors import AdapterError

_APP = "api.slack.com/apps, your app"
_OFF = 60
"""Seconds by which this machine's clock may differ from Slack's; at 300 Slack's requests count as forged."""
_LONGEST_WAIT = aiohttp.ClientTimeout(total=10)


class Checks:
    """Looks at the workspaces without serving them; `agents` is the agents' channel, None on another platform."""

    def __init__(self, settings: SlackSettings, agents: Address | None, clock: Clock) -> None:
        self._settings = settings
        self._channel = agents.channel if agents else ""
        self._home = agents.workspace if agents else MAIN
        self._clock = clock

    async def make(self) -> AsyncIterator[Finding]:
        """Make all that can be made; of a workspace whose token is no good, that is all there is to say."""
        seen: dict[str, str] = {}
        async with aiohttp.ClientSession(timeout=_LONGEST_WAIT) as session:
            for name, token in {MAIN: self._settings.bot_token, **self._settings.workspaces}.items():
                api = Api(token.reveal(), self._settings.api_url, session)
                async for finding in self._workspace(name, api, seen):
                    yield finding

    async def _workspace(self, name: str, api: Api, seen: dict[str, str]) -> AsyncIterator[Finding]:
        """Look at one workspace; `seen` has the tokens' names by the workspaces that were looked at."""
        key = "bot_token" if name == MAIN else f"workspaces.{name}"
        where = "adapters.slack" if name == MAIN else f"adapters.slack.{key}"
        try:
            answer = await api.client.api_call("auth.test")
        except (SlackApiError, SlackClientError, aiohttp.ClientError, TimeoutError, NotSlack) as error:
            yield _rejected(error, self._settings.api_url, where, key)
            return
        data: Any = answer.data
        bot = str(data.get("user") or "supportbot")
        if (twin := seen.setdefault(str(data.get("team_id")), key)) != key:
            what = f"it is of the same workspace as {twin}"
            yield Finding(f"{where}.token", "problem", what, "take one of the two out, or put the right one into .env")
            return
        yield Finding(f"{where}.token", "ok", f"Slack knows it as {bot} in {data.get('team', 'its workspace')}")
        yield self._scopes(str(answer.headers.get("x-oauth-scopes", "")), where)
        if name == MAIN:
            if finding := self._clocks(str(answer.headers.get("Date", ""))):
                yield finding
            yield await self._way_in(api)
            what = f"{self._settings.command} is the slash command; the app has to have the same"
            yield Finding("adapters.slack.command", "ok", what)
        if name == self._home and self._channel:
            yield await self._agents_channel(api, bot)
        if name == self._home and self._settings.agents:
            yield await self._user_group(api)

    def _scopes(self, header: str, where: str) -> Finding:
        granted = {scope.strip() for scope in header.split(",")}
        missing = [scope for scope in scopes(self._settings) if scope not in granted]
        if not missing:
            return Finding(f"{where}.scopes", "ok", "the app has all the scopes that this configuration uses")
        again = (
            "Reinstall to Workspace at the top" if where == "adapters.slack" else "install it in that workspace again"
        )
        todo = f"{_APP}, OAuth & Permissions, Bot Token Scopes: add them, then {again}"
        return Finding(f"{where}.scopes", "problem", f"the app lacks {', '.join(missing)}", todo)

    def _clocks(self, header: str) -> Finding | None:
        off = seconds_apart(header, self._clock.now())
        if off is None:
            return None
        if off <= _OFF:
            return Finding("adapters.slack.clock", "ok", "this machine's clock is Slack's")
        what = f"this machine's clock is {off} s away from Slack's; from 300 s on its requests count as forged"
        state: State = "problem" if self._settings.mode == "http" else "warning"
        return Finding("adapters.slack.clock", state, what, SET_IT)

    async def _way_in(self, api: Api) -> Finding:
        settings = self._settings
        if settings.mode == "http" or settings.app_token is None:
            what = "it is there; whether it is the right one shows when Slack's first request comes"
            return Finding("adapters.slack.signing_secret", "ok", what)
        name = "adapters.slack.app_token"
        try:
            await api.client.apps_connections_open(app_token=settings.app_token.reveal())
        except SlackApiError as error:
            what = f"Slack does not let it open a connection ({code_of(error)})"
            todo = (
                f"{_APP}, Basic Information, App-Level Tokens: make one with connections:write; Socket Mode: enable it"
            )
            return Finding(name, "problem", what, todo)
        except (SlackClientError, aiohttp.ClientError, TimeoutError) as error:
            return Finding(name, "problem", f"no connection could be asked for ({type(error).__name__})", "try again")
        return Finding(name, "ok", "it opens connections")

    async def _agents_channel(self, api: Api, bot: str) -> Finding:
        name, channel = "adapters.slack.agents_channel", self._channel
        invite = (
            f"in Slack, in that channel: /invite @{bot}; its ID is at the bottom of its About, for desk.agents_channel"
        )
        try:
            found = (await api.read("conversations.info", channel=channel)).get("channel") or {}
        except Failed as failed:
            todo = (
                "add the scopes that it lacks, see adapters.slack.scopes" if failed.code == "missing_scope" else invite
            )
            return Finding(name, "problem", f"the bot cannot see {channel} ({failed.code})", todo)
        except AdapterError as error:
            return Finding(name, "problem", f"{channel} could not be looked at ({type(error).__name__})", "try again")
        called = f"#{found.get('name') or channel}"
        if found.get("is_archived"):
            return Finding(name, "problem", f"{called} is archived", "unarchive it, or name another")
        if not found.get("is_member"):
            return Finding(name, "problem", f"the bot is not in {called}", invite)
        if found.get("is_ext_shared"):
            todo = "take a channel of your own: what agents write there is read by people of another company"
            return Finding(name, "warning", f"{called} is shared with another company", todo)
        return Finding(name, "ok", f"the bot is in {called}")

    async def _user_group(self, api: Api) -> Finding:
        name, group = "adapters.slack.agents", self._settings.agents
        todo = "name the ID of a user group, S…: in Slack, People, User groups, the three dots, Copy group ID"
        try:
            members = (await api.read("usergroups.users.list", usergroup=group)).get("users") or ()
        except Failed as failed:
            return Finding(name, "problem", f"{group} cannot be read ({failed.code})", todo)
        except AdapterError as error:
            return Finding(name, "problem", f"{group} could not be read ({type(error).__name__})", "try again")
        if not members:
            return Finding(name, "problem", f"nobody is in the user group {group}, so nobody is an agent", todo)
        return Finding(name, "ok", f"{len(members)} in the user group {group}")


def _rejected(error: Exception, api_url: str, where: str, key: str) -> Finding:
    name = f"{where}.token"
    code = code_of(error) if isinstance(error, SlackApiError) else ""
    if code in PASSING:
        return Finding(name, "problem", f"Slack does not say whether {key} is right ({code})", "try again in a minute")
    if code:
        todo = f"{_APP}, OAuth & Permissions: copy the Bot User OAuth Token again"
        if key != "bot_token":
            todo = "install the app in that workspace again, and put the token that comes of it into .env"
        return Finding(name, "problem", f"Slack rejects {key} ({code})", todo)
    if isinstance(error, SlackApiError | NotSlack):
        todo = "see whether adapters.slack.api_url is right, it ends in /api/, and whether a proxy stands between"
        return Finding(name, "problem", f"what answers at {api_url} is not Slack", todo)
    what = f"Slack cannot be reached at {api_url} ({type(error).__name__})"
    return Finding(name, "problem", what, "see whether this machine may reach it, and whether a proxy stands between")
