"""``chat.*``: posting, changing and deleting messages."""

from __future__ import annotations

from typing import Any

from supportbot.testing.slack import limits, mrkdwn
from supportbot.testing.slack.channels import Channel
from supportbot.testing.slack.messages import Message
from supportbot.testing.slack.web_api.request import Method, Request
from supportbot.testing.slack.wire import Json, Refused


def _words(request: Request) -> tuple[str, list[Json]]:
    text, blocks = request.text("text"), request.items("blocks")
    if request.text("markdown_text"):
        if text or blocks:
            raise Refused("markdown_text_conflict")
        blocks = [{"type": "markdown", "text": request.text("markdown_text")}]
    if not text.strip() and not blocks and not request.items("attachments"):
        raise Refused("no_text")
    limits.check_message(text, blocks)
    limits.check_metadata(request.arguments.get("metadata"))
    if request.flag("link_names") or request.text("parse") == "full":
        text = mrkdwn.linked_names(text, request.slack.directory.named())
    return text, blocks


def _destination(request: Request) -> Channel:
    given = request.needed("channel")
    if given in request.slack.directory.users:
        user = request.slack.directory.user(given, request.bot)
        if user.workspace is not request.workspace or user.is_bot:
            raise Refused("channel_not_found")
        return request.slack.directory.direct(request.bot, user)
    channel = request.channel()
    if channel.archived:
        raise Refused("is_archived")
    if not channel.has(request.bot) and "chat:write.public" not in request.workspace.scopes:
        raise Refused("not_in_channel")
    return channel


def _details(request: Request, channel: Channel) -> dict[str, Any]:
    username = request.text("username")
    if username:
        request.allowed("chat:write.customize")
    thread = request.text("thread_ts")
    if thread and thread not in channel.messages:
        raise Refused("thread_not_found")
    broadcast = thread and request.flag("reply_broadcast")
    return {"username": username, "thread": thread, "subtype": "thread_broadcast" if broadcast else ""}


def post_message(request: Request) -> Json:
    """Post a message."""
    channel = _destination(request)
    text, blocks = _words(request)
    details = _details(request, channel) | {"metadata": request.arguments.get("metadata")}
    message = request.slack.posts.by_bot(request.bot, channel, text, blocks, **details)
    request.slack.assistants.answered(message)
    return {"channel": channel.id, "ts": message.ts, "message": message.record()}


def post_ephemeral(request: Request) -> Json:
    """Post what only one person sees."""
    channel = _destination(request)
    user = request.slack.directory.users.get(request.needed("user"))
    if user is None or not channel.has(user):
        raise Refused("user_not_in_channel")
    text, blocks = _words(request)
    message = request.slack.posts.by_bot(
        request.bot, channel, text, blocks, only_for=user, thread=request.text("thread_ts")
    )
    return {"message_ts": message.ts}


def update(request: Request) -> Json:
    """Change a message of the bot's own."""
    channel = request.channel()
    message = _own(request, channel, "cant_update_message")
    blocks = request.items("blocks") if "blocks" in request.arguments else None
    text = request.text("text")
    if text or blocks or request.text("markdown_text"):
        text, blocks_checked = _words(request)
        blocks = blocks_checked if blocks_checked or blocks is not None else [] if text else None
    elif not request.arguments.get("metadata"):
        raise Refused("no_text")
    limits.check_metadata(request.arguments.get("metadata"))
    message.metadata = request.arguments.get("metadata") or message.metadata
    request.slack.posts.change(message, channel, text or message.text, blocks, request.bot)
    return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": message.record()}


def delete(request: Request) -> Json:
    """Delete a message of the bot's own."""
    channel = request.channel()
    message = _own(request, channel, "cant_delete_message")
    request.slack.posts.take_away(message, channel)
    return {"channel": channel.id, "ts": message.ts}


def _own(request: Request, channel: Channel, refusal: str) -> Message:
    message = request.message(channel, "ts")
    if message.author is not request.bot:
        raise Refused(refusal)
    return message


def get_permalink(request: Request) -> Json:
    """Make a link to a message."""
    channel = request.channel()
    message = request.message(channel, "message_ts")
    place = f"https://{request.workspace.domain}.slack.com/archives/{channel.id}/p{message.ts.replace('.', '')}"
    thread = f"?thread_ts={message.thread_ts}&cid={channel.id}" if message.thread_ts else ""
    return {"channel": channel.id, "permalink": place + thread}


METHODS = {
    "chat.postMessage": Method(post_message, ("chat:write",)),
    "chat.postEphemeral": Method(post_ephemeral, ("chat:write",)),
    "chat.update": Method(update, ("chat:write",)),
    "chat.delete": Method(delete, ("chat:write",)),
    "chat.getPermalink": Method(get_permalink),
}
