"""A survey: what the requester thought of the solution of a ticket, asked once."""

from __future__ import annotations

import msgspec


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """How a ticket was rated: 1 (bad) to 5 (very good), 0 is not rated; instants are milliseconds, 0 is not yet."""

    asked_at: int = 0
    rated_at: int = 0
    rating: int = 0
    comment: str = ""
