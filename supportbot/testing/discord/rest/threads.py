"""Threads: started from messages, from nothing, or as a forum's posts; their members; the archived ones."""

from __future__ import annotations

from datetime import datetime

from supportbot.clock import as_instant
from supportbot.testing.discord import limits
from supportbot.testing.discord.channels import Channel, Thread
from supportbot.testing.discord.guilds import User
from supportbot.testing.discord.rest.request import Endpoint, Request
from supportbot.testing.discord.threads import check_tags, must_be_open
from supportbot.testing.discord.wire import Json, Refused

PRIVATE = 12


def from_message(request: Request) -> Json:
    """Start a thread from a message."""
    channel = request.channel("create_public_threads")
    if channel.kind != "text":
        raise Refused(400, 50024, "Cannot execute action on this channel type")
    message = request.message(channel)
    name, auto_archive = _wanted(request)
    thread = request.discord.posts.start_thread(channel, request.bot, name, message, auto_archive=auto_archive)
    return thread.record(request.bot)


def start(request: Request) -> Json:
    """Start a thread from nothing, or a post in a forum."""
    channel = request.channel()
    if channel.kind == "forum":
        return _post(request, channel)
    if channel.kind != "text":
        raise Refused(400, 50024, "Cannot execute action on this channel type")
    private = request.arguments.get("type") == PRIVATE
    request.channel("create_private_threads" if private else "create_public_threads")
    name, auto_archive = _wanted(request)
    invitable = bool(request.arguments.get("invitable", True))
    thread = request.discord.posts.start_thread(
        channel, request.bot, name, None, private=private, invitable=invitable, auto_archive=auto_archive
    )
    return thread.record(request.bot)


def _post(request: Request, forum: Channel) -> Json:
    request.channel("send_messages")
    name, auto_archive = _wanted(request)
    tags = [str(tag) for tag in request.arguments.get("applied_tags") or ()]
    check_tags(forum, tags)
    body = request.arguments.get("message") or {}
    limits.check_message(body, files=len(request.uploads))
    id = request.discord.serials.id()
    thread = request.discord.posts.start_thread(
        forum, request.bot, name, None, id=id, applied_tags=tags, auto_archive=auto_archive
    )
    message = request.discord.posts.by_bot(thread, body, request.uploads, id=id)
    return {**thread.record(request.bot), "message": message.record(viewer=request.bot)}


def _wanted(request: Request) -> tuple[str, int]:
    name, auto_archive = request.arguments.get("name"), request.arguments.get("auto_archive_duration")
    limits.check_thread(name, auto_archive)
    return str(name), int(auto_archive or 4320)


# --- members ---


def _thread(request: Request) -> Thread:
    return request.discord.directory.thread(request.path["channel_id"], request.bot)


def _who(request: Request) -> User:
    return request.discord.directory.user(request.path.get("user_id", request.bot.id))


def add_member(request: Request) -> None:
    """Take somebody into a thread, or join it."""
    thread, person = _thread(request), _who(request)
    must_be_open(thread)
    if person is not request.bot:
        if not thread.may(request.bot, "send_messages_in_threads"):
            raise Refused.permission()
        if not thread.parent.may(person, "view_channel"):
            raise Refused.access()
    request.discord.threads.add(thread, person)


def remove_member(request: Request) -> None:
    """Take somebody out of a thread, or leave it."""
    thread, person = _thread(request), _who(request)
    must_be_open(thread)
    owns = thread.owner is request.bot and thread.kind == "private_thread"
    if not (person is request.bot or owns or thread.moderates(request.bot)):
        raise Refused.permission()
    request.discord.threads.remove(thread, person)


def member(request: Request) -> Json:
    """Tell whether somebody is in a thread."""
    thread, person = _thread(request), _who(request)
    if person.id not in thread.members:
        raise Refused.unknown("Member")
    return thread.member_record(person)


def members(request: Request) -> list[Json]:
    """List who is in a thread."""
    thread = _thread(request)
    return [thread.member_record(person) for person in thread.members.values()]


# --- those that are archived ---


def archived(request: Request) -> Json:
    """List the archived public threads of a channel, the last archived first."""
    return _archived(request, request.channel("read_message_history"), "public_thread")


def archived_private(request: Request) -> Json:
    """List the archived private threads of a channel, for those who moderate them."""
    return _archived(request, request.channel("read_message_history", "manage_threads"), "private_thread")


def _archived(request: Request, channel: Channel, kind: str) -> Json:
    if channel.guild is None:
        raise Refused(400, 50024, "Cannot execute action on this channel type")
    limit = request.limit(50, 100)
    there = request.discord.directory.threads(channel.guild, archived=True)
    found = [thread for thread in there if thread.parent is channel and thread.kind == kind]
    if before := request.query.get("before"):
        moment = as_instant(datetime.fromisoformat(before))
        found = [thread for thread in found if thread.archived_at < moment]
    found.sort(key=lambda thread: thread.archived_at, reverse=True)
    shown = [thread.record(request.bot) for thread in found[:limit]]
    joined = [thread.member_record(request.bot) for thread in found[:limit] if request.bot.id in thread.members]
    return {"threads": shown, "members": joined, "has_more": len(found) > limit}


_CHANNEL = "/channels/{channel_id}"
ENDPOINTS = (
    Endpoint("POST", _CHANNEL + "/messages/{message_id}/threads", "Start Thread from Message", from_message),
    Endpoint("POST", _CHANNEL + "/threads", "Start Thread without Message", start),
    Endpoint("GET", _CHANNEL + "/thread-members", "List Thread Members", members),
    Endpoint("PUT", _CHANNEL + "/thread-members/@me", "Join Thread", add_member),
    Endpoint("DELETE", _CHANNEL + "/thread-members/@me", "Leave Thread", remove_member),
    Endpoint("GET", _CHANNEL + "/thread-members/{user_id}", "Get Thread Member", member),
    Endpoint("PUT", _CHANNEL + "/thread-members/{user_id}", "Add Thread Member", add_member),
    Endpoint("DELETE", _CHANNEL + "/thread-members/{user_id}", "Remove Thread Member", remove_member),
    Endpoint("GET", _CHANNEL + "/threads/archived/public", "List Public Archived Threads", archived),
    Endpoint("GET", _CHANNEL + "/threads/archived/private", "List Private Archived Threads", archived_private),
)
