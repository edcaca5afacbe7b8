"""Waiting: a handoff that nobody claims, and a claim that nobody keeps, are looked at again after a while."""

from __future__ import annotations

import msgspec

from supportbot.clock import MINUTE, milliseconds
from supportbot.desk.case import Case
from supportbot.domain.event import Signal
from supportbot.domain.markdown import escape
from supportbot.domain.reply import Choice, Reply

WAITING_LINE_AFTER = 10 * MINUTE
LAPSE_AFTER_REMINDER = 10 * MINUTE


def watch_queue(case: Case) -> None:
    """Look after a while whether somebody has claimed the case: the agents, then the requester, hear of it."""
    settings, name = case.ledger.rules.settings, case.conversation.id
    case.later(
        Signal(name="handoff_unclaimed", conversation=name),
        after=milliseconds(settings.repeat_unclaimed_after),
        id=f"unclaimed-{name}",
    )
    case.later(
        Signal(name="handoff_waiting", conversation=name),
        after=milliseconds(settings.tell_requester_after),
        id=f"waiting-{name}",
    )


def watch_claim(case: Case) -> None:
    """Look after a while whether the claimer left the requester without a word."""
    name = case.conversation.id
    after = milliseconds(case.ledger.rules.settings.silent_claim_after)
    case.later(Signal(name="claim_silent", conversation=name), after=after, id=f"silent-{name}")


def stop_watching(case: Case) -> None:
    """Look no more: the case is somebody's, or over."""
    for what in ("unclaimed", "waiting", "silent", "lapse"):
        case.ledger.cancel(f"{what}-{case.conversation.id}")


async def remind_of_queue(case: Case) -> None:
    """Show an unclaimed handoff to the agents once more."""
    handoff = case.conversation.handoff
    if case.conversation.owner == "queue" and handoff:
        minutes = (case.ledger.now - handoff.asked_at) // MINUTE
        claim_it = Choice(case.texts("agents.claim"), command=f"claim {handoff.ticket}")
        line = case.texts("agents.unclaimed_again", reference=handoff.ticket, who=case.requester_name, minutes=minutes)
        case.tell_agents(Reply(line, [claim_it]))


async def tell_truth(case: Case) -> None:
    """Tell a requester who waits long that nobody is free yet, and offer to leave it as a ticket."""
    handoff = case.conversation.handoff
    if case.conversation.owner == "queue" and handoff:
        texts = case.texts
        choices = [
            Choice(texts("handoff.leave_it"), to="leave_as_ticket", value=handoff.ticket),
            Choice(texts("handoff.keep_waiting"), to="keep_waiting", value=handoff.ticket),
        ]
        reply = Reply(texts("handoff.unclaimed_truth", reference=handoff.ticket), choices)
        case.say(reply, purpose="notice", skill="handoff")
        heard(case)


async def check_claim(case: Case) -> None:
    """Tell a claimer who left the requester without a word; the case goes back to the queue soon."""
    handoff, agent = case.conversation.handoff, case.conversation.agent
    if not handoff or not agent:
        return
    quiet_since = max(handoff.claimed_at, handoff.agent_spoke_at)
    limit = milliseconds(case.ledger.rules.settings.silent_claim_after)
    name = case.conversation.id
    if case.ledger.now - quiet_since < limit:
        rest = quiet_since + limit - case.ledger.now
        case.later(Signal(name="claim_silent", conversation=name), after=rest, id=f"silent-{name}")
    elif not handoff.agent_spoke_at or case.conversation.spoke_at > handoff.agent_spoke_at:
        line = case.texts("agents.silent_claim", reference=handoff.ticket, agent=escape(agent.name))
        case.tell_agents(line)
        case.later(Signal(name="claim_lapse", conversation=name), after=LAPSE_AFTER_REMINDER, id=f"lapse-{name}")


def keep_waiting(case: Case) -> None:
    """Wait on: the agents are asked again, and the requester hears the truth again."""
    stop_watching(case)
    heard(case)
    watch_queue(case)


def heard(case: Case) -> None:
    """Note that the requester saw, now, that somebody is listening."""
    handoff = case.conversation.handoff
    if handoff:
        case.update(handoff=msgspec.structs.replace(handoff, heard_at=case.ledger.now))
