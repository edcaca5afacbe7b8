"""Limits: how many open tickets one person may have, and how long an account and a membership have to be there first.

Two openings at once meet in one document of the person, so that the second is decided again and sees the first.
"""

from __future__ import annotations

from supportbot.clock import DAY, HOUR, MINUTE
from supportbot.desk import memories
from supportbot.desk.case import Case
from supportbot.domain.event import Event, Signal
from supportbot.domain.ticket import TICKETS, UNSOLVED
from supportbot.errors import LimitReached
from supportbot.texts import Texts

OPEN_TICKETS = 3
"""How many open tickets one person may have where strangers write, unless `limits.open_tickets` says otherwise."""
_OURS, _OPENED_AT = "limits", "opened_at"
_UNITS = (("day", DAY), ("hour", HOUR), ("minute", MINUTE))


async def check(case: Case, origin: Event | Signal) -> None:
    """Raise LimitReached where the case's requester may open no ticket now; `origin` is what they did."""
    limits, requester = case.ledger.rules.limits, case.conversation.requester
    if isinstance(origin, Event) and origin.person.id == requester.id:
        _check_age(case, "account_age", limits.account_age, origin.account_made_at)
        _check_age(case, "member_for", limits.member_for, origin.member_since)
    at_most = _at_most(case)
    if at_most:
        # Read before the tickets are: whatever is opened from here on makes this turn begin anew.
        await memories.read(case.ledger, _OURS, _theirs(case), _OPENED_AT, 0)
        opened = await _open_tickets(case, at_most)
        if len(opened) >= at_most:
            raise LimitReached("open_tickets", at_most, opened)


async def note(case: Case) -> None:
    """Note that a ticket is opened now, in the document that two openings at once meet in."""
    if _at_most(case):
        await memories.keep(case.ledger, _OURS, _theirs(case), _OPENED_AT, case.ledger.now)


def _theirs(case: Case) -> memories.About:
    return memories.about("person", case.conversation, case.conversation.requester)


def refusal(texts: Texts, reached: LimitReached) -> str:
    """Word for whoever met a limit why that is, and what they can do."""
    if reached.limit == "open_tickets":
        return texts("limits.open_tickets", references=", ".join(reached.references), first=reached.references[0])
    return texts(f"limits.{reached.limit}", span=_spelled(texts, reached.allowed))


def _at_most(case: Case) -> int:
    rules = case.ledger.rules
    if rules.limits.open_tickets is not None:
        return rules.limits.open_tickets
    return OPEN_TICKETS if case.conversation.address.adapter in rules.strangers else 0


def _check_age(case: Case, limit: str, span: int, since: int) -> None:
    if span and since and case.ledger.now - since < span:
        raise LimitReached(limit, span)


async def _open_tickets(case: Case, at_most: int) -> list[str]:
    """Name the requester's open tickets as this turn leaves them, the oldest first; at least `at_most` of many."""
    ledger, whose = case.ledger, (case.conversation.tenant, case.conversation.requester.id)
    found = {reference: await case.ticket(reference) for reference in case.conversation.tickets[-at_most:]}
    for status in sorted(UNSOLVED):
        page = await ledger.store.find(TICKETS, "requester_status", *whose, status, limit=at_most)
        found |= {stored.reference: await case.ticket(stored.reference) for stored in page.items}
    unsolved = [ticket for ticket in found.values() if ticket and ticket.is_unsolved]
    return [ticket.reference for ticket in sorted(unsolved, key=lambda ticket: (ticket.created_at, ticket.id))]


def _spelled(texts: Texts, span: int) -> str:
    unit, length = next(((unit, length) for unit, length in _UNITS if span % length == 0), _UNITS[-1])
    count = -(-span // length)
    return texts(f"limits.{unit}" if count == 1 else f"limits.{unit}s", count=count)
