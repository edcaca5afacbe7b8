"""Messages: written, read, changed and deleted by the bot; reactions."""

from __future__ import annotations

from supportbot.clock import DAY
from supportbot.testing.discord.channels import Channel, Thread
from supportbot.testing.discord.directory import find_message
from supportbot.testing.discord.messages import EPHEMERAL, Message
from supportbot.testing.discord.rest.request import Endpoint, Request
from supportbot.testing.discord.threads import must_be_open
from supportbot.testing.discord.wire import EPOCH, Json, Mistake, Refused


def history(request: Request) -> list[Json]:
    """List messages, newest first; after, before or around one if wanted."""
    channel, limit = request.channel(), request.limit(50, 100)
    if not channel.may(request.bot, "read_message_history"):
        return []
    ordered = sorted(channel.messages.values(), key=lambda message: int(message.id))
    if after := request.query.get("after"):
        chosen = [message for message in ordered if int(message.id) > int(after)][:limit]
    elif before := request.query.get("before"):
        chosen = [message for message in ordered if int(message.id) < int(before)][-limit:]
    elif around := request.query.get("around"):
        nearest = sorted(ordered, key=lambda message: abs(int(message.id) - int(around)))[:limit]
        chosen = sorted(nearest, key=lambda message: int(message.id))
    else:
        chosen = ordered[-limit:]
    return [_read(request, message, channel) for message in reversed(chosen)]


def _read(request: Request, message: Message, channel: Channel) -> Json:
    """Describe a message; without the privileged intent its words are left out, as in events."""
    return request.discord.events.readable(message, channel)


def get(request: Request) -> Json:
    """Describe one message."""
    channel = request.channel("read_message_history")
    return _read(request, request.message(channel), channel)


def create(request: Request) -> Json:
    """Say something."""
    channel = request.channel()
    _may_speak(request, channel)
    body = {**request.arguments, "flags": int(request.arguments.get("flags") or 0) & ~EPHEMERAL}
    target = replied_to(request, channel)
    return request.discord.posts.by_bot(channel, body, request.uploads, replies_to=target).record(viewer=request.bot)


def _may_speak(request: Request, channel: Channel) -> None:
    if channel.kind in ("forum", "category"):
        raise Refused(400, 50008, "Cannot send messages in a non-text channel")
    if channel.is_direct:
        person = channel.partner(request.bot)
        shared = any(
            guild.has(person) and guild.has(request.bot) for guild in request.discord.directory.guilds.values()
        )
        if not (person.takes_direct_messages and shared):
            raise Refused(403, 50007, "Cannot send messages to this user")
    elif not channel.may(request.bot, channel.speaking):
        raise Refused.permission()
    if request.uploads and not channel.may(request.bot, "attach_files"):
        raise Refused.permission()


def replied_to(request: Request, channel: Channel) -> Message | None:
    """Find the message that is answered, or refuse where it is gone and that matters."""
    reference = request.arguments.get("message_reference")
    if not reference:
        return None
    if not channel.may(request.bot, "read_message_history"):
        raise Refused(403, 160002, "Cannot reply without permission to read message history")
    message = channel.messages.get(str(reference.get("message_id")))
    if message is None and reference.get("fail_if_not_exists", True):
        raise Refused.invalid([Mistake("message_reference", "REPLIES_UNKNOWN_MESSAGE", "Unknown message")])
    return message


def edit(request: Request) -> Json:
    """Change one of the bot's messages."""
    channel = request.channel()
    message = request.message(channel)
    if message.author is not request.bot:
        raise Refused(403, 50005, "Cannot edit a message authored by another user")
    must_be_open(channel)
    request.discord.posts.change_by_bot(message, channel, request.arguments, request.uploads)
    return message.record(viewer=request.bot)


def delete(request: Request) -> None:
    """Delete a message: an own one, or anybody's where the bot moderates."""
    channel = request.channel()
    message = request.message(channel)
    if message.author is not request.bot:
        if channel.is_direct:
            raise Refused(403, 50003, "Cannot execute action on a DM channel")
        if not channel.may(request.bot, "manage_messages"):
            raise Refused.permission()
    if isinstance(channel, Thread) and not channel.moderates(request.bot):
        must_be_open(channel)
    request.discord.posts.take_away(message, channel)


def delete_many(request: Request) -> None:
    """Delete two to a hundred messages of the last two weeks."""
    channel = request.channel("manage_messages")
    ids = [str(id) for id in request.arguments.get("messages") or ()]
    if not 2 <= len(ids) <= 100:
        raise Refused.invalid([Mistake("messages", "BASE_TYPE_BAD_LENGTH", "Must be between 2 and 100 in length.")])
    oldest = request.discord.clock.now() - 14 * DAY
    if any((int(id) >> 22) + EPOCH < oldest for id in ids):
        raise Refused(400, 50034, "A message provided was too old to bulk delete")
    for id in ids:
        if id in channel.messages:
            request.discord.posts.take_away(find_message(channel, id), channel)


# --- reactions ---


def react(request: Request) -> None:
    """Put the bot's emoji on a message."""
    channel = request.channel("read_message_history", "add_reactions")
    must_be_open(channel)
    request.discord.posts.react(request.bot, request.message(channel), channel, request.path["emoji"])


def unreact(request: Request) -> None:
    """Take the bot's emoji off a message, or another's where it moderates."""
    user_id = request.path.get("user_id", request.bot.id)
    channel = request.channel(*([] if user_id == request.bot.id else ["manage_messages"]))
    must_be_open(channel)
    user = request.discord.directory.user(user_id)
    request.discord.posts.unreact(user, request.message(channel), channel, request.path["emoji"])


def reacted(request: Request) -> list[Json]:
    """List who gave an emoji."""
    message = request.message(request.channel())
    given = message.reactions.get(request.path["emoji"], [])
    return [request.discord.directory.user(id).record() for id in given]


def clear_reactions(request: Request) -> None:
    """Take all emoji off a message, or one of them."""
    channel = request.channel("manage_messages")
    message = request.message(channel)
    for emoji in [request.path["emoji"]] if "emoji" in request.path else list(message.reactions):
        for user_id in list(message.reactions.get(emoji, ())):
            user = request.discord.directory.user(user_id)
            request.discord.posts.unreact(user, message, channel, emoji)


_MESSAGES = "/channels/{channel_id}/messages"
_MESSAGE = _MESSAGES + "/{message_id}"
ENDPOINTS = (
    Endpoint("GET", _MESSAGES, "Get Channel Messages", history),
    Endpoint("POST", _MESSAGES, "Create Message", create),
    Endpoint("POST", _MESSAGES + "/bulk-delete", "Bulk Delete Messages", delete_many),
    Endpoint("GET", _MESSAGE, "Get Channel Message", get),
    Endpoint("PATCH", _MESSAGE, "Edit Message", edit),
    Endpoint("DELETE", _MESSAGE, "Delete Message", delete),
    Endpoint("PUT", _MESSAGE + "/reactions/{emoji}/@me", "Create Reaction", react),
    Endpoint("DELETE", _MESSAGE + "/reactions/{emoji}/@me", "Delete Own Reaction", unreact),
    Endpoint("DELETE", _MESSAGE + "/reactions/{emoji}/{user_id}", "Delete User Reaction", unreact),
    Endpoint("GET", _MESSAGE + "/reactions/{emoji}", "Get Reactions", reacted),
    Endpoint("DELETE", _MESSAGE + "/reactions/{emoji}", "Delete All Reactions for Emoji", clear_reactions),
    Endpoint("DELETE", _MESSAGE + "/reactions", "Delete All Reactions", clear_reactions),
)
