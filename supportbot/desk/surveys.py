"""Surveys: asked once for each solved ticket, rated by its requester, low ratings shown to the agents."""

from __future__ import annotations

import msgspec

from supportbot.desk.case import Case
from supportbot.domain.markdown import quote
from supportbot.domain.person import Person
from supportbot.domain.reply import Choice, Reply
from supportbot.domain.survey import Survey
from supportbot.domain.ticket import TICKETS, Ticket
from supportbot.errors import NotAllowed

_LOW = 2


def may_ask(ticket: Ticket) -> bool:
    """Tell whether the survey of a ticket is still to be asked."""
    return ticket.status in ("solved", "closed") and not ticket.survey.asked_at


def asked(case: Case, ticket: Ticket) -> None:
    """Note that the survey goes out now."""
    _change(case, ticket, msgspec.structs.replace(ticket.survey, asked_at=case.ledger.now))


def rate(case: Case, ticket: Ticket, rating: int, *, by: Person, comment: str = "", low_to: str | None = None) -> bool:
    """Store a rating of 1 to 5, or a comment to it; the agents hear of a low one, with an offer to reopen.

    They do in the case's thread, or in the channel that `low_to` names. Tells whether it is a low one.
    """
    if by.id != ticket.requester.id:
        raise NotAllowed("only the requester rates a ticket")
    if not 1 <= rating <= 5:
        raise ValueError(f"a rating is 1 to 5, not {rating}")
    survey = msgspec.structs.replace(
        ticket.survey, rating=rating, rated_at=case.ledger.now, comment=comment or ticket.survey.comment
    )
    first = not ticket.survey.rating
    _change(case, ticket, survey)
    case.note("rating", by.name, comment or str(rating), ticket=ticket.reference)
    if rating <= _LOW and (first or comment):
        _tell_agents(case, ticket, survey, low_to)
    if first:
        case.happened("ticket_rated", reference=ticket.reference, rating=rating)
    return rating <= _LOW


def _change(case: Case, ticket: Ticket, survey: Survey) -> None:
    case.ledger.put(TICKETS, msgspec.structs.replace(ticket, survey=survey))


def _tell_agents(case: Case, ticket: Ticket, survey: Survey, low_to: str | None) -> None:
    texts, rules = case.texts, case.ledger.rules
    elsewhere = rules.find_channel(low_to) if low_to and rules.find_channel else None
    line = texts(
        "agents.low_rating",
        reference=ticket.reference,
        who=case.requester_name,
        rating=survey.rating,
        comment=f"\n{quote(survey.comment)}" if survey.comment else "",
    )
    reopen = Choice(texts("agents.reopen"), command=f"reopen {ticket.reference}")
    if elsewhere in (None, rules.agents):
        case.tell_agents(Reply(line, [reopen]))
    else:  # whoever reads it there need not be an agent: it has no buttons
        case.tell_agents(line, instead=elsewhere)
