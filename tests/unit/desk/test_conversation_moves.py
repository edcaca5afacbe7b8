"""Whatever people do, in whatever order: every stored state is a legal one, and a conversation has one owner."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from supportbot.adapters.console import AGENTS
from supportbot.domain import conversation as conversations
from supportbot.domain import ticket as tickets
from supportbot.domain.address import PLACES
from supportbot.domain.conversation import CONVERSATIONS, Conversation
from supportbot.domain.event import Event
from supportbot.domain.ticket import TICKETS, Ticket
from supportbot.storage.base import Changes, Store
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts

T = TypeVar("T")


def one_of(choices: str) -> st.SearchStrategy[str]:
    """Say one of these at random."""
    return st.sampled_from([choice.strip() for choice in choices.replace("\n", "|").split("|") if choice.strip()])


REQUESTERS = st.sampled_from(["ada", "bob"])
AGENT_NAMES = st.sampled_from(["sam", "tess", "uwe"])
NUMBERS = st.integers(1001, 1004)
WORDS = one_of("""
hello | can I talk to someone? | /human | /cancel | /ticket printer on fire | problem | flames | yes | no | not solved
thanks | 3 | 1 | /tickets | T-1001 | T-1001 burns again | zebra quartz wombat
""")
OWN_TICKET = st.sampled_from(["/status {}", "/status {} close", "/status {} add me too", "/add {} me too"])
DESK = one_of("""
/claim {} | /claim {} | /claim {} over | /release {} | /release {} bot | /assign {} @tess | /note {} x | /queue
/solve {} | /solve {} bye | /close {} | /reopen {} | /reply {} hi
""")
SPANS = st.sampled_from(["1m", "5m", "10m", "31m", "11m", "26h", "4d"])
ROOMS = st.sampled_from(["", "", "#help"])


class Watch:
    """Looks at every commit that was stored, and fails at the first state or move that may not be."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._commit = store.commit
        self.conversations: dict[str, Conversation] = {}
        self.tickets: dict[str, Ticket] = {}
        store.commit = self.commit  # type: ignore[method-assign]

    async def commit(self, changes: Changes) -> Any:
        """Commit, then check what was put."""
        claimed = await self._commit(changes)
        put = [record for _, record in changes.puts]
        for ticket in (record for record in put if isinstance(record, Ticket)):
            self._check_ticket(ticket)
        for conversation in (record for record in put if isinstance(record, Conversation)):
            self._check_conversation(conversation)
        return claimed

    def _check_ticket(self, ticket: Ticket) -> None:
        before = self.tickets.get(ticket.id)
        if before and before.status != ticket.status:
            assert ticket.status in tickets.MOVES[before.status], f"{before.status} became {ticket.status}"
        assert (ticket.status == "closed") == bool(ticket.closed_at)
        assert not (ticket.is_unsolved and ticket.solved_at)
        self.tickets[ticket.id] = ticket

    def _check_conversation(self, now: Conversation) -> None:
        before = self.conversations.get(now.id)
        if before and before.owner != now.owner:
            assert now.owner in conversations.MOVES[before.owner], f"{before.owner} became {now.owner}"
        assert (now.owner == "agent") == (now.agent is not None), "an agent exactly when an agent owns it"
        assert (now.owner in ("queue", "agent")) == (now.handoff is not None), "people have it exactly with a handoff"
        assert (now.owner == "nobody") == bool(now.ended_at), "nobody has it exactly when it has ended"
        if now.handoff:
            ticket = self.tickets[f"{now.tenant}/{now.handoff.ticket}"]
            assert ticket.is_unsolved, f"waits for {ticket.reference}, which is {ticket.status}"
            assert now.ticket == now.handoff.ticket
        self.conversations[now.id] = now


class Desk(RuleBasedStateMachine):
    """Requesters and agents at one desk, doing what comes into their heads."""

    steps = 0

    def __init__(self) -> None:
        super().__init__()
        self._runner = asyncio.Runner()

    def _run(self, doing: Awaitable[T]) -> T:
        async def do() -> T:
            return await doing

        return self._runner.run(do())

    @initialize()
    def open(self) -> None:
        self.bot = BotHarness()
        self._run(self.bot.__aenter__())
        self.watch = Watch(self.bot.app.store)

    def teardown(self) -> None:
        if hasattr(self, "bot"):
            self._run(self.bot.__aexit__(None, None, None))
        self._runner.close()

    @rule(who=REQUESTERS, words=WORDS, room=ROOMS)
    def a_requester_says(self, who: str, words: str, room: str) -> None:
        self._run(self.bot.requester(who).says(words, room=room, topic=who))

    @rule(who=REQUESTERS)
    def a_requester_asks_for_a_person(self, who: str) -> None:
        self._run(self.bot.requester(who).says("/human"))

    @rule(who=REQUESTERS, room=ROOMS)
    def a_requester_opens_a_ticket(self, who: str, room: str) -> None:
        for words in ("/ticket scanner slow", "problem", "since monday", "yes"):
            self._run(self.bot.requester(who).says(words, room=room, topic=who))

    @rule(who=REQUESTERS, words=OWN_TICKET, number=NUMBERS)
    def a_requester_deals_with_a_ticket(self, who: str, words: str, number: int) -> None:
        self._run(self.bot.requester(who).says(words.format(f"T-{number}")))

    @rule(who=REQUESTERS, chance=st.randoms(use_true_random=False))
    def a_requester_presses_something(self, who: str, chance: Any) -> None:
        self._press(self.bot.requester(who), who, chance)

    @rule(who=AGENT_NAMES, words=DESK, number=NUMBERS)
    def an_agent_commands(self, who: str, words: str, number: int) -> None:
        self._run(self.bot.agent(who).says(words.format(f"T-{number}")))

    @rule(who=AGENT_NAMES, words=st.sampled_from(["hello", "// inside", "/claim", "/release", "/solve", "/close"]))
    def an_agent_writes_in_the_last_case(self, who: str, words: str) -> None:
        if self.bot.agents_channel:
            self._run(self.bot.agent(who).says(words, case=self.bot.agents_channel.conversation))

    @rule(who=AGENT_NAMES, topic=REQUESTERS)
    def an_agent_speaks_in_a_room(self, who: str, topic: str) -> None:
        self._run(self.bot.agent(who).says("let me look", room="#help", topic=topic))

    @rule(who=AGENT_NAMES, chance=st.randoms(use_true_random=False))
    def an_agent_presses_something(self, who: str, chance: Any) -> None:
        self._press(self.bot.agent(who), AGENTS, chance)

    @rule(span=SPANS)
    def time_passes(self, span: str) -> None:
        self._run(self.bot.advance(span))

    def _press(self, party: Any, reader: str, chance: Any) -> None:
        offered = [c["id"] for line in self.bot.shown if line["to"] == reader for c in line.get("choices", [])]
        if offered:
            self._run(self.bot.act(party, press=chance.choice(offered[-12:])))

    @invariant()
    def the_words_of_who_is_cared_for_lead_to_their_case(self) -> None:
        type(self).steps += 1
        if hasattr(self, "bot"):
            self._run(self._check_places())

    async def _check_places(self) -> None:
        for conversation in self.watch.conversations.values():
            if conversation.owner in ("queue", "agent"):
                place = await self.bot.app.store.get(PLACES, conversation.address.key)
                assert place is not None
                assert place.conversation == conversation.id
                stored = await self.bot.app.store.get(TICKETS, f"main/{conversation.ticket}")
                assert stored is not None
                assert stored.is_unsolved


def walk(machine: type[RuleBasedStateMachine], *, walks: int, steps: int, derandomize: bool) -> None:
    """Let a machine walk."""
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        machine,
        settings=settings(
            max_examples=walks,
            stateful_step_count=steps,
            deadline=None,
            derandomize=derandomize,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_a_short_walk_through_the_whole_bot_stores_no_illegal_state() -> None:
    walk(Desk, walks=25, steps=40, derandomize=True)


@pytest.mark.full
def test_ten_thousand_steps_through_the_whole_bot_store_no_illegal_state() -> None:
    Desk.steps = 0
    while Desk.steps < 10_000:
        walk(Desk, walks=100, steps=60, derandomize=False)


@pytest.mark.parametrize("store", ["tinydb:memory", "sqlite"])
async def test_of_fifty_agents_who_claim_at_once_exactly_one_wins_and_the_others_learn_who(
    bot_with: Any, tmp_path: Any, texts: Texts, store: str
) -> None:
    bot = await bot_with(store=store if store != "sqlite" else f"sqlite:{tmp_path / 'desk.db'}")
    watch = Watch(bot.app.store)
    await bot.requester("ada").says("/human")
    before = len(bot.shown)
    names = [f"agent{number}" for number in range(50)]
    console = bot.app.adapters["console"]

    def claims(name: str) -> Event:
        return console.event(name, key=f"{name} claims", role="agent", text="/claim T-1001")

    await asyncio.gather(*(bot.app.bot.receive(claims(name)) for name in names))
    await bot.app.bot.crew.idle()
    said = [line["text"] for line in bot.shown[before:] if line["to"] == AGENTS]
    winners = [name for name in names if texts("agents.claimed", reference="T-1001", agent=name) in said]
    assert len(winners) == 1
    assert said.count(texts("agents.claim_lost", reference="T-1001", agent=winners[0])) == 49
    (conversation,) = [c for c in watch.conversations.values() if c.owner == "agent"]
    stored = await bot.app.store.get(CONVERSATIONS, conversation.id)
    assert stored.agent.name == winners[0]


@pytest.fixture
def texts() -> Texts:
    """The bot's sentences, by their key."""
    return Texts()
