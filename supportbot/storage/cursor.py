"""Cursors: where a page ended, spelled so that what is inserted meanwhile does not move it."""

from __future__ import annotations

from typing import Any

import msgspec


def write_cursor(order: Any, id: str) -> str:
    """Spell a place in an order: the order's value, and the id that settles ties."""
    return msgspec.json.encode([order, id]).decode()


def read_cursor(cursor: str) -> tuple[Any, str]:
    """Read a cursor that a page gave."""
    try:
        order, id = msgspec.json.decode(cursor)
    except (msgspec.DecodeError, ValueError, TypeError) as error:
        raise ValueError(f"{cursor!r} is not a cursor; use the `next` of a page as it is") from error
    return order, id
