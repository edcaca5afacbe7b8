"""Quick succession: what one person wrote while the bot was still busy is one turn's worth."""

from __future__ import annotations

import msgspec

from supportbot.domain.event import Event, Signal
from supportbot.domain.reply import Outgoing
from supportbot.domain.work import TURNS, Work
from supportbot.pipeline.commands import looks_like_command
from supportbot.storage.base import Store

MOST = 10
"""How many messages are taken together at most."""


async def behind(store: Store, work: Work) -> list[Work]:
    """Find the plain messages that wait right behind this one, by the same person in the same place."""
    if not _is_plain(work.payload):
        return []
    found: list[Work] = []
    for other in await store.pending(TURNS, key=work.key, limit=MOST):
        if other.id == work.id:
            continue
        if other.attempt or not _goes_on(work.payload, other.payload):
            break
        found.append(other)
    return found


def joined(event: Event, others: list[Event], longest: int) -> Event:
    """Make one message of several, each on a line of its own."""
    if not others:
        return event
    return msgspec.structs.replace(
        event,
        text="\n".join(one.text for one in (event, *others))[:longest],
        files=tuple(file for one in (event, *others) for file in one.files),
        mentioned=any(one.mentioned for one in (event, *others)),
    )


def _goes_on(event: Event | Signal | Outgoing, other: Event | Signal | Outgoing) -> bool:
    if not (isinstance(event, Event) and isinstance(other, Event) and _is_plain(other)):
        return False
    return other.address == event.address and other.person.id == event.person.id


def _is_plain(payload: Event | Signal | Outgoing) -> bool:
    """Only words to the bot alone are joined: among agents a line may be a note, and the next one is not."""
    if not (isinstance(payload, Event) and payload.kind == "message" and payload.direct):
        return False
    return not looks_like_command(payload.text)
