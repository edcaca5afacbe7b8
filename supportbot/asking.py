"""What a run of a handler begins with; the turn and its nouns are made from it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from supportbot.conduct import Conduct
from supportbot.desk.case import Case
from supportbot.dialogue import Journal
from supportbot.domain.address import Address
from supportbot.domain.dialogue import Dialogue
from supportbot.domain.event import Event, Signal
from supportbot.domain.person import Person
from supportbot.ids import derived
from supportbot.knowledge.base import Knowledge
from supportbot.reader import Answer

Deed = Callable[[str], Awaitable[Any]]
"""What ``turn.once`` is given to do; it gets an idempotency key."""


def as_given(_name: str, do: Deed) -> Deed:
    """Do what the handler gave."""
    return do


@dataclass(kw_only=True)
class Asking:
    """What a run of a handler brings with it: who and why, and the answer to its open question, if there is one."""

    case: Case
    origin: Event | Signal
    person: Person
    here: Address
    skill: str
    handler: str
    kind: str = ""
    """What the handler is marked as: a command, a choice, a message."""
    knowledge: Knowledge
    journal: Journal
    conduct: Conduct
    dialogue: Dialogue | None = None
    answer: Answer | None = None
    part: dict[str, Any] = field(default_factory=dict)
    """Of the open form: what is filled in already."""
    hint: str = ""
    """What is said before its next question: what could not be read."""
    gave_up: bool = False
    """The deadline of the open question has come."""
    is_agent: bool = False
    owner: str = "bot"
    """Who owned the conversation when the turn began."""
    asked: str = ""
    """Which kind of question of the bot waits for this person's words: "insisting", "yielding", or "" for none."""
    about: str = ""
    """The conversation that an agent's action was about; its answer is shown as belonging there."""
    is_command: bool = False
    args: str = ""
    value: str = ""
    found: dict[str, str] = field(default_factory=dict)
    instead: Callable[[str, Deed], Deed] = as_given
    """Finds what ``turn.once`` does by its name: a test puts results in place of the outside world."""
    commands: Sequence[tuple[str, str, str]] = ()
    """(command, what it does, who may use it) of every loaded skill, in order."""

    @property
    def has_forms(self) -> bool:
        """The platform where the handler was called can show a form."""
        return self.here.adapter in self.case.ledger.rules.forms

    @cached_property
    def dialogue_id(self) -> str:
        """The id of the dialogue that this run belongs to, or would begin if it asked."""
        if self.dialogue:
            return self.dialogue.id
        return derived("d", self.case.ledger.cause, self.journal.handler)
