"""What ``doctor`` looks at in Slack: tokens, scopes, channels, the clock; and what to click where one is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

from supportbot.adapter_settings import SlackSettings
from supportbot.adapters.slack.api import Api, Failed
from supportbot.adapters.slack.manifest import scopes
from supportbot.clock import SECOND, Clock, as_instant
from supportbot.domain.finding import Finding, State
from supportbot.errors import AdapterError

_APP = "api.slack.com/apps, your app"
_OFF = 60
"""Seconds by which this machine's clock may differ from Slack's; at 300 Slack's requests count as forged."""
_LONGEST_WAIT = aiohttp.ClientTimeout(total=10)


class Checks:
    """Looks at one workspace without serving it."""

    def __init__(self, settings: SlackSettings, agents_channel: str, clock: Clock) -> None:
        self._settings = settings
        self._channel = agents_channel
        self._clock = clock

    async def make(self) -> AsyncIterator[Finding]:
        """Make all that can be made; where the token is no good, that is all there is to say."""
        async with aiohttp.ClientSession(timeout=_LONGEST_WAIT) as session:
            api = Api(self._settings.bot_token.reveal(), self._settings.api_url, session)
            try:
                answer = await api.client.api_call("auth.test")
            except (SlackApiError, SlackClientError, aiohttp.ClientError, TimeoutError) as error:
                yield _rejected(error, self._settings.api_url)
                return
            data: Any = answer.data
            who = f"{data.get('user', 'the bot')} in {data.get('team', 'its workspace')}"
            yield Finding("adapters.slack.token", "ok", f"Slack knows it as {who}")
            yield self._scopes(str(answer.headers.get("x-oauth-scopes", "")))
            if finding := self._clocks(str(answer.headers.get("Date", ""))):
                yield finding
            yield await self._way_in(api)
            if self._channel:
                yield await self._agents_channel(api, str(data.get("user") or "supportbot"))
            if self._settings.agents:
                yield await self._user_group(api)
            what = f"{self._settings.command} is the slash command; the app has to have the same"
            yield Finding("adapters.slack.command", "ok", what)

    def _scopes(self, header: str) -> Finding:
        granted = {scope.strip() for scope in header.split(",")}
        missing = [scope for scope in scopes(self._settings) if scope not in granted]
        if not missing:
            return Finding("adapters.slack.scopes", "ok", "the app has all the scopes that this configuration uses")
        todo = f"{_APP}, OAuth & Permissions, Bot Token Scopes: add them, then Reinstall to Workspace at the top"
        return Finding("adapters.slack.scopes", "problem", f"the app lacks {', '.join(missing)}", todo)

    def _clocks(self, header: str) -> Finding | None:
        try:
            theirs = as_instant(parsedate_to_datetime(header))
        except ValueError:
            return None
        off = abs(self._clock.now() - theirs) // SECOND
        if off <= _OFF:
            return Finding("adapters.slack.clock", "ok", "this machine's clock is Slack's")
        what = f"this machine's clock is {off} s away from Slack's; from 300 s on its requests count as forged"
        state: State = "problem" if self._settings.mode == "http" else "warning"
        return Finding("adapters.slack.clock", state, what, "let the machine set its clock by NTP")

    async def _way_in(self, api: Api) -> Finding:
        settings = self._settings
        if settings.mode == "http" or settings.app_token is None:
            what = "it is there; whether it is the right one shows when Slack's first request comes"
            return Finding("adapters.slack.signing_secret", "ok", what)
        name = "adapters.slack.app_token"
        try:
            await api.client.apps_connections_open(app_token=settings.app_token.reveal())
        except SlackApiError as error:
            what = f"Slack does not let it open a connection ({error.response.get('error')})"
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
            return Finding(name, "problem", f"the bot cannot see {channel} ({failed.code})", invite)
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


def _rejected(error: Exception, api_url: str) -> Finding:
    name = "adapters.slack.token"
    if isinstance(error, SlackApiError) and (code := error.response.get("error")):
        todo = f"{_APP}, OAuth & Permissions: copy the Bot User OAuth Token again"
        return Finding(name, "problem", f"Slack rejects bot_token ({code})", todo)
    what = f"Slack cannot be reached at {api_url} ({type(error).__name__})"
    return Finding(name, "problem", what, "see whether this machine may reach it, and whether a proxy stands between")
