"""Group commit: what waits together is written together, off the event loop, with one wait for the disk.

jobs    a ─┐   c ─┐ d ─┐
write      └─ a ──┴─ c, d ──►        while a is being written, c and d wait, then share one write
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol, TypeVar, cast

from supportbot.errors import StoreError
from supportbot.storage.refusals import refused_by_disk

T = TypeVar("T")


class Durable(Protocol):
    """What a group of jobs changes: in memory first, then on the disk."""

    @property
    def needs_repair(self) -> bool:
        """Tell whether a write failed and its remains are still on the disk."""

    def repair(self) -> None:
        """Bring the disk back to what is settled, after a failed write; runs in a thread, may raise OSError."""

    def flush(self) -> None:
        """Write what the jobs changed; runs in a thread, may raise OSError."""

    def settle(self) -> None:
        """Count it as stored."""

    def undo(self) -> None:
        """Put back what the jobs changed."""

    def give_back(self, result: Any) -> None:
        """Take back a result whose caller has gone."""


Waiting = tuple[Callable[[], Any], "asyncio.Future[Any]"]


class GroupCommit:
    """Runs jobs one after another on the event loop and lets each return once its group is on the disk."""

    def __init__(self, durable: Durable) -> None:
        self._durable = durable
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="supportbot-store")
        self._waiting: list[Waiting] = []
        self._task: asyncio.Task[None] | None = None
        self._idle = asyncio.Event()
        self._idle.set()

    async def run(self, job: Callable[[], T]) -> T:
        """Do a job with the next group; StoreFailed where the disk refuses the group."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((job, future))
        if self._task is None:
            self._task = asyncio.create_task(self._work())
        try:
            return cast("T", await future)
        except asyncio.CancelledError:
            # The answer may have come in the very moment in which the caller was cancelled.
            if future.done() and not future.cancelled() and future.exception() is None:
                self._durable.give_back(future.result())
            raise

    async def settled(self) -> None:
        """Wait until no change is between memory and the disk."""
        while not self._idle.is_set():
            await self._idle.wait()

    async def close(self) -> None:
        """Wait for all that was asked for."""
        while self._task is not None:
            await asyncio.shield(self._task)
        self._thread.shutdown()

    async def _work(self) -> None:
        try:
            while self._waiting:
                group = [waiting for waiting in self._waiting if not waiting[1].cancelled()]
                self._waiting.clear()
                await self._run_group(group)
                await asyncio.sleep(0)  # those who waited to read go first
        except BaseException as error:  # what waits would wait for ever
            for _, future in self._waiting:
                self._answer(future, refused_by_disk("a change", error))
            self._waiting.clear()
            raise
        finally:
            self._task = None

    async def _run_group(self, group: list[Waiting]) -> None:
        self._idle.clear()
        try:
            answers = await self._write(group)
        except BaseException as error:
            self._durable.undo()
            # A Duplicate or Conflict in this group may have been decided against a neighbour that is not stored.
            answers = [refused_by_disk("a change", error) for _ in group]
            if not isinstance(error, Exception):
                raise
        finally:
            self._idle.set()
            for (_, future), answer in zip(group, answers, strict=True):
                self._answer(future, answer)

    async def _write(self, group: list[Waiting]) -> list[Any]:
        in_thread = asyncio.get_running_loop().run_in_executor
        if self._durable.needs_repair:
            await in_thread(self._thread, self._durable.repair)
        answers = [_attempt(job) for job, _ in group]
        await in_thread(self._thread, self._durable.flush)
        self._durable.settle()
        return answers

    def _answer(self, future: asyncio.Future[Any], answer: Any) -> None:
        if isinstance(answer, BaseException):
            if not future.cancelled():
                future.set_exception(answer)
        elif future.cancelled():
            self._durable.give_back(answer)
        else:
            future.set_result(answer)


def _attempt(job: Callable[[], Any]) -> Any:
    """Run a job; what it refuses is its answer, and its neighbours go on."""
    try:
        return job()
    except StoreError as refusal:
        return refusal
