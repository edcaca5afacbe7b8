"""Work in memory: in order under its key, one at a time, and a clock's look at what may be claimed next.

lines    (queue, key) -> [(due, seq, id), …] sorted; `held` is the id of the one that runs
heads    queue -> a heap of (ready at, seq, key): the first of each line that nobody holds
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from heapq import heapify, heappop, heappush, nsmallest

import msgspec

from supportbot.domain.work import Work
from supportbot.storage.refusals import lost

Key = tuple[str, str]

_FEW = 64
"""Stale heads that nobody minds."""


class Line:
    """The work of one key in its order."""

    __slots__ = ("held", "items")

    def __init__(self) -> None:
        self.items: list[tuple[int, int, str]] = []
        self.held = ""


Head = tuple[int, int, str]
"""The first work of a line: ready at, seq, key."""


class Heads:
    """A heap of the heads of one queue, each in it once; what went stale since stays until it comes to the top."""

    def __init__(self) -> None:
        self.heap: list[Head] = []
        self._known: set[Head] = set()

    def push(self, head: Head) -> None:
        """Put a head in, unless it is there."""
        if head not in self._known:
            self._known.add(head)
            heappush(self.heap, head)

    def pop(self) -> None:
        """Take the first out."""
        self._known.discard(heappop(self.heap))

    def keep(self, heads: list[Head]) -> None:
        """Forget all others."""
        heapify(heads)
        self.heap, self._known = heads, set(heads)


class Agenda:
    """Everything that is to be done, by queue and key."""

    def __init__(self, works: Iterable[Work] = (), held: Iterable[str] = ()) -> None:
        self.works: dict[str, Work] = {}
        self._lines: dict[Key, Line] = {}
        self._heads: dict[str, Heads] = {}
        self._groups: dict[Key, set[str]] = {}
        for work in works:
            self.add(work)
        for id in held:
            self._lines[_key(self.works[id])].held = id
        for queue, key in list(self._lines):
            self.post((queue, key))

    def held(self) -> list[str]:
        """Name the work that runs now."""
        return [line.held for line in self._lines.values() if line.held]

    def is_held(self, work: Work) -> bool:
        """Tell whether this very work runs now."""
        return self._lines[_key(work)].held == work.id

    def check(self, work: Work) -> Work:
        """Find the stored work that a claim is about; LostClaim where the claim is no longer the newest."""
        stored = self.works.get(work.id)
        if stored is None or stored.attempt != work.attempt:
            raise lost(work, stored.attempt if stored else None)
        return stored

    def add(self, work: Work) -> None:
        """Put work in its place in the order of its key."""
        self.works[work.id] = work
        key = _key(work)
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Line()
        insort(line.items, (work.due, work.seq, work.id))
        if work.group:
            self._groups.setdefault((work.queue, work.group), set()).add(work.id)

    def replace(self, work: Work) -> None:
        """Change work without its place: attempt, not before, error."""
        self.works[work.id] = work

    def remove(self, work: Work) -> None:
        """Take work away; if it ran, its key is free."""
        del self.works[work.id]
        key = _key(work)
        line = self._lines[key]
        del line.items[bisect_left(line.items, (work.due, work.seq, work.id))]
        if line.held == work.id:
            line.held = ""
        if not line.items:
            del self._lines[key]
        if work.group:
            group = self._groups[work.queue, work.group]
            group.discard(work.id)
            if not group:
                del self._groups[work.queue, work.group]

    def free(self, work: Work) -> None:
        """Stop holding work; it keeps its place."""
        line = self._lines[_key(work)]
        if line.held == work.id:
            line.held = ""
            self.post(_key(work))

    def post(self, key: Key) -> None:
        """Tell the heap of a line's first work, if nobody holds the line and the heap does not know yet."""
        line = self._lines.get(key)
        if line is None or line.held:
            return
        heads = self._heads.get(key[0])
        if heads is None:
            heads = self._heads[key[0]] = Heads()
        heads.push(self._head(key[1], line))
        if len(heads.heap) > 2 * len(self._lines) + _FEW:  # timers that were set and cancelled again and again
            lines = [(line_key, line) for (queue, line_key), line in self._lines.items() if queue == key[0]]
            heads.keep([self._head(line_key, line) for line_key, line in lines if not line.held])

    def _head(self, key: str, line: Line) -> Head:
        work = self.works[line.items[0][2]]
        return max(work.due, work.not_before), work.seq, key

    def ready(self, key: Key, now: int) -> Work | None:
        """Find the work of a key that may be claimed now: the first, if it is due and nobody holds the key."""
        line = self._lines.get(key)
        if line is None or line.held:
            return None
        head = self.works[line.items[0][2]]
        return head if head.due <= now and head.not_before <= now else None

    def hold(self, work: Work) -> Work:
        """Claim work: its key is held, and its attempt counted up."""
        claimed = msgspec.structs.replace(work, attempt=work.attempt + 1)
        self.works[work.id] = claimed
        self._lines[_key(work)].held = work.id
        return claimed

    def due(self, queue: str, now: int) -> Work | None:
        """Take the next key of a queue whose first work may be claimed now."""
        heads = self._heads.get(queue)
        head = self._first(queue, heads) if heads else None
        if heads is None or head is None or max(head.due, head.not_before) > now:
            return None
        heads.pop()
        return head

    def next_due(self, queue: str) -> int | None:
        """Tell when the next key of a queue can go on."""
        heads = self._heads.get(queue)
        head = self._first(queue, heads) if heads else None
        return max(head.due, head.not_before) if head else None

    def _first(self, queue: str, heads: Heads) -> Work | None:
        """Look at the top of the heap, past what went stale since it was put there."""
        while heads.heap:
            first = heads.heap[0]
            line = self._lines.get((queue, first[2]))
            if line is not None and not line.held and self._head(first[2], line) == first:
                return self.works[line.items[0][2]]
            heads.pop()
        return None

    def pending(self, queue: str, key: str, group: str, limit: int) -> list[Work]:
        """Read work by key or group, in order."""
        ids: Iterable[str]
        if key:
            line = self._lines.get((queue, key))
            items = line.items if line else []
            if not group:  # a line is in order already
                return [self.works[id] for _, _, id in items[:limit]]
            ids = [id for _, _, id in items]
        elif group:
            ids = self._groups.get((queue, group), ())
        else:
            ids = [work.id for work in self.works.values() if work.queue == queue]
        found = [work for work in map(self.works.__getitem__, ids) if not group or work.group == group]
        return nsmallest(limit, found, key=lambda work: (work.due, work.seq))


def _key(work: Work) -> Key:
    return work.queue, work.key
