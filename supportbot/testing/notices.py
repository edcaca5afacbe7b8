"""Waiting for something to happen without polling: whoever changes the world rings, whoever waits looks again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")


class Notices:
    """Wakes those who wait each time something changed."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        """Seconds of real time until a wait fails its test; generous, because nothing waits when all is well."""
        self._changed = asyncio.Event()

    def ring(self) -> None:
        """Tell everybody who waits to look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def until(self, look: Callable[[], Found | None], failure: Callable[[], str]) -> Found:
        """Wait until `look` finds something and return it, or fail with the sentence of `failure`."""
        try:
            async with asyncio.timeout(self.patience):
                while (found := look()) is None:
                    await self._changed.wait()
                return found
        except TimeoutError:
            raise AssertionError(failure()) from None
