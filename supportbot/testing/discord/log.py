"""The log of all calls of the API, for tests to look at."""

from __future__ import annotations

from dataclasses import dataclass

from supportbot.testing.call_log import CallLog
from supportbot.testing.discord.wire import Json

LOST = 0
"""The status of a call whose answer never arrived."""


@dataclass(frozen=True, eq=False)
class Call:
    """One call of the API: what was asked and what was answered."""

    method: str
    """The name of the endpoint in Discord's documentation, such as ``Create Message``."""
    path: str
    arguments: Json
    at: int
    """When, on the simulator's clock."""
    status: int
    answer: Json

    @property
    def ok(self) -> bool:
        """Whether Discord did what was asked and said so."""
        return 200 <= self.status < 300

    @property
    def error(self) -> int:
        """Discord's code of the refusal, such as 50013; 0 where there is none."""
        return int(self.answer.get("code") or 0)

    def __str__(self) -> str:
        outcome = "ok" if self.ok else f"{self.error or ''} {self.answer.get('message', 'lost')}".strip()
        return f"{self.method} {self.path}({self.arguments}) -> {self.status or 'lost'} {outcome}"


class WorldLog(CallLog[Call]):
    """All calls, in the order in which they were answered."""

    @property
    def invalid(self) -> int:
        """How many answers were 401, 403 or 429; ten thousand of them in ten minutes get an address banned."""
        return sum(call.status in (401, 403, 429) for call in self)
