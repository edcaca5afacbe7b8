"""``reactions.*``: emojis on messages."""

from __future__ import annotations

import re

from supportbot.testing.slack.channels import Channel
from supportbot.testing.slack.messages import Message
from supportbot.testing.slack.web_api.request import Method, Request
from supportbot.testing.slack.wire import Json, Refused

_NAME = re.compile(r"[a-z0-9_+'-]+(::skin-tone-[2-6])?")


def _target(request: Request) -> tuple[Message, Channel, str]:
    name = request.needed("name")
    if not _NAME.fullmatch(name):
        raise Refused("invalid_name")
    channel = request.joined()
    return request.message(channel, "timestamp"), channel, name


def add(request: Request) -> Json:
    """Put the bot's emoji on a message."""
    message, channel, name = _target(request)
    request.slack.posts.react(request.bot, message, channel, name)
    return {}


def remove(request: Request) -> Json:
    """Take the bot's emoji off a message."""
    message, channel, name = _target(request)
    request.slack.posts.unreact(request.bot, message, channel, name)
    return {}


METHODS = {
    "reactions.add": Method(add, ("reactions:write",)),
    "reactions.remove": Method(remove, ("reactions:write",)),
}
