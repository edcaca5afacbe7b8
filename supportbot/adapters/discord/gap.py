"""A gap: a time in which something may have been said that is told by nobody, and is read in the histories.

What is said after it waits until what was said in it has been taken in, each channel by itself: so the order stays.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

LONGEST = 15.0
"""Seconds that anything waits at the most: what takes longer to read comes late, and does not hold up what is said."""


class Gap:
    """Tells each channel when it is read; there is no gap at first."""

    def __init__(self, longest: float = LONGEST) -> None:
        self._longest = longest
        self._until = 0.0
        self._left: set[str] | None = set()
        """The channels that are still to be read; None while nobody knows which."""
        self._changed = asyncio.Event()

    def open(self) -> None:
        """Let everything wait from now on."""
        if not self.is_open:
            self._until = asyncio.get_running_loop().time() + self._longest
        self._left = None

    def read_only(self, channels: Iterable[str]) -> None:
        """Note which channels are to be read: all others need not wait."""
        self._left = set(channels)
        self._ring()

    def finish(self, channel: str) -> None:
        """Note that a channel was read."""
        (self._left or set()).discard(channel)
        self._ring()

    def close(self) -> None:
        """Note that all that is read was read."""
        self._left = set()
        self._ring()

    async def passed(self, channel: str) -> None:
        """Wait until a channel was read, but not for too long."""
        while self.is_open and (self._left is None or channel in self._left):
            try:
                async with asyncio.timeout_at(self._until):
                    await self._changed.wait()
            except TimeoutError:
                return

    @property
    def is_open(self) -> bool:
        """Tell whether anything is still to be read."""
        return self._left != set() and asyncio.get_running_loop().time() < self._until

    def _ring(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
