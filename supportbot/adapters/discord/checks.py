"""What ``doctor`` looks at in Discord, and what to click: token, clock, intents, commands, and then the servers.

It logs in for calls only, so that a bot that runs keeps its connection.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import discord

from supportbot.adapter_settings import DiscordSettings
from supportbot.adapters.clocks import SET_IT, seconds_apart
from supportbot.adapters.discord.commands import are_current
from supportbot.adapters.discord.invite import invite
from supportbot.adapters.discord.login import LONGEST_LOGIN, caller
from supportbot.adapters.discord.servers import Servers
from supportbot.clock import Clock
from supportbot.domain.finding import Finding
from supportbot.texts import Texts

_PORTAL = "discord.com/developers/applications, your application"
_OFF = 10
"""Seconds by which this machine's clock may differ from Discord's: what was sent is looked for by its time."""


class Checks:
    """Looks at what Discord knows of the bot; `agents_channel` is "" where the agents are on another platform."""

    def __init__(self, settings: DiscordSettings, agents_channel: str, texts: Texts, clock: Clock) -> None:
        self._settings = settings
        self._agents_channel = agents_channel
        self._texts = texts
        self._clock = clock
        self._date = ""
        """The header of the last answer."""

    async def make(self) -> AsyncIterator[Finding]:
        """Make all that can be made; where the token is no good, that is all there is to say."""
        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(self._note_date)
        async with caller(self._settings, http_trace=trace) as client:
            if rejected := await self._log_in(client):
                yield rejected
                return
            yield Finding("adapters.discord.token", "ok", f"Discord knows it as {client.user}")
            if finding := self._clocks():
                yield finding
            for finding in self._application(client):
                yield finding
            yield await self._commands(client)
            async for finding in self._servers(client):
                yield finding

    async def _note_date(self, _session: Any, _context: Any, end: aiohttp.TraceRequestEndParams) -> None:
        self._date = end.response.headers.get("Date", "")

    async def _log_in(self, client: discord.Client) -> Finding | None:
        name = "adapters.discord.token"
        try:
            async with asyncio.timeout(LONGEST_LOGIN):
                await client.login(self._settings.token.reveal())
        except discord.LoginFailure:
            todo = f"{_PORTAL}, Bot: Reset Token, and put the new one into .env"
            return Finding(name, "problem", "Discord rejects it", todo)
        except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
            what = f"Discord cannot be reached at {self._settings.api_url} ({type(error).__name__})"
            todo = "see whether this machine may reach it, and whether a proxy stands between"
            return Finding(name, "problem", what, todo)
        return None

    def _clocks(self) -> Finding | None:
        name, off = "adapters.discord.clock", seconds_apart(self._date, self._clock.now())
        if off is None:
            return None
        if off <= _OFF:
            return Finding(name, "ok", "this machine's clock is Discord's")
        what = f"this machine's clock is {off} s away from Discord's; what was sent is looked for by its time"
        return Finding(name, "warning", what, SET_IT)

    def _application(self, client: discord.Client) -> list[Finding]:
        """Look at what the developer portal says of the application."""
        name, known = "adapters.discord.message_content", client.application
        flags = client.application_flags
        if flags.gateway_message_content or flags.gateway_message_content_limited:
            findings = [Finding(name, "ok", "the bot may read what is written where it is")]
        else:
            what = (
                "the bot reads only direct messages and what mentions it: other questions in channels get no answer,"
                " and agents reach requesters by a mention or /reply"
            )
            todo = f"{_PORTAL}, Bot, Privileged Gateway Intents: Message Content Intent, Save Changes; then start again"
            findings = [Finding(name, "warning", what, todo)]
        if known is not None and known.interactions_endpoint_url:
            what = "Discord sends commands and buttons elsewhere, so that the bot never hears of them"
            todo = f"{_PORTAL}, General Information: empty Interactions Endpoint URL, Save Changes"
            findings.append(Finding("adapters.discord.interactions", "problem", what, todo))
        return findings

    async def _commands(self, client: discord.Client) -> Finding:
        name = "adapters.discord.commands"
        try:
            there = await client.http.get_global_commands(client.application_id or 0)
        except (discord.HTTPException, aiohttp.ClientError, OSError) as error:
            return Finding(name, "warning", f"they could not be looked at ({type(error).__name__})", "try again")
        if are_current(there, self._texts):
            return Finding(name, "ok", f"all {len(there)} are registered")
        what = "Discord has others than this version's" if there else "none is registered yet"
        todo = "start the bot, which registers them; Discord's clients show them after a restart of theirs"
        return Finding(name, "warning", what, todo)

    async def _servers(self, client: discord.Client) -> AsyncIterator[Finding]:
        shown = invite(self._settings, self._agents_channel, str(client.application_id))
        servers = Servers(client, self._settings, self._agents_channel, shown)
        try:
            async for finding in servers.look():
                yield finding
        except (discord.DiscordException, aiohttp.ClientError, OSError) as error:
            what = f"they could not be looked at ({type(error).__name__})"
            yield Finding("adapters.discord.servers", "problem", what, "try again")
