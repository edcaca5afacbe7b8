"""The desk's own functions, called in any order: a ticket only ever makes a legal move, and every state is sound."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from supportbot.clock import HOUR, MINUTE
from supportbot.config import DeskSettings
from supportbot.desk import handoffs, surveys, tickets, waiting
from supportbot.desk.case import Case
from supportbot.desk.ledger import Ledger
from supportbot.desk.rules import Rules
from supportbot.domain.address import PLACES, Address, Place
from supportbot.domain.conversation import CONVERSATIONS, Conversation
from supportbot.domain.person import Person
from supportbot.domain.schema import SCHEMA
from supportbot.domain.ticket import MOVES, TICKETS, UNSOLVED, Ticket
from supportbot.errors import SupportbotError
from supportbot.storage.open import open_store
from supportbot.texts import Texts

HERE = Address("console", "local", "@ada")
ADA = Person.of("console", "local", "ada")
AGENTS = [Person.of("console", "local", name) for name in ("sam", "tess")]
RULES = Rules(settings=DeskSettings(), agents=Address("console", "local", "#agents"), texts=Texts())
STATUSES = ("new", "open", "pending", "on_hold", "solved", "closed")

Action = Callable[[Case, Ticket], Awaitable[Any]]


@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("after", STATUSES)
def test_a_ticket_moves_where_the_drawing_says_and_nowhere_else(before: Any, after: Any) -> None:
    ticket = Ticket(
        id="main/T-1", tenant="main", reference="T-1", requester=ADA, conversation="c", subject="s", status=before
    )
    if after in MOVES[before]:
        moved = ticket.moved(after, at=7)
        assert moved.status == after
        assert moved.closed_at == (7 if after == "closed" else 0)
        assert moved.solved_at == (7 if after == "solved" else 0)
    else:
        with pytest.raises(SupportbotError, match=f"T-1 is {before}"):
            ticket.moved(after, at=7)


class DeskFunctions(RuleBasedStateMachine):
    """One conversation with up to three tickets, and whatever the desk can do to it."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()
        self.now = HOUR
        self.references: list[str] = []
        self.statuses: dict[str, str] = {}

    @initialize()
    def begin(self) -> None:
        self._runner.run(self._begin())

    async def _begin(self) -> None:
        self.store = await open_store("tinydb:memory", SCHEMA, takes_work=True)
        ledger = Ledger(self.store, RULES, self.now, "begin")
        conversation = Conversation(id="c_1", tenant="main", key=HERE.key, address=HERE, requester=ADA)
        ledger.put(CONVERSATIONS, conversation)
        ledger.put(PLACES, Place(id=HERE.key, conversation="c_1", person=ADA.id))
        await tickets.open_ticket(Case(ledger, conversation), subject="printer on fire")
        await self.store.commit(ledger.changes())
        self.references = list((await self._conversation()).tickets)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            self._runner.run(self.store.close())
        self._runner.close()

    @rule()
    def the_requester_opens_a_ticket(self) -> None:
        if len(self.references) < 3:
            self._do(lambda case, _: tickets.open_ticket(case, subject="printer on fire"))

    @rule()
    def the_case_is_handed_off(self) -> None:
        self._do(lambda case, _: handoffs.hand_off(case, "asked for a person"))

    @rule(agent=st.sampled_from(AGENTS), number=st.integers(0, 2), take_over=st.booleans())
    def an_agent_claims(self, agent: Person, number: int, take_over: bool) -> None:
        self._do(lambda case, ticket: handoffs.claim(case, ticket, agent, take_over=take_over), number)

    @rule(agent=st.sampled_from(AGENTS), number=st.integers(0, 2), to_bot=st.booleans())
    def an_agent_releases(self, agent: Person, number: int, to_bot: bool) -> None:
        self._do(lambda case, ticket: handoffs.release(case, ticket, by=agent, to_bot=to_bot), number)

    @rule(agent=st.sampled_from(AGENTS), number=st.integers(0, 2))
    def an_agent_assigns(self, agent: Person, number: int) -> None:
        self._do(lambda case, ticket: handoffs.assign(case, ticket, agent), number)

    @rule(agent=st.sampled_from(AGENTS), number=st.integers(0, 2))
    def an_agent_replies(self, agent: Person, number: int) -> None:
        self._do(lambda case, ticket: handoffs.reply(case, ticket, agent, "hello"), number)

    @rule(agent=st.sampled_from(AGENTS), number=st.integers(0, 2), words=st.sampled_from(["", "bye"]))
    def an_agent_solves(self, agent: Person, number: int, words: str) -> None:
        self._do(lambda case, ticket: handoffs.solve(case, ticket, agent, words), number)

    @rule(agent=st.sampled_from(AGENTS), number=st.integers(0, 2))
    def an_agent_closes(self, agent: Person, number: int) -> None:
        self._do(lambda case, ticket: handoffs.close(case, ticket, agent), number)

    @rule(number=st.integers(0, 2))
    def the_requester_adds(self, number: int) -> None:
        self._do(lambda case, ticket: tickets.add(case, ticket, "me too", by=ADA), number)

    @rule(number=st.integers(0, 2), rating=st.integers(0, 6))
    def the_requester_rates(self, number: int, rating: int) -> None:
        async def rate(case: Case, ticket: Ticket) -> None:
            if 1 <= rating <= 5:
                surveys.rate(case, ticket, rating, by=ADA)

        self._do(rate, number)

    @rule(what=st.sampled_from([waiting.remind_of_queue, waiting.tell_truth, waiting.check_claim]))
    def a_reminder_falls_due(self, what: Callable[[Case], Awaitable[None]]) -> None:
        self._do(lambda case, _: what(case))

    @rule()
    def a_claim_lapses(self) -> None:
        self._do(lambda case, _: handoffs.lapse_claim(case))

    @rule(minutes=st.sampled_from([1, 12, 60]))
    def time_passes(self, minutes: int) -> None:
        self.now += minutes * MINUTE

    def _do(self, action: Action, number: int = 0) -> None:
        self._runner.run(self._act(action, number))

    async def _act(self, action: Action, number: int) -> None:
        type(self).steps += 1
        ledger = Ledger(self.store, RULES, self.now, f"step {type(self).steps}")
        case = await Case.load(ledger, "c_1")
        assert case is not None
        ticket = await case.ticket(self.references[number % len(self.references)])
        assert ticket is not None
        before = ledger.save()
        try:
            await action(case, ticket)
        except SupportbotError:  # refused, so nothing of it is kept
            ledger.restore(before)
        await self.store.commit(ledger.changes())
        self.references = list((await self._conversation()).tickets)

    async def _conversation(self) -> Conversation:
        conversation = await self.store.get(CONVERSATIONS, "c_1")
        assert conversation is not None
        return conversation

    @invariant()
    def every_stored_state_is_legal(self) -> None:
        if hasattr(self, "store"):
            self._runner.run(self._check())

    async def _check(self) -> None:
        conversation = await self._conversation()
        assert (conversation.owner == "agent") == (conversation.agent is not None)
        assert (conversation.owner in ("queue", "agent")) == (conversation.handoff is not None)
        assert (conversation.owner == "nobody") == bool(conversation.ended_at)
        stored = {name: await self.store.get(TICKETS, f"main/{name}") for name in conversation.tickets}
        for name, ticket in stored.items():
            assert ticket is not None
            before = self.statuses.get(name, ticket.status)
            assert ticket.status == before or ticket.status in MOVES[before]  # type: ignore[index]
            self.statuses[name] = ticket.status
        if conversation.handoff:
            waits_for = stored[conversation.handoff.ticket]
            assert waits_for is not None
            assert waits_for.status in UNSOLVED
            assert waits_for.assignee == conversation.agent


def walk(*, walks: int, steps: int, derandomize: bool) -> None:
    """Let the machine walk."""
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        DeskFunctions,
        settings=settings(
            max_examples=walks,
            stateful_step_count=steps,
            deadline=None,
            derandomize=derandomize,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_short_walk_through_the_desk_makes_no_illegal_move() -> None:
    walk(walks=30, steps=40, derandomize=True)


@pytest.mark.full
def test_ten_thousand_steps_through_the_desk_make_no_illegal_move() -> None:
    DeskFunctions.steps = 0
    while DeskFunctions.steps < 10_000:
        walk(walks=100, steps=60, derandomize=False)
