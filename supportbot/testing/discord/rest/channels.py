"""Channels: looking at them, changing them, typing, pins and overwrites."""

from __future__ import annotations

from supportbot.testing.discord.channels import Channel, Thread
from supportbot.testing.discord.limits import check_thread
from supportbot.testing.discord.messages import PINNED
from supportbot.testing.discord.permissions import Overwrite
from supportbot.testing.discord.rest.request import Endpoint, Request
from supportbot.testing.discord.threads import check_tags, must_be_open
from supportbot.testing.discord.wire import Json, Refused

MOST_PINS = 250


def channel(request: Request) -> Json:
    """Describe a channel."""
    return request.channel().record(request.bot)


def modify(request: Request) -> Json:
    """Change a channel or a thread."""
    found = request.channel()
    if isinstance(found, Thread):
        return _modify_thread(request, found)
    if not found.may(request.bot, "manage_channels"):
        raise Refused.permission()
    found.name = str(request.arguments.get("name") or found.name)
    found.topic = str(request.arguments.get("topic", found.topic) or "")
    request.discord.events.channel("CHANNEL_UPDATE", found)
    return found.record(request.bot)


def _modify_thread(request: Request, thread: Thread) -> Json:
    wanted = request.arguments
    opens = wanted.get("archived") is False
    if thread.archived and not opens:
        raise Refused(400, 50083, "Thread is archived")
    moderates = thread.moderates(request.bot)
    may_open = opens and set(wanted) <= {"archived"} and not thread.locked
    if not (moderates or (thread.owner is request.bot and "locked" not in wanted) or may_open):
        raise Refused.permission()
    check_thread(wanted.get("name", thread.name), wanted.get("auto_archive_duration"))
    changes: Json = {name: wanted[name] for name in ("name", "archived", "locked", "invitable") if name in wanted}
    if wanted.get("auto_archive_duration"):
        changes["auto_archive"] = wanted["auto_archive_duration"]
    if wanted.get("applied_tags") is not None:
        changes["applied_tags"] = [str(tag) for tag in wanted["applied_tags"]]
    check_tags(thread.parent, changes.get("applied_tags", thread.applied_tags))
    request.discord.threads.change(thread, **changes)
    return thread.record(request.bot)


def delete(request: Request) -> Json:
    """Delete a channel or a thread."""
    found = request.channel()
    if isinstance(found, Thread):
        if not found.moderates(request.bot):
            raise Refused.permission()
        request.discord.threads.delete(found)
    elif found.guild is not None:
        request.channel("manage_channels")
        request.discord.events.channel("CHANNEL_DELETE", found)
        found.deleted = True
        del request.discord.directory.channels[found.id]
    return found.record(request.bot)


def typing(request: Request) -> None:
    """Show that the bot types."""
    found = request.channel()
    _may_speak(request, found)
    found.typing.append(request.bot.id)
    request.discord.notices.ring()


def _may_speak(request: Request, found: Channel) -> None:
    if not found.may(request.bot, found.speaking):
        raise Refused.permission()


def pins(request: Request) -> Json:
    """List what is pinned, newest first."""
    found = request.channel("read_message_history")
    pinned = [message for message in found.messages.values() if message.pinned_at]
    pinned.sort(key=lambda message: message.pinned_at, reverse=True)
    items = [
        {"pinned_at": message.pinned_at, "message": message.record(viewer=request.bot)}
        for message in pinned[: request.limit(50, 50)]
    ]
    return {"items": items, "has_more": len(items) < len(pinned)}


def pin(request: Request) -> None:
    """Pin a message, which the channel tells."""
    found = request.channel()
    _may_pin(request, found)
    message = request.message(found)
    if sum(bool(one.pinned_at) for one in found.messages.values()) >= MOST_PINS:
        raise Refused(400, 30003, f"Maximum number of pins reached for the channel ({MOST_PINS})")
    if not message.pinned_at:
        request.discord.posts.pin(message, found, pinned=True)
        request.discord.posts.post(request.bot, found, "", type=PINNED)


def unpin(request: Request) -> None:
    """Take a pin away."""
    found = request.channel()
    _may_pin(request, found)
    request.discord.posts.pin(request.message(found), found, pinned=False)


def _may_pin(request: Request, found: Channel) -> None:
    if not found.is_direct and not found.may(request.bot, "pin_messages"):
        raise Refused.permission()
    must_be_open(found)


def put_overwrite(request: Request) -> None:
    """Let a role or a person do more or less in a channel."""
    found = request.channel("manage_roles")
    id, wanted = request.path["overwrite_id"], request.arguments
    person = int(wanted.get("type") or 0) == 1
    found.overwrites[id] = Overwrite(id, person, int(wanted.get("allow") or 0), int(wanted.get("deny") or 0))
    request.discord.events.channel("CHANNEL_UPDATE", found)


def delete_overwrite(request: Request) -> None:
    """Take an overwrite away."""
    found = request.channel("manage_roles")
    found.overwrites.pop(request.path["overwrite_id"], None)
    request.discord.events.channel("CHANNEL_UPDATE", found)


_CHANNEL = "/channels/{channel_id}"
ENDPOINTS = (
    Endpoint("GET", _CHANNEL, "Get Channel", channel),
    Endpoint("PATCH", _CHANNEL, "Modify Channel", modify),
    Endpoint("DELETE", _CHANNEL, "Delete Channel", delete),
    Endpoint("POST", _CHANNEL + "/typing", "Trigger Typing Indicator", typing),
    Endpoint("GET", _CHANNEL + "/messages/pins", "Get Channel Pins", pins),
    Endpoint("PUT", _CHANNEL + "/messages/pins/{message_id}", "Pin Message", pin),
    Endpoint("DELETE", _CHANNEL + "/messages/pins/{message_id}", "Unpin Message", unpin),
    Endpoint("PUT", _CHANNEL + "/pins/{message_id}", "Pin Message", pin),
    Endpoint("DELETE", _CHANNEL + "/pins/{message_id}", "Unpin Message", unpin),
    Endpoint("PUT", _CHANNEL + "/permissions/{overwrite_id}", "Edit Channel Permissions", put_overwrite),
    Endpoint("DELETE", _CHANNEL + "/permissions/{overwrite_id}", "Delete Channel Permission", delete_overwrite),
)
