"""The crew: runs work that was claimed, one at a time under each key, and looks for what falls due."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

from supportbot.clock import SECOND, Clock
from supportbot.domain.reply import Outgoing
from supportbot.domain.work import Work, to_send
from supportbot.errors import Duplicate, LostClaim, StoreFailed
from supportbot.logs import log
from supportbot.pipeline.accounts import Accounts
from supportbot.pipeline.isolation import withdraw_cancellation
from supportbot.storage.base import Changes, Store
from supportbot.vitals import Vitals

Job = Callable[[Work], Awaitable[list[Work]]]
"""Does one piece of work, commits, and returns what the commit claimed."""
Burial = Callable[[Work, Changes], Awaitable[None]]
"""Adds to the commit that buries work whatever people must hear about it."""

MOST_ATTEMPTS = 5
_PAUSES = (1, 5, 30, 120)
_AT_ONCE = 64
STORE_PAUSE = 1.0
"""Seconds before work is tried again that failed because the store is in trouble."""
_LONGEST_SLEEP = 5.0
_LONGEST_END = 2.0
"""Seconds that work which is cut off has to end."""


class Crew:
    """Starts a task for each claimed piece of work; a chain of one's own follow-ups stays in one task."""

    def __init__(
        self, store: Store, clock: Clock, jobs: dict[str, Job], bury: Burial, vitals: Vitals | None = None
    ) -> None:
        self._store = store
        self._clock = clock
        self._jobs = jobs
        self._bury = bury
        self._vitals = vitals or Vitals()
        self._tasks: set[asyncio.Task[None]] = set()
        self._stirred = asyncio.Event()
        self._claiming = asyncio.Lock()
        """Held from the claim to the start of what is claimed: whoever waits for all of it does not miss it between."""
        store.woken = self._stirred.set
        self._stranded: list[Work] = []
        """Claimed work that the store, in trouble, would not take back; it is given back before anything is claimed."""
        self.on_failure: Callable[[BaseException], None] = lambda _: None
        """Hears of each failure of work; the test kit lets the test fail with it."""
        self.on_stuck: Callable[[], None] = lambda: None
        """Is told that work which was cut off does not end; it is cut off once more after that."""
        self.is_stopping = False
        """Running work is cut off; at any other time a cancellation is the doing of what was run, and its failure."""
        self.accounts = Accounts(store, clock, jobs.keys())

    # --- running --------------------------------------------------------------------------------------------------

    def start(self, claimed: list[Work]) -> None:
        """Run claimed work, each piece in a task of its own."""
        for work in claimed:
            task = asyncio.create_task(self._run(work))
            self._tasks.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if self._stranded:
            self._stirred.set()

    async def commit(self, changes: Changes, of: Work | None = None) -> list[Work]:
        """Commit, keep account of what it adds for `of`'s causes, and return what it claimed."""
        try:
            claimed = await self._store.commit(changes)
        except StoreFailed:
            self._vitals.store_failures += 1
            raise
        for buried in changes.buried:
            self._vitals.buried[buried.queue] += 1
        self.accounts.committed(changes, of)
        running = {work.id for work in claimed}
        if changes.postponed or any(new.id not in running for new in changes.work):
            self._stirred.set()  # something waits for its time
        return claimed

    async def say_once(self, outgoing: Outgoing, person: str = "") -> None:
        """Commit one message by itself and begin to send it; nothing happens where its id was said before."""
        with contextlib.suppress(Duplicate):
            self.start(await self.commit(Changes(work=[to_send(outgoing, person)], unique=outgoing.id)))

    async def _run(self, work: Work) -> None:
        while True:
            job = self._jobs.get(work.queue)
            if job is None:  # a commit claimed it in passing, but another process has its adapter
                self._stranded.append(work)
                return
            try:
                claimed = await job(work)
            except asyncio.CancelledError as cancelled:
                if self.is_stopping:
                    raise
                await withdraw_cancellation()
                claimed = await self._failed(work, cancelled)
            except LostClaim:
                claimed = []  # somebody else did it, or does
            except Exception as error:  # noqa: BLE001 - the border: whatever failed, the work is kept
                claimed = await self._failed(work, error)
            self.accounts.settle(work.id)
            if not claimed:
                return
            work, *others = claimed
            self.start(others)

    async def _failed(self, work: Work, error: BaseException) -> list[Work]:
        log.error(
            "work failed",
            queue=work.queue,
            work=work.code,
            attempt=work.attempt,
            error=type(error).__name__,
            exc_info=error,
        )
        self.on_failure(error)
        if work.attempt < MOST_ATTEMPTS:
            self.accounts.put_off(work.id)
        changes, reason = Changes(), type(error).__name__
        try:
            if work.attempt >= MOST_ATTEMPTS:
                changes.bury(work, reason)
                await self._bury(work, changes)
            else:
                pause = _PAUSES[min(work.attempt, len(_PAUSES)) - 1] * SECOND
                changes.postpone(work, self._clock.now() + pause, reason)
            claimed = await self.commit(changes, work)
            await self.put_off_what_waits()
            return claimed
        except Exception as second:  # noqa: BLE001 - the store itself is in trouble: the claim is given back for later
            log.error("work could not be put back", work=work.code, error=type(second).__name__)
            await asyncio.sleep(STORE_PAUSE)
            self._stranded.append(work)
            await self.put_off_what_waits()
            return []

    async def put_off_what_waits(self) -> None:
        """Close the accounts of work that waits behind other work which is tried again only later."""
        await self.accounts.put_off_what_waits(behind={work.id for work in self._stranded})

    # --- looking for what is due ----------------------------------------------------------------------------------

    async def claim_due(self) -> bool:
        """Claim and start what is due now; tells whether there was anything."""
        async with self._claiming:
            while self._stranded:
                await self._give_back(self._stranded.pop())
            found = False
            for queue in self._jobs:
                claimed = await self._store.claim(queue, self._clock.now(), limit=_AT_ONCE)
                self.start(claimed)  # at once: the next claim may fail, and what is claimed is held
                found = found or bool(claimed)
            return found

    async def _give_back(self, work: Work) -> None:
        try:
            await self._store.release(work)
        except BaseException:
            self._stranded.append(work)
            raise

    async def keep_watch(self) -> None:
        """Claim what falls due, until cancelled."""
        while True:
            self._stirred.clear()
            try:
                if await self.claim_due():
                    continue
                pause = await self._until_due()
            except Exception as error:  # noqa: BLE001 - the store may be away for a while; the watch goes on
                log.error("looking for work failed", error=type(error).__name__)
                pause = 1.0
            timer = asyncio.get_running_loop().call_later(pause, self._stirred.set)
            try:
                await self._stirred.wait()
            finally:
                timer.cancel()

    async def _until_due(self) -> float:
        due = await self.next_due()
        if due is None:
            return _LONGEST_SLEEP
        return min(max((due - self._clock.now()) / SECOND, 0.05), _LONGEST_SLEEP)

    async def next_due(self) -> int | None:
        """Tell when the next work that nobody has claimed falls due."""
        dues = [due for queue in self._jobs if (due := await self._store.next_due(queue)) is not None]
        return min(dues, default=None)

    async def idle(self) -> None:
        """Run everything that is due now, and all that it causes."""
        while True:
            while self._tasks:
                await asyncio.wait(set(self._tasks))
            if not await self.claim_due() and not self._tasks:
                return

    async def stop(self, grace: float) -> None:
        """Let running work finish for so many seconds; what is cut off is done again at the next start."""
        if self._tasks:
            late = await self.finish(grace)
            self.is_stopping = True
            if stuck := await _cut_off(late):
                self.on_stuck()
                await _cut_off(stuck)

    async def finish(self, within: float) -> set[asyncio.Task[None]]:
        """Let the work that runs now finish; returns what does not within so many seconds."""
        return (await asyncio.wait(set(self._tasks), timeout=within))[1] if self._tasks else set()


async def _cut_off(tasks: set[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    """Cancel tasks, and return those that do not end all the same."""
    if not tasks:
        return tasks
    for task in tasks:
        task.cancel()
    ended, stuck = await asyncio.wait(tasks, timeout=_LONGEST_END)
    await asyncio.gather(*ended, return_exceptions=True)
    return stuck
