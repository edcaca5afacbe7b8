"""``conversations.*``: finding channels, reading them, and who is in them."""

from __future__ import annotations

from supportbot.testing.slack.channels import Channel
from supportbot.testing.slack.messages import Message
from supportbot.testing.slack.web_api.request import Method, Request, page
from supportbot.testing.slack.wire import Json, Refused

_TYPES = {"channel": "public_channel", "group": "private_channel", "im": "im", "mpim": "mpim"}
_SCOPES = {"channel": "channels:read", "group": "groups:read", "im": "im:read", "mpim": "mpim:read"}


def info(request: Request) -> Json:
    """Describe a channel."""
    channel = request.channel()
    request.allowed(f"{channel.read_scope}:read")
    record = channel.record(request.bot)
    if not request.flag("include_num_members"):
        record.pop("num_members", None)
    return {"channel": record}


def list_channels(request: Request) -> Json:
    """List the channels that the bot may see."""
    wanted = (request.text("types") or "public_channel").replace(" ", "").split(",")
    for kind, name in _TYPES.items():
        if name in wanted:
            request.allowed(f"{ {'channel': 'channels', 'group': 'groups'}.get(kind, kind) }:read")
    visible = [
        channel
        for channel in request.slack.directory.channels.values()
        if channel.open_to(request.workspace)
        and _TYPES[channel.kind] in wanted
        and (channel.kind == "channel" or channel.has(request.bot))
        and not (channel.archived and request.flag("exclude_archived"))
    ]
    shown, cursor = page(visible, request)
    return {"channels": [channel.record(request.bot) for channel in shown], **_next(cursor)}


def list_own(request: Request) -> Json:
    """List the channels that the bot is in (``users.conversations``)."""
    listed = list_channels(request)
    mine = {id for id, channel in request.slack.directory.channels.items() if channel.has(request.bot)}
    return {**listed, "channels": [record for record in listed["channels"] if record["id"] in mine]}


def members(request: Request) -> Json:
    """List who is in a channel."""
    channel = request.channel()
    request.allowed(f"{channel.read_scope}:read")
    shown, cursor = page(list(channel.members), request)
    return {"members": shown, **_next(cursor)}


def open_direct(request: Request) -> Json:
    """Open direct messages with somebody."""
    if request.text("channel"):
        channel = request.channel()
    else:
        users = [request.slack.directory.user(id, request.bot) for id in request.needed("users").split(",")]
        request.allowed("im:write" if len(users) == 1 else "mpim:write")
        if any(user.workspace is not request.workspace for user in users):
            raise Refused("user_not_visible")
        if any(user.is_bot for user in users):
            raise Refused("cannot_dm_bot")
        if any(user.deleted for user in users):
            raise Refused("user_disabled")
        channel = request.slack.directory.direct(request.bot, *users)
    whole = channel.record(request.bot) if request.flag("return_im") else {"id": channel.id}
    return {"channel": whole, "no_op": False, "already_open": bool(channel.messages)}


def join(request: Request) -> Json:
    """Let the bot join a public channel."""
    channel = request.channel()
    if channel.kind != "channel":
        raise Refused("method_not_supported_for_channel_type")
    if channel.archived:
        raise Refused("is_archived")
    if channel.has(request.bot):
        return {"channel": channel.record(request.bot), "warning": "already_in_channel"}
    channel.members[request.bot.id] = request.bot
    request.slack.events.moved("member_joined_channel", request.bot, channel)
    request.slack.notices.ring()
    return {"channel": channel.record(request.bot)}


def history(request: Request) -> Json:
    """Read a channel, newest first; the replies in threads are not in it."""
    channel = _readable(request)
    return _messages(request, [message for message in channel.top_level() if _within(request, message)])


def replies(request: Request) -> Json:
    """Read a thread: its first message, then the replies, oldest first."""
    channel = _readable(request)
    root = channel.messages.get(request.needed("ts"))
    if root is None:
        raise Refused("thread_not_found")
    root = channel.messages.get(root.thread, root)
    return _messages(request, [root, *(reply for reply in root.replies if _within(request, reply))])


def _readable(request: Request) -> Channel:
    channel = request.joined()
    request.allowed(f"{channel.read_scope}:history")
    return channel


def _within(request: Request, message: Message) -> bool:
    oldest, latest = float(request.text("oldest") or 0), float(request.text("latest") or "inf")
    ts = float(message.ts)
    return oldest <= ts <= latest if request.flag("inclusive") else oldest < ts < latest


def _messages(request: Request, messages: list[Message]) -> Json:
    shown, cursor = page(messages, request, request.slack.trouble.history_page or 999)
    whole = request.flag("include_all_metadata")
    records = [message.record(metadata=whole) for message in shown]
    return {"messages": records, "has_more": bool(cursor), "pin_count": 0, **_next(cursor)}


def _next(cursor: str) -> Json:
    return {"response_metadata": {"next_cursor": cursor}}


METHODS = {
    "conversations.info": Method(info),
    "conversations.list": Method(list_channels),
    "users.conversations": Method(list_own),
    "conversations.members": Method(members),
    "conversations.open": Method(open_direct),
    "conversations.join": Method(join, ("channels:join",)),
    "conversations.history": Method(history),
    "conversations.replies": Method(replies),
}
