"""Intake: what comes from an adapter is made clean, de-duplicated and stored; then it may be acknowledged."""

from __future__ import annotations

import msgspec

from supportbot.clock import Clock
from supportbot.desk.rules import Rules
from supportbot.domain.address import PLACES
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.event import Event
from supportbot.domain.person import Person
from supportbot.domain.words import clean, clean_name
from supportbot.domain.work import TURNS, Work
from supportbot.errors import Duplicate
from supportbot.faults import fault_point
from supportbot.storage.base import Changes, Store

LONGEST_NAME = 200

_MOST_KEYS = 5_000


class Intake:
    """Keeps events; the same event, delivered again, changes nothing."""

    def __init__(self, store: Store, rules: Rules, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules
        self._keys: dict[str, str] = {}
        """The keys of conversations that were looked up; a conversation never changes its key."""

    async def keep(self, event: Event) -> tuple[Changes, list[Work]]:
        """Store an event durably; returns the commit and what it claimed, both empty for a duplicate."""
        if self._rules.tenant_of(event.address) is None:
            return Changes(), []
        clean = cleaned(event, self._rules.longest_message)
        work = Work(
            id=clean.key,
            queue=TURNS,
            key=await self._key(event),
            due=min(clean.at, self._clock.now()),  # a platform's clock may be ahead of ours
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
        known = self._keys.get(place.conversation)
        if known is None:
            conversation = await self._store.get(CONVERSATIONS, place.conversation)
            if conversation is None:
                return event.address.key
            if len(self._keys) >= _MOST_KEYS:
                self._keys.clear()
            known = self._keys[place.conversation] = conversation.key
        return known


def cleaned(event: Event, longest: int) -> Event:
    """Make a person's words and name fit to be stored, compared and shown, and cut them to a size."""
    text = clean(event.text[:longest])
    name = clean_name(event.person.name[:LONGEST_NAME])
    if text == event.text and name == event.person.name:
        return event
    return msgspec.structs.replace(event, text=text, person=Person(id=event.person.id, name=name))
