"""Tickets: opened, added to, moved from one status to another."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from supportbot.clock import milliseconds
from supportbot.desk import cards
from supportbot.desk.case import Case
from supportbot.desk.ledger import Ledger
from supportbot.domain.conversation import Conversation
from supportbot.domain.event import Signal
from supportbot.domain.file import File
from supportbot.domain.markdown import escape, quote, shorten
from supportbot.domain.person import Person
from supportbot.domain.record import Kind
from supportbot.domain.ticket import TICKETS, UNSOLVED, Priority, Status, Ticket
from supportbot.domain.timeline import TIMELINE
from supportbot.errors import NotFound

FIRST_NUMBER = 1000
_TOLD = ("reopened", "solved", "closed")
"""The moves that skills may listen to."""
SUBJECT_LENGTH = 120


async def open_ticket(
    case: Case,
    *,
    subject: str,
    category: str = "",
    details: str = "",
    files: Sequence[File] = (),
    priority: Priority = "normal",
) -> Ticket:
    """Open a ticket for the case's requester; it becomes the one that the case is about."""
    conversation, ledger = case.conversation, case.ledger
    number = FIRST_NUMBER + await ledger.store.next_number(f"{conversation.tenant}/tickets")
    reference = f"T-{number}"
    ticket = Ticket(
        id=f"{conversation.tenant}/{reference}",
        tenant=conversation.tenant,
        reference=reference,
        requester=conversation.requester,
        conversation=conversation.id,
        subject=shorten(subject, SUBJECT_LENGTH) or case.texts("tickets.no_subject"),
        category=category,
        details=details,
        files=tuple(files),
        priority=priority,
        created_at=ledger.now,
        changed_at=ledger.now,
    )
    ledger.put(TICKETS, ticket)
    about = conversation.handoff.ticket if conversation.handoff else reference
    case.update(ticket=about, tickets=(*conversation.tickets, reference), question="", misses=0)
    case.note("ticket", conversation.requester.name, "new", ticket=reference)
    case.happened("ticket_opened", reference=reference)
    return ticket


async def announce(case: Case, ticket: Ticket) -> None:
    """Show a new ticket to the agents."""
    await case.open_desk()
    case.ledger.cards[ticket.id] = (await cards.post(case, ticket, cards.new_ticket(case, ticket))).id


async def of_requester(case: Case, *, limit: int = 20) -> list[Ticket]:
    """List the requester's own tickets, newest first."""
    kind: Kind[Ticket] = TICKETS
    who = case.conversation
    page = await case.ledger.store.find(kind, "requester", who.tenant, who.requester.id, limit=limit, newest=True)
    return page.items


async def unsolved(case: Case) -> Ticket | None:
    """Find the ticket that the case is about, if somebody still has to solve it."""
    ticket = await case.ticket()
    return ticket if ticket and ticket.is_unsolved else None


async def all_of(ledger: Ledger, conversation: Conversation) -> list[Ticket]:
    """Read the tickets of a conversation."""
    found = [await ledger.get(TICKETS, f"{conversation.tenant}/{name}") for name in conversation.tickets]
    return [ticket for ticket in found if ticket]


async def is_any_unsolved(ledger: Ledger, conversation: Conversation) -> bool:
    """Tell whether somebody still has to solve a ticket of a conversation."""
    return any(ticket.is_unsolved for ticket in await all_of(ledger, conversation))


async def move(case: Case, ticket: Ticket, status: Status, *, by: str) -> Ticket:
    """Change a ticket's status, with all that hangs on it, and tell the skills that listen."""
    ledger = case.ledger
    moved = ticket.moved(status, ledger.now)
    ledger.put(TICKETS, moved)
    case.note("ticket", by, status, ticket=ticket.reference)
    closing = f"close-{ticket.id}"
    if status == "solved":
        after = milliseconds(ledger.rules.settings.close_after)
        case.later(_due("ticket_close", case, ticket), after=after, id=closing)
    elif ticket.status == "solved":
        ledger.cancel(closing)
    if status in ("solved", "open") or ticket.is_unsolved:
        await cards.update(case, moved, by=by)  # a solved one that closes in time says still who solved it
    name = "reopened" if status == "open" and ticket.status not in UNSOLVED else status
    if name in _TOLD:
        case.happened(f"ticket_{name}", reference=ticket.reference)
    return moved


def _due(name: str, case: Case, ticket: Ticket) -> Signal:
    return Signal(name=name, conversation=case.conversation.id, data={"reference": ticket.reference})


async def add(case: Case, ticket: Ticket, words: str, *, by: Person) -> Ticket:
    """Add the requester's words to a ticket; it is reopened if it was solved, and the agents are told."""
    current, ledger = ticket, case.ledger
    if not ticket.is_unsolved or ticket.status == "pending":
        current = await move(case, ticket, "open", by=by.name)
    changed = msgspec.structs.replace(current, changed_at=case.ledger.now)
    case.ledger.put(TICKETS, changed)
    if not any(line.text == words for line in ledger.staged(TIMELINE, case.conversation.id)):  # said just now, noted
        case.note("requester", by.name, words, ticket=ticket.reference, person=by.id)
    await case.open_desk()
    case.tell_agents(
        case.texts("agents.added", reference=ticket.reference, who=escape(by.name), text=quote(words, at_most=2_000))
    )
    return changed


async def close_for_requester(case: Case, ticket: Ticket) -> Ticket:
    """Close a ticket because its requester says so; the agents are told, and the case ends if it was the last."""
    moved = await move(case, ticket, "closed", by=case.conversation.requester.name)
    await case.open_desk()
    case.tell_agents(case.texts("agents.closed_by_requester", reference=ticket.reference, who=case.requester_name))
    return moved


async def end_if_last(case: Case) -> None:
    """End the conversation when none of its tickets is open any more."""
    for reference in case.conversation.tickets:
        ticket = await case.ticket(reference)
        if ticket and ticket.status != "closed":
            return
    await case.leave_dialogues()
    await case.own("nobody")
    case.update(ended_at=case.ledger.now, handoff=None)


async def visible(case: Case, reference: str, *, to: Person, is_agent: bool) -> Ticket:
    """Find a ticket that this person may see; for everyone else it does not exist."""
    ticket = await case.ticket(reference.strip().upper())
    if ticket is None or not (is_agent or ticket.requester.id == to.id):
        raise NotFound(f"there is no ticket {reference}")
    return ticket
