"""Retention: every day, conversations that ended long ago are removed, with all that hangs on them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple, TypeVar

from supportbot.clock import DAY, HOUR, Clock
from supportbot.data import removal
from supportbot.domain.attachment import ATTACHMENTS, Attachment
from supportbot.domain.block import BLOCKS, Block
from supportbot.domain.conversation import CONVERSATIONS, Conversation
from supportbot.domain.record import Kind, Record
from supportbot.domain.ticket import TICKETS
from supportbot.domain.work import TURNS
from supportbot.errors import Conflict
from supportbot.logs import log
from supportbot.settings import KeptFor
from supportbot.storage.base import Changes, Store

R = TypeVar("R", bound=Record)


class Removed(NamedTuple):
    """How much went."""

    conversations: int = 0
    attachments: int = 0
    dead_letters: int = 0
    blocks: int = 0


class Retention:
    """Removes what is older than it may be; a conversation at a time, so that nobody waits for it.

    What is old is found by the time at which it began, along an index: only conversations that go on since then, as
    those with an open ticket do, are looked at again the next day.
    """

    def __init__(self, store: Store, clock: Clock, kept_for: KeptFor) -> None:
        self._store = store
        self._clock = clock
        self._kept_for = kept_for
        self._ran_at: int | None = None

    async def daily(self) -> None:
        """Do it, unless this process did it within a day."""
        now = self._clock.now()
        if self._kept_for.is_forever or (self._ran_at is not None and now - self._ran_at < DAY):
            return
        self._ran_at = now
        removed = await self.run()
        if any(removed):
            log.info("removed what was kept long enough", **removed._asdict())

    async def run(self) -> Removed:
        """Remove what is too old now."""
        before = self._clock.now() - self._kept_for
        return Removed(
            await self._conversations(before),
            await self._attachments(before),
            await self._dead_letters(before),
            await self._blocks(before),
        )

    async def _conversations(self, before: int) -> int:
        count = 0
        async for conversation in self._oldest(CONVERSATIONS):
            if conversation.began_at >= before:
                break
            count += await self._has_removed(conversation, before)
            await asyncio.sleep(0)
        return count

    async def _oldest(self, kind: Kind[R]) -> AsyncIterator[R]:
        """Read documents by their age, the oldest first, as many as are asked for."""
        cursor: str | None = None
        while True:
            page = await self._store.find(kind, "age", after=cursor)
            for record in page.items:
                yield record
            cursor = page.next
            if cursor is None:
                return

    async def _has_removed(self, conversation: Conversation, before: int) -> bool:
        if not await self._is_over(conversation, before):
            return False
        try:
            await self._store.commit(await removal.of_conversation(self._store, conversation))
        except Conflict:
            return False  # somebody spoke in it just now
        return True

    async def _is_over(self, conversation: Conversation, before: int) -> bool:
        """Tell whether nothing happened in a conversation since then, and nobody has anything to do about it."""
        if conversation.owner not in ("bot", "nobody") or max(conversation.spoke_at, conversation.ended_at) >= before:
            return False
        cursor: str | None = None
        while True:
            page = await self._store.find(TICKETS, "conversation", conversation.id, after=cursor)
            if any(ticket.status != "closed" or ticket.changed_at >= before for ticket in page.items):
                return False
            cursor = page.next
            if cursor is None:
                return True

    async def _attachments(self, before: int) -> int:
        """Remove old files whose conversation is gone, or that came where the bot had no part.

        While something as old is still to be dealt with, a file may be its own: they wait for the next day.
        """
        count = 0
        if any(work.due < before for work in await self._store.pending(TURNS, limit=1)):
            return count
        async for attachment in self._oldest(ATTACHMENTS):
            if attachment.at >= before:
                break
            if not await self._has_conversation(attachment):
                count += await self._has_removed_file(attachment)
        return count

    async def _has_removed_file(self, attachment: Attachment) -> bool:
        # Somebody may be sending the same file in this very moment: that one was just put, and stays.
        try:
            await removal.of_attachment(self._store, attachment, put_before=self._clock.now() - HOUR)
        except Conflict:
            return False  # it was led to a conversation just now
        return True

    async def _has_conversation(self, attachment: Attachment) -> bool:
        name = attachment.conversation
        return bool(name) and await self._store.get(CONVERSATIONS, name) is not None

    async def _dead_letters(self, before: int) -> int:
        count = 0
        while dead := [work for work in await self._store.buried() if work.due < before]:
            changes = Changes()
            for work in dead:
                changes.drop(work.id)
            await self._store.commit(changes)
            count += len(dead)
        return count

    async def _blocks(self, before: int) -> int:
        """Remove blocks that ended long ago; those that hold stay, however old they are."""
        count = 0
        async for block in self._oldest(BLOCKS):
            if block.at >= before:
                break
            if not block.holds(before):
                count += await self._has_removed_block(block)
        return count

    async def _has_removed_block(self, block: Block) -> bool:
        changes = Changes()
        changes.delete(BLOCKS, block)
        try:
            await self._store.commit(changes)
        except Conflict:
            return False  # an agent has blocked them anew just now
        return True
