"""Durable dialogues by replay: a handler is run again from the top with what its journal knows already. ::

first message ──► handler ─ say ─ open_ticket ─ ask? ──► Suspended; the journal is stored, nothing waits in memory
the answer    ──► handler ─ (say) ─ (open_ticket) ─ ask = answer ─ say ─ ask? ──► Suspended …
                          └ from the journal, without effect ┘      └ done now, recorded ┘
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from supportbot.conduct import Conduct, caller
from supportbot.domain.conversation import ClaimedAlready
from supportbot.domain.dialogue import Step
from supportbot.domain.person import Person
from supportbot.errors import (
    IllegalMove,
    LimitReached,
    NoAnswer,
    NotAllowed,
    NotFound,
    OnceFailed,
    ReplayMismatch,
    SkillError,
    SupportbotError,
)

T = TypeVar("T")

MOST_STEPS = 200
DEEPEST = 3
"""How many dialogues of one person wait in a conversation at most; the one in front is asked, the others are parked."""

_REFUSALS = {refusal.__name__: refusal for refusal in (NotFound, NotAllowed, IllegalMove, NoAnswer, SkillError)}
"""What replays as the same error, made of its text; those that say more than that do, too, made of their details."""
_DETAILED = (ClaimedAlready, LimitReached)


class Suspended(BaseException):
    """Ends a run at a question without an answer; a BaseException, so that ``except Exception`` lets it pass."""


class NotRead(BaseException):
    """Ends a run because the reader of the open question found no value in the answer; nothing has happened."""

    def __init__(self, hint_key: str, values: dict[str, Any]) -> None:
        self.hint_key = hint_key
        self.values = values
        super().__init__(hint_key)


class Journal:
    """The steps of one handler: those that are known, then those that it takes now."""

    def __init__(
        self, conduct: Conduct, steps: tuple[Step, ...] = (), *, open_question: str = "", rehearses: bool = False
    ) -> None:
        self.conduct = conduct
        self.handler = conduct.handler
        self.steps = list(steps)
        self._position = 0
        self._known = len(steps)
        self._open = open_question
        """The name of the question that waits, the next to be asked; "" for none, or for one of an old store."""
        self._rehearses = rehearses
        """The run ends where something new would be done: it is only to be seen whether it comes so far."""
        self.is_closed = False
        """The run is over, whatever of the handler goes on: it takes no more steps."""

    @property
    def is_replaying(self) -> bool:
        """The next step is known already."""
        return self._position < self._known

    @property
    def fresh(self) -> bool:
        """The handler took a step in this run that was not known before."""
        return len(self.steps) > self._known

    @property
    def position(self) -> int:
        """The ordinal of the next step."""
        return self._position

    def recall(self, kind: str, name: str) -> Step | None:
        """Give the known result of the next step, None where the handler has come to something new."""
        if self.is_closed:
            raise SkillError(f"{self.handler} called {kind} at {caller()} when its turn was over; await it in time")
        self.conduct.check_task(kind)
        if not self.is_replaying:
            self._begin_new(kind, name)
            return None
        step = self.steps[self._position]
        if (step.kind, step.name) != (kind, name):
            raise self._mismatch(f"was {step.kind}({step.name}), now it is {kind}({name})")
        self._position += 1
        return step

    def _begin_new(self, kind: str, name: str) -> None:
        if kind == "ask" and self._open:
            if self._open != name:
                raise self._mismatch(f"is waiting as ask({self._open}), now it is ask({name})")
            self._open = ""
        if self._rehearses:
            self.conduct.suspended_at = caller()
            raise Suspended

    def _mismatch(self, what: str) -> ReplayMismatch:
        return self.conduct.refuse(
            ReplayMismatch(
                f"{self.handler} no longer matches its waiting dialogue: step {self._position + 1} {what} at "
                f"{caller()}; keep the order of steps, or give the new ones a handler of their own"
            )
        )

    def record(self, step: Step) -> None:
        """Add a step that was taken now."""
        if len(self.steps) >= MOST_STEPS:
            raise SkillError(f"{self.handler} took over {MOST_STEPS} steps, the last at {caller()}; split it")
        self.steps.append(step)
        self._position += 1

    def finish(self) -> None:
        """Check, at the end of a run, that the handler took every known step and asked what waits."""
        left = self.steps[self._position] if self.is_replaying else None
        if left or self._open:
            missing = f"{left.kind}({left.name})" if left else f"ask({self._open})"
            raise ReplayMismatch(
                f"{self.handler} ended before step {self._position + 1} of its dialogue, {missing}; "
                "keep the order of steps, or give the new ones a handler of their own"
            )

    async def step(self, kind: str, name: str, type: Any, do: Callable[[], Awaitable[T]]) -> T:
        """Do something once in the life of the dialogue: from the journal where it is known, else now."""
        known = self.recall(kind, name)
        if known is not None:
            return result_of(known, type)  # type: ignore[no-any-return] # as recorded, of that type
        try:
            value = await do()
        except SupportbotError as error:
            self.record(failure(kind, name, error))
            raise
        self.record(Step(kind=kind, name=name, result=msgspec.to_builtins(value)))
        return value


def result_of(step: Step, type: Any) -> Any:
    """Read a step's result back as the type it had, or raise the failure that it was."""
    if not step.failed:
        return msgspec.convert(step.result, type)
    if step.kind == "once":
        raise OnceFailed(step.failed, str(step.result or ""))
    raise _refusal(step)


def _refusal(step: Step) -> SupportbotError:
    if step.failed == ClaimedAlready.__name__:
        return ClaimedAlready(msgspec.convert(step.details["agent"], Person), step.details["reference"])
    if step.failed == LimitReached.__name__:
        return LimitReached(**step.details)
    return _REFUSALS.get(step.failed, SupportbotError)(str(step.result or ""))


def failure(kind: str, name: str, error: Exception) -> Step:
    """Record that an error came of a step."""
    details = msgspec.to_builtins(vars(error)) if isinstance(error, _DETAILED) else {}
    return Step(kind=kind, name=name, failed=type(error).__name__, result=str(error)[:500], details=details)
