"""Delivery: what waits in the outbox goes out, in order for each address, and is marked as sent."""

from __future__ import annotations

from typing import Any

import msgspec

from supportbot.adapters.base import Adapter, Sent
from supportbot.clock import MINUTE, SECOND, Clock
from supportbot.desk.case import ASKED_TO_WAIT
from supportbot.desk.rules import Rules
from supportbot.domain.address import PLACES, Place
from supportbot.domain.reply import SHOWN, Outgoing, Shown
from supportbot.domain.work import Work, to_send
from supportbot.errors import Refused, TryLater, Unclear
from supportbot.faults import fault_point
from supportbot.ids import derived
from supportbot.logs import log
from supportbot.pipeline.crew import Crew
from supportbot.storage.base import Changes, Store
from supportbot.vitals import Vitals

_LOOK_AGAIN = 10 * SECOND
_GIVE_UP_LOOKING = 5 * MINUTE
_MARKED_WITHIN = 0.02
"""Seconds: that a message was sent is stored with whatever is stored next; a kill before that is as one before it."""
_UNCLEAR = "unclear"
_MOST_PUT_OFF = 10_000


class Delivery:
    """Hands outgoing messages to their adapters."""

    def __init__(self, store: Store, clock: Clock, rules: Rules, adapters: dict[str, Adapter], vitals: Vitals) -> None:
        self._store = store
        self._clock = clock
        self._rules = rules
        self._adapters = adapters
        self._vitals = vitals
        self._put_off: dict[str, int] = {}
        """Messages of which the platform said that nothing was shown, with the attempt that it said it of."""
        self.crew: Crew

    async def deliver(self, work: Work) -> list[Work]:
        """Send one message and mark it as sent."""
        outgoing = work.payload
        if not isinstance(outgoing, Outgoing):
            raise TypeError(f"{work.id} in the outbox is no message")
        changes, outcome = Changes(), "sent"
        real = await self._really(outgoing)
        try:
            sent = await self._send(work, real) if real else Sent()  # what it would change was never shown
        except TryLater as wait:
            outcome = "put off"
            self._note_put_off(work)
            changes.postpone(work, self._clock.now() + round(wait.after * SECOND), ASKED_TO_WAIT)
        except Unclear as doubt:
            outcome = "unclear"
            changes.postpone(work, self._clock.now() + _pause_before_looking(doubt), _UNCLEAR)
        except Refused as refusal:
            outcome = "refused"
            adapter = outgoing.address.adapter
            log.error("a message was refused", work=work.code, adapter=adapter, reason=refusal.code or None)
            changes.bury(work, type(refusal).__name__)
            self._tell_refused(work, outgoing, refusal, changes)
        else:
            if real and real.opens_thread:
                await self._remember_place(outgoing, sent, changes)
            if sent.id not in ("", outgoing.id):
                shown = Shown(id=sent.id, address=sent.address or outgoing.address, parts=sent.parts)
                changes.append(SHOWN, outgoing.id, shown, work.person, outgoing.conversation)
            changes.finish(work)
            if self._adapters[outgoing.address.adapter].capabilities.for_strangers:
                changes.patience = _MARKED_WITHIN
        self._vitals.deliveries[outgoing.address.adapter][outcome] += 1
        fault_point("delivery.after_send")
        claimed = await self.crew.commit(changes, work)
        fault_point("delivery.after_mark")
        return claimed

    async def _send(self, work: Work, real: Outgoing) -> Sent:
        adapter = self._adapters[real.address.adapter]
        fault_point("delivery.before_send")
        sent = None
        is_sure = self._put_off.pop(work.id, 0) == work.attempt - 1
        if not is_sure and not adapter.capabilities.idempotent:
            sent = await self._find_sent(adapter, work, real)
        if sent is None:
            sent = await adapter.send(real)
        return sent if sent.address else msgspec.structs.replace(sent, address=real.address)

    def _note_put_off(self, work: Work) -> None:
        """Note that this attempt showed nothing: unless another process tries in between, nobody has to look."""
        if len(self._put_off) >= _MOST_PUT_OFF:
            self._put_off.clear()
        self._put_off[work.id] = work.attempt

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

    async def _really(self, outgoing: Outgoing) -> Outgoing | None:
        """Replace a case's thread by the one that the platform opened for it, and our id of a message by its own.

        None where that message is nowhere: it was refused, or withheld.
        """
        if outgoing.edits:
            known = await self._store.read(SHOWN, outgoing.edits, limit=1)
            if not known.items:
                return None
            shown = known.items[0]
            return msgspec.structs.replace(outgoing, edits=shown.id, address=shown.address, parts=shown.parts)
        if outgoing.purpose != "agents" or not outgoing.address.thread:
            return outgoing
        place = await self._store.get(PLACES, outgoing.address.key)
        if place is None:
            return msgspec.structs.replace(outgoing, address=outgoing.address.outside_thread)  # agents never saw it
        if place.address is None:
            return msgspec.structs.replace(outgoing, opens_thread=True)  # whatever comes first opens it
        return msgspec.structs.replace(outgoing, address=place.address, opens_thread=False)

    async def _remember_place(self, outgoing: Outgoing, sent: Sent, changes: Changes) -> None:
        landed = sent.address
        if landed is None or landed.key == outgoing.address.key:
            return
        case_thread = await self._store.get(PLACES, outgoing.address.key)
        if case_thread is None or case_thread.address:
            return  # an earlier message opened its thread, and this one went there
        changes.put(PLACES, msgspec.structs.replace(case_thread, address=landed))
        changes.put(PLACES, Place(id=landed.key, conversation=outgoing.conversation, side="agents"))

    # --- what was refused -----------------------------------------------------------------------------------------

    def _tell_refused(self, work: Work, outgoing: Outgoing, refusal: Refused, changes: Changes) -> None:
        """Say a mark's words, show the agents what was theirs anew, and tell them what a requester did not get."""
        channel = self._rules.agents
        if outgoing.reaction_to:
            self._send_instead(work, changes, outgoing, reaction_to="")
        elif outgoing.address == channel or (outgoing.removes and outgoing.address.outside_thread == channel):
            return  # there is nowhere else to show it, or nothing to show
        elif outgoing.edits and outgoing.address.outside_thread == channel:
            self._send_instead(work, changes, outgoing, edits="")
        elif outgoing.purpose == "agents" or outgoing.address.outside_thread == channel:
            self._send_instead(work, changes, outgoing, address=channel, opens_thread=False)
        else:
            words, desk = self._not_delivered(outgoing, refusal), msgspec.structs.replace(channel, thread=work.group)
            line = Outgoing(
                id=outgoing.id,
                address=desk if work.group else channel,
                conversation=outgoing.conversation,
                purpose="agents",
                text=words,
                at=self._clock.now(),
            )
            self._send_instead(work, changes, line)

    def _not_delivered(self, outgoing: Outgoing, refusal: Refused) -> str:
        """Tell in plain words why the platform does not take a message, as far as the texts know its word for it."""
        texts, ours = self._rules.texts, f"agents.refused.{refusal.code}"
        keys = (f"{outgoing.address.adapter}.refused.{refusal.code}", ours)
        known = next((key for key in keys if key in texts), "agents.refused.other")
        told = "agents.not_removed" if outgoing.removes else "agents.not_changed" if outgoing.edits else ""
        return texts(told or "agents.not_delivered", reason=texts(known), text=outgoing.text[:600])

    def _send_instead(self, work: Work, changes: Changes, outgoing: Outgoing, **fields: Any) -> None:
        line = msgspec.structs.replace(outgoing, id=derived("o", outgoing.id, "refused"), **fields)
        changes.add(to_send(line, work.person, due=self._clock.now()))


def _pause_before_looking(doubt: Unclear) -> int:
    wait = doubt.__cause__
    return round(wait.after * SECOND) if isinstance(wait, TryLater) else _LOOK_AGAIN
