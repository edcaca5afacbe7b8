"""Taking things out of the store so that nothing of them is left, and so that a kill in between does no harm."""

from __future__ import annotations

from typing import Any

from supportbot.domain.address import PLACES
from supportbot.domain.attachment import ATTACHMENTS, Attachment
from supportbot.domain.card import CARDS
from supportbot.domain.conversation import CONVERSATIONS, Conversation
from supportbot.domain.dialogue import DIALOGUES, ONCE
from supportbot.domain.memory import MEMORIES
from supportbot.domain.record import Kind
from supportbot.domain.reply import OFFERS, RELAYED, SHOWN
from supportbot.domain.ticket import TICKETS
from supportbot.domain.timeline import TIMELINE
from supportbot.domain.work import TURNS, outbox
from supportbot.storage.base import Changes, Store

_BELONGING: tuple[Kind[Any], ...] = (TICKETS, PLACES, MEMORIES)


async def of_conversation(store: Store, conversation: Conversation) -> Changes:
    """Word the one commit that removes a conversation and all that hangs on it but its attachments."""
    changes, id = Changes(), conversation.id
    changes.delete(CONVERSATIONS, conversation)
    for kind in _BELONGING:
        cursor: str | None = None
        while True:
            page = await store.find(kind, "conversation", id, after=cursor)
            for record in page.items:
                changes.delete(kind, record)
            cursor = page.next
            if cursor is None:
                break
    for name in conversation.dialogues:
        if dialogue := await store.get(DIALOGUES, name):
            changes.delete(DIALOGUES, dialogue)
    changes.forget(TIMELINE, id)
    for log in (OFFERS, SHOWN, ONCE, RELAYED, CARDS):
        changes.forget(log, group=id)
    for queue in (TURNS, outbox(conversation.address.adapter)):
        for work in await store.pending(queue, group=id, limit=1_000):
            changes.cancel(work.id)
    return changes


async def of_attachment(store: Store, attachment: Attachment, *, put_before: int) -> None:
    """Remove an attachment, and its file where nobody else sent the same and it was not put again since then.

    The file goes first: after a kill the attachment still leads to it.
    """
    owners = await store.find(ATTACHMENTS, "file", attachment.file, limit=2)
    if [owner.id for owner in owners.items] == [attachment.id]:
        await store.forget_files([attachment.file], put_before=put_before)
    changes = Changes()
    changes.delete(ATTACHMENTS, attachment)
    await store.commit(changes)
