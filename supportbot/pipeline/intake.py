"""Intake: what comes from an adapter is made clean, de-duplicated and stored; then it may be acknowledged."""

from __future__ import annotations

import unicodedata

import msgspec

from supportbot.desk.rules import Rules
from supportbot.domain.address import PLACES
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.event import Event
from supportbot.domain.person import Person
from supportbot.domain.work import TURNS, Work
from supportbot.errors import Duplicate
from supportbot.faults import fault_point
from supportbot.storage.base import Changes, Store

MOST_CHARACTERS = 20_000
_SURROGATES = dict.fromkeys(range(55296, 57344), "�") | {0: "\ufffd"}


class Intake:
    """Keeps events; the same event, delivered again, changes nothing."""

    def __init__(self, store: Store, rules: Rules) -> None:
        self._store = store
        self._rules = rules

    async def keep(self, event: Event) -> tuple[Changes, list[Work]]:
        """Store an event durably; returns the commit and what it claimed, both empty for a duplicate."""
        if self._rules.tenant_of(event.address) is None:
            return Changes(), []
        clean = cleaned(event)
        work = Work(
            id=clean.key,
            queue=TURNS,
            key=await self._key(event),
            due=clean.at,
            payload=clean,
            person=clean.person.id,
        )
        changes = Changes(work=[work], unique=clean.key)
        fault_point("intake.before_store")
        try:
            claimed = await self._store.commit(changes)
        except Duplicate:
            return Changes(), []
        fault_point("intake.after_store")
        return changes, claimed

    async def _key(self, event: Event) -> str:
        """Find the key under which this event waits: its conversation's, wherever it was said."""
        place = await self._store.get(PLACES, event.address.key)
        if place is None:
            return event.address.key
        conversation = await self._store.get(CONVERSATIONS, place.conversation)
        return conversation.key if conversation else event.address.key


def cleaned(event: Event) -> Event:
    """Bring a person's words into a form that can be stored, compared and shown: NFC, no NUL, no lone surrogate."""
    if event.text.isascii() and len(event.text) <= MOST_CHARACTERS and "\0" not in event.text:
        text = event.text
    else:
        text = clean_text(event.text)
    name = clean_text(event.person.name)[:200]
    if text == event.text and name == event.person.name:
        return event
    return msgspec.structs.replace(event, text=text, person=Person(id=event.person.id, name=name))


def clean_text(text: str) -> str:
    """Clean words from outside, and cut them to 20,000 characters."""
    return unicodedata.normalize("NFC", text[:MOST_CHARACTERS].translate(_SURROGATES))
