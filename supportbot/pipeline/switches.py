"""Switches: a skill that fails again and again is switched off for a while, so that nobody meets it."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from supportbot.clock import HOUR, MINUTE, Clock

FAILURES = 3
WITHIN = HOUR
TRIED_AGAIN_AFTER = 15 * MINUTE


@dataclass
class _Switch:
    failures: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=FAILURES))
    askers: dict[str, int] = field(default_factory=dict)
    off_until: int = 0
    why: str = ""

    def met(self, person: str, now: int) -> None:
        """Note who asked, newest last, and forget who did so long ago."""
        self.askers.pop(person, None)
        self.askers[person] = now
        while now - self.askers[oldest := next(iter(self.askers))] > WITHIN:
            del self.askers[oldest]


class Switches:
    """Counts failures by skill: three in an hour, met by two people (or by the only one who asked), switch it off."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._switches: dict[str, _Switch] = {}

    def is_on(self, skill: str) -> bool:
        """Tell whether a skill may run; one whose time is up is tried again."""
        switch = self._switches.get(skill)
        return switch is None or switch.off_until <= self._clock.now()

    def why_off(self, skill: str) -> str:
        """Tell why a skill is off: the place of its last failure."""
        return self._switches[skill].why if skill in self._switches else ""

    def asked(self, skill: str, person: str) -> None:
        """Note that a person met this skill, once it has failed at all."""
        switch = self._switches.get(skill)
        if switch:
            switch.met(person, self._clock.now())

    def would_switch_off(self, skill: str, person: str) -> bool:
        """Tell whether one more failure, met by this person, switches a skill off; it is not counted yet."""
        now, switch = self._clock.now(), self._switches.get(skill) or _Switch()
        people = [who for at, who in switch.failures if now - at <= WITHIN]
        askers = {who for who, at in switch.askers.items() if now - at <= WITHIN}
        is_only_one = askers <= {person}
        return len(people) + 1 >= FAILURES and (is_only_one or len({*people, person}) >= 2)

    def failed(self, skill: str, person: str) -> None:
        """Count a failure."""
        now, switch = self._clock.now(), self._switches.setdefault(skill, _Switch())
        switch.met(person, now)
        switch.failures.append((now, person))

    def turn_off(self, skill: str, why: str) -> None:
        """Switch a skill off for a while."""
        switch = self._switches.setdefault(skill, _Switch())
        switch.off_until, switch.why = self._clock.now() + TRIED_AGAIN_AFTER, why
        switch.failures.clear()

    def turn_on(self, skill: str) -> None:
        """Switch a skill on again at once."""
        self._switches.pop(skill, None)
