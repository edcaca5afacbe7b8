"""Clocks: how far this machine's is away from a platform's, which the header Date of every answer tells."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

from supportbot.clock import SECOND, as_instant

SET_IT = "let the machine set its clock by NTP"
"""What to do about a clock that is wrong."""


def seconds_apart(header: str, now: int) -> int | None:
    """Tell how many seconds lie between a header Date and an instant; None where the header cannot be read."""
    try:
        theirs = as_instant(parsedate_to_datetime(header))
    except ValueError:
        return None
    return abs(now - theirs) // SECOND
