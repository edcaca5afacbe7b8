"""The contract of a check: it looks at a patient and gives its findings.

What a check need *not* do: handle what it did not foresee, keep to a time, hide secrets, or think of other checks.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from supportbot.app import MakeAdapter
from supportbot.clock import Clock, SystemClock
from supportbot.config import Config
from supportbot.domain.finding import Finding


@dataclass(frozen=True)
class Patient:
    """A bot as it is configured, running or not."""

    file: Path | None = None
    """Its configuration file; None for the defaults."""
    config: Config | None = field(default_factory=Config)
    """None where the file has mistakes: what needs it is not looked at."""
    skills: Config = field(default_factory=Config)
    """What can be read of the skills, whatever mistakes stand elsewhere."""
    mistakes: Sequence[str] = ()
    adapters: Sequence[MakeAdapter] = ()
    clock: Clock = field(default_factory=SystemClock)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    @property
    def folder(self) -> Path:
        """The folder of the configuration, where ``.env`` is, too."""
        return self.file.parent if self.file else Path()


Check = Callable[[Patient], AsyncIterator[Finding]]


def ok(name: str, what: str) -> Finding:
    """Word what is well."""
    return Finding(name, "ok", what)


def warning(name: str, what: str, todo: str) -> Finding:
    """Word what will be a problem some day."""
    return Finding(name, "warning", what, todo)


def problem(name: str, what: str, todo: str) -> Finding:
    """Word what keeps the bot from doing its work, or gives secrets away."""
    return Finding(name, "problem", what, todo)


def counted(count: int, singular: str, plural: str = "", *, most: int = 0) -> str:
    """Word a number of things; a count that stopped at `most` says so."""
    more = " or more" if most and count >= most else ""
    return f"{count:,}{more} {singular if count == 1 and not more else plural or singular + 's'}"
