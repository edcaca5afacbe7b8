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
    for person, file in _shown(event):
        made = Attachment(id=_name(event, file), file=file.id, name=file.name, person=person, at=event.at)
        changes.put(ATTACHMENTS, made)


async def lead(case: Case, events: Iterable[Event]) -> None:
    """Let the files of these events belong to a case, if it is kept."""
    shown = [(event, file) for event in events for _, file in _shown(event)]
    if not shown or not (case.ledger.has_put(CONVERSATIONS) or case.is_stored):
        return
    for event, file in shown:
        noted = await case.ledger.get(ATTACHMENTS, _name(event, file))
        if noted and noted.conversation != case.conversation.id:
            case.ledger.put(ATTACHMENTS, msgspec.structs.replace(noted, conversation=case.conversation.id))


def _shown(event: Event) -> list[tuple[str, File]]:
    """List the files that came with an event and with the message that it is about, and whose they are."""
    own = [(event.person.id, file) for file in event.files]
    return own + [(event.about.person.id, file) for file in event.about.files] if event.about else own


def _name(event: Event, file: File) -> str:
    return derived("f", event.key, file.id)
