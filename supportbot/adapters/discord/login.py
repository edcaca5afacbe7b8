"""Logging in without being there: a client of discord.py that makes calls, and is never connected to the gateway."""

from __future__ import annotations

from typing import Any

import discord
from discord.http import Route

from supportbot.adapter_settings import DiscordSettings

LONGEST_LOGIN = 10.0
"""Seconds that a command waits for Discord to answer a login."""


def caller(settings: DiscordSettings, **more: Any) -> discord.Client:
    """Make a client for calls to where the configuration says that Discord is; discord.py keeps that for the process.

    `more` is what else discord.py's client takes.
    """
    Route.BASE = settings.api_url.rstrip("/")
    discord.VoiceClient.warn_nacl = False
    discord.VoiceClient.warn_dave = False
    return discord.Client(intents=discord.Intents(guilds=True), max_messages=None, **more)
