"""The record of a case: what the store knows of how it went, in order, for a test to tell it again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from supportbot.domain.conversation import CONVERSATIONS, Conversation
from supportbot.domain.dialogue import ONCE, Step
from supportbot.domain.ticket import TICKETS, Ticket
from supportbot.domain.timeline import TIMELINE, Entry
from supportbot.errors import NotFound
from supportbot.storage.base import Store

_AT_ONCE = 500


@dataclass(frozen=True)
class CaseRecord:
    """One case: its ticket, its conversation, all lines of its timeline, and what came of each ``turn.once``."""

    ticket: Ticket
    conversation: Conversation
    entries: list[Entry]
    once: list[Step]


async def read_case(store: Store, reference: str, tenants: Iterable[str]) -> CaseRecord:
    """Read the case that a ticket belongs to; NotFound where there is none."""
    wanted = reference.strip().upper()
    for tenant in tenants:
        ticket = await store.get(TICKETS, f"{tenant}/{wanted}")
        if ticket is None:
            continue
        conversation = await store.get(CONVERSATIONS, ticket.conversation)
        entries = await _entries(store, ticket.conversation)
        if conversation is None or not entries:
            raise NotFound(f"{wanted} is there, but what was said in its case is no longer kept; capture a younger one")
        once = [step for entry in entries if entry.kind == "once" for step in await _result(store, entry.id)]
        return CaseRecord(ticket, conversation, entries, once)
    raise NotFound(f"there is no ticket {wanted}; give its reference as people say it, as T-1042")


async def _entries(store: Store, conversation: str) -> list[Entry]:
    found: list[Entry] = []
    before: str | None = None
    while True:
        page = await store.read(TIMELINE, conversation, limit=_AT_ONCE, before=before)
        found += page.items
        before = page.next
        if before is None:
            return found[::-1]


async def _result(store: Store, place: str) -> list[Step]:
    return [stored.step for stored in (await store.read(ONCE, place, limit=1)).items]
