"""What is done beside the way of a message: nobody waits for it, and what fails in it fails alone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from supportbot.logs import log


class Beside:
    """Small tasks that end with the adapter."""

    def __init__(self, adapter: str) -> None:
        self._adapter = adapter
        self._tasks: set[asyncio.Task[None]] = set()

    def do(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Begin something."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    async def stop(self) -> None:
        """End what still runs."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error:
            log.warning("something that nobody waits for failed", adapter=self._adapter, error=type(error).__name__)
