"""One call of the Web API: who calls, with which arguments, and what a method declares about itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from supportbot.testing.slack.backstage import Backstage
from supportbot.testing.slack.channels import Channel
from supportbot.testing.slack.messages import Message
from supportbot.testing.slack.wire import Json, Refused
from supportbot.testing.slack.workspaces import User, Workspace

_STRUCTURED = {"blocks", "attachments", "metadata", "view", "prompts", "files"}
"""Arguments that are JSON inside a form."""


@dataclass(frozen=True)
class Request:
    """A call with its caller."""

    method: str
    arguments: Json
    token: str
    slack: Backstage
    workspace: Workspace

    @property
    def bot(self) -> User:
        """The bot that calls."""
        return self.workspace.installed_bot

    def text(self, name: str) -> str:
        """Read an argument as text; it is empty where it is missing."""
        given = self.arguments.get(name)
        return "" if given is None else str(given)

    def needed(self, name: str) -> str:
        """Read an argument that must be there."""
        if not (given := self.text(name)):
            raise Refused.invalid("invalid_arguments", [f"missing required field: {name}"])
        return given

    def flag(self, name: str) -> bool:
        """Read an argument that is true or false, in any of the forms that Slack takes."""
        return self.text(name).lower() in ("1", "true")

    def number(self, name: str, default: int) -> int:
        """Read a whole number."""
        given = self.text(name)
        return int(given) if given.isdigit() else default

    def items(self, name: str) -> list[Json]:
        """Read a list of objects."""
        given = self.arguments.get(name)
        return list(given) if isinstance(given, list) else []

    def allowed(self, *scopes: str) -> None:
        """Refuse unless the token has one of these scopes."""
        if scopes and not set(scopes) & self.workspace.scopes:
            provided = ",".join(sorted(self.workspace.scopes))
            raise Refused("missing_scope", needed=scopes[0], provided=provided)

    def channel(self, name: str = "channel") -> Channel:
        """Find the channel that an argument names, or refuse."""
        return self.slack.directory.channel(self.needed(name), self.bot)

    def joined(self, name: str = "channel") -> Channel:
        """Find a channel that the bot is in, or refuse."""
        channel = self.channel(name)
        if not channel.has(self.bot):
            raise Refused("not_in_channel")
        return channel

    def message(self, channel: Channel, name: str) -> Message:
        """Find the message that an argument names, or refuse."""
        message = channel.messages.get(self.needed(name))
        if message is None or message.deleted:
            raise Refused("message_not_found")
        return message


@dataclass(frozen=True)
class Method:
    """A method of the Web API: what it does and the scopes of which it needs one."""

    perform: Callable[[Request], Json]
    scopes: tuple[str, ...] = ()


def page(items: Sequence[Any], request: Request, most: int = 1000, default: int = 100) -> tuple[list[Any], str]:
    """Cut one page out of a list, with the cursor of the next; the cursor is where it begins."""
    limit = max(1, min(request.number("limit", default), most))
    cursor = request.text("cursor").removeprefix("from:")
    if cursor and not cursor.isdigit():
        raise Refused("invalid_cursor")
    start = int(cursor or 0)
    following = f"from:{start + limit}" if start + limit < len(items) else ""
    return list(items[start : start + limit]), following


async def read_arguments(request: web.Request) -> Json:
    """Read the arguments of a call wherever the SDK put them: the query, a form, or JSON."""
    arguments: Json = dict(request.query)
    if request.content_type == "application/json":
        body = await request.text()
        arguments |= json.loads(body) if body.strip() else {}
    elif request.can_read_body:
        arguments |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    for name in _STRUCTURED & arguments.keys():
        if isinstance(arguments[name], str):
            arguments[name] = _structure(name, arguments[name])
    return arguments


def _structure(name: str, text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        raise Refused(
            {"blocks": "invalid_blocks_format", "metadata": "invalid_metadata_format"}.get(name, "invalid_json")
        ) from None
