"""The log of all calls of the Web API, for tests to look at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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


class WorldLog:
    """All calls, in the order in which they were answered."""

    def __init__(self) -> None:
        self._calls: list[Call] = []

    def add(self, call: Call) -> None:
        """Write a call down."""
        self._calls.append(call)

    def calls(self, method: str = "", *, ok: bool | None = None) -> list[Call]:
        """List the calls of a method, or of all; with `ok` only those that went well, or did not."""
        named = [call for call in self._calls if method in ("", call.method)]
        return [call for call in named if ok is None or call.ok is ok]

    def __iter__(self) -> Iterator[Call]:
        return iter(self._calls)

    def __len__(self) -> int:
        return len(self._calls)

    def __str__(self) -> str:
        return "\n".join(str(call) for call in self._calls)
