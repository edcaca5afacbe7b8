"""Threads: they are started, joined, left, archived and opened again; the app is told each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from supportbot.clock import MINUTE
from supportbot.testing.discord.channels import Channel, Thread
from supportbot.testing.discord.directory import Directory
from supportbot.testing.discord.events import Events
from supportbot.testing.discord.guilds import Guild, User
from supportbot.testing.discord.wire import Refused, Serials
from supportbot.testing.notices import Notices


class Threads:
    """All that happens to threads."""

    def __init__(self, bot: User, directory: Directory, serials: Serials, events: Events, notices: Notices) -> None:
        self._bot = bot
        self._directory = directory
        self._serials = serials
        self._events = events
        self._notices = notices

    def start(self, parent: Channel, owner: User, name: str, *, private: bool = False, **details: Any) -> Thread:
        """Start a thread, or refuse where a guild has as many as it may; `details` are further fields of Thread."""
        guild = _guild(parent)
        self._must_have_room(guild)
        now = self._serials.clock.now()
        id = details.pop("id", "") or self._serials.id()
        kind: Any = "private_thread" if private else "public_thread"
        thread = Thread(id, name, kind, guild, parent=parent, owner=owner, created_at=now, active_at=now, **details)
        thread.members[owner.id] = owner
        self._directory.channels[id] = thread
        parent.last_message_id = id if parent.kind == "forum" else parent.last_message_id
        self._events.thread("THREAD_CREATE", thread, new=True)
        self._events.thread_members(thread, [owner])
        self._notices.ring()
        return thread

    def _must_have_room(self, guild: Guild) -> None:
        if len(self._directory.threads(guild)) >= guild.most_active_threads:
            raise Refused(400, 160006, "Maximum number of active threads reached")

    def add(self, thread: Thread, *people: User) -> None:
        """Take people into a thread."""
        new = [user for user in people if user.id not in thread.members]
        if not new:
            return
        saw = thread.may(self._bot, "view_channel")
        thread.members |= {user.id: user for user in new}
        if not saw and self._bot in new:
            self._events.thread("THREAD_CREATE", thread)
        self._events.thread_members(thread, new)
        self._notices.ring()

    def remove(self, thread: Thread, user: User) -> None:
        """Take somebody out of a thread."""
        if thread.members.pop(user.id, None) is not None:
            self._events.thread_members(thread, removed=[user])
            self._notices.ring()

    def change(self, thread: Thread, **changes: Any) -> None:
        """Change fields of a thread."""
        opens = changes.get("archived") is False and thread.archived
        if opens:
            self._must_have_room(_guild(thread))
            thread.active_at = self._serials.clock.now()
        if "archived" in changes and changes["archived"] is not thread.archived:
            thread.archived_at = self._serials.clock.now()
        for name, value in changes.items():
            setattr(thread, name, value)
        self._events.thread("THREAD_UPDATE", thread)
        self._notices.ring()

    def wake(self, thread: Thread, author: User) -> None:
        """Open an archived thread because somebody writes in it; a locked one only for those who moderate."""
        if thread.locked and not thread.moderates(author):
            raise (
                Refused(400, 50083, "Thread is archived")
                if thread.archived
                else Refused(400, 160005, "Thread is locked")
            )
        if thread.archived:
            self.change(thread, archived=False)
        thread.active_at = self._serials.clock.now()

    def delete(self, thread: Thread) -> None:
        """Delete a thread."""
        self._events.thread_gone(thread)
        thread.deleted = True
        del self._directory.channels[thread.id]
        self._notices.ring()

    def archive_silent(self) -> None:
        """Archive the threads in which nobody has written for as long as they stay open."""
        now = self._serials.clock.now()
        for guild in self._directory.guilds.values():
            for thread in self._directory.threads(guild):
                if thread.active_at + thread.auto_archive * MINUTE <= now:
                    self.change(thread, archived=True)


def must_be_open(channel: Channel) -> None:
    """Refuse to change anything in an archived thread."""
    if isinstance(channel, Thread) and channel.archived:
        raise Refused(400, 50083, "Thread is archived")


def check_tags(forum: Channel, tags: Sequence[str]) -> None:
    """Refuse a post without a tag where the forum wants one."""
    if forum.requires_tag and not tags:
        raise Refused(400, 40067, "A tag is required to create a forum post in this channel")
    if any(tag not in forum.tags for tag in tags):
        raise Refused(404, 10087, "Unknown tag")


def _guild(channel: Channel) -> Guild:
    if channel.guild is None:
        raise Refused(400, 50024, "Cannot execute action on this channel type")
    return channel.guild
