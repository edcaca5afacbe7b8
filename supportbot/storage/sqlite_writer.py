"""The one thread that writes to SQLite: what waits together is one transaction, and each part of it a savepoint."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, Literal, TypeVar, cast

import msgspec

from supportbot.storage.refusals import damaged, refused_by_disk

T = TypeVar("T")

Job = Callable[[sqlite3.Connection], Any]
Waiting = tuple[Job, "asyncio.Future[Any]"]
Call = Waiting | Literal["now", "end"]
"""A job, or a word to the thread: to do now what waits patiently, or to end."""

_DAMAGED = (sqlite3.Error, msgspec.DecodeError)

MOST = 256
"""Jobs in one transaction, so that the first of many does not wait for all of them."""


class Writer:
    """Runs jobs one after another in its thread; each returns once its transaction is on the disk."""

    def __init__(self, connection: sqlite3.Connection, give_back: Callable[[Any], None], place: str) -> None:
        self._connection = connection
        self._place = place
        self._give_back = give_back
        self._calls: SimpleQueue[Call] = SimpleQueue()
        self._patient: deque[Waiting] = deque()
        """Jobs that are done with the next one, which saves a transaction; or after a while, if there is none."""
        self._reminder: asyncio.TimerHandle | None = None
        self._thread = Thread(target=self._work, name="supportbot-sqlite", daemon=True)
        self._thread.start()

    async def run(self, job: Callable[[sqlite3.Connection], T], patience: float = 0) -> T:
        """Do a job in the next transaction; StoreFailed where the disk refuses it.

        One with patience waits for so many seconds that another job comes, whose transaction it is then part of.
        """
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Any] = loop.create_future()
        if patience:
            self._patient.append((job, future))
            if self._reminder is None:
                self._reminder = loop.call_later(patience, self._remind)
        else:
            self._calls.put((job, future))
        try:
            return cast("T", await future)
        except asyncio.CancelledError:
            # The answer may have come in the very moment in which the caller was cancelled.
            if future.done() and not future.cancelled() and future.exception() is None:
                self._give_back(future.result())
            raise

    def _remind(self) -> None:
        self._reminder = None
        if self._patient:
            self._calls.put("now")

    def put(self, job: Job) -> None:
        """Do a job whose answer nobody waits for."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        future.add_done_callback(lambda done: done.cancelled() or done.exception())  # nobody else looks at it
        self._calls.put((job, future))

    async def finish(self) -> None:
        """Wait for all that was asked for."""
        self._calls.put("end")
        await asyncio.to_thread(self._thread.join)

    def close(self) -> None:
        """Close the connection; the last one to a file takes its write-ahead log into it."""
        self._connection.close()

    def _work(self) -> None:
        is_open = True
        while is_open:
            group, is_open = self._next_group()
            if not group:
                continue
            try:
                answers = self._write([job for job, _ in group])
            except BaseException as error:  # noqa: BLE001 - if this thread died, everyone would wait for ever
                answers = [self._refusal(error)] * len(group)
            self._hand_out([future for _, future in group], answers)

    def _next_group(self) -> tuple[list[Waiting], bool]:
        """Wait for jobs and take all that wait, the patient ones too; False where none will follow."""
        group: list[Waiting] = []
        is_open = True
        call = self._calls.get()
        with suppress(Empty):
            while True:
                if isinstance(call, tuple):
                    group.append(call)
                elif call == "end":
                    is_open = False
                if len(group) == MOST or not is_open:
                    break
                call = self._calls.get_nowait()
        while self._patient:
            group.append(self._patient.popleft())
        return group, is_open

    def _write(self, jobs: list[Job]) -> list[Any]:
        db = self._connection
        try:
            if db.in_transaction:
                db.execute("ROLLBACK")  # what an earlier one could not undo
            db.execute("BEGIN IMMEDIATE")
            answers = [self._attempt(job, alone=len(jobs) == 1) for job in jobs]
            if db.in_transaction:
                db.execute("COMMIT")
            return answers
        except BaseException as error:  # noqa: BLE001 - whatever it was, nothing of the group is stored
            with suppress(sqlite3.Error):
                if db.in_transaction:
                    db.execute("ROLLBACK")
            # A Duplicate or Conflict in this group may have been decided against a neighbour that is not stored.
            return [self._refusal(error) for _ in jobs]

    def _refusal(self, error: BaseException) -> Exception:
        if isinstance(error, _DAMAGED) and not isinstance(error, sqlite3.OperationalError):
            return damaged(self._place, error)
        return refused_by_disk("a change", error)

    def _attempt(self, job: Job, *, alone: bool) -> Any:
        """Run a job; what goes wrong in it is its answer, and its neighbours go on."""
        db = self._connection
        if not alone:
            db.execute("SAVEPOINT job")
        try:
            answer = job(db)
        except (sqlite3.OperationalError, MemoryError):
            raise  # the machine's: it concerns the whole group
        except Exception as refusal:  # noqa: BLE001 - it is raised where the job was asked for
            db.execute("ROLLBACK" if alone else "ROLLBACK TO job")
            answer = self._refusal(refusal) if isinstance(refusal, _DAMAGED) else refusal
        if not alone:
            db.execute("RELEASE job")
        return answer

    def _hand_out(self, futures: list[asyncio.Future[Any]], answers: list[Any]) -> None:
        with suppress(RuntimeError):  # the loop is closed, and nobody waits any more
            futures[0].get_loop().call_soon_threadsafe(self._answer, futures, answers)

    def _answer(self, futures: list[asyncio.Future[Any]], answers: list[Any]) -> None:
        for future, answer in zip(futures, answers, strict=True):
            if isinstance(answer, Exception):
                if not future.cancelled():
                    future.set_exception(answer)
            elif future.cancelled():
                self._give_back(answer)
            else:
                future.set_result(answer)
