"""Trouble on demand: what Slack and the network do to an app on a bad day, switched on by a test."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Literal

from supportbot.clock import MINUTE, SECOND, Clock
from supportbot.testing.misfortunes import Held, Misfortunes
from supportbot.testing.slack.triggers import Triggers

What = Literal["429", "500", "lost", "refused"]


@dataclass(eq=False)
class Pace:
    """How often a method may be called for a channel."""

    method: str
    interval: int


class Trouble:
    """What goes wrong. Nothing does until a test asks for it."""

    def __init__(self, clock: Clock, triggers: Triggers, seed: int) -> None:
        self.chance = random.Random(seed)
        self.repeats = 0.0
        """The share of events that come twice."""
        self.new_ids = 0.5
        """The share of those that come with another event id."""
        self.delay = 0.0
        """Events wait up to so many real seconds, so that they overtake one another."""
        self.history_page: int | None = None
        """The most messages that reading a channel returns (15 for unlisted commercial apps)."""
        self._clock = clock
        self._triggers = triggers
        self._misfortunes: Misfortunes[tuple[What, int]] = Misfortunes(self.chance)
        self._held = Held(self.chance)
        self._paces: list[Pace] = []
        self._called: dict[tuple[str, str], int] = {}
        self._twice: list[bool] = []

    # --- calls of the Web API ---

    def rate_limits(
        self, method: str = "chat.postMessage", *, times: int | None = 1, share: float = 1.0, retry_after: int = 1
    ) -> None:
        """Answer calls with 429 and Retry-After (seconds), without doing anything."""
        self._misfortunes.add(method, ("429", retry_after), times, share)

    def breaks(self, method: str = "chat.postMessage", *, times: int | None = 1, share: float = 1.0) -> None:
        """Answer calls with 500 and a page of HTML, without doing anything."""
        self._misfortunes.add(method, ("500", 0), times, share)

    def loses_replies(self, method: str = "chat.postMessage", *, times: int | None = 1, share: float = 1.0) -> None:
        """Do what is asked, then close the connection without an answer."""
        self._misfortunes.add(method, ("lost", 0), times, share)

    def hangs_up(self, method: str = "chat.postMessage", *, times: int | None = 1, share: float = 1.0) -> None:
        """Close the connection before anything is done."""
        self._misfortunes.add(method, ("refused", 0), times, share)

    def paces(self, method: str = "chat.postMessage", *, every: int = SECOND) -> None:
        """Allow a method once in so many milliseconds (of the simulator's clock) for a channel, as Slack does."""
        self._paces.append(Pace(method, every))

    def limits_history(self) -> None:
        """Read channels as unlisted commercial apps may: once a minute, fifteen messages."""
        self.history_page = 15
        self.paces("conversations.history", every=MINUTE)
        self.paces("conversations.replies", every=MINUTE)

    def ends(self) -> None:
        """Stop all trouble with calls, and the shares of events."""
        self._misfortunes.clear()
        self._paces.clear()
        self.history_page = None
        self.repeats = self.delay = 0.0
        self._triggers.born_expired = False

    def with_call(self, method: str, channel: str) -> tuple[What, int] | None:
        """Say what happens to a call, and the seconds of Retry-After."""
        return self._misfortunes.strike(method) or self._too_soon(method, channel)

    def _too_soon(self, method: str, channel: str) -> tuple[What, int] | None:
        now = self._clock.now()
        for pace in self._paces:
            if pace.method == method:
                free_at = self._called.get((method, channel), now - pace.interval) + pace.interval
                if now < free_at:
                    return "429", max(1, -(-(free_at - now) // SECOND))
                self._called[method, channel] = now
        return None

    # --- events and interactions ---

    def repeats_next(self, *, new_id: bool = False) -> None:
        """Let the next event come twice: the same again, or with another event id."""
        self._twice.append(new_id)

    def expires_triggers(self, *, expired: bool = True) -> None:
        """Let trigger ids be too old when they arrive."""
        self._triggers.born_expired = expired

    def holding(self, *, shuffled: bool = False, backwards: bool = False) -> AbstractAsyncContextManager[None]:
        """Keep events back in the meantime, then send all of them; shuffled or backwards if wanted."""
        return self._held.holding(shuffled=shuffled, backwards=backwards)

    def with_event(self, send: Callable[[], None]) -> bool:
        """Keep an event back if events are held; say whether it was kept."""
        return self._held.keep(send)

    def copies(self) -> list[bool]:
        """Say how an event is repeated: one entry for each further copy, true where it has another event id."""
        copies = [self._twice.pop(0)] if self._twice else []
        if self.repeats and self.chance.random() < self.repeats:
            copies.append(self.chance.random() < self.new_ids)
        return copies
