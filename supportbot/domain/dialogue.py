"""The journal of a waiting dialogue: what its handler did so far, step by step, so that it can be run again."""

from __future__ import annotations

from typing import Any

import msgspec

from supportbot.domain.event import Event, Signal
from supportbot.domain.form import Form
from supportbot.domain.person import Person
from supportbot.domain.record import Index, Kind, Log, Record
from supportbot.domain.reply import Choice


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One verb that a handler called: what kind, under which name (reader or ``key=``), and what came of it."""

    kind: str
    name: str = ""
    result: Any = None
    failed: str = ""
    """The class name of the error that came of it instead; its text is in `result`."""
    details: dict[str, Any] = {}
    """What that error carried beside its text."""
    whole: bool = False
    """ask: a form that was filled in and sent as one; whoever did that has seen all of it."""
    at: int = 0
    """ask: when it was answered, in milliseconds since 1970 UTC: the time goes on there in a replay, too."""


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """The question that a dialogue waits on: enough to put it again after a restart."""

    text: str
    name: str = ""
    """The reader's name or the ``key=``: what the step will be called once it is answered."""
    choices: tuple[Choice, ...] = ()
    tries: int = 0
    yielding: bool = False
    deadline: str = ""
    """The id of the work that ends the waiting."""
    raises: bool = False
    """`within` was given: the deadline raises NoAnswer instead of ending the dialogue."""
    part: dict[str, Any] = {}
    """Of a form: the fields that are filled in already."""
    form: Form | None = None
    """The form that can be filled in instead."""


class Dialogue(Record, frozen=True, kw_only=True):
    """A handler that waits for an answer; it belongs to one person in one conversation."""

    conversation: str
    person: Person
    skill: str
    handler: str
    origin: Event | Signal
    """What the handler was first called with, and is called with again at each replay."""
    began_at: int
    steps: tuple[Step, ...] = ()
    question: Question | None = None


DIALOGUES: Kind[Dialogue] = Kind(
    "dialogues",
    Dialogue,
    indexes=(Index("skill", ("skill",), order="began_at"), Index("waiting", (), order="began_at")),
    person="person.id",
)


class OnceResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a ``turn.once`` brought, stored by itself before the handler went on."""

    step: Step


ONCE: Log[OnceResult] = Log("once", OnceResult)
