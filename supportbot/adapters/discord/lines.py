"""Lines: what comes from one channel is taken in one after the other, and again until it is stored.

The gateway wants no acknowledgement and sends nothing again, so whoever takes a thing in has to keep it meanwhile.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from supportbot.logs import log

What = TypeVar("What")
_PAUSES = (0.1, 0.3, 1.0, 3.0, 10.0)
MOST = 10_000
"""Things that wait at most: beyond that they are left out, and looked for when there is room again."""


class Lines(Generic[What]):
    """One line a channel; different channels are taken side by side."""

    def __init__(
        self, take: Callable[[What], Awaitable[None]], overflows: Callable[[], None], most: int = MOST
    ) -> None:
        """Hand things to `take` until it does not raise; `overflows` hears that one was left out."""
        self._take = take
        self._overflows = overflows
        self._most = most
        self._lines: dict[str, deque[What]] = {}
        self._workers: dict[str, asyncio.Task[None]] = {}
        self._waiting = 0

    def put(self, channel: str, what: What) -> None:
        """Let a thing wait for its turn."""
        if self._waiting >= self._most:
            self._overflows()
            return
        self._waiting += 1
        self._lines.setdefault(channel, deque()).append(what)
        if channel not in self._workers:
            self._workers[channel] = asyncio.create_task(self._work(channel))

    async def emptied(self, channel: str, within: float) -> None:
        """Wait until what is in a channel's line now was taken, but not longer than that (seconds)."""
        if worker := self._workers.get(channel):
            await asyncio.wait([worker], timeout=within)

    async def stop(self, within: float) -> None:
        """Let what waits be taken, and give up what is not by then."""
        workers = tuple(self._workers.values())
        if workers:
            _, late = await asyncio.wait(workers, timeout=within)
            for worker in late:
                worker.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    async def _work(self, channel: str) -> None:
        line = self._lines[channel]
        try:
            while line:
                await self._until_taken(line[0])
                line.popleft()
                self._waiting -= 1
                if line:
                    await asyncio.sleep(0)  # what is only looked at waits for nothing: others have their turn, too
        finally:
            self._waiting -= len(line)
            del self._lines[channel], self._workers[channel]

    async def _until_taken(self, what: What) -> None:
        tries = 0
        while True:
            try:
                await self._take(what)
            except Exception as error:  # noqa: BLE001 - whatever it was, nobody else would bring it again
                pause = _PAUSES[min(tries, len(_PAUSES) - 1)]
                tries += 1
                log.warning("an event is taken in again", adapter="discord", error=type(error).__name__, tries=tries)
                await asyncio.sleep(pause)
            else:
                return
