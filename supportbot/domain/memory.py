"""What a skill remembers about a person, a conversation or everyone: its own namespace in the store."""

from __future__ import annotations

from typing import Any

from supportbot.domain.record import Index, Kind, Record


class Memory(Record, frozen=True, kw_only=True):
    """One remembered value; `id` is ``skill/scope/key``, `person` whom it is about ("" for no one)."""

    skill: str
    person: str = ""
    conversation: str = ""
    """The conversation that it is about, "" for none: it goes with it."""
    value: Any = None


MEMORIES: Kind[Memory] = Kind(
    "memories",
    Memory,
    indexes=(Index("skill", ("skill",), order="id"), Index("conversation", ("conversation",), order="id")),
    person="person",
)
