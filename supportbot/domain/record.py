"""What a stored thing is: a document with a version, or an entry of a log; and which questions may be asked of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A document: frozen, named by `id`, and counted up by the store at each change (`version` 0 is not stored yet)."""

    id: str
    version: int = 0


@dataclass(frozen=True)
class Index:
    """A question that the store answers without looking at every document.

    `fields` are compared for equality, in this order, and may be dotted (``requester.id``); `order` names one field
    by which the answers are sorted, an integer or a string.
    """

    name: str
    fields: tuple[str, ...]
    order: str


R = TypeVar("R", bound=Record)
E = TypeVar("E", bound=msgspec.Struct)


@dataclass(frozen=True)
class Kind(Generic[R]):
    """A collection of documents of one type.

    `person` is the dotted field with the id of the person whose words these documents hold ("" where they hold none);
    it is indexed by every store, so that export, erasure and retention can be complete.
    """

    name: str
    type: type[R]
    indexes: tuple[Index, ...] = ()
    person: str = ""

    def index(self, name: str) -> Index:
        """Find a declared index by its name."""
        for index in self.indexes:
            if index.name == name:
                return index
        declared = ", ".join(index.name for index in self.indexes) or "none"
        raise LookupError(f"{self.name} has no index {name!r}; declared: {declared}")


@dataclass(frozen=True)
class Log(Generic[E]):
    """A log: entries of one type that are only ever appended under a key, and read by that key, newest first."""

    name: str
    type: type[E]


@dataclass(frozen=True)
class Schema:
    """Everything that a store keeps: its kinds of documents and its logs."""

    kinds: tuple[Kind[Record], ...]
    logs: tuple[Log[msgspec.Struct], ...]
