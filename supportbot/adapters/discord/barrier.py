"""The barrier: where Discord turns everything away, nothing is asked for a while, and then one call goes first.

Discord bans an address that makes too many calls in vain, and with many messages waiting each moment has many calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from supportbot.clock import SECOND, Clock
from supportbot.errors import TryLater

_BEHIND_THE_FIRST = 2.0
"""Seconds that all others wait for what becomes of the first call."""

Why = Callable[[float], Exception]
"""Words what is raised instead of a call, from the seconds for which there will be none."""


class Barrier:
    """Lets calls through, or says why not."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._until = 0
        self._why: Why | None = None
        """Why it is down; None while it is up."""
        self._is_tried = False
        """The first call is on its way."""

    def fall(self, seconds: float, why: Why) -> Exception:
        """Let nothing through for so long; returns what is to be raised."""
        self._until, self._why = self._clock.now() + round(seconds * SECOND), why
        return why(seconds)

    def rise(self) -> None:
        """Let everything through again: Discord has answered."""
        if self._until <= self._clock.now():
            self._why = None

    @contextmanager
    def passed(self) -> Iterator[None]:
        """Let a call through, or raise what keeps it from being made."""
        if self._why is None:
            yield
            return
        wait = (self._until - self._clock.now()) / SECOND
        if wait > 0:
            raise self._why(wait)
        if self._is_tried:
            raise TryLater(_BEHIND_THE_FIRST, "another call goes first")
        self._is_tried = True
        try:
            yield
        finally:
            self._is_tried = False
