"""Delivery: what waits in the outbox goes out, in order for each address, and is marked as sent."""

from __future__ import annotations

import msgspec

from supportbot.adapters.base import Adapter, Sent
from supportbot.clock import MINUTE, SECOND, Clock
from supportbot.desk.case import ASKED_TO_WAIT
from supportbot.desk.rules import Rules
from supportbot.domain.address import PLACES, Place
from supportbot.domain.reply import SHOWN, Outgoing, Shown
from supportbot.domain.work import Work, outbox
from supportbot.errors import Refused, TryLater, Unclear
from supportbot.faults import fault_point
from supportbot.ids import derived
from supportbot.logs import log
from supportbot.pipeline.crew import Crew
from supportbot.storage.base import Changes, Store
from supportbot.vitals import Vitals

_LOOK_AGAIN = 10 * SECOND
_GIVE_UP_LOOKING = 5 * MINUTE
_UNCLEAR = "unclear"


class Delivery:
    """Hands outgoing messages to their adapters."""

    def __init__(self, store: Store, clock: Clock, rules: Rules, adapters: dict[str, Adapter], vitals: Vitals) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules
        self._adapters = adapters
        self._vitals = vitals
        self.crew: Crew

    async def deliver(self, work: Work) -> list[Work]:
        """Send one message and mark it as sent."""
        outgoing = work.payload
        if not isinstance(outgoing, Outgoing):
            raise TypeError(f"{work.id} in the outbox is no message")
        changes, outcome = Changes(), "sent"
        try:
            sent = await self._send(work, outgoing)
        except TryLater as wait:
            outcome = "put off"
            changes.postpone(work, self._clock.now() + round(wait.after * SECOND), ASKED_TO_WAIT)
        except Unclear as doubt:
            outcome = "unclear"
            changes.postpone(work, self._clock.now() + _pause_before_looking(doubt), _UNCLEAR)
        except Refused as refusal:
            outcome = "refused"
            adapter = outgoing.address.adapter
            log.error("a message was refused", work=work.code, adapter=adapter, reason=refusal.code or None)
            changes.bury(work, type(refusal).__name__)
            self._show_agents(work, outgoing, changes)
        else:
            await self._remember_place(outgoing, sent, changes)
            if sent.id not in ("", outgoing.id):
                shown = Shown(id=sent.id, address=sent.address or outgoing.address)
                changes.append(SHOWN, outgoing.id, shown, work.person, outgoing.conversation)
            changes.finish(work)
        self._vitals.deliveries[outgoing.address.adapter][outcome] += 1
        fault_point("delivery.after_send")
        claimed = await self.crew.commit(changes, work)
        fault_point("delivery.after_mark")
        return claimed

    async def _send(self, work: Work, outgoing: Outgoing) -> Sent:
        adapter = self._adapters[outgoing.address.adapter]
        real = await self._really(outgoing)
        fault_point("delivery.before_send")
        sent = None
        if work.attempt > 1 and not adapter.capabilities.idempotent:
            sent = await self._find_sent(adapter, work, real)
        if sent is None:
            sent = await adapter.send(real)
        return sent if sent.address else msgspec.structs.replace(sent, address=real.address)

    async def _find_sent(self, adapter: Adapter, work: Work, real: Outgoing) -> Sent | None:
        """Look whether it was shown; a platform that cannot tell leaves it unclear, for a while."""
        doubt: Unclear | TryLater | None = None
        try:
            if shown := await adapter.find_sent(real):
                return shown
        except (Unclear, TryLater) as trouble:
            doubt = trouble
        if work.error == _UNCLEAR and self._clock.now() - real.at > _GIVE_UP_LOOKING:
            raise Refused("whether it was shown could not be settled", "not_settled")
        if doubt:
            raise Unclear("whether it was shown could not be read back") from doubt
        return None

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
        if case_thread is None or case_thread.address:
            return  # an earlier message opened its thread, and this one went there
        changes.put(PLACES, msgspec.structs.replace(case_thread, address=landed))
        changes.put(PLACES, Place(id=landed.key, conversation=outgoing.conversation, side="agents"))

    def _show_agents(self, work: Work, outgoing: Outgoing, changes: Changes) -> None:
        """Show the agents what was refused: a requester's message in its case's thread, their own in the channel."""
        channel = self._rules.agents
        if outgoing.address == channel:
            return  # there is nowhere else to show it
        if outgoing.purpose == "agents" or outgoing.address.outside_thread == channel:
            line = msgspec.structs.replace(
                outgoing, id=derived("o", outgoing.id, "refused"), address=channel, opens_thread=False, reaction_to=""
            )
        else:
            line = Outgoing(
                id=derived("o", outgoing.id, "refused"),
                address=msgspec.structs.replace(channel, thread=outgoing.conversation),
                conversation=outgoing.conversation,
                purpose="agents",
                text=self._rules.texts("agents.not_delivered", text=outgoing.text[:600]),
                at=self._clock.now(),
            )
        changes.add(
            Work(
                id=line.id,
                queue=outbox(line.address.adapter),
                key=line.address.key,
                due=self._clock.now(),
                payload=line,
                group=line.conversation,
                person=work.person,
            )
        )


def _pause_before_looking(doubt: Unclear) -> int:
    wait = doubt.__cause__
    return round(wait.after * SECOND) if isinstance(wait, TryLater) else _LOOK_AGAIN
