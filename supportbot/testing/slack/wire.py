"""What goes over the wire: JSON objects, the ids and timestamps in them, and the refusals of the Web API."""

from __future__ import annotations

import string
from typing import Any

from supportbot.clock import Clock

Json = dict[str, Any]

_LETTERS = frozenset(string.ascii_uppercase + string.digits)


class Refused(Exception):
    """Slack's answer ``{"ok": false, "error": code}``, with whatever else belongs into it."""

    def __init__(self, code: str, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.details = details

    @classmethod
    def invalid(cls, code: str, mistakes: list[str]) -> Refused:
        """Refuse blocks or a view, naming each mistake with its place as Slack does."""
        messages = [f"[ERROR] {mistake}" for mistake in mistakes]
        return cls(code, errors=mistakes, response_metadata={"messages": messages})

    def answer(self) -> Json:
        """Say it as the Web API does."""
        return {"ok": False, "error": self.code, **self.details}


class Serials:
    """Gives out ids and message timestamps; the same test gets the same ones in the same order."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._given = 0
        self._last = 0

    def id(self, prefix: str, name: str = "") -> str:
        """Make an id such as ``C003HELP000``, in which a reader of a failing test finds the name again."""
        self._given += 1
        letters = "".join(letter for letter in name.upper() if letter in _LETTERS)[:7]
        return f"{prefix}{self._given:03d}{letters}".ljust(11, "0")

    def timestamp(self) -> str:
        """Make the ``ts`` of something that happens now: seconds and microseconds, never the same twice."""
        self._last = max(self._clock.now() * 1000, self._last + 1)
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def secret(self, prefix: str) -> str:
        """Make a token or ticket; it protects nothing, so it may be guessed."""
        self._given += 1
        return f"{prefix}-{self._given:010d}-simulated"


def seconds(timestamp: str) -> int:
    """Read the whole seconds of a ``ts``."""
    return int(timestamp.partition(".")[0])
