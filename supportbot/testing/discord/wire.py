"""What goes over the wire: JSON objects, the ids and times in them, and the refusals of the API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from supportbot.clock import Clock, as_datetime

Json = dict[str, Any]

EPOCH = 1_420_070_400_000
"""The first second of 2015, from which Discord's ids count."""


class Mistake(NamedTuple):
    """What is wrong with a part of a request: where (``embeds.0.title``), the code, and a sentence."""

    place: str
    code: str
    message: str


class Refused(Exception):
    """An answer of the API that is no success: its status, Discord's own code, and a sentence."""

    def __init__(self, status: int, code: int, message: str, errors: Json | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.errors = errors

    @classmethod
    def unknown(cls, what: str) -> Refused:
        """Say that there is no such thing."""
        return cls(404, _UNKNOWN[what], f"Unknown {what}")

    @classmethod
    def access(cls) -> Refused:
        """Say that the bot cannot see it."""
        return cls(403, 50001, "Missing Access")

    @classmethod
    def permission(cls) -> Refused:
        """Say that the bot sees it, and may not do this."""
        return cls(403, 50013, "Missing Permissions")

    @classmethod
    def invalid(cls, mistakes: Sequence[Mistake]) -> Refused:
        """Refuse a body, naming each mistake at its place."""
        errors: Json = {}
        for mistake in mistakes:
            at = errors
            for part in mistake.place.split("."):
                at = at.setdefault(part, {})
            at.setdefault("_errors", []).append({"code": mistake.code, "message": mistake.message})
        return cls(400, 50035, "Invalid Form Body", errors)

    def answer(self) -> Json:
        """Say it as the API does."""
        answer: Json = {"message": self.message, "code": self.code}
        return {**answer, "errors": self.errors} if self.errors else answer


_UNKNOWN = {
    "Channel": 10003,
    "Guild": 10004,
    "Member": 10007,
    "Message": 10008,
    "Role": 10011,
    "User": 10013,
    "Emoji": 10014,
    "Webhook": 10015,
    "interaction": 10062,
    "application command": 10063,
}


class Serials:
    """Gives out ids, times and tokens; the same test gets the same ones in the same order."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._given = 0
        self._last = 0

    def id(self, *, age: int = 0) -> str:
        """Make an id (a snowflake), which tells when it was made; with `age`, so many milliseconds ago."""
        fresh = (self.clock.now() - age - EPOCH) << 22
        if age:
            self._given += 1
            return str(fresh + self._given)
        self._last = max(fresh, self._last + 1)
        return str(self._last)

    def time(self, *, later: int = 0) -> str:
        """Write the time now, or so many milliseconds later, as the wire has it."""
        return as_datetime(self.clock.now() + later).isoformat()

    def secret(self, prefix: str) -> str:
        """Make a token; it protects nothing, so it may be guessed."""
        self._given += 1
        return f"{prefix}-{self._given:010d}-simulated"
