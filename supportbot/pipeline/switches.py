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
            switch.askers[person] = self._clock.now()

    def failed(self, skill: str, person: str, why: str) -> bool:
        """Count a failure; tells whether it switched the skill off."""
        now = self._clock.now()
        switch = self._switches.setdefault(skill, _Switch())
        switch.askers[person] = now
        switch.askers = {who: at for who, at in switch.askers.items() if now - at <= WITHIN}
        switch.failures.append((now, person))
        recent = [who for at, who in switch.failures if now - at <= WITHIN]
        people = set(recent)
        if len(recent) < FAILURES or (len(people) < 2 and len(switch.askers) > 1):
            return False
        switch.off_until, switch.why = now + TRIED_AGAIN_AFTER, why
        switch.failures.clear()
        return True

    def turn_on(self, skill: str) -> None:
        """Switch a skill on again at once."""
        self._switches.pop(skill, None)
