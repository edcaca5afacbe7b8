"""Accounts: what belongs to a line of ``chat --json``; its ``done`` comes when all that it caused is finished."""

from __future__ import annotations

import asyncio
from collections.abc import Collection

from supportbot.clock import Clock
from supportbot.domain.work import Work
from supportbot.errors import StoreError
from supportbot.logs import log
from supportbot.storage.base import Changes, Store


class Accounts:
    """Keeps, for each cause that somebody watches, how much of the work that it led to is not finished."""

    def __init__(self, store: Store, clock: Clock, queues: Collection[str]) -> None:
        self._store = store
        self._clock = clock
        self._queues = queues
        self._causes: dict[str, tuple[str, ...]] = {}
        """The accounts that each piece of work was put to: more than one where it took other work along."""
        self._open: dict[str, int] = {}
        self._done: dict[str, asyncio.Future[bool]] = {}
        self._put_off: set[str] = set()
        self._keys: dict[str, tuple[str, str]] = {}
        """Queue and key of each piece of work that was put to an account."""

    def watch(self, cause: str) -> asyncio.Future[bool]:
        """Open an account under a cause; the future is done when all work that was put to it is.

        Its result is False where some of that work failed and is put off to a later time.
        """
        self._open[cause] = 1
        self._done[cause] = asyncio.get_running_loop().create_future()
        return self._done[cause]

    def put(self, changes: Changes, *causes: str) -> None:
        """Put the work that a commit adds for now to its causes' accounts, and take off what it took back."""
        now, known = self._clock.now(), tuple(cause for cause in causes if cause)
        for new in changes.work:
            is_ours = new.queue in self._queues and new.due <= now
            if known and is_ours and new.id not in self._causes:
                self._keys[new.id] = new.queue, new.key
                self._put_to(new.id, known)
        for withdrawn in changes.finished:
            if not withdrawn.attempt:
                self.settle(withdrawn.id)
        added = {new.id for new in changes.work}
        for cancelled in changes.cancelled:
            if cancelled not in added:
                self.settle(cancelled)

    def committed(self, changes: Changes, of: Work | None) -> None:
        """Put what a piece of work led to to its own accounts."""
        if not self._open:
            return
        if of:
            self._take_along(changes, of)
        self.put(changes, *(self._causes.get(of.id, ()) if of else ()))

    def put_off(self, work_id: str) -> None:
        """Note that a piece of work failed and is tried again later."""
        self._put_off.update(self._causes.get(work_id, ()))

    def _take_along(self, changes: Changes, of: Work) -> None:
        """Hand on the causes of the work that a turn dealt with beside its own: they close with what it leads to."""
        for along in changes.finished:
            if (along.queue, along.key) == (of.queue, of.key) and along.id != of.id and along.id in self._causes:
                causes = self._causes.pop(along.id)
                self._keys.setdefault(of.id, self._keys.pop(along.id))
                self._causes[of.id] = (*self._causes.get(of.id, ()), *causes)

    def _put_to(self, work_id: str, causes: tuple[str, ...]) -> None:
        self._causes[work_id] = causes
        for cause in causes:
            self._open[cause] += 1

    def close(self, cause: str) -> None:
        """Say that nothing more will be put to a cause from outside."""
        self._count_down(cause)

    async def put_off_what_waits(self, *, behind: set[str]) -> None:
        """Close the accounts of work that waits behind other work which is tried again only later, or one of these."""
        for work_id in list(self._causes):
            queue, key = self._keys[work_id]
            try:
                first = await self._store.pending(queue, key=key, limit=1)
            except StoreError as error:
                log.error("what waits could not be looked up", error=type(error).__name__)
                return
            if first and (first[0].not_before > self._clock.now() or first[0].id in behind):
                self._put_off.update(self._causes.get(work_id, ()))
                self.settle(work_id)

    def settle(self, work_id: str) -> None:
        """Take a piece of work off its accounts: it is done, or gone."""
        self._keys.pop(work_id, None)
        for cause in self._causes.pop(work_id, ()):
            self._count_down(cause)

    def _count_down(self, cause: str) -> None:
        self._open[cause] -= 1
        if self._open[cause] == 0:
            del self._open[cause]
            done = self._done.pop(cause)
            if not done.done():
                done.set_result(cause not in self._put_off)
            self._put_off.discard(cause)
