"""Conduct: how a handler behaves in its run; what a replay could not repeat is an error that names its line."""

from __future__ import annotations

import asyncio
import functools
import inspect
import sys
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from types import CodeType, FrameType
from typing import Any, TypeVar

from supportbot.errors import SkillError

Verb = TypeVar("Verb", bound=Callable[..., Coroutine[Any, Any, Any]])
Misuse = TypeVar("Misuse", bound=SkillError)

_ENGINE = ("supportbot.turn", "supportbot.dialogue", "supportbot.conduct", "supportbot.pipeline", "asyncio")
"""The code between a skill and its question, whose lines help no author."""


class Conduct:
    """What is known of one run of a handler, for the house to judge it by."""

    def __init__(self, handler: str) -> None:
        self.handler = handler
        self.function: Callable[..., Any] | None = None
        self.runs: Coroutine[Any, Any, Any] | None = None
        """The handler's own run: where it stands is where what it began went wrong."""
        self.suspended_at = ""
        """Where it asked what is to end this run."""
        self.misuse: SkillError | None = None
        """What it did that it may not; an error even where the handler swallows it."""
        self._task = asyncio.current_task()
        self._begun: list[tuple[Coroutine[Any, Any, Any], CodeType, int]] = []

    def refuse(self, misuse: Misuse) -> Misuse:
        """Keep what the handler did that it may not; it is to be raised by whoever found it."""
        self.misuse = self.misuse or misuse
        return misuse

    def begin(self, verb: Coroutine[Any, Any, Any], caller: FrameType) -> None:
        """Note that a verb was called, and where."""
        self._begun.append((verb, caller.f_code, caller.f_lasti))

    def check_task(self, verb: str) -> None:
        """Raise where a verb runs beside the handler: a replay could not tell when it came."""
        if asyncio.current_task() is not self._task:
            raise self.refuse(
                SkillError(
                    f"{self.handler} called turn.{verb} in a task of its own, awaited at {self.place()}: "
                    "a replay could not tell its order; await it in the handler itself"
                )
            )

    def check(self, *, has_ended: bool) -> None:
        """Raise what the handler did that it may not, though its run came to an end or to a question."""
        if self.misuse:
            raise self.misuse
        if has_ended and self.suspended_at:
            raise self.went_on()
        for coroutine, code, at in self._begun:
            if inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
                verb = _spelled(coroutine)
                raise SkillError(
                    f"{self.handler} called {verb} at {code.co_filename}:{_line(code, at)} and did not await it there, "
                    f"so nothing came of it; write `await {verb}(…)`"
                )

    def check_group(self, group: BaseExceptionGroup[BaseException], suspension: type[BaseException]) -> None:
        """Raise where a question was asked within a TaskGroup, which makes an error of its suspension."""
        if self.suspended_at and group.subgroup(suspension):
            raise SkillError(
                f"{self.handler} asked at {self.suspended_at} inside a TaskGroup, which cannot wait for an answer; "
                "ask before it or after it"
            ) from group

    def went_on(self) -> SkillError:
        """Word that a question did not end the run."""
        return self.refuse(
            SkillError(
                f"{self.handler} went on after its question at {self.suspended_at}: a bare `except` or `finally` "
                "swallowed the suspension; catch Exception instead"
            )
        )

    def close(self) -> None:
        """Let go of verbs that were never awaited; they do nothing any more."""
        for coroutine, *_ in self._begun:
            if inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED:
                coroutine.close()

    def place(self) -> str:
        """Name the line of the skill's own code where the run stands now, also while something else runs for it."""
        if self.function is None:
            return "?"
        code = inspect.unwrap(self.function).__code__
        frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 - the documented way to ask for a caller's line
        while frame:
            if frame.f_code.co_filename == code.co_filename and INSIDE.get() is self:
                return f"{code.co_filename}:{frame.f_lineno}"
            frame = frame.f_back
        return _place_of(self.runs) or f"{code.co_filename}:{code.co_firstlineno}"


INSIDE: ContextVar[Conduct | None] = ContextVar("INSIDE", default=None)
"""The run of a handler that this code is part of, its tasks and threads included; None in what ``turn.once`` does."""


def verb(method: Verb) -> Verb:
    """Mark a method of a turn or of its nouns that is awaited: one that is not is an error of the handler's."""

    @functools.wraps(method)
    def call(self: Any, *args: Any, **kwargs: Any) -> Coroutine[Any, Any, Any]:
        coroutine = method(self, *args, **kwargs)
        self._asking.conduct.begin(coroutine, sys._getframe(1))  # noqa: SLF001 - its own turn's; see place
        return coroutine

    return call  # type: ignore[return-value] # it takes and gives the same


def caller() -> str:
    """Name the line of the nearest code outside the package's own engine, as ``refunds.py:12``."""
    frame = sys._getframe(1)  # noqa: SLF001 - see place
    while frame.f_back and _is_engine(frame):
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}"


def _place_of(run: Coroutine[Any, Any, Any] | None) -> str:
    """Name the line of a skill's code where a suspended coroutine stands, "" where it has ended."""
    place = ""
    while run is not None and getattr(run, "cr_frame", None):
        frame: FrameType = run.cr_frame  # type: ignore[attr-defined] # a native coroutine, as it has a frame
        if not _is_engine(frame):
            place = f"{frame.f_code.co_filename}:{frame.f_lineno}"
        run = run.cr_await  # type: ignore[attr-defined] # as above
    return place


def _is_engine(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__", "")).startswith(_ENGINE)


def _line(code: CodeType, at: int) -> int:
    return next((line for start, end, line in code.co_lines() if start <= at < end and line), code.co_firstlineno)


def _spelled(coroutine: Coroutine[Any, Any, Any]) -> str:
    """Spell a verb as authors write it: ``TurnTickets.add`` is ``turn.tickets.add``."""
    owner, _, name = str(getattr(coroutine, "__qualname__", "")).rpartition(".")
    noun = owner.removeprefix("Turn").lower()
    return f"turn.{noun}.{name}" if noun else f"turn.{name}"
