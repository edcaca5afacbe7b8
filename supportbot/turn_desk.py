"""The noun ``turn.desk``: what an agent does with a case; everyone else is refused before anything is looked up."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Literal

from supportbot.asking import Asking
from supportbot.conduct import verb
from supportbot.desk import handoffs, tickets
from supportbot.desk.case import Case
from supportbot.domain.conversation import CONVERSATIONS, Conversation
from supportbot.domain.event import Event
from supportbot.domain.person import Person
from supportbot.domain.ticket import TICKETS, Ticket
from supportbot.domain.words import clean_name
from supportbot.errors import NotAllowed, NotFound, SupportbotError, TryLater, Unavailable

Action = Callable[[Case, Ticket], Awaitable[Ticket]]


_LONGEST_NAME = 200


class TurnDesk:
    """An agent's actions on a case, named by a ticket's reference; "" is the case whose thread this is."""

    def __init__(self, case: Case, asking: Asking) -> None:
        self._case = case
        self._asking = asking

    @verb
    async def claim(self, reference: str = "", *, take_over: bool = False) -> Ticket:
        """Take a case; exactly one agent wins, ClaimedAlready tells the others who."""
        agent = self._asking.person
        return await self._act(
            "claim", reference, lambda case, ticket: handoffs.claim(case, ticket, agent, take_over=take_over)
        )

    @verb
    async def release(self, reference: str = "", *, to: Literal["queue", "bot"] = "queue") -> Ticket:
        """Give a case back to the queue or to the bot."""
        agent = self._asking.person
        return await self._act(
            "release", reference, lambda case, ticket: handoffs.release(case, ticket, by=agent, to_bot=to == "bot")
        )

    @verb
    async def assign(self, reference: str, who: str) -> Ticket:
        """Give a case to another agent, named as on their platform (``@sam``)."""

        async def do(case: Case, ticket: Ticket) -> Ticket:
            return await handoffs.assign(case, ticket, await self._named(who))

        return await self._act("assign", reference, do)

    @verb
    async def note(self, reference: str, words: str) -> Ticket:
        """Write an internal note; the requester never sees it."""

        async def do(case: Case, ticket: Ticket) -> Ticket:
            case.note("note", self._asking.person.name, words, ticket=ticket.reference)
            return ticket

        return await self._act("note", reference, do)

    @verb
    async def reply(self, reference: str, words: str) -> Ticket:
        """Say something to the requester of a case that this agent has claimed."""
        agent, said = self._asking.person, self._said
        return await self._act(
            "reply", reference, lambda case, ticket: handoffs.reply(case, ticket, agent, words, said=said)
        )

    @verb
    async def reply_canned(self, reference: str, name: str) -> Ticket:
        """Say one of the team's canned replies to the requester of a case that this agent has claimed."""
        agent = self._asking.person
        return await self._act(
            "reply_canned", reference, lambda case, ticket: handoffs.reply_canned(case, ticket, agent, name)
        )

    @property
    def canned(self) -> Mapping[str, str]:
        """The team's canned replies by name, as they are written."""
        return self._case.ledger.rules.canned

    @verb
    async def solve(self, reference: str = "", last_words: str = "") -> Ticket:
        """Solve a case, with a last message to the requester."""
        agent, said = self._asking.person, self._said
        return await self._act(
            "solve", reference, lambda case, ticket: handoffs.solve(case, ticket, agent, last_words, said=said)
        )

    @verb
    async def close(self, reference: str = "") -> Ticket:
        """Close a case without a word to the requester."""
        agent = self._asking.person
        return await self._act("close", reference, lambda case, ticket: handoffs.close(case, ticket, agent))

    @verb
    async def reopen(self, reference: str = "") -> Ticket:
        """Open a solved or closed ticket again, claimed by this agent."""

        async def do(case: Case, ticket: Ticket) -> Ticket:
            if not ticket.is_unsolved:
                ticket = await tickets.move(case, ticket, "open", by=self._asking.person.name)
            return await handoffs.claim(case, ticket, self._asking.person)

        return await self._act("reopen", reference, do)

    @verb
    async def queue(self) -> list[tuple[Conversation, Ticket]]:
        """List the cases that wait for an agent, longest first, 20 at most."""
        self._check()
        store, tenant = self._case.ledger.store, self._case.conversation.tenant
        waiting = await store.find(CONVERSATIONS, "owner", tenant, "queue", limit=20)
        cases = [Case(self._case.ledger, conversation) for conversation in waiting.items]
        return [(case.conversation, await self._ticket(case)) for case in cases]

    @verb
    async def untaken(self) -> list[Ticket]:
        """List the new tickets that no agent has taken and nobody waits for, oldest first, 20 at most."""
        waiting = {ticket.reference for _, ticket in await self.queue()}
        new = await self._case.ledger.store.find(TICKETS, "status", self._case.conversation.tenant, "new", limit=40)
        return [ticket for ticket in new.items if ticket.reference not in waiting][:20]

    @verb
    async def current(self) -> Ticket | None:
        """Find the ticket whose thread this is; None where it is no case's thread."""
        self._check()
        try:
            return (await self._find(""))[1]
        except NotFound:
            return None

    # --- how ------------------------------------------------------------------------------------------------------

    @property
    def _said(self) -> str:
        """The event key of the message that has the agent's words, "" where they were not written in one."""
        origin = self._asking.origin
        return origin.key if isinstance(origin, Event) and origin.kind == "message" else ""

    async def _act(self, verb: str, reference: str, action: Action) -> Ticket:
        self._check()

        async def do() -> str:
            before = self._case.ledger.save()
            try:
                case, ticket = await self._find(reference)
                self._asking.about = case.conversation.id
                return (await action(case, ticket)).reference
            except SupportbotError:
                self._case.ledger.restore(before)  # what was refused has changed nothing
                raise

        name = await self._asking.journal.step("desk", f"{verb} {reference}".strip(), str, do)
        return await self._by_reference(name)  # as it stands after all that hangs on it

    async def _named(self, who: str) -> Person:
        find, name = self._case.ledger.rules.find_person, clean_name(who)[:_LONGEST_NAME]
        origin = self._asking.origin
        mentioned = origin.named if isinstance(origin, Event) else ()
        meant = next((one.id.rpartition("/")[2] for one in mentioned if name in (f"@{one.name}", one.name)), name)
        try:
            person = await find(self._asking.person, meant) if find and " " not in meant else None
        except TryLater as wait:
            raise Unavailable("the platform does not say who that is") from wait
        if person is None:
            raise NotFound(f"there is nobody called {name}")
        return person

    def _check(self) -> None:
        if not self._asking.is_agent:
            raise NotAllowed("only agents may do this")

    async def _find(self, reference: str) -> tuple[Case, Ticket]:
        ledger = self._case.ledger
        if not reference:
            name = await ledger.conversation_at(self._asking.here.key) if self._asking.here.thread else ""
            case = await Case.load(ledger, name) if name else None
            if case is None or not case.conversation.ticket:
                raise NotFound("no ticket was named, and this is no case's thread")
            return case, await self._ticket(case)
        ticket = await self._by_reference(reference)
        case = await Case.load(ledger, ticket.conversation)
        if case is None:
            raise NotFound(f"there is no ticket {reference}")
        return case, ticket

    async def _by_reference(self, reference: str) -> Ticket:
        return await tickets.visible(self._case, reference, to=self._asking.person, is_agent=True)

    async def _ticket(self, case: Case) -> Ticket:
        ticket = await case.ticket()
        if ticket is None:
            raise NotFound("this case has no ticket")
        return ticket
