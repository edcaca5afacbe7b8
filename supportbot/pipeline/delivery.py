"""Delivery: what waits in the outbox goes out, in order for each address, and is marked as sent."""

from __future__ import annotations

import msgspec

from supportbot.adapters.base import Adapter, Sent
from supportbot.clock import MINUTE, SECOND, Clock
from supportbot.desk.case import ASKED_TO_WAIT
from supportbot.desk.rules import Rules
from supportbot.domain.address import PLACES, Place
from supportbot.domain.reply import Outgoing
from supportbot.domain.work import OUTBOX, Work
from supportbot.errors import Refused, TryLater, Unclear
from supportbot.faults import fault_point
from supportbot.ids import derived
from supportbot.pipeline.crew import Crew
from supportbot.storage.base import Changes, Store

_LOOK_AGAIN = 10 * SECOND
_GIVE_UP_LOOKING = 5 * MINUTE


class Delivery:
    """Hands outgoing messages to their adapters."""

    def __init__(self, store: Store, clock: Clock, rules: Rules, adapters: dict[str, Adapter]) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules
        self._adapters = adapters
        self.crew: Crew

    async def deliver(self, work: Work) -> list[Work]:
        """Send one message and mark it as sent."""
        outgoing = work.payload
        if not isinstance(outgoing, Outgoing):
            raise TypeError(f"{work.id} in the outbox is no message")
        changes = Changes()
        try:
            sent = await self._send(work, outgoing)
        except TryLater as wait:
            changes.postpone(work, self._clock.now() + round(wait.after * SECOND), ASKED_TO_WAIT)
        except Unclear:
            changes.postpone(work, self._clock.now() + _LOOK_AGAIN, "unclear")
        except Refused as refusal:
            changes.bury(work, type(refusal).__name__)
            self._tell_agents(outgoing, changes)
        else:
            await self._remember_place(outgoing, sent, changes)
            changes.finish(work)
        fault_point("delivery.after_send")
        claimed = await self.crew.commit(changes, work)
        fault_point("delivery.after_mark")
        return claimed

    async def _send(self, work: Work, outgoing: Outgoing) -> Sent:
        adapter = self._adapters.get(outgoing.address.adapter)
        if adapter is None:
            raise TryLater(60, f"{outgoing.address.adapter} is not configured in this process")
        real = await self._really(outgoing)
        fault_point("delivery.before_send")
        if work.attempt > 1 and not adapter.capabilities.idempotent:
            shown = await adapter.find_sent(real)
            if shown is not None:
                return shown
            if work.error == "unclear" and self._clock.now() - outgoing.at > _GIVE_UP_LOOKING:
                raise Refused("whether it was shown could not be settled")
        return await adapter.send(real)

    async def _really(self, outgoing: Outgoing) -> Outgoing:
        """Replace a case's thread by the one that the platform opened for it."""
        if outgoing.purpose != "agents" or not outgoing.address.thread:
            return outgoing
        place = await self._store.get(PLACES, outgoing.address.key)
        if place is None or place.address is None:
            return outgoing
        return msgspec.structs.replace(outgoing, address=place.address, opens_thread=False)

    async def _remember_place(self, outgoing: Outgoing, sent: Sent, changes: Changes) -> None:
        landed = sent.address
        if not outgoing.opens_thread or landed is None or landed.key == outgoing.address.key:
            return
        case_thread = await self._store.get(PLACES, outgoing.address.key)
        if case_thread:
            changes.put(PLACES, msgspec.structs.replace(case_thread, address=landed))
        changes.put(PLACES, Place(id=landed.key, conversation=outgoing.conversation, side="agents"))

    def _tell_agents(self, outgoing: Outgoing, changes: Changes) -> None:
        if outgoing.purpose == "agents" or outgoing.address == self._rules.agents:
            return
        thread = msgspec.structs.replace(self._rules.agents, thread=outgoing.conversation)
        line = Outgoing(
            id=derived("o", outgoing.id, "refused"),
            address=thread,
            conversation=outgoing.conversation,
            purpose="agents",
            text=self._rules.texts("agents.not_delivered", text=outgoing.text[:600]),
            at=self._clock.now(),
        )
        changes.add(Work(id=line.id, queue=OUTBOX, key=thread.key, due=line.at, payload=line, group=line.conversation))
