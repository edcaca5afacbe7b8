"""A guard over handlers in tests: no connection outside ``turn.once``, and no task that outlives its turn."""

from __future__ import annotations

import asyncio
import contextvars
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, NamedTuple, TypeVar

from supportbot.conduct import INSIDE, Conduct
from supportbot.errors import SkillError

T = TypeVar("T")

_CONNECTING = frozenset({"socket.connect", "socket.getaddrinfo", "socket.gethostbyname"})
_THREADS = 4
_armed = False


def forbid_connections() -> None:
    """From now on let no handler of this process open a connection outside ``turn.once``; it cannot be taken back."""
    global _armed  # noqa: PLW0603 - an audit hook is there once and for good
    if not _armed:
        _armed = True
        sys.addaudithook(_look)


def _look(event: str, arguments: tuple[Any, ...]) -> None:
    if event in _CONNECTING and (conduct := INSIDE.get()):
        raise conduct.refuse(
            SkillError(
                f"{conduct.handler} opened a connection to {_peer(event, arguments)} at {conduct.place()}, outside "
                "turn.once: a replay would do it again; do it in a function that you give to `await turn.once(…)`"
            )
        )


def _peer(event: str, arguments: tuple[Any, ...]) -> str:
    peer = arguments[1] if event == "socket.connect" else arguments[:2]
    return ":".join(str(part) for part in peer[:2] if part) if isinstance(peer, tuple) else str(peer)


class Carrying(ThreadPoolExecutor):
    """Threads that know for whom they work: what they do counts as the handler's that asked for it."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Run a function in a thread, in the context of the caller."""
        return super().submit(contextvars.copy_context().run, fn, *args, **kwargs)


class Begun(NamedTuple):
    """A task that a handler began, and where."""

    conduct: Conduct
    place: str
    task: asyncio.Future[Any]


class Guard:
    """Watches the tasks and threads of one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._before = loop.get_task_factory()
        self._begun: list[Begun] = []

    def begin(self) -> None:
        """Watch from now on."""
        forbid_connections()
        self._loop.set_task_factory(self._make)
        self._loop.set_default_executor(Carrying(_THREADS, thread_name_prefix="carrying"))

    def end(self) -> None:
        """Watch no longer."""
        self._loop.set_task_factory(self._before)

    def _make(self, loop: asyncio.AbstractEventLoop, coroutine: Any, **options: Any) -> asyncio.Future[Any]:
        make: Any = self._before
        task = make(loop, coroutine, **options) if make else asyncio.Task(coroutine, loop=loop, **options)
        conduct = INSIDE.get()
        if conduct and not _is_ours():
            self._begun.append(Begun(conduct, conduct.place(), task))
        return task

    async def left_running(self) -> SkillError | None:
        """End the tasks that handlers left running, and word the first of them."""
        begun, self._begun = self._begun, []
        left = [one for one in begun if not one.task.done()]
        for one in left:
            one.task.cancel()
        await asyncio.gather(*(one.task for one in left), return_exceptions=True)
        if not left:
            return None
        return SkillError(
            f"{left[0].conduct.handler} left a task running when its turn was over, begun at {left[0].place}: a "
            "restart forgets it; await it in the handler, or let an @on.timer method do it with turn.schedule"
        )


def _is_ours() -> bool:
    """Tell whether the house begins this task itself, for a verb, and not the handler."""
    frame = sys._getframe(2)  # noqa: SLF001 - the documented way to look at a caller
    while frame.f_back and str(frame.f_globals.get("__name__", "")).startswith("asyncio"):
        frame = frame.f_back
    name = str(frame.f_globals.get("__name__", ""))
    return name.startswith("supportbot.") and not name.startswith("supportbot.skills")
