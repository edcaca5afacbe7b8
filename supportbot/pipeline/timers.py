"""Timers: what fell due or happened in the house, each exactly once, in the order of its conversation."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from supportbot.clock import MINUTE
from supportbot.desk import closing, handoffs, leavers, tickets, waiting
from supportbot.desk.case import Case
from supportbot.domain.event import Signal
from supportbot.faults import fault_point
from supportbot.pipeline.dispatch import Dispatch
from supportbot.pipeline.ownership import Scene

_WAIT_FOR_THE_BOT = 10 * MINUTE

_DESK: dict[str, Callable[[Case], Awaitable[None]]] = {
    "handoff_unclaimed": waiting.remind_of_queue,
    "handoff_waiting": waiting.tell_truth,
    "claim_silent": waiting.check_claim,
    "claim_lapse": handoffs.lapse_claim,
    "thread_quiet": closing.close_quiet,
    leavers.LOOK: leavers.look,
}


class Timers:
    """Runs signals."""

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch

    async def run(self, scene: Scene, signal: Signal, work_id: str) -> None:
        """Do what a signal is for; put off, it keeps the id of its work, so that it is found and waits only once."""
        fault_point("timer.before_run")
        case = scene.case
        if signal.name in _DESK:
            await _DESK[signal.name](case)
        elif signal.name == "ticket_close":
            await _close(case, str(signal.data["reference"]))
        elif signal.name == "deadline":
            await self._dispatch.questions.expire(scene, signal)
        elif signal.name == "skill_off":
            await self._dispatch.questions.orphaned(scene, signal)
        elif not signal.skill:
            await self._dispatch.happened(scene, signal)
        elif scene.owner in ("queue", "agent"):
            # A person has the conversation: the skill speaks afterwards.
            case.later(signal, after=_WAIT_FOR_THE_BOT, id=work_id)
        else:
            await self._dispatch.timer(scene, signal)


async def _close(case: Case, reference: str) -> None:
    ticket = await case.ticket(reference)
    if ticket and ticket.status == "solved":
        await tickets.move(case, ticket, "closed", by="")
        if case.conversation.owner == "bot":
            await tickets.end_if_last(case)
