"""Who is who in a store: the people whom its items name, by their ids and by the names they went by."""

from __future__ import annotations

import difflib
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import msgspec

from supportbot.domain.person import Person
from supportbot.domain.words import clean_name
from supportbot.errors import StoreError
from supportbot.storage.base import OF_PEOPLE, Store, Stored

_MOST_SHOWN = 20
_FIELDS = frozenset(Person.__struct_fields__)

Progress = Callable[[int], None]


class Unclear(StoreError):
    """Nobody, or more than one person, is known under what was given."""


@dataclass(frozen=True)
class Someone:
    """A person as the store knows them, with all names that they went by, and those that nobody else has."""

    id: str
    names: tuple[str, ...]
    own_names: tuple[str, ...]
    alike: tuple[str, ...] = ()
    """Ids and names of others that have one of theirs in them, as `ada-2` has `ada`."""


@dataclass
class People:
    """The people whom items name."""

    names: dict[str, dict[str, None]] = field(default_factory=dict)
    """By id; a person may have changed their name."""

    def look_at(self, item: Stored) -> None:
        """Take in whom an item names."""
        if item.person:
            self.names.setdefault(item.person, {})
        if b'"name":' in bytes(item.value) or b'"who":' in bytes(item.value):
            for person, name in _named(msgspec.json.decode(item.value)):
                self.names.setdefault(person, {})[name] = None

    def find(self, named: str) -> Someone:
        """Find a person by id, or by an exact name that only one has; Unclear lists who may be meant."""
        name = clean_name(named)  # as it was stored: what a terminal sends may be composed in another way
        found = [named] if named in self.names else [id for id, names in self.names.items() if name in names]
        if len(found) == 1:
            return self._someone(found[0])
        if found:
            raise Unclear(f"{len(found)} people are called {named!r}; give the id of one:\n{self._listed(found)}")
        near = self._near(named)
        hint = f"; these are alike:\n{self._listed(near)}" if near else "; give an id such as slack/T024BE7LD/U2147483"
        raise Unclear(f"nobody is known as {named!r}{hint}")

    def _someone(self, id: str) -> Someone:
        names = tuple(self.names[id])
        others = {name for other, known in self.names.items() if other != id for name in known}
        return Someone(id, names, tuple(name for name in names if name not in others), self._alike(id, others))

    def _alike(self, id: str, others: set[str]) -> tuple[str, ...]:
        theirs = [name.casefold() for name in (id, id.rpartition("/")[2], *self.names[id])]
        known = (others | self.names.keys()) - {id}
        longer = [name for name in known if any(own in name.casefold() and own != name.casefold() for own in theirs)]
        return tuple(sorted(longer))

    def _near(self, named: str) -> list[str]:
        wanted = named.casefold()
        near = [id for id, names in self.names.items() if any(wanted in text.casefold() for text in (id, *names))]
        if near:
            return near
        ids = {name.casefold(): id for id, names in self.names.items() for name in names}
        return [ids[name] for name in difflib.get_close_matches(wanted, ids, 5)]

    def _listed(self, ids: list[str]) -> str:
        lines = [f"  {id}  {', '.join(self.names[id])}".rstrip() for id in sorted(ids)[:_MOST_SHOWN]]
        more = len(ids) - _MOST_SHOWN
        return "\n".join([*lines, f"  … and {more} more"] if more > 0 else lines)


def is_person(value: dict[Any, Any]) -> bool:
    """Tell whether a decoded mapping is a `Person`."""
    if not {"id", "name"} <= value.keys() <= _FIELDS:
        return False
    return isinstance(value["id"], str) and value["id"].count("/") >= 2


def is_said(value: dict[Any, Any]) -> bool:
    """Tell whether a decoded mapping is a line of a timeline that a person said."""
    return bool(value.get("who") and value.get("person")) and isinstance(value["person"], str)


def _named(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        if is_person(value):
            yield value["id"], str(value["name"])
        elif is_said(value):
            yield value["person"], str(value["who"])
        for part in value.values():
            yield from _named(part)
    elif isinstance(value, list):
        for part in value:
            yield from _named(part)


async def records(store: Store) -> AsyncIterator[Stored]:
    """Read every item that may name a person; a dump has them before all others."""
    async for item in store.dump():
        if item.sort not in OF_PEOPLE:
            return
        yield item


async def find(store: Store, named: str, progress: Progress) -> Someone:
    """Find a person in a store; Unclear lists who may be meant."""
    people, count = People(), 0
    async for item in records(store):
        people.look_at(item)
        count += 1
        if count % 500 == 0:
            progress(count)
    return people.find(named.strip())
