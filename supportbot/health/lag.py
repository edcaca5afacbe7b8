"""Lag: how late the event loop comes to what is due, and which line holds it when it does not come at all. ::

event loop    beat ──► beat ──► beat ─────────────────────────────► beat      each one notes how late it was
thread             look    look    look: no beat for a while                  the line where the loop is, into the log
"""

from __future__ import annotations

import asyncio
import sys
import sysconfig
import threading
import time
from types import FrameType

from supportbot.app import App
from supportbot.logs import log
from supportbot.vitals import Vitals

BEAT = 0.25
"""Seconds between two beats of the loop."""
HELD_AFTER = 0.5
"""Seconds that a beat may be late before somebody is told."""
DEAD_AFTER = 10.0
"""Seconds without a beat after which the bot does not count as alive."""
_LOOK = 0.1
_TOLD_AGAIN_AFTER = 60.0
"""Seconds for which one line of code is not told about again."""
_MOST_PLACES = 1_000
_LIBRARIES = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib", "purelib", "platlib"))


class Seldom:
    """Lets something be told about each place only now and then, and counts what was not told."""

    def __init__(self) -> None:
        self._told: dict[str, tuple[float, int]] = {}

    def may_tell(self, place: str, now: float) -> int:
        """Tell how often it happened since it was last told, this time included; 0 says to keep quiet."""
        told = self._told.get(place)
        if told and now - told[0] < _TOLD_AGAIN_AFTER:
            self._told[place] = told[0], told[1] + 1
            return 0
        if len(self._told) >= _MOST_PLACES:
            self._told.clear()
        self._told[place] = now, 0
        return told[1] + 1 if told else 1


class LoopWatch:
    """A companion that measures the loop's lag, and names the line that holds it."""

    def __init__(self) -> None:
        self._beat = time.monotonic()
        self._loop_thread = 0
        self._is_held = False
        self._seldom = Seldom()
        self._task: asyncio.Task[None] | None = None
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    @property
    def is_alive(self) -> bool:
        """Tell, in any thread, whether the loop has turned lately."""
        return time.monotonic() - self._beat < DEAD_AFTER

    async def open(self, app: App) -> None:
        """Begin to watch the loop that calls this."""
        self._loop_thread = threading.get_ident()
        self._beat = time.monotonic()
        self._task = asyncio.create_task(self._keep_beating(app.bot.vitals))
        self._thread = threading.Thread(target=self._watch, name="loop watch", daemon=True)
        self._thread.start()

    async def ready(self) -> None:
        """Go on: the loop is watched from the beginning."""

    async def close(self) -> None:
        """Stop watching."""
        self._ending.set()
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._thread:
            self._thread.join()

    async def _keep_beating(self, vitals: Vitals) -> None:
        while True:
            due = time.monotonic() + BEAT
            await asyncio.sleep(BEAT)
            self._beat = time.monotonic()
            vitals.loop_lag.note(max(0.0, self._beat - due))

    def _watch(self) -> None:
        while not self._ending.wait(_LOOK):
            self.look(time.monotonic(), sys._current_frames().get(self._loop_thread))  # noqa: SLF001 - its only name

    def look(self, now: float, frame: FrameType | None) -> None:
        """Say it once when the loop has not come round for too long."""
        late = now - self._beat - BEAT
        if late < HELD_AFTER:
            self._is_held = False
        elif not self._is_held:
            self._is_held = True
            place = culprit(frame)
            if times := self._seldom.may_tell(place, now):
                log.warning("the event loop is held", where=place, seconds=round(late, 1), times=times)


def culprit(frame: FrameType | None) -> str:
    """Name the line that holds the loop: the innermost that is not a library's."""
    innermost = frame
    while frame and frame.f_code.co_filename.startswith((*_LIBRARIES, "<")):
        frame = frame.f_back
    found = frame or innermost
    return f"{found.f_code.co_filename}:{found.f_lineno}" if found else ""
