"""The log of what an app asked of a simulated platform, for tests to look at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Logged(Protocol):
    """What every platform's call has: its method's name, and whether it went well."""

    @property
    def method(self) -> str: ...

    @property
    def ok(self) -> bool: ...


AnyCall = TypeVar("AnyCall", bound=Logged)


class CallLog(Generic[AnyCall]):
    """All calls, in the order in which they were answered."""

    def __init__(self) -> None:
        self._calls: list[AnyCall] = []

    def add(self, call: AnyCall) -> None:
        """Write a call down."""
        self._calls.append(call)

    def calls(self, method: str = "", *, ok: bool | None = None) -> list[AnyCall]:
        """List the calls of a method, or of all; with `ok` only those that went well, or did not."""
        named = [call for call in self._calls if method in ("", call.method)]
        return [call for call in named if ok is None or call.ok is ok]

    def __iter__(self) -> Iterator[AnyCall]:
        return iter(self._calls)

    def __len__(self) -> int:
        return len(self._calls)

    def __str__(self) -> str:
        return "\n".join(str(call) for call in self._calls)
