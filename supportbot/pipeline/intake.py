"""Intake: what comes from an adapter is made clean, de-duplicated and stored; then it may be acknowledged.

What somebody does whom the team has blocked, and what is part of a flood, goes no further, and that is said: to whoever
did it, and of a flood to the agents, too, where they have the case.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from supportbot.clock import Clock
from supportbot.desk import attachments
from supportbot.desk.rules import Rules
from supportbot.domain.address import PLACES, Place
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.event import Event
from supportbot.domain.markdown import escape
from supportbot.domain.person import Person
from supportbot.domain.reply import Outgoing
from supportbot.domain.words import clean, clean_name
from supportbot.domain.work import TURNS, Work, to_send
from supportbot.errors import Duplicate, StoreFailed
from supportbot.faults import fault_point
from supportbot.ids import derived
from supportbot.pipeline.blocks import Blocks
from supportbot.pipeline.floods import Floods, Level
from supportbot.storage.base import Changes, Store
from supportbot.vitals import Vitals

LONGEST_NAME = 200

_MOST_KEYS = 5_000


class Intake:
    """Keeps events; the same event, delivered again, changes nothing."""

    def __init__(
        self,
        store: Store,
        rules: Rules,
        clock: Clock,
        *,
        floods: Floods,
        blocks: Blocks,
        is_agent: Callable[[Event], Awaitable[bool]],
        vitals: Vitals | None = None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules
        self._floods = floods
        self._blocks = blocks
        self._is_agent = is_agent
        self._vitals = vitals or Vitals()
        self._keys: dict[str, str] = {}
        """The keys of conversations that were looked up; a conversation never changes its key."""

    async def keep(self, event: Event) -> tuple[Changes, list[Work]]:
        """Store an event durably; returns the commit and what it claimed, both empty for what changes nothing."""
        self._vitals.events[event.address.adapter] += 1
        if self._rules.tenant_of(event.address) is None:
            self._vitals.refused["tenant"] += 1
            return Changes(), []
        if self._rules.ignores(event):
            self._vitals.refused["bot"] += 1
            return Changes(), []
        block = await self._blocks.of(event)
        if block:
            self._vitals.refused["block"] += 1
            return await self._blocks.refuse(event, block)
        flood = await self._flood(event)
        if flood:
            self._vitals.refused[flood.of] += 1
            return await self._tell(event, flood)
        return await self._store_event(cleaned(event, self._rules.limits.message_characters))

    async def _store_event(self, clean: Event) -> tuple[Changes, list[Work]]:
        work = Work(
            id=clean.key,
            queue=TURNS,
            key=await self._key(clean),
            due=min(clean.at, self._clock.now()),  # a platform's clock may be ahead of ours
            payload=clean,
            person=clean.person.id,
        )
        changes = Changes(work=[work], unique=clean.key)
        attachments.note(changes, clean)
        fault_point("intake.before_store")
        try:
            claimed = await self._store.commit(changes)
        except Duplicate:
            self._vitals.duplicates[clean.address.adapter] += 1
            self._floods.discount(clean)
            return Changes(), []
        except StoreFailed:
            self._vitals.store_failures += 1
            raise
        fault_point("intake.after_store")
        return changes, claimed

    # --- floods ---------------------------------------------------------------------------------------------------

    async def _flood(self, event: Event) -> Level | None:
        """Count an event, and find the flood that it is part of; what agents do is no flood."""
        if event.address.outside_thread == self._rules.agents:
            return None
        flood = self._floods.count(event, self._clock.now())
        if flood and not event.by_bot and await self._is_agent(event):
            self._floods.discount(event)
            return None
        return flood

    async def _tell(self, event: Event, flood: Level) -> tuple[Changes, list[Work]]:
        """Tell of a flood, once: where the bot was spoken to, and in the case's thread where agents have the case."""
        nothing: tuple[Changes, list[Work]] = Changes(), []
        if flood.is_told:
            return nothing
        flood.is_told = True  # at once: the next of it is refused while this one is looked at
        place = await self._store.get(PLACES, event.address.key)
        if place is None and not event.is_to_bot:
            flood.is_told = False  # people write fast among themselves, and the bot has no part in that
            return nothing
        changes = Changes(unique=derived("o", event.key, "flood"))
        changes.work += await self._notices(event, flood, place)
        try:
            return changes, await self._store.commit(changes)
        except Duplicate:
            return nothing

    async def _notices(self, event: Event, flood: Level, place: Place | None) -> list[Work]:
        texts, conversation = self._rules.texts, place.conversation if place else ""
        if flood.of == "person":
            to, only_for, words = event.address, "" if event.direct else event.person.id, texts("errors.flood")
        else:
            to, only_for, words = event.address.outside_thread, "", texts("errors.flood_in_channel")
        said = Outgoing(
            id=derived("o", event.key, "flood"),
            address=to,
            conversation=conversation,
            purpose="notice",
            text=words,
            only_for=only_for,
            at=self._clock.now(),
        )
        notices = [said]
        case = await self._store.get(CONVERSATIONS, conversation) if conversation else None
        if case and case.owner in ("queue", "agent"):
            who = escape(clean_name(event.person.name[:LONGEST_NAME]))
            desk = self._rules.case_thread(conversation)
            fields = {"address": desk, "purpose": "agents", "text": texts("agents.flood", who=who), "only_for": ""}
            notices.append(msgspec.structs.replace(said, id=derived("o", said.id, "agents"), **fields))
        return [to_send(notice, event.person.id) for notice in notices]

    # --- the order in which it waits ------------------------------------------------------------------------------

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
    text, person = clean(event.text[:longest]), _named(event.person)
    if event.about or event.fields:
        return msgspec.structs.replace(event, text=text, person=person, **_more(event, longest))
    if text == event.text and person is event.person:
        return event
    return msgspec.structs.replace(event, text=text, person=person)


def _more(event: Event, longest: int) -> dict[str, Any]:
    """Clean the words that came with an event: those of a form, and those of the message that it is about."""
    about = event.about
    if about:
        about = msgspec.structs.replace(about, text=clean(about.text[:longest]), person=_named(about.person))
    return {"about": about, "fields": {name: clean(words[:longest]) for name, words in event.fields.items()}}


def _named(person: Person) -> Person:
    name = clean_name(person.name[:LONGEST_NAME])
    return person if name == person.name else msgspec.structs.replace(person, name=name)
