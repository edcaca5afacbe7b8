"""The one thread that writes to SQLite: what waits together is one transaction, and each part of it a savepoint."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, TypeVar, cast

from supportbot.storage.refusals import refused_by_disk

T = TypeVar("T")

Job = Callable[[sqlite3.Connection], Any]

MOST = 256
"""Jobs in one transaction, so that the first of many does not wait for all of them."""


class Writer:
    """Runs jobs one after another in its thread; each returns once its transaction is on the disk."""

    def __init__(self, connection: sqlite3.Connection, give_back: Callable[[Any], None]) -> None:
        self._connection = connection
        self._give_back = give_back
        self._jobs: SimpleQueue[tuple[Job, asyncio.Future[Any]] | None] = SimpleQueue()
        self._thread = Thread(target=self._work, name="supportbot-sqlite", daemon=True)
        self._thread.start()

    async def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Do a job in the next transaction; StoreFailed where the disk refuses it."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._jobs.put((job, future))
        try:
            return cast("T", await future)
        except asyncio.CancelledError:
            # The answer may have come in the very moment in which the caller was cancelled.
            if future.done() and not future.cancelled() and future.exception() is None:
                self._give_back(future.result())
            raise

    def put(self, job: Job) -> None:
        """Do a job whose answer nobody waits for."""
        self._jobs.put((job, asyncio.get_running_loop().create_future()))

    async def close(self) -> None:
        """Wait for all that was asked for."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        self._connection.close()

    def _work(self) -> None:
        is_open = True
        while is_open:
            group = []
            item = self._jobs.get()
            try:
                while item is not None:
                    group.append(item)
                    if len(group) == MOST:
                        break
                    item = self._jobs.get_nowait()
                else:
                    is_open = False
            except Empty:
                pass
            if group:
                answers = self._write([job for job, _ in group])
                loop = group[0][1].get_loop()
                if not loop.is_closed():
                    loop.call_soon_threadsafe(self._answer, [future for _, future in group], answers)

    def _write(self, jobs: list[Job]) -> list[Any]:
        db = self._connection
        try:
            db.execute("BEGIN IMMEDIATE")
            answers = [self._attempt(job, alone=len(jobs) == 1) for job in jobs]
            if db.in_transaction:
                db.execute("COMMIT")
            return answers
        except sqlite3.OperationalError as error:
            # A Duplicate or Conflict in this group may have been decided against a neighbour that is not stored.
            if db.in_transaction:
                db.execute("ROLLBACK")
            return [refused_by_disk("a change", error) for _ in jobs]

    def _attempt(self, job: Job, *, alone: bool) -> Any:
        """Run a job; what goes wrong in it is its answer, and its neighbours go on."""
        db = self._connection
        if not alone:
            db.execute("SAVEPOINT job")
        try:
            answer = job(db)
        except sqlite3.OperationalError:
            raise  # the disk's: it concerns the whole group
        except Exception as refusal:  # noqa: BLE001 - it is raised where the job was asked for
            db.execute("ROLLBACK" if alone else "ROLLBACK TO job")
            answer = refusal
        if not alone:
            db.execute("RELEASE job")
        return answer

    def _answer(self, futures: list[asyncio.Future[Any]], answers: list[Any]) -> None:
        for future, answer in zip(futures, answers, strict=True):
            if isinstance(answer, Exception):
                if not future.cancelled():
                    future.set_exception(answer)
            elif future.cancelled():
                self._give_back(answer)
            else:
                future.set_result(answer)
