"""A request of the API: what the app asks for, and whether its bot may have it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from aiohttp import web

from supportbot.testing.discord.backstage import Backstage
from supportbot.testing.discord.channels import Channel
from supportbot.testing.discord.directory import find_message
from supportbot.testing.discord.guilds import Guild, User
from supportbot.testing.discord.messages import Message
from supportbot.testing.discord.permissions import BITS, bits
from supportbot.testing.discord.posts import Upload
from supportbot.testing.discord.wire import Json, Mistake, Refused


@dataclass(frozen=True)
class Request:
    """One call, read."""

    discord: Backstage
    path: Mapping[str, str]
    query: Mapping[str, str]
    body: Any = None
    """What came as JSON: an object, or a list of commands."""
    uploads: list[Upload] = field(default_factory=list)

    @property
    def bot(self) -> User:
        return self.discord.app.bot

    @property
    def arguments(self) -> Json:
        """The body, where it is an object."""
        return self.body if isinstance(self.body, dict) else {}

    def channel(self, *permissions: str, name: str = "channel_id") -> Channel:
        """Find the channel of the path, or refuse if the bot may not see it or do this there."""
        channel = self.discord.directory.channel(self.path[name], self.bot)
        if not channel.may(self.bot, *permissions):
            raise Refused.permission()
        return channel

    def message(self, channel: Channel) -> Message:
        """Find the message of the path, or refuse."""
        return find_message(channel, self.path["message_id"])

    def guild(self, *permissions: str) -> Guild:
        """Find the guild of the path, or refuse if the bot is not there or may not do this."""
        guild = self.discord.directory.guild(self.path["guild_id"], self.bot)
        granted = guild.base_permissions(self.bot)
        if not granted & BITS["administrator"] and granted & bits(permissions) != bits(permissions):
            raise Refused.permission()
        return guild

    def limit(self, default: int, most: int) -> int:
        """Read how many are wanted, or refuse a number that is too large."""
        try:
            wanted = int(self.query.get("limit") or default)
        except ValueError:
            wanted = 0
        if not 1 <= wanted <= most:
            text = f"int value should be between 1 and {most}."
            raise Refused.invalid([Mistake("limit", "NUMBER_TYPE_MAX", text)])
        return wanted


class Endpoint(NamedTuple):
    """One thing that the API does; what it returns is the answer, or nothing."""

    verb: str
    path: str
    name: str
    """Its name in Discord's documentation, which the log and trouble use."""
    perform: Callable[[Request], Any]


async def read(discord: Backstage, request: web.Request) -> Request:
    """Read a call: JSON, or a form with JSON and files in it."""
    body: Any = None
    uploads: list[Upload] = []
    try:
        if request.content_type == "multipart/form-data":
            form = await request.post()
            body = json.loads(str(form.get("payload_json") or "{}"))
            files = {name: part for name, part in form.items() if isinstance(part, web.FileField)}
            ordered = sorted(files, key=lambda name: int("".join(filter(str.isdigit, name)) or 0))
            uploads = [Upload(files[name].filename, files[name].file.read()) for name in ordered]
        elif request.can_read_body:
            text = await request.text()
            body = json.loads(text) if text else None
    except ValueError:
        raise Refused(400, 50109, "The request body contains invalid JSON.") from None
    return Request(discord, dict(request.match_info), dict(request.query), body, uploads)
