"""A finding: one thing that was looked at, how it is, and what to do about it."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["ok", "warning", "problem"]


class Finding(msgspec.Struct, frozen=True):
    """What a check found; none of it is a secret or somebody's words, since it is read over shoulders and mailed."""

    name: str
    """What was looked at, as ``store.disk``: stable, for scripts."""
    state: State
    what: str
    """How it is, in a sentence without a full stop."""
    todo: str = ""
    """What to do; empty where all is well."""
