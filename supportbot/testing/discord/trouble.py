"""Trouble on demand: what Discord and the network do to an app on a bad day, switched on by a test."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Literal

from supportbot.testing.misfortunes import Held, Misfortunes


@dataclass(frozen=True)
class Happening:
    """What happens to a call instead of its answer."""

    what: Literal["429", "broken", "lost", "refused"]
    status: int = 0
    retry_after: float = 0.0
    via: bool = True
    everywhere: bool = False


@dataclass(eq=False)
class Pace:
    """How often a method may be called for one channel, in real seconds, since that is what apps wait for."""

    limit: int
    window: float
    calls: dict[str, deque[float]] = field(default_factory=dict)

    def take(self, place: str) -> tuple[int, float]:
        """Count a call: how many are left (-1 if it is one too many), and the seconds until there are more."""
        now = time.monotonic()
        calls = self.calls.setdefault(place, deque())
        while calls and calls[0] <= now - self.window:
            calls.popleft()
        if len(calls) >= self.limit:
            return -1, calls[0] + self.window - now
        calls.append(now)
        return self.limit - len(calls), calls[0] + self.window - now


class Trouble:
    """What goes wrong. Nothing does until a test asks for it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.repeats = 0
        """How many events that the app has had already come again when it resumes."""
        self.delay = 0.0
        """Events wait up to so many real seconds, so that they overtake one another."""
        self.late_interactions = False
        """Whether interactions are too old when they arrive (see expires_interactions)."""
        self._misfortunes: Misfortunes[Happening] = Misfortunes(self.chance)
        self._held = Held(self.chance)
        self._paces: dict[str, Pace] = {}

    # --- calls of the API ---

    def rate_limits(
        self,
        method: str = "Create Message",
        *,
        times: int | None = 1,
        share: float = 1.0,
        retry_after: float = 0.01,
        via: bool = True,
        everywhere: bool = False,
    ) -> None:
        """Answer calls with 429, without doing anything.

        `retry_after` are real seconds; without `via` it is the guard in front of Discord that answers, with no JSON;
        `everywhere` makes it the limit of all calls together.
        """
        self._misfortunes.add(method, Happening("429", 429, retry_after, via, everywhere), times, share)

    def breaks(
        self, method: str = "Create Message", *, times: int | None = 1, share: float = 1.0, status: int = 500
    ) -> None:
        """Answer calls with 500, or another status, and a page of HTML, without doing anything."""
        self._misfortunes.add(method, Happening("broken", status), times, share)

    def loses_replies(self, method: str = "Create Message", *, times: int | None = 1, share: float = 1.0) -> None:
        """Do what is asked, then close the connection without an answer."""
        self._misfortunes.add(method, Happening("lost"), times, share)

    def hangs_up(self, method: str = "Create Message", *, times: int | None = 1, share: float = 1.0) -> None:
        """Close the connection before anything is done."""
        self._misfortunes.add(method, Happening("refused"), times, share)

    def paces(self, method: str = "Create Message", *, limit: int = 5, window: float = 5.0) -> None:
        """Allow a method so many times in so many real seconds for a channel, and say so in the headers."""
        self._paces[method] = Pace(limit, window)

    def ends(self) -> None:
        """Stop all trouble."""
        self._misfortunes.clear()
        self._paces.clear()
        self.repeats, self.delay, self.late_interactions = 0, 0.0, False

    def with_call(self, method: str) -> Happening | None:
        """Say what happens to a call."""
        return self._misfortunes.strike(method)

    def with_pace(self, method: str, place: str) -> tuple[int, int, float] | None:
        """Count a call against its pace: the limit, how many are left, the seconds until there are more."""
        pace = self._paces.get(method)
        return (pace.limit, *pace.take(place)) if pace is not None else None

    # --- events and interactions ---

    def expires_interactions(self, *, expired: bool = True) -> None:
        """Let interactions be too old when they arrive: whatever answers them is refused with 10062."""
        self.late_interactions = expired

    def holding(self, *, shuffled: bool = False, backwards: bool = False) -> AbstractAsyncContextManager[None]:
        """Keep events back in the meantime, then send all of them; shuffled or backwards if wanted."""
        return self._held.holding(shuffled=shuffled, backwards=backwards)

    def with_event(self, send: Callable[[], None]) -> bool:
        """Keep an event back if events are held; say whether it was kept."""
        return self._held.keep(send)
