"""The invite: a link that brings the bot to a server, with exactly the permissions that the configuration needs."""

from __future__ import annotations

import asyncio
import base64
import binascii
from typing import NamedTuple

import aiohttp
import discord

from supportbot.adapter_settings import DiscordSettings
from supportbot.adapters.discord.login import LONGEST_LOGIN, caller
from supportbot.adapters.discord.permissions import Permission, Place, needed
from supportbot.errors import BadToken, TryLater


class Invite(NamedTuple):
    """A link, and what it asks for."""

    application: str
    """The application's id, which Discord calls client id in the link."""
    permissions: discord.Permissions
    needed: list[tuple[Permission, list[Place]]]
    """Each permission, and where it is needed."""
    scopes: tuple[str, ...] = ("bot", "applications.commands")

    @property
    def url(self) -> str:
        """Where somebody who may manage a server takes the bot in, or gives it what it lacks by now."""
        return discord.utils.oauth_url(self.application, permissions=self.permissions, scopes=self.scopes)


def invite(settings: DiscordSettings, agents_channel: str, application: str) -> Invite:
    """Make the invite of an application; `agents_channel` is "" where the agents are on another platform."""
    wanted = needed(settings, agents_channel)
    return Invite(application, discord.Permissions(**{one.name: True for one, _ in wanted}), wanted)


async def application_of(settings: DiscordSettings) -> str:
    """Find the application's id: Discord knows it, and all but the oldest applications have it in their token.

    BadToken where Discord rejects the token; TryLater where neither tells.
    """
    token = settings.token.reveal()
    try:
        async with caller(settings) as client, asyncio.timeout(LONGEST_LOGIN):
            await client.login(token)
            return str(client.application_id)
    except discord.LoginFailure as error:
        raise BadToken("adapters.discord.token: Discord rejected it; put a valid one into .env") from error
    except (discord.HTTPException, aiohttp.ClientError, OSError, TimeoutError) as error:
        if found := application_in(token):
            return found
        raise TryLater(1, f"Discord cannot be asked for the application's ID ({type(error).__name__})") from error


def application_in(token: str) -> str:
    """Read the id that a token begins with; "" where it has none."""
    first = token.partition(".")[0]
    try:
        id = base64.urlsafe_b64decode(first + "=" * (-len(first) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
    return id if id.isdecimal() else ""
