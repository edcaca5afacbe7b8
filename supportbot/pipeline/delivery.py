"""Delivery: what waits in the outbox goes out, in order for each address, and is marked as sent."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec

from supportbot.adapters.base import Adapter, Sent
from supportbot.clock import MINUTE, SECOND, Clock
from supportbot.desk import leavers
from supportbot.desk.case import ASKED_TO_WAIT
from supportbot.desk.rules import Rules
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.event import Signal
from supportbot.domain.reply import SHOWN, Outgoing, Shown
from supportbot.domain.work import TURNS, Work, to_send
from supportbot.errors import Conflict, Refused, TryLater, Unclear
from supportbot.faults import fault_point
from supportbot.ids import derived
from supportbot.logs import log
from supportbot.pipeline import panels
from supportbot.pipeline.crew import Crew
from supportbot.pipeline.moves import Moves
from supportbot.recent import Recent
from supportbot.storage.base import Changes, Store
from supportbot.vitals import Vitals

_LOOK_AGAIN = 10 * SECOND
_GIVE_UP_LOOKING = 5 * MINUTE
_MARKED_WITHIN = 0.02
"""Seconds: that a message was sent is stored with whatever is stored next; a kill before that is as one before it."""
_UNCLEAR = "unclear"
_MOST_PUT_OFF = 10_000
_MOST_TRIES = 20


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
        self._told = Recent[str, None](_MOST_PUT_OFF)
        """What was said lately of cases that the agents cannot see: once for each handoff."""
        self._moves = Moves(store, clock, rules)
        self.crew: Crew

    async def deliver(self, work: Work) -> list[Work]:
        """Send one message and mark it as sent."""
        outgoing = work.payload
        if not isinstance(outgoing, Outgoing):
            raise TypeError(f"{work.id} in the outbox is no message")
        changes, outcome, sent = Changes(), "sent", Sent()
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
            if outgoing.reaction_to:
                changes.finish(work)  # its words are said instead: there is nothing that could be run again
            else:
                changes.bury(work, type(refusal).__name__)
            if await panels.forget_refused(self._store, outgoing, changes):
                self._tell_of_panel(work, outgoing, refusal, changes)
            else:
                self._tell_refused(work, outgoing, refusal, changes)
                await self._tell_who_waits(outgoing, changes)
                await self._look_for_requester(outgoing, changes)
        self._vitals.deliveries[outgoing.address.adapter][outcome] += 1
        fault_point("delivery.after_send")
        if outcome == "sent":
            claimed = await self._mark_as_sent(work, outgoing, real, sent)
        else:
            claimed = await self.crew.commit(changes, work)
        fault_point("delivery.after_mark")
        return claimed

    async def _mark_as_sent(self, work: Work, outgoing: Outgoing, real: Outgoing | None, sent: Sent) -> list[Work]:
        """Commit that a message was shown, and where, also if a turn changed its conversation meanwhile."""
        for _ in range(_MOST_TRIES):
            changes = Changes()
            if real:
                await self._moves.follow(outgoing, real, sent, changes)
            if sent.id not in ("", outgoing.id):
                shown = Shown(id=sent.id, address=sent.address or outgoing.address, parts=sent.parts)
                changes.append(SHOWN, outgoing.id, shown, work.person, outgoing.conversation)
            changes.finish(work)
            if self._adapters[outgoing.address.adapter].capabilities.for_strangers and not changes.puts:
                changes.patience = _MARKED_WITHIN
            with contextlib.suppress(Conflict):
                return await self.crew.commit(changes, work)
        raise Conflict(f"{work.code} met {_MOST_TRIES} changes of its conversation one after another")

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
        """Find where a message is to go, and replace our id of one that it changes by the platform's own.

        None where that message is nowhere: it was refused, or withheld.
        """
        if outgoing.edits:
            known = await self._store.read(SHOWN, outgoing.edits, limit=1)
            if not known.items:
                return None
            shown = known.items[0]
            return msgspec.structs.replace(outgoing, edits=shown.id, address=shown.address, parts=shown.parts)
        return await self._moves.real(outgoing)

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
            line = Outgoing(
                id=outgoing.id,
                address=self._rules.case_thread(work.group) if work.group else channel,
                conversation=outgoing.conversation,
                purpose="agents",
                text=self._not_delivered(outgoing, refusal),
                at=self._clock.now(),
            )
            self._send_instead(work, changes, line)

    async def _tell_who_waits(self, outgoing: Outgoing, changes: Changes) -> None:
        """Tell a requester the truth where the agents' channel refuses even their case: nobody sees that they wait."""
        if outgoing.address != self._rules.agents or not outgoing.conversation:
            return
        case = await self._store.get(CONVERSATIONS, outgoing.conversation)
        if case is None or case.owner != "queue" or case.handoff is None:
            return
        told = Outgoing(
            id=derived("o", case.id, str(case.handoff.asked_at), "unseen"),
            address=case.address,
            conversation=case.id,
            purpose="notice",
            text=self._rules.texts("handoff.unseen", reference=case.handoff.ticket),
            only_for="" if case.direct else case.requester.id,
            at=self._clock.now(),
        )
        if told.id not in self._told:
            self._told[told.id] = None
            changes.add(to_send(told, case.requester.id, due=self._clock.now()))

    async def _look_for_requester(self, outgoing: Outgoing, changes: Changes) -> None:
        """Look whether a requester is still there who did not get a message."""
        found = await self._store.get(CONVERSATIONS, outgoing.conversation) if outgoing.purpose != "agents" else None
        if found and leavers.can_look(self._rules, found):
            signal, name = Signal(name=leavers.LOOK, conversation=found.id), f"left-{found.id}"
            now = self._clock.now()
            changes.add(Work(id=name, queue=TURNS, key=found.key, due=now, payload=signal, group=found.id))

    def _tell_of_panel(self, work: Work, outgoing: Outgoing, refusal: Refused, changes: Changes) -> None:
        words = self._rules.texts("agents.panel_refused", reason=self._why(outgoing, refusal))
        told: dict[str, Any] = {"address": self._rules.agents, "purpose": "agents", "text": words}
        self._send_instead(work, changes, outgoing, **told, choices=(), edits="", removes=False)

    def _not_delivered(self, outgoing: Outgoing, refusal: Refused) -> str:
        told = "agents.not_removed" if outgoing.removes else "agents.not_changed" if outgoing.edits else ""
        reason = self._why(outgoing, refusal)
        return self._rules.texts(told or "agents.not_delivered", reason=reason, text=outgoing.text[:600])

    def _why(self, outgoing: Outgoing, refusal: Refused) -> str:
        """Tell in plain words why the platform does not take a message, as far as the texts know its word for it."""
        texts, ours = self._rules.texts, f"agents.refused.{refusal.code}"
        keys = (f"{outgoing.address.adapter}.refused.{refusal.code}", ours)
        return texts(next((key for key in keys if key in texts), "agents.refused.other"))

    def _send_instead(self, work: Work, changes: Changes, outgoing: Outgoing, **fields: Any) -> None:
        line = msgspec.structs.replace(outgoing, id=derived("o", outgoing.id, "refused"), **fields)
        changes.add(to_send(line, work.person, due=self._clock.now()))


def _pause_before_looking(doubt: Unclear) -> int:
    wait = doubt.__cause__
    return round(wait.after * SECOND) if isinstance(wait, TryLater) else _LOOK_AGAIN
