"""Posting: messages come, change and go, reactions are given; the app is told each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from supportbot.clock import MINUTE
from supportbot.testing.discord import limits, mentions
from supportbot.testing.discord.application import Application
from supportbot.testing.discord.channels import Channel, Thread
from supportbot.testing.discord.components import with_ids
from supportbot.testing.discord.events import Events
from supportbot.testing.discord.files import LARGEST, File, Files
from supportbot.testing.discord.guilds import User
from supportbot.testing.discord.messages import (
    COMPONENTS_V2,
    EPHEMERAL,
    HAS_THREAD,
    LOADING,
    REPLY,
    SILENT,
    SUPPRESS_EMBEDS,
    THREAD_CREATED,
    Message,
)
from supportbot.testing.discord.threads import Threads
from supportbot.testing.discord.wire import Json, Refused, Serials
from supportbot.testing.notices import Notices

SAME_NONCE = 5 * MINUTE
"""How long a nonce is remembered."""
OWN_FLAGS = SUPPRESS_EMBEDS | EPHEMERAL | SILENT | COMPONENTS_V2
"""What an app may set."""


class Upload(NamedTuple):
    """A file as it arrives with a request."""

    name: str
    data: bytes


class Posts:
    """Puts messages where people see them."""

    def __init__(
        self, app: Application, serials: Serials, files: Files, events: Events, *, threads: Threads, notices: Notices
    ) -> None:
        self._app = app
        self._serials = serials
        self._files = files
        self._events = events
        self._threads = threads
        self._notices = notices
        self._nonces: dict[tuple[str, str], tuple[int, Message]] = {}

    # --- new messages ---

    def post(
        self, author: User, channel: Channel, text: str, *, allowed: Json | None = None, **details: Any
    ) -> Message:
        """Post what somebody says; `details` are further fields of Message."""
        if isinstance(channel, Thread):
            self._threads.wake(channel, author)
        id = details.pop("id", "") or self._serials.id()
        message = Message(id, channel.id, channel.guild_id, author, text, self._serials.time(), self._files, **details)
        if message.replies_to is not None and not message.type:
            message.type = REPLY
        self._mention(message, channel, allowed)
        channel.add(message)
        if isinstance(channel, Thread) and message.only_for is None:
            self._invite(message, channel)
        if message.only_for is None:
            self._events.message("MESSAGE_CREATE", message, channel)
        self._notices.ring()
        return message

    def _mention(self, message: Message, channel: Channel, allowed: Json | None, *, notify: bool = True) -> None:
        replied_to = message.replies_to.author if message.replies_to else None
        found = mentions.read(message.text, message.author, channel, allowed, replied_to)
        message.mentions, message.mention_roles = found.users, [role.id for role in found.roles]
        message.mentions_everyone = found.everyone
        if notify and not message.flags & SILENT:
            only = {message.only_for.id} if message.only_for else found.notified
            message.notifies = found.notified & only

    def _invite(self, message: Message, thread: Thread) -> None:
        """Take those into a thread who write in it or are named in it, as Discord does."""
        named = [user for user in message.mentions if thread.parent.may(user, "view_channel")]
        if thread.kind == "private_thread" and not (thread.invitable or thread.moderates(message.author)):
            named = []
        self._threads.add(thread, message.author, *named)

    def by_bot(self, channel: Channel, body: Json, uploads: Sequence[Upload] = (), **details: Any) -> Message:
        """Post what the app says, once for a nonce that it wants enforced."""
        limits.check_message(body, files=len(uploads), has_sticker=bool(body.get("sticker_ids")))
        nonce = str(body.get("nonce") or "")
        if nonce and body.get("enforce_nonce") and (known := self._same(channel, nonce)):
            return known
        message = self.post(
            self._app.bot,
            channel,
            body.get("content") or "",
            allowed=body.get("allowed_mentions"),
            embeds=list(body.get("embeds") or []),
            components=with_ids(body.get("components") or []),
            files=self._attach(channel, body, uploads, []),
            nonce=nonce,
            flags=int(body.get("flags") or 0) & OWN_FLAGS,
            **details,
        )
        if nonce:
            self._nonces[channel.id, nonce] = (self._serials.clock.now(), message)
        return message

    def _same(self, channel: Channel, nonce: str) -> Message | None:
        at, message = self._nonces.get((channel.id, nonce), (0, None))
        return message if at > self._serials.clock.now() - SAME_NONCE else None

    def _attach(self, channel: Channel, body: Json, uploads: Sequence[Upload], before: Sequence[File]) -> list[File]:
        if any(len(upload.data) > LARGEST for upload in uploads):
            raise Refused(413, 40005, "Request entity too large")
        described = body.get("attachments")
        about = {str(entry.get("id")): entry for entry in described or ()}
        kept = [file for file in before if described is None or file.id in about]
        return kept + [
            self._files.add(
                channel.id,
                str(about.get(str(number), {}).get("filename") or upload.name),
                upload.data,
                str(about.get(str(number), {}).get("description") or ""),
            )
            for number, upload in enumerate(uploads)
        ]

    def think(self, channel: Channel, flags: int, **details: Any) -> Message:
        """Show that the bot is thinking about an answer."""
        return self.post(self._app.bot, channel, "", flags=flags & EPHEMERAL | LOADING, **details)

    def start_thread(self, parent: Channel, owner: User, name: str, message: Message | None, **details: Any) -> Thread:
        """Start a thread, from a message or from none, which then says so itself unless it is private."""
        if message is not None:
            if message.thread is not None:
                raise Refused(400, 160004, "A thread has already been created for this message")
            details["id"] = message.id  # such a thread has its message's id
        thread = self._threads.start(parent, owner, name, **details)
        if message is not None:
            message.thread = thread.record(self._app.bot)
            message.flags |= HAS_THREAD
            self._events.message("MESSAGE_UPDATE", message, parent)
        elif parent.kind != "forum" and thread.kind == "public_thread":
            self.post(owner, parent, name, type=THREAD_CREATED, allowed={"parse": []})
        return thread

    # --- what becomes of them ---

    def change(self, message: Message, channel: Channel, text: str) -> None:
        """Let a person's message say something else."""
        message.text = text
        self._mention(message, channel, None, notify=False)
        self._changed(message, channel)

    def change_by_bot(self, message: Message, channel: Channel, body: Json, uploads: Sequence[Upload] = ()) -> None:
        """Let the app's message say something else; what the body leaves out stays, and nobody is notified.

        An answer that the bot was still thinking about appears now, and notifies.
        """
        appears = message.loading
        whole: Json = {"content": message.text, "embeds": message.embeds, "components": message.components}
        flags = int(body["flags"]) & OWN_FLAGS if body.get("flags") is not None else message.flags
        whole |= {name: body[name] for name in whole if name in body}
        wanted = {**whole, "flags": flags, "allowed_mentions": body.get("allowed_mentions")}
        files = self._attach(channel, body, uploads, message.files)
        limits.check_message(wanted, files=len(files))
        message.text, message.embeds = whole["content"] or "", list(whole["embeds"] or [])
        message.components, message.files = with_ids(whole["components"] or []), files
        message.flags = flags & ~LOADING | message.flags & (EPHEMERAL | HAS_THREAD)
        self._mention(message, channel, body.get("allowed_mentions"), notify=appears)
        self._changed(message, channel)

    def _changed(self, message: Message, channel: Channel) -> None:
        message.edited_at = self._serials.time()
        if message.only_for is None:
            self._events.message("MESSAGE_UPDATE", message, channel)
        self._notices.ring()

    def take_away(self, message: Message, channel: Channel) -> None:
        """Delete a message."""
        message.deleted = True
        channel.messages.pop(message.id, None)
        if message.only_for is None:
            self._events.removed(message, channel)
        self._notices.ring()

    def pin(self, message: Message, channel: Channel, *, pinned: bool) -> None:
        """Pin a message, or take the pin away."""
        message.pinned_at = self._serials.time() if pinned else ""
        self._events.pinned(channel)
        self._notices.ring()

    def react(self, user: User, message: Message, channel: Channel, emoji: str) -> None:
        """Put somebody's emoji on a message; a second time changes nothing."""
        given = message.reactions.setdefault(emoji, [])
        if user.id not in given:
            given.append(user.id)
            self._events.reacted("MESSAGE_REACTION_ADD", user, emoji, message, channel)
            self._notices.ring()

    def unreact(self, user: User, message: Message, channel: Channel, emoji: str) -> None:
        """Take somebody's emoji off a message."""
        if user.id not in message.reactions.get(emoji, ()):
            raise Refused.unknown("Emoji")
        message.reactions[emoji].remove(user.id)
        self._events.reacted("MESSAGE_REACTION_REMOVE", user, emoji, message, channel)
        self._notices.ring()
