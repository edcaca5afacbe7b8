"""Typists: while a requester types to an agent who has their case, the agents see it in the case's thread."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from supportbot.adapters.base import Adapter
from supportbot.clock import SECOND, Clock
from supportbot.domain.address import PLACES, Address
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.recent import Recent
from supportbot.storage.base import Store

AGAIN_AFTER = 8 * SECOND
"""Platforms show it for about ten."""
_MOST_KNOWN = 2_000


class Typists:
    """Hears who types where; of that nothing is stored, and nothing is done twice within some seconds."""

    def __init__(self, store: Store, clock: Clock, agents: Address, adapters: Mapping[str, Adapter]) -> None:
        """Show it where the agents are, in their channel's threads."""
        self._store = store
        self._clock = clock
        self._agents = agents
        self._adapters = adapters
        self._heard = Recent[tuple[str, str], int](_MOST_KNOWN)

    async def types(self, address: Address, person: str) -> None:
        """Show the agents that a person types at an address, if it is the requester of a case that they have."""
        now = self._clock.now()
        if now - self._heard.get((address.key, person), 0) < AGAIN_AFTER:
            return
        self._heard[address.key, person] = now
        place = await self._store.get(PLACES, address.key)
        conversation = await self._store.get(CONVERSATIONS, place.conversation) if place else None
        if conversation is None or conversation.owner != "agent" or conversation.requester.id != person:
            return
        desk = msgspec.structs.replace(self._agents, thread=conversation.id)
        case = await self._store.get(PLACES, desk.key)
        if case and case.address:
            await self._adapters[self._agents.adapter].show_typing(case.address)
