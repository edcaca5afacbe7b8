"""Floods: who does more in a minute than anybody can read is told so once, and read again after a pause. ::

    limit ┤      ╭─────────╮          each thing that somebody does raises the level by one; it sinks by the limit
          │     ╱  flood    ╲         within a minute, so that a burst and a steady pace are both bounded
     half ┤    ╱             ╲        a flood begins at the limit, and is over at half of it
          │   ╱               ╲
          ┴──╯                 ╰──►

There is a level for each person, wherever they write, and one for each room. Time is the platform's own, of when
something was done: what catch-up brings in one go, after the bot was away, was not written in one go. As it brings that
while people write on, what is late has levels of its own, which rise and sink in its own time.

The levels are this process's own. To store them would cost a commit for each message that is to cost nothing; after a
restart a flood is let in for one limit more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

from supportbot.clock import MINUTE
from supportbot.config import LimitsSettings
from supportbot.domain.event import Event

PER_PERSON = 30
PER_CHANNEL = 300
"""What one person, and all in one room, may do in a minute, unless `limits` says otherwise."""
MOST_LEVELS = 10_000
"""Persons and rooms that are known at a time; the quietest are forgotten first."""

Of = Literal["person", "channel"]
_Place = tuple[Of, str, bool]
"""Of what, whose, and whether it is for what comes late."""


@dataclass(slots=True)
class Level:
    """How much one person, or all in one room, did lately."""

    of: Of
    limit: int
    at: int
    height: float = 0
    is_flood: bool = False
    is_told: bool = False
    """Somebody was told of this flood."""

    def sink(self, now: int) -> None:
        """Let time pass; what comes late, with an earlier time, finds the level as it is."""
        if now > self.at:
            self.height = max(0.0, self.height - self.limit * (now - self.at) / MINUTE)
            self.at = now
            if self.height <= self.limit / 2:
                self.is_flood = self.is_told = False

    def rise(self) -> None:
        """Count one thing; one that finds the level at its limit begins a flood."""
        self.is_flood = self.is_flood or self.height + 1 > self.limit
        self.height = min(self.height + 1, self.limit)


class Floods:
    """Counts what people do, and tells what is too much."""

    def __init__(self, limits: LimitsSettings, unlimited: Collection[str] = frozenset()) -> None:
        """Take the limits; the `unlimited` adapters have none but those that the configuration gives."""
        self._given: dict[Of, int | None] = {
            "person": limits.messages_per_person,
            "channel": limits.messages_per_channel,
        }
        self._usual: dict[Of, int] = {"person": PER_PERSON, "channel": PER_CHANNEL}
        self._unlimited = unlimited
        self._levels: dict[_Place, Level] = {}

    def count(self, event: Event, now: int) -> Level | None:
        """Count what somebody does; returns the flood that it is part of, None where it may come in.

        Everything counts that costs a turn or is somebody's words, or a flood would go on by another way; only what
        takes words back is always let in. One person's flood does not count for their room.
        """
        if event.kind == "delete":
            return None
        for of, name in _counted(event):
            limit = self._given[of] or (None if event.address.adapter in self._unlimited else self._usual[of])
            level = self._level(of, name, limit, min(event.at, now)) if limit else None
            if level and level.is_flood:
                return level
        return None

    def discount(self, event: Event) -> None:
        """Take back what was counted for something that came in: it was known already, or an agent's."""
        for of, name in _counted(event):
            if level := self._levels.get(self._place(of, name, event.at)):
                level.height = max(0.0, level.height - 1)

    def _level(self, of: Of, name: str, limit: int, at: int) -> Level:
        place = self._place(of, name, at)
        level = self._levels.pop(place, None) or Level(of, limit, at)
        self._levels[place] = level  # as the last: the first ones did nothing for the longest time
        if len(self._levels) > MOST_LEVELS:
            del self._levels[next(iter(self._levels))]
        level.sink(at)
        level.rise()
        return level

    def _place(self, of: Of, name: str, at: int) -> _Place:
        newest = self._levels.get((of, name, False))
        return of, name, newest is not None and at < newest.at - MINUTE


def _counted(event: Event) -> list[tuple[Of, str]]:
    """Name what something counts for: the person wherever they are, and the room."""
    person: tuple[Of, str] = ("person", event.person.id)
    return [person] if event.direct else [person, ("channel", event.address.outside_thread.key)]
