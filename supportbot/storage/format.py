"""The format version of a store: newer ones are refused, older ones are copied before they are brought up to date."""

from __future__ import annotations

from supportbot.errors import StoreTooNew

FORMAT = 2
"""What this release writes; count it up with any change that an earlier release could not read."""


def is_older(found: int, place: str) -> bool:
    """Tell whether a store has to be brought up to date; StoreTooNew where only a newer release can read it."""
    if found > FORMAT:
        raise StoreTooNew(
            f"{place} has format {found} and this release knows up to {FORMAT}; install the newer release again"
        )
    return found < FORMAT
