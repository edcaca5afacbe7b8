"""Moves: a message that landed elsewhere than it was sent to takes its conversation along.

What waits for the old place and what is said there from now on still finds it: the old place leads to the new one.
"""

from __future__ import annotations

import msgspec

from supportbot.adapters.base import Sent
from supportbot.clock import Clock
from supportbot.desk.rules import Rules
from supportbot.domain.address import PLACES, Address, Place
from supportbot.domain.conversation import CONVERSATIONS, Conversation
from supportbot.domain.markdown import escape, shorten
from supportbot.domain.reply import Outgoing
from supportbot.domain.work import to_send
from supportbot.ids import derived
from supportbot.storage.base import Changes, Store


class Moves:
    """Knows where the things said at an address go now."""

    def __init__(self, store: Store, clock: Clock, rules: Rules) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules

    async def real(self, outgoing: Outgoing) -> Outgoing:
        """Replace a case's thread by the one that the platform opened for it, and note where others landed before."""
        if outgoing.purpose == "agents":
            return await self._to_agents(outgoing) if outgoing.address.thread else outgoing
        if outgoing.only_for or not (outgoing.aside or outgoing.address.is_alone):
            return outgoing
        place = await self._store.get(PLACES, outgoing.address.key)
        return msgspec.structs.replace(outgoing, landed=place.address) if place and place.address else outgoing

    async def _to_agents(self, outgoing: Outgoing) -> Outgoing:
        place = await self._store.get(PLACES, outgoing.address.key)
        if place is None:
            return msgspec.structs.replace(outgoing, address=outgoing.address.outside_thread)  # agents never saw it
        if place.address is None:
            return msgspec.structs.replace(outgoing, opens_thread=True)  # whatever comes first opens it
        return msgspec.structs.replace(outgoing, address=place.address, opens_thread=False)

    async def follow(self, outgoing: Outgoing, real: Outgoing, sent: Sent, changes: Changes) -> None:
        """Note where a message landed, if that is elsewhere."""
        landed = sent.address
        if landed is None or landed.key in (outgoing.address.key, real.address.key):
            return
        if outgoing.purpose == "agents":
            await self._case_thread(outgoing, real, landed, changes)
        elif not outgoing.only_for:
            await self._requester(outgoing, landed, changes)

    async def _case_thread(self, outgoing: Outgoing, real: Outgoing, landed: Address, changes: Changes) -> None:
        case_thread = await self._store.get(PLACES, outgoing.address.key)
        if case_thread is None or not landed.thread or (case_thread.address and real.opens_thread):
            return  # there is no case, or no thread; or an earlier message opened its thread, and this one went there
        changes.put(PLACES, msgspec.structs.replace(case_thread, address=landed))
        place = Place(id=landed.key, conversation=outgoing.conversation, side="agents")
        await self._lead(place, changes)

    async def _requester(self, outgoing: Outgoing, landed: Address, changes: Changes) -> None:
        old = await self._store.get(PLACES, outgoing.address.key)
        name = old.conversation if old else outgoing.conversation
        conversation = await self._store.get(CONVERSATIONS, name)
        if conversation is None or (old and old.address == landed):
            return
        if old:
            changes.put(PLACES, msgspec.structs.replace(old, address=landed))
        if not await self._is_busy(landed, name):
            await self._lead(Place(id=landed.key, conversation=name, person=conversation.requester.id), changes)
        if conversation.address.key == outgoing.address.key:
            changes.put(CONVERSATIONS, msgspec.structs.replace(conversation, address=landed))
            await self._tell_agents(outgoing, conversation, changes)

    async def _lead(self, place: Place, changes: Changes) -> None:
        """Let a place lead to a conversation, wherever it led to before."""
        known = await self._store.get(PLACES, place.id)
        changes.put(PLACES, msgspec.structs.replace(place, version=known.version) if known else place)

    async def _is_busy(self, landed: Address, name: str) -> bool:
        """Tell whether people talk in a place about another case: what is said there stays theirs."""
        known = await self._store.get(PLACES, landed.key)
        if known is None or known.conversation == name:
            return False
        other = await self._store.get(CONVERSATIONS, known.conversation)
        return other is not None and other.owner in ("queue", "agent")

    async def _tell_agents(self, outgoing: Outgoing, conversation: Conversation, changes: Changes) -> None:
        """Tell the agents, in the case's thread, that direct messages are closed; other moves were meant."""
        desk = self._rules.case_thread(conversation.id)
        if not conversation.direct or outgoing.address.is_alone or not await self._store.get(PLACES, desk.key):
            return
        who = escape(shorten(conversation.requester.name, 80))
        line = Outgoing(
            id=derived("o", outgoing.id, "moved"),
            address=desk,
            conversation=conversation.id,
            purpose="agents",
            text=self._rules.texts("agents.moved", who=who),
            at=self._clock.now(),
        )
        changes.add(to_send(line, conversation.requester.id))
