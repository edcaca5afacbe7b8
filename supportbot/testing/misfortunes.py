"""Misfortunes: what a simulated platform does to an app's calls and events on a bad day, when a test asks for it."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

What = TypeVar("What")


@dataclass(eq=False)
class Misfortune(Generic[What]):
    """What happens to calls of a method: to the next few of them, or to a share of all."""

    method: str
    what: What
    left: int | None
    share: float


class Misfortunes(Generic[What]):
    """The misfortunes that wait for calls."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._waiting: list[Misfortune[What]] = []

    def add(self, method: str, what: What, times: int | None, share: float) -> None:
        """Let something happen to the next calls of a method (``*`` is any), or to a share of them all."""
        self._waiting.append(Misfortune(method, what, times, share))

    def clear(self) -> None:
        """Let nothing happen any more."""
        self._waiting.clear()

    def strike(self, method: str) -> What | None:
        """Say what happens to a call."""
        for misfortune in self._waiting:
            if misfortune.method not in (method, "*") or self._chance.random() >= misfortune.share:
                continue
            if misfortune.left is not None:
                misfortune.left -= 1
                if not misfortune.left:
                    self._waiting.remove(misfortune)
            return misfortune.what
        return None


class Held:
    """Events that are kept back for a while, to come in another order."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._held: list[Callable[[], None]] | None = None

    @asynccontextmanager
    async def holding(self, *, shuffled: bool, backwards: bool) -> AsyncIterator[None]:
        """Keep events back in the meantime, then send all of them; shuffled or backwards if wanted."""
        held = self._held = []
        try:
            yield
        finally:
            self._held = None
            if shuffled:
                self._chance.shuffle(held)
            for send in reversed(held) if backwards else held:
                send()

    def keep(self, send: Callable[[], None]) -> bool:
        """Keep an event back if events are held; say whether it was kept."""
        if self._held is None:
            return False
        self._held.append(send)
        return True
