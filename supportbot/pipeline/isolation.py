"""Isolation: a handler runs so that whatever it does, the bot goes on: it may raise, hang, block the loop or exit. ::

handler ──► step ──► await ──► step ──► …      each step is timed by a watchdog thread;
             │ holds the loop for 1 s           on the Unix main thread a signal interrupts it there
             ▼
          Blocked

At its limit it is cancelled; one that goes on all the same is left where it stands, and never takes a step again.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import inspect
import signal
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import Any

from supportbot.conduct import INSIDE
from supportbot.pipeline.handlers import Handler
from supportbot.turn import Turn

LONGEST_STEP = 1.0
"""Seconds that a handler may hold the loop without awaiting."""
ONE_MOMENT_AFTER = 4.0
"""Seconds after which the person is told that it takes a moment."""
GRACE = 1.0
"""Seconds that a handler has, from its limit on, to end well."""
TICK = 0.25
"""Seconds between two looks of the watchdog."""
_THREADS = 8
SKILL_THREAD = "skill"
"""What the names of the threads begin with in which plain ``def`` handlers run."""
_SIGNAL = getattr(signal, "SIGUSR2", None)

LEFT_BEHIND: list[Coroutine[Any, Any, Any]] = []
"""Handlers that would not end. They are kept, as to collect one would run it; a process that has any must not clean up
when it ends."""


class Blocked(BaseException):
    """A handler held the loop too long and was interrupted; a BaseException, so that it cannot be swallowed lightly."""


class Isolation:
    """Runs handlers under a watchdog and a time limit."""

    def __init__(self) -> None:
        self._watchdog = Watchdog()
        self._pool: ThreadPoolExecutor | None = None
        self.is_ending = False
        """Handlers that are cancelled and go on are left behind at once."""

    async def call(self, handler: Handler, turn: Turn, slow: Callable[[], Awaitable[None]]) -> Any:
        """Run a handler to its end; `slow` is called once when it takes long. TimeoutError at its limit."""
        conduct, context = turn.conduct, contextvars.copy_context()
        context.run(INSIDE.set, conduct)
        conduct.function = handler.function
        if not handler.is_async:
            in_thread = asyncio.get_running_loop().run_in_executor
            running = in_thread(self._threads(), context.run, handler.function, ReadOnly(turn))
            return await self._in_time(lambda _: running, turn, handler.time_limit, slow)
        conduct.runs = handler.function(turn)
        watched = _Watched(conduct.runs, self._watchdog, context)
        if watched.ends_at_once():  # as most do: they wait for nothing, so no timer is needed
            return watched.result
        return await self._in_time(watched.until, turn, handler.time_limit, slow)

    async def _in_time(
        self,
        until: Callable[[Callable[[], bool]], Awaitable[Any]],
        turn: Turn,
        limit: float,
        slow: Callable[[], Awaitable[None]],
    ) -> Any:
        waiting = _Later(slow)
        loop = asyncio.get_running_loop()
        timer = loop.call_later(ONE_MOMENT_AFTER, waiting.begin)
        closing = loop.call_later(limit, turn.close)
        try:
            async with asyncio.timeout(limit + GRACE) as grace:
                async with asyncio.timeout(limit):
                    return await until(lambda: grace.expired() or self.is_ending)
        finally:
            closing.cancel()
            timer.cancel()
            await waiting.end()

    def _threads(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix=SKILL_THREAD)
        return self._pool

    def start(self) -> None:
        """Begin to watch for handlers that hold the loop."""
        self._watchdog.start()

    def let_go(self) -> None:
        """Leave behind, from now on, whatever handler goes on when it is cancelled: the process ends."""
        self.is_ending = True

    def stop(self) -> None:
        """Stop watching."""
        self._watchdog.stop()
        if self._pool:
            self._pool.shutdown(wait=False, cancel_futures=True)


class _Later:
    """Runs something beside a handler, and is waited for before the handler's end counts."""

    def __init__(self, do: Callable[[], Awaitable[None]]) -> None:
        self._do = do
        self._task: asyncio.Task[None] | None = None

    def begin(self) -> None:
        async def run() -> None:
            await self._do()

        self._task = asyncio.get_running_loop().create_task(run())

    async def end(self) -> None:
        if self._task:
            await asyncio.gather(self._task, return_exceptions=True)


class ReadOnly:
    """What a plain ``def`` handler gets, since it runs in a thread: it may look at the turn, and return what to say."""

    _VISIBLE = frozenset(
        {"text", "files", "args", "value", "found", "data", "person", "is_agent", "in_public", "now", "phrase",
         "conversation_id"}
    )  # fmt: skip

    def __init__(self, turn: Turn) -> None:
        self._turn = turn

    def __getattr__(self, name: str) -> Any:
        if name in self._VISIBLE:
            return getattr(self._turn, name)
        raise AttributeError(f"turn.{name} needs an async handler: write `async def` and await it")


class Watchdog:
    """Sees from another thread when one step of a handler holds the loop, and interrupts it."""

    def __init__(self, longest: float = LONGEST_STEP, what: str = "held the loop") -> None:
        self._longest = longest
        self._what = what
        self._since = 0.0
        self._loop_thread = 0
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._previous: Any = None

    def enter(self) -> None:
        """A step begins."""
        self._since = time.monotonic()

    def leave(self) -> None:
        """The step ends."""
        self._since = 0.0

    def start(self) -> None:
        """Watch the thread that calls this; only a Unix main thread can be interrupted."""
        if self._thread or _SIGNAL is None or threading.current_thread() is not threading.main_thread():
            return
        self._loop_thread = threading.get_ident()
        self._previous = signal.signal(_SIGNAL, self._interrupt)
        self._stopping.clear()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching, and give the signal back."""
        if self._thread and _SIGNAL is not None:
            self._stopping.set()
            self._thread.join()
            self._thread = None
            signal.signal(_SIGNAL, self._previous)

    def _is_held(self) -> bool:
        since = self._since
        return bool(since) and time.monotonic() - since > self._longest

    def _watch(self) -> None:
        while not self._stopping.wait(TICK):
            if self._is_held() and _SIGNAL is not None:
                signal.pthread_kill(self._loop_thread, _SIGNAL)

    def _interrupt(self, _number: int, _frame: FrameType | None) -> None:
        if self._is_held():  # the step may have ended while the signal was on its way
            self._since = time.monotonic()  # a step that swallows it is interrupted again
            raise Blocked(f"{self._what} for more than {self._longest:g} s")


@contextlib.contextmanager
def watched(longest: float) -> Iterator[None]:
    """Interrupt, with Blocked, what runs here for longer than so many seconds: code that is imported, say."""
    watchdog = Watchdog(longest, "went on")
    watchdog.start()
    watchdog.enter()
    try:
        yield
    finally:
        watchdog.leave()
        watchdog.stop()


class _Watched:
    """Takes a coroutine step by step in its own context, telling the watchdog when a step begins and ends.

    The first step is taken by itself; only a coroutine that did not end in it is awaited.
    """

    __slots__ = ("_context", "_coroutine", "_first", "_is_over", "_watchdog", "result")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], watchdog: Watchdog, context: contextvars.Context) -> None:
        self._coroutine = coroutine
        self._context = context
        self._watchdog = watchdog
        self._first: Any = None
        self._is_over: Callable[[], bool] = lambda: False
        self.result: Any = None

    def ends_at_once(self) -> bool:
        """Take the first step; tells whether it was the last, and `result` is there."""
        try:
            self._first = self._step(self._coroutine.send, None)
        except StopIteration as end:
            self.result = end.value
            return True
        return False

    def until(self, is_over: Callable[[], bool]) -> _Watched:
        """Be awaited until its time is over: what is cancelled then takes no other step."""
        self._is_over = is_over
        return self

    def _step(self, step: Callable[[Any], Any], sent: Any) -> Any:
        self._watchdog.enter()
        try:
            return self._context.run(step, sent)
        finally:
            self._watchdog.leave()

    def __await__(self) -> Generator[Any, Any, Any]:
        yielded = self._first
        while True:
            try:
                sent = yield yielded
                step: Callable[[Any], Any] = self._coroutine.send
            except BaseException as thrown:
                if self._is_over():
                    LEFT_BEHIND.append(self._coroutine)
                    raise  # not handed on: it was cancelled before, and went on
                sent, step = thrown, self._coroutine.throw
            try:
                yielded = self._step(step, sent)
            except StopIteration as end:
                return end.value


async def withdraw_cancellation() -> None:
    """Take back what code that is not ours did to the task that it runs in: it may cancel its own tasks only."""
    task = asyncio.current_task()
    if task is None or not task.cancelling():
        return
    while task.cancelling():
        task.uncancel()
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(0)  # a cancellation that is still to be delivered is delivered here


def where(error: BaseException, function: Callable[..., Any]) -> str:
    """Name the line of the skill's own file that an error came from, else the line where the handler begins."""
    code = inspect.unwrap(function).__code__
    seen: BaseException | None = error
    while seen is not None:
        frames = traceback.walk_tb(seen.__traceback__)  # reads no source, unlike the summaries of extract_tb
        own = [line for frame, line in frames if frame.f_code.co_filename == code.co_filename]
        if own:
            return f"{code.co_filename}:{own[-1]}"
        seen = seen.__cause__ or seen.__context__
    return f"{code.co_filename}:{code.co_firstlineno}"
