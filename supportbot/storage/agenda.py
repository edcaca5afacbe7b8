"""Work in memory: in order under its key, one at a time, and a clock's look at what may be claimed next.

lines    (queue, key) -> [(due, seq, id), …] sorted; `held` is the id of the one that runs
heads    queue -> a heap of (ready at, seq, key): the first of each line that nobody holds
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable
from heapq import heappop, heappush, nsmallest

import msgspec

from supportbot.domain.work import Work
from supportbot.storage.refusals import lost

Key = tuple[str, str]


class Line:
    """The work of one key in its order."""

    __slots__ = ("held", "items", "posted")

    def __init__(self) -> None:
        self.items: list[tuple[int, int, str]] = []
        self.held = ""
        self.posted: tuple[int, int] | None = None
        """What the heap has of this line (ready at, seq), so that it is not put there twice."""


class Agenda:
    """Everything that is to be done, by queue and key."""

    def __init__(self, works: Iterable[Work] = (), held: Iterable[str] = ()) -> None:
        self.works: dict[str, Work] = {}
        self._lines: dict[Key, Line] = {}
        self._heads: dict[str, list[tuple[int, int, str]]] = {}
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
        head = self.works[line.items[0][2]]
        ready = (max(head.due, head.not_before), head.seq)
        if line.posted != ready:
            line.posted = ready
            heappush(self._heads.setdefault(key[0], []), (*ready, key[1]))

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
        line = self._lines[_key(work)]
        line.held = work.id
        line.posted = None
        return claimed

    def due(self, queue: str, now: int) -> Work | None:
        """Take the next key of a queue whose first work may be claimed now."""
        heads = self._heads.get(queue)
        while heads and (head := self._first(queue, heads)):
            if max(head.due, head.not_before) > now:
                return None
            heappop(heads)
            self._lines[_key(head)].posted = None
            return head
        return None

    def next_due(self, queue: str) -> int | None:
        """Tell when the next key of a queue can go on."""
        heads = self._heads.get(queue)
        head = self._first(queue, heads) if heads else None
        return max(head.due, head.not_before) if head else None

    def _first(self, queue: str, heads: list[tuple[int, int, str]]) -> Work | None:
        """Look at the top of the heap, past what went stale since it was put there."""
        while heads:
            ready, seq, key = heads[0]
            line = self._lines.get((queue, key))
            if line is not None and not line.held and line.posted == (ready, seq) and line.items[0][1] == seq:
                return self.works[line.items[0][2]]
            heappop(heads)
        return None

    def pending(self, queue: str, key: str, group: str, limit: int) -> list[Work]:
        """Read work by key or group, in order."""
        ids: Iterable[str]
        if key:
            line = self._lines.get((queue, key))
            ids = [id for _, _, id in line.items] if line else []
            if not group:  # a line is in order already
                return [self.works[id] for id in ids[:limit]]
        elif group:
            ids = self._groups.get((queue, group), ())
        else:
            ids = [work.id for work in self.works.values() if work.queue == queue]
        found = [work for work in map(self.works.__getitem__, ids) if not group or work.group == group]
        return nsmallest(limit, found, key=lambda work: (work.due, work.seq))


def _key(work: Work) -> Key:
    return work.queue, work.key
