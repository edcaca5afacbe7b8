"""A conversation is one case: where it is, who owns it, and what the bot must not forget while it lasts."""

from __future__ import annotations

from typing import Literal

import msgspec

from supportbot.domain.address import Address
from supportbot.domain.person import Person
from supportbot.domain.record import Index, Kind, Record
from supportbot.errors import IllegalMove

Owner = Literal["bot", "queue", "agent", "nobody"]

MOVES: dict[Owner, frozenset[Owner]] = {
    "bot": frozenset({"queue", "agent", "nobody"}),
    "queue": frozenset({"agent", "bot", "nobody"}),
    "agent": frozenset({"agent", "queue", "bot", "nobody"}),
    "nobody": frozenset({"bot", "queue", "agent"}),
}
"""Who may own a conversation after whom. ::

        hand off           claim
    bot ───────► queue ───────────► agent ─┐ assign, take over
     ▲ ▲           │ ▲      release   │  ▲─┘
     │ └───────────┘ └────────────────┤
     │   end                solve, end│      any ──close──► nobody ──new words──► bot
     └────────────────────────────────┘
"""


LONGEST_QUESTION = 500
"""Characters of a question that a conversation remembers."""


class ClaimedAlready(IllegalMove):
    """Another agent has the case; `agent` says who, `reference` which ticket was wanted."""

    def __init__(self, agent: Person, reference: str) -> None:
        self.agent = agent
        self.reference = reference
        super().__init__(f"{agent.name} has {reference}")


class Handoff(msgspec.Struct, frozen=True, kw_only=True):
    """A wish for a human: why, for which ticket, and how far it has come. Instants are milliseconds, 0 is not yet."""

    ticket: str
    reason: str
    asked_at: int
    claimed_at: int = 0
    agent_spoke_at: int = 0
    heard_at: int = 0
    """When the requester last saw that somebody listens: a word of an agent, or a line of the bot about waiting."""


class Conversation(Record, frozen=True, kw_only=True):
    """One case, from its first message until its last open ticket closes or a day of silence without one."""

    tenant: str
    key: str
    """The key of its first address: its work is done in order under it, wherever it moves."""
    address: Address
    """Where the requester is reached now."""
    link: str = ""
    """Where others can see the message that began it, as a web address."""
    requester: Person
    direct: bool = True
    stays: bool = False
    """An agent has answered where it began, among others: there it goes on."""
    owner: Owner = "bot"
    agent: Person | None = None
    began_at: int = 0
    spoke_at: int = 0
    ended_at: int = 0
    left_at: int = 0
    """When it was found that the requester is no longer on the server; 0 is that they are, or nobody knows."""
    ticket: str = ""
    """The reference of the ticket that this case is about now."""
    tickets: tuple[str, ...] = ()
    handoff: Handoff | None = None
    queued_at: int = 0
    question: str = ""
    """The last question that got no good answer: it becomes a ticket's subject."""
    tried: tuple[str, ...] = ()
    """Articles that were shown in this conversation; agents see them."""
    refused: tuple[str, ...] = ()
    """Articles that did not help: never shown here again."""
    misses: int = 0
    """Questions in a row that got no good answer."""
    dialogues: tuple[str, ...] = ()
    """Waiting dialogues, the one in front last; the others are parked."""
    last_offer: str = ""
    """The bot's last message, if it offered choices: typing the label of one presses it."""
    hops: int = 0
    """How often the bot answered a machine in a row: another bot, or somebody who sends the same again and again."""
    heard: int = 0
    """What was said last, and (`said`) what the bot said to it, as checksums: to know it again when it is sent back."""
    said: int = 0
    last_question: str = ""
    """The dialogue whose question is the bot's last message, or ""."""

    def owned_by(self, owner: Owner, agent: Person | None = None) -> Conversation:
        """Give the conversation to another owner, if that move is possible."""
        if owner not in MOVES[self.owner]:
            raise IllegalMove(f"a conversation cannot go from {self.owner} to {owner}")
        if (agent is None) == (owner == "agent"):
            raise IllegalMove("a conversation has an agent exactly when an agent owns it")
        return msgspec.structs.replace(self, owner=owner, agent=agent)


CONVERSATIONS: Kind[Conversation] = Kind(
    "conversations",
    Conversation,
    indexes=(
        Index("owner", ("tenant", "owner"), order="queued_at"),
        Index("requester", ("tenant", "requester.id"), order="began_at"),
        Index("age", (), order="began_at"),
    ),
    person="requester.id",
)
