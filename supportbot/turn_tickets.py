"""The noun ``turn.tickets``: what a requester may see of their tickets and do with them, checked when it is done."""

from __future__ import annotations

from typing import Any

from supportbot import opening
from supportbot.asking import Asking
from supportbot.conduct import verb
from supportbot.desk import handoffs, surveys, tickets, waiting
from supportbot.desk.case import Case
from supportbot.domain.ticket import Ticket


class TurnTickets:
    """The requester's own tickets; another person's ticket is "not found", for agents every ticket is there."""

    def __init__(self, case: Case, asking: Asking) -> None:
        self._case = case
        self._asking = asking

    @verb
    async def mine(self) -> list[Ticket]:
        """List the person's tickets, newest first, 20 at most."""
        return [ticket for ticket in await tickets.of_requester(self._case) if self._is_theirs(ticket)]

    @verb
    async def check_limits(self) -> None:
        """Raise LimitReached where the person may open no ticket now, before they are asked what it is about."""

        async def do() -> None:
            await opening.check(self._asking)

        await self._asking.journal.step("tickets", "check_limits", None, do)

    @verb
    async def find(self, reference: str) -> Ticket:
        """Find a ticket by its reference, small letters too; NotFound where there is none for this person."""
        return await tickets.visible(self._case, reference, to=self._asking.person, is_agent=self._asking.is_agent)

    @verb
    async def current(self) -> Ticket | None:
        """Find the ticket that the conversation is about, if it has one."""
        ticket = await self._case.ticket()
        return ticket if ticket and self._is_theirs(ticket) else None

    @verb
    async def add(self, reference: str, words: str) -> None:
        """Add words to a ticket; a solved one is reopened, the agents are told."""

        async def do() -> None:
            case, ticket = await self._own(reference)
            await tickets.add(case, ticket, words, by=self._asking.person)

        await self._step("add", reference, do)

    @verb
    async def close(self, reference: str) -> None:
        """Close a ticket because its requester needs no more help."""

        async def do() -> None:
            case, ticket = await self._own(reference)
            await handoffs.close_for_requester(case, ticket)

        await self._step("close", reference, do)

    @verb
    async def hand_off(self, reference: str, *, reason: str) -> None:
        """Put the case of a ticket into the agents' queue."""

        async def do() -> None:
            case, ticket = await self._own(reference)
            if case.conversation.handoff is None:
                case.update(ticket=ticket.reference)
            await opening.hand_off(self._asking, case, reason)

        await self._step("hand_off", reference, do)

    @verb
    async def stop_waiting(self, reference: str) -> None:
        """Leave the queue; the ticket stays open."""

        async def do() -> None:
            case, _ = await self._own(reference)
            await handoffs.leave_as_ticket(case)

        await self._step("stop_waiting", reference, do)

    @verb
    async def keep_waiting(self, reference: str) -> None:
        """Stay in the queue; the agents are asked again."""

        async def do() -> None:
            case, _ = await self._own(reference)
            waiting.keep_waiting(case)

        await self._step("keep_waiting", reference, do)

    @verb
    async def rate(self, reference: str, rating: int, *, comment: str = "", low_to: str | None = None) -> bool:
        """Store the requester's rating, 1 to 5, or their comment to it; tells whether it is a low one.

        The agents see a low one in the case's thread, or in the channel `low_to` (``slack:C024BE7LD``) instead.
        """

        async def do() -> bool:
            case, ticket = await self._own(reference)
            return surveys.rate(case, ticket, rating, by=self._asking.person, comment=comment, low_to=low_to)

        return bool(await self._asking.journal.step("tickets", f"rate {reference}", bool, do))

    @verb
    async def ask_rating(self, reference: str) -> bool:
        """Note that the survey of a ticket goes out now; False where it went out before or the ticket is not solved."""

        async def do() -> bool:
            case, ticket = await self._own(reference)
            if not surveys.may_ask(ticket):
                return False
            surveys.asked(case, ticket)
            return True

        return bool(await self._asking.journal.step("tickets", f"ask_rating {reference}", bool, do))

    async def _own(self, reference: str) -> tuple[Case, Ticket]:
        ticket = await self.find(reference)
        case = await Case.load(self._case.ledger, ticket.conversation)
        return case or self._case, ticket

    def _is_theirs(self, ticket: Ticket) -> bool:
        return ticket.requester.id == self._asking.person.id

    async def _step(self, verb: str, reference: str, do: Any) -> None:
        await self._asking.journal.step("tickets", f"{verb} {reference}", None, do)
