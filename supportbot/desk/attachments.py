"""Attachments: noted with the event that brings a file, and led to the conversation that it is for."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from supportbot.desk.case import Case
from supportbot.domain.attachment import ATTACHMENTS, Attachment
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.event import Event
from supportbot.domain.file import File
from supportbot.ids import derived
from supportbot.storage.base import Changes


def note(changes: Changes, event: Event) -> None:
    """Let the commit that stores an event say whose its files are; an event without files costs nothing."""
    for file in event.files:
        made = Attachment(id=_name(event, file), file=file.id, name=file.name, person=event.person.id, at=event.at)
        changes.put(ATTACHMENTS, made)


async def lead(case: Case, events: Iterable[Event]) -> None:
    """Let the files of these events belong to a case, if it is kept."""
    files = [event for event in events if event.files]
    if not files or not (case.ledger.has_put(CONVERSATIONS) or case.is_stored):
        return
    for event in files:
        for file in event.files:
            noted = await case.ledger.get(ATTACHMENTS, _name(event, file))
            if noted and noted.conversation != case.conversation.id:
                case.ledger.put(ATTACHMENTS, msgspec.structs.replace(noted, conversation=case.conversation.id))


def _name(event: Event, file: File) -> str:
    return derived("f", event.key, file.id)
