"""Vitals: how the bot is, counted where it happens into plain numbers that anything may read at any time.

Nothing here is a person's: what is counted is told apart by adapters, skills, queues and fixed words only.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Sequence

TURN_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0)
"""Seconds up to which a turn is counted in a bucket; the last one is where a handler's limit is by default."""
LAG_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

Tally = defaultdict[str, int]
"""How often something happened, by an adapter's, a skill's or an outcome's name."""


class Durations:
    """How long things took: how many ended within each bucket, and their sum in seconds."""

    __slots__ = ("bounds", "counts", "sum")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = tuple(bounds)
        self.counts = [0] * (len(self.bounds) + 1)
        """One more than the bounds: what took longer than the last."""
        self.sum = 0.0

    def note(self, seconds: float) -> None:
        """Count one that took so long."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.sum += seconds

    def cumulative(self) -> list[tuple[str, int]]:
        """Tell how many took at most each bound, the last bound being everything, as Prometheus reads it."""
        total, buckets = 0, []
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            total += count
            buckets.append((bound, total))
        return buckets


class Vitals:
    """Counters of one running bot. They are only ever counted up, on its event loop; reading them needs no lock."""

    def __init__(self, elapsed: Callable[[], float] = time.perf_counter) -> None:
        self.elapsed = elapsed
        """The clock that durations are measured with, in seconds from anywhere."""
        self.events: Tally = defaultdict(int)
        """Events that adapters handed over, by adapter; those that came again are among them."""
        self.duplicates: Tally = defaultdict(int)
        """Events that were dropped because they were stored before, by adapter."""
        self.refused: Tally = defaultdict(int)
        """Events that were not taken, by the limit that refused them (``person``, ``channel``, ``tenant``)."""
        self.turns: dict[str, Durations] = {}
        """Turns, by outcome: ``done``, ``failed`` (and tried again), or ``lost`` to another process."""
        self.deliveries: defaultdict[str, Tally] = defaultdict(lambda: defaultdict(int))
        """By adapter, and in it by outcome: ``sent``, ``put off``, ``unclear`` or ``refused``."""
        self.skill_failures: Tally = defaultdict(int)
        self.skill_blocks: Tally = defaultdict(int)
        """How often each skill held the loop for so long that it was interrupted."""
        self.skills_switched_off: Tally = defaultdict(int)
        self.buried: Tally = defaultdict(int)
        """Work that became a dead letter, by queue."""
        self.store_failures = 0
        """Commits that the disk or the server refused."""
        self.loop_lag = Durations(LAG_BUCKETS)
        """How late the event loop came to what was due on it."""

    def turned(self, outcome: str, since: float) -> None:
        """Count a turn that began at an `elapsed` and came out like this."""
        durations = self.turns.get(outcome)
        if durations is None:
            durations = self.turns[outcome] = Durations(TURN_BUCKETS)
        durations.note(self.elapsed() - since)
