"""Traces: where a person is in a store. The indexes name what is theirs; all else is looked through once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec

from supportbot.data import people
from supportbot.data.disguise import Disguise
from supportbot.data.people import Someone
from supportbot.domain.attachment import ATTACHMENTS
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.timeline import TIMELINE
from supportbot.domain.work import Work
from supportbot.storage.base import Store, Stored

Progress = Callable[[str, int], None]
"""Hears how far a step has come."""
Key = tuple[str, str]
"""A kind's or a log's name, and an id or a key in it."""


@dataclass
class Traces:
    """Where a person is in a store."""

    conversations: set[str] = field(default_factory=set)
    """Their own, which go whole."""
    shared: set[str] = field(default_factory=set)
    """Other people's, in which they took part."""
    keys: set[str] = field(default_factory=set)
    """Under which the work waits that is about talks with them alone."""
    foreign: set[str] = field(default_factory=set)
    """Other people's that are still there and have something of theirs in them."""
    documents: set[Key] = field(default_factory=set)
    logs: set[Key] = field(default_factory=set)
    work: set[str] = field(default_factory=set)
    buried: set[str] = field(default_factory=set)
    disguised_documents: set[Key] = field(default_factory=set)
    disguised_logs: set[Key] = field(default_factory=set)
    disguised_work: dict[str, Work] = field(default_factory=dict)
    removed: Counter[str] = field(default_factory=Counter)
    disguised: Counter[str] = field(default_factory=Counter)
    mentions_left: int = 0


class Search:
    """Looks for one person."""

    def __init__(self, store: Store, someone: Someone, disguise: Disguise) -> None:
        self._store = store
        self._id = someone.id
        self._own_names = someone.own_names
        self._disguise = disguise
        self._traces = Traces()

    async def look(self, progress: Progress) -> Traces:
        """Find all that will go, and all that will be disguised; nothing is changed."""
        self._traces = traces = Traces()
        cases = {_case_of(item) async for item in self._store.of_person(self._id)} - {""}
        for case in cases:
            conversation = await self._store.get(CONVERSATIONS, case)
            if conversation:
                is_own = conversation.requester.id == self._id
                (traces.conversations if is_own else traces.foreign).add(case)
                if is_own and conversation.direct:
                    traces.keys.add(conversation.key)
        await each(self._store, self._note_part, partial(progress, "Looking for their cases"))
        await each(self._store, self._note, partial(progress, "Looking for traces"))
        return traces

    def _note_part(self, item: Stored) -> None:
        """See whether an item makes them a part of somebody else's case."""
        case, value = _case_of(item), bytes(item.value)
        if not case or case in self._traces.conversations or not self._disguise.may_be_in(value):
            return
        is_named = self._id.encode() in value
        if is_named or (item.name == TIMELINE.name and msgspec.json.decode(value).get("who") in self._own_names):
            self._traces.shared.add(case)

    def _note(self, item: Stored) -> None:
        if self._is_theirs(item):
            self._note_theirs(item)
            return
        value = bytes(item.value)
        if not self._disguise.may_be_in(value) and item.person != self._id:
            return
        plain = msgspec.json.decode(value)
        disguised = self.over(item, plain)
        if disguised != plain or item.person == self._id:
            self._note_disguised(item, disguised)
        elif _case_of(item) not in self._traces.shared:
            self._traces.mentions_left += self._disguise.mentions(plain)

    def _is_theirs(self, item: Stored) -> bool:
        """Tell what goes: all in their conversations; elsewhere what is about them, but not what they said or sent."""
        case = _case_of(item)
        if case in self._traces.conversations or self._waits_with_them(item):
            return True
        if item.person != self._id:
            return False
        return not (item.name in (TIMELINE.name, ATTACHMENTS.name) and case in self._traces.foreign)

    def _waits_with_them(self, item: Stored) -> bool:
        """Tell whether work of others, an agent's command say, waits in a place that is theirs or named after them."""
        if item.sort not in ("work", "buried"):
            return False
        key = str(_belonging(item.value).key)
        return key in self._traces.keys or self._disguise.is_in(f"{item.key} {key}")

    def _note_theirs(self, item: Stored) -> None:
        traces = self._traces
        traces.removed[sort_of(item)] += 1
        if item.sort == "document":
            traces.documents.add((item.name, item.key))
        elif item.sort == "entry":
            if _case_of(item) not in traces.conversations:
                traces.logs.add((item.name, item.key))
        elif item.sort == "work":
            traces.work.add(item.key)
        else:
            traces.buried.add(item.key)

    def _note_disguised(self, item: Stored, disguised: Any) -> None:
        traces = self._traces
        traces.disguised[sort_of(item)] += 1
        if item.sort == "document":
            traces.disguised_documents.add((item.name, item.key))
        elif item.sort == "entry":
            traces.disguised_logs.add((item.name, item.key))
        else:
            traces.disguised_work[item.key] = msgspec.convert(disguised, Work)

    def over(self, item: Stored, plain: Any) -> Any:
        """Disguise a value as far as the item that it is from is theirs."""
        return self._disguise.over(plain, is_theirs=_case_of(item) in self._traces.shared)


async def each(store: Store, look: Callable[[Stored], None], progress: Callable[[int], None]) -> None:
    """Look at each record that may hold a person's words."""
    count = 0
    async for item in people.records(store):
        look(item)
        count += 1
        if count % 500 == 0:
            progress(count)


def sort_of(item: Stored) -> str:
    """Name what an item is, as a receipt counts it."""
    return (
        item.name
        if item.sort in ("document", "entry")
        else {"work": "pending work", "buried": "dead letters"}[item.sort]
    )


def _case_of(item: Stored) -> str:
    """Name the conversation that an item belongs to, "" for none."""
    if item.sort == "entry":
        return item.group or (item.key if item.name == TIMELINE.name else "")
    if item.sort == "document" and item.name == CONVERSATIONS.name:
        return item.key
    found = _belonging(item.value)
    return str(found.conversation or found.group or "")


class _Belonging(msgspec.Struct):
    conversation: Any = ""
    group: Any = ""
    key: Any = ""


_belonging = msgspec.json.Decoder(_Belonging).decode
