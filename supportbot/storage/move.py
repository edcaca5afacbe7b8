"""Move everything from one store to another, and prove that it arrived."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Protocol

import msgspec

from supportbot.errors import StoreError, StoreFailed
from supportbot.storage.base import Store, Stored

_AT_ONCE = 500
_MOST_BYTES = 8 * 1024 * 1024


class Source(Protocol):
    """What everything can be read from: a store, or what a store was saved in."""

    def dump(self) -> AsyncIterator[Stored]:
        """Read everything, in a stable order."""


@dataclass
class Tally:
    """How many items of one sort and name there are, and a checksum over all of them."""

    count: int = 0
    checksum: int = 0


@dataclass(frozen=True)
class MoveReport:
    """What was counted on both sides, by (sort, name); the two are equal, or `move` had raised."""

    source: dict[tuple[str, str], Tally]
    target: dict[tuple[str, str], Tally]

    @property
    def total(self) -> int:
        """Count everything that was moved."""
        return sum(tally.count for tally in self.source.values())


@dataclass
class Tallies:
    """Counts items as they pass; what has an order under a key is summed with its place in that order."""

    found: dict[tuple[str, str], Tally] = field(default_factory=dict)
    _places: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def add(self, item: Stored) -> None:
        """Count one item."""
        tally = self.found.setdefault((item.sort, item.name), Tally())
        place = (item.sort, item.name, item.key)
        self._places[place] += 1
        value = msgspec.json.encode(msgspec.json.decode(item.value), order="deterministic")
        parts = (item.key.encode(), str(self._places[place]).encode(), item.person.encode(), value, item.content)
        digest = hashlib.blake2b(digest_size=16)
        for part in parts:
            digest.update(b"%d:" % len(part) + part)
        tally.count += 1
        tally.checksum = (tally.checksum + int.from_bytes(digest.digest())) % 2**128


async def move(
    source: Source,
    target: Store,
    progress: Callable[[int], None] | None = None,
    checked: Callable[[int, int], None] | None = None,
) -> MoveReport:
    """Copy everything into an empty store and read it back; the source is not touched.

    `progress` is told how many items are written so far, `checked` how many of all are read back. Raises StoreError
    where the target has anything in it, and StoreFailed where what arrived is not what was sent; the target is then to
    be thrown away.
    """
    async for _ in target.dump():
        raise StoreError("the target of the move has data in it already; give a place that is empty or new")
    sent = await _copy(source, target, progress or (lambda _count: None))
    arrived, count, total = Tallies(), 0, sum(tally.count for tally in sent.values())
    async for item in target.dump():
        arrived.add(item)
        count += 1
        if checked and count % _AT_ONCE == 0:
            checked(count, total)
    names = sent.keys() | arrived.found.keys()
    if wrong := sorted(" ".join(name).strip() for name in names if sent.get(name) != arrived.found.get(name)):
        raise StoreFailed(f"what arrived differs in: {', '.join(wrong)}; throw the target away and move again")
    return MoveReport(sent, arrived.found)


async def _copy(source: Source, target: Store, progress: Callable[[int], None]) -> dict[tuple[str, str], Tally]:
    tallies, part, written, size = Tallies(), list[Stored](), 0, 0
    async for item in source.dump():
        tallies.add(item)
        part.append(item)
        size += len(item.content)
        if len(part) >= _AT_ONCE or size >= _MOST_BYTES:
            await target.load(part)
            written += len(part)
            progress(written)
            part, size = [], 0
    if part:
        await target.load(part)
        progress(written + len(part))
    return tallies.found
