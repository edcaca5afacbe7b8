"""Posting: messages come, change and go, reactions are given; the app is told each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from supportbot.testing.notices import Notices
from supportbot.testing.slack.blocks import with_ids
from supportbot.testing.slack.channels import Channel
from supportbot.testing.slack.events import Events
from supportbot.testing.slack.files import File
from supportbot.testing.slack.messages import Message, rich_text
from supportbot.testing.slack.wire import Json, Refused, Serials
from supportbot.testing.slack.workspaces import User

TOMBSTONE = "This message was deleted."


class Posts:
    """Puts messages where people see them."""

    def __init__(self, app_id: str, serials: Serials, events: Events, notices: Notices) -> None:
        self._app_id = app_id
        self._serials = serials
        self._events = events
        self._notices = notices

    def by_person(
        self,
        author: User,
        channel: Channel,
        text: str,
        *,
        thread: str = "",
        broadcast: bool = False,
        files: Sequence[File] = (),
    ) -> Message:
        """Post what a person wrote."""
        message = self._new(channel, author, text, thread, client_id=self._serials.secret("message"), files=list(files))
        message.blocks = list(rich_text(text, self._serials.id("b")))
        message.subtype = "file_share" if files else "thread_broadcast" if broadcast else ""
        return self._appear(message, channel)

    def by_bot(self, author: User, channel: Channel, text: str, blocks: Sequence[Json], **details: Any) -> Message:
        """Post what a bot wrote; `details` are further fields of Message."""
        details.setdefault("app_id", self._app_id)
        message = self._new(channel, author, text, str(details.pop("thread", "")), **details)
        message.blocks = with_ids(blocks, self._serials)
        if message.username:
            message.subtype = "bot_message"
        return self._appear(message, channel)

    def _new(self, channel: Channel, author: User, text: str, thread: str, **details: Any) -> Message:
        parent = channel.messages.get(thread)
        thread = parent.thread if parent is not None else thread  # a reply to a reply joins the thread
        root = channel.messages.get(thread)
        message = Message(channel.id, self._serials.timestamp(), author, text, **details)
        if thread:
            message.thread_ts, message.parent_author = thread, root.author.id if root else ""
        return message

    def _appear(self, message: Message, channel: Channel) -> Message:
        channel.add(message)
        if message.only_for is None:
            self._events.message(message, channel)
        self._notices.ring()
        return message

    def change(
        self, message: Message, channel: Channel, text: str, blocks: Sequence[Json] | None, editor: User
    ) -> None:
        """Let a message say something else."""
        before = message.record(metadata=False)
        message.text = text
        if blocks is not None:
            message.blocks = with_ids(blocks, self._serials)
        elif not message.author.is_bot:
            message.blocks = list(rich_text(text, self._serials.id("b")))
        message.edited = {"user": editor.id, "ts": self._serials.timestamp()}
        if message.only_for is None:
            self._events.changed(message, before, channel)
        self._notices.ring()

    def unfurl(self, message: Message, channel: Channel) -> None:
        """Let Slack add a preview of a link: the app is told of a change in which the words are the same."""
        self._events.changed(message, message.record(metadata=False), channel)

    def take_away(self, message: Message, channel: Channel) -> None:
        """Delete a message; where it has replies, Slack leaves a tombstone and calls that a change."""
        before = message.record(metadata=False)
        message.deleted = True
        if message.replies:
            message.text, message.subtype, message.blocks, message.files = TOMBSTONE, "tombstone", [], []
            self._events.changed(message, before, channel)
        else:
            channel.remove(message)
            if message.only_for is None:
                self._events.removed(message, channel)
        self._notices.ring()

    def react(self, user: User, message: Message, channel: Channel, emoji: str) -> None:
        """Put somebody's emoji on a message, or refuse."""
        given = message.reactions.setdefault(emoji, [])
        if user.id in given:
            raise Refused("already_reacted")
        given.append(user.id)
        self._events.reacted("reaction_added", user, emoji, message, channel)
        self._notices.ring()

    def unreact(self, user: User, message: Message, channel: Channel, emoji: str) -> None:
        """Take somebody's emoji off a message, or refuse."""
        if user.id not in message.reactions.get(emoji, ()):
            raise Refused("no_reaction")
        message.reactions[emoji].remove(user.id)
        self._events.reacted("reaction_removed", user, emoji, message, channel)
        self._notices.ring()
