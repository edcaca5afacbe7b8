"""Time, passed in: the real clock, and one that tests and ``chat --clock simulated`` move by hand.

Stored instants are whole milliseconds since 1970 in UTC: they sort, compare and survive JSON as they are.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

LONGEST = 36_500 * DAY
"""The longest span that makes sense in a setting or a line: a hundred years."""
_LONGEST_SPAN = 40
_UNITS = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:ms|[smhdw]))+")  # our own pattern on short settings, not a person's
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhdw])")


class Clock(Protocol):
    """What tells the time."""

    def now(self) -> int:
        """Tell the instant, in milliseconds since 1970 UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        return time.time_ns() // 1_000_000


class SimulatedClock:
    """A clock that stands still until it is moved; it starts on a Monday morning, 2026-01-05 09:00 UTC."""

    def __init__(self, start: int = 1_767_603_600_000) -> None:
        self._now = start

    def now(self) -> int:
        return self._now

    def move_to(self, instant: int) -> None:
        """Go to an instant; going back is not possible."""
        self._now = max(self._now, instant)


def parse_duration(text: str) -> int:
    """Read a span such as ``90s``, ``10m``, ``1h30m``, ``26h``, ``7d`` or ``0s``, in milliseconds."""
    compact = text.strip().lower().replace(" ", "")
    if len(compact) > _LONGEST_SPAN or not _DURATION.fullmatch(compact):
        raise ValueError(f"{shown(text)} is not a span of time; write it like 90s, 10m, 1h30m or 7d")
    span = int(sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(compact)))
    if span > LONGEST:
        raise ValueError(f"{shown(text)} is more than {LONGEST // (365 * DAY)} years; give a shorter span")
    return span


def shown(text: str) -> str:
    """Repeat what somebody wrote in an error, shortened."""
    return repr(text if len(text) <= _LONGEST_SPAN else f"{text[:_LONGEST_SPAN]}…")


def as_datetime(instant: int) -> datetime:
    """Show a stored instant as an aware UTC datetime."""
    return datetime.fromtimestamp(instant / 1000, UTC)


def as_instant(moment: datetime) -> int:
    """Store an aware datetime as an instant."""
    if moment.tzinfo is None:
        raise ValueError("a datetime without a time zone has no place on the clock; give it one, as tzinfo=UTC")
    return round(moment.timestamp() * 1000)


def milliseconds(span: timedelta | str | int) -> int:
    """Take a span of time in any form the API accepts (timedelta, ``"10m"``, milliseconds), in milliseconds."""
    if isinstance(span, timedelta):
        return round(span.total_seconds() * 1000)
    return parse_duration(span) if isinstance(span, str) else span
