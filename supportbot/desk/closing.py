"""Closing: where nothing is left to do, a ticket's thread closes behind the last word; what is said opens it again. ::

solved ─► the last word ─► closed ─► the survey, at once ─► closed ─► rated ─► open for a comment ─► thanks ─► closed
                              └────► the survey, later ───► open, so that it is seen; closed when answered, or in a day

A closed thread takes no words of its requester, so the word that closes it has a button that opens the ticket again.
"""

from __future__ import annotations

import msgspec

from supportbot.clock import DAY, MINUTE, Clock
from supportbot.desk import tickets
from supportbot.desk.case import Case
from supportbot.desk.ledger import Ledger
from supportbot.domain.address import PLACES, Address
from supportbot.domain.conversation import CONVERSATIONS, Conversation
from supportbot.domain.dialogue import DIALOGUES
from supportbot.domain.event import Signal
from supportbot.domain.reply import Choice, Outgoing, Reply
from supportbot.domain.ticket import TICKETS, Ticket
from supportbot.storage.base import Store

_STILL_THERE = MINUTE
"""How long after a ticket was solved its requester is taken to be reading still."""


async def last_word(case: Case, ticket: Ticket) -> Reply:
    """Tell a requester that their ticket is solved, and how they say that it is not."""
    rules, reference = case.ledger.rules, ticket.reference
    if not await _is_done(case.ledger, case.conversation) or "status" not in rules.commands:
        return Reply(case.texts("handoff.solved", reference=reference))
    again = Choice(case.texts("tickets.reopen_label"), command=f"status {reference} reopen")
    return Reply(case.texts("handoff.solved_closing", reference=reference), [again])


async def close_behind(ledger: Ledger, *, is_by_person: bool) -> None:
    """Let what a turn says last in the thread of a case close it, if nothing is left to do there now.

    What asks somebody who acts is to be answered. What asks out of the blue closes it only while they are there still.
    """
    for conversation in ledger.changed(CONVERSATIONS):
        if not await _is_done(ledger, conversation):
            continue
        last, asks = _last_said(ledger, conversation.address), Case(ledger, conversation).has_open_question
        if last and asks and (is_by_person or not last.choices):
            continue
        if last and asks and ledger.now - await _done_at(ledger, conversation) > _STILL_THERE:
            again = Signal(name="thread_quiet", conversation=conversation.id)
            ledger.later(again, conversation.key, ledger.now + DAY, f"quiet-{conversation.id}")
        elif last:
            ledger.amend(msgspec.structs.replace(last, closes=True))
        elif not asks and _has_just_ended(ledger, conversation):
            ledger.send(_nothing_more(ledger, conversation), conversation.requester)


async def close_quiet(case: Case) -> None:
    """Close a thread that was opened to ask something, and in which nobody has answered."""
    if await _is_done(case.ledger, case.conversation):
        case.ledger.send(_nothing_more(case.ledger, case.conversation), case.conversation.requester)


async def is_settled(store: Store, clock: Clock, address: Address) -> bool:
    """Tell whether nothing is left to do about what stands at an address: its tickets are solved, or it went quiet."""
    place = await store.get(PLACES, address.key)
    conversation = await store.get(CONVERSATIONS, place.conversation) if place else None
    if conversation is None or conversation.owner in ("queue", "agent"):
        return False
    for reference in conversation.tickets:
        ticket = await store.get(TICKETS, f"{conversation.tenant}/{reference}")
        if ticket and ticket.is_unsolved:
            return False
    return bool(conversation.tickets or conversation.ended_at) or clock.now() - conversation.spoke_at > DAY


async def _is_done(ledger: Ledger, conversation: Conversation) -> bool:
    """Tell whether a case has a thread that can be closed, and nobody has anything to do there."""
    place = conversation.address
    if not place.thread or place.is_alone or place.adapter not in ledger.rules.closing:
        return False
    if conversation.owner in ("queue", "agent") or not conversation.tickets:
        return False
    return not await tickets.is_any_unsolved(ledger, conversation)


async def _done_at(ledger: Ledger, conversation: Conversation) -> int:
    theirs = await tickets.all_of(ledger, conversation)
    return max((max(ticket.solved_at, ticket.closed_at) for ticket in theirs), default=0)


def _last_said(ledger: Ledger, address: Address) -> Outgoing | None:
    said = [
        outgoing
        for outgoing in ledger.outgoing
        if outgoing.address == address and not (outgoing.only_for or outgoing.edits or outgoing.reaction_to)
    ]
    return said[-1] if said else None


def _has_just_ended(ledger: Ledger, conversation: Conversation) -> bool:
    """Tell whether this turn ended the last thing that was to do or to say."""
    if ledger.has_put(DIALOGUES):
        return True
    changed = ledger.changed(TICKETS)
    return any(ticket.conversation == conversation.id and ticket.changed_at == ledger.now for ticket in changed)


def _nothing_more(ledger: Ledger, conversation: Conversation) -> Outgoing:
    """Close a thread without a word."""
    return Outgoing(
        id=ledger.new_id("o"),
        address=conversation.address,
        conversation=conversation.id,
        purpose="notice",
        text="",
        closes=True,
        at=ledger.now,
    )
