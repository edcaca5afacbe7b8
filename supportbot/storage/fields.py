"""The declared fields of a record, dotted ones too, read as values that can be compared and sorted."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any

import msgspec


def reader(*paths: str) -> Callable[[Any], tuple[Any, ...]]:
    """Make a function that reads dotted fields of a record as a tuple."""
    if not paths:
        return lambda _record: ()
    read = attrgetter(*paths)
    single = len(paths) == 1

    def fields(record: Any) -> tuple[Any, ...]:
        try:
            return (read(record),) if single else read(record)
        except AttributeError:  # a part of a path is None
            return tuple(_follow(record, path) for path in paths)

    return fields


def _follow(record: Any, path: str) -> Any:
    for name in path.split("."):
        if record is None:
            return None
        record = getattr(record, name)
    return record


def known(type_: type[msgspec.Struct]) -> frozenset[str]:
    """Name the stored fields that this release knows; a put keeps the others."""
    return frozenset(field.encode_name for field in msgspec.structs.fields(type_))
