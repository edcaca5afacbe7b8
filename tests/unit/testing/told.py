"""What the listeners of an app under test were told, for tests of both simulated platforms."""

from __future__ import annotations

import asyncio
from typing import Any

PATIENCE = 10.0


class Told(list[Any]):
    """What the listeners of an app were told; they run beside the test, so a test waits here."""

    def __init__(self) -> None:
        super().__init__()
        self._more = asyncio.Event()

    def add(self, what: Any) -> None:
        self.append(what)
        self._more.set()

    async def count(self, wanted: int) -> Told:
        """Wait until so many things were told."""
        async with asyncio.timeout(PATIENCE):
            while len(self) < wanted:
                self._more.clear()
                await self._more.wait()
        return self
