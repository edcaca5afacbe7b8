"""The log of all calls of the Web API, for tests to look at."""

from __future__ import annotations

from dataclasses import dataclass

from supportbot.testing.call_log import CallLog
from supportbot.testing.slack.wire import Json


@dataclass(frozen=True, eq=False)
class Call:
    """One call of the Web API: what was asked and what was answered."""

    method: str
    arguments: Json
    token: str
    at: int
    """When, on the simulator's clock."""
    status: int
    answer: Json

    @property
    def ok(self) -> bool:
        """Whether Slack did what was asked and said so."""
        return bool(self.answer.get("ok"))

    @property
    def error(self) -> str:
        """The code of the refusal; ``lost`` where the answer never arrived."""
        return str(self.answer.get("error", ""))

    def __str__(self) -> str:
        return f"{self.method}({self.arguments}) -> {self.status} {self.error or 'ok'}"


class WorldLog(CallLog[Call]):
    """All calls, in the order in which they were answered."""
