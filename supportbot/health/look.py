"""A look at a running bot: what its store answers, what waits, and why it is not ready."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future

import msgspec

from supportbot.app import App
from supportbot.clock import MINUTE, SECOND
from supportbot.domain.work import TURNS, outbox
from supportbot.storage.base import Store

LONGEST_LOOK = 2.0
"""Seconds after which a store that has not answered counts as stuck."""
STUCK_AFTER = 10 * MINUTE
"""How long due work may wait: past all tries of one that fails, and past looking whether something was shown."""
MOST_COUNTED = 1_000
"""What waits is counted up to this many: a look must not cost more on the day when much waits."""


class Waiting(msgspec.Struct, frozen=True):
    """What is due in a queue and not done: how many pieces (up to `MOST_COUNTED`), and since when the oldest."""

    count: int = 0
    age: int = 0
    """Milliseconds."""


class Look(msgspec.Struct, frozen=True):
    """What was seen; `error` is the class of what kept the store from answering."""

    waiting: dict[str, Waiting] = {}
    dead_letters: int = 0
    error: str = ""


async def waiting_in(store: Store, queue: str, now: int) -> Waiting:
    """Count what is due in a queue and not done."""
    pending = await store.pending(queue, limit=MOST_COUNTED)
    dues = [work.due for work in pending if work.due <= now]
    return Waiting(len(dues), now - min(dues)) if dues else Waiting()


async def look_at(app: App) -> Look:
    """Read from the store, on the bot's own loop; whatever goes wrong is part of what was seen."""
    now = app.clock.now()
    try:
        queues = [TURNS, *map(outbox, app.adapters)]
        waiting = {queue: await waiting_in(app.store, queue, now) for queue in queues}
        return Look(waiting, len(await app.store.buried(limit=MOST_COUNTED)))
    except Exception as error:  # noqa: BLE001 - a store that fails in any way is what one looks for
        return Look(error=type(error).__name__)


class Looks:
    """Looks at the bot from another thread's loop, one look at a time, and never waits longer than `LONGEST_LOOK`."""

    def __init__(self, app: App, loop: asyncio.AbstractEventLoop) -> None:
        self._app = app
        self._loop = loop
        self._running: Future[Look] | None = None

    async def take(self) -> Look:
        """Look, or join the look that is under way; one that gets no answer says so."""
        if self._running is None or self._running.done():
            self._running = asyncio.run_coroutine_threadsafe(look_at(self._app), self._loop)
        seen = asyncio.wrap_future(self._running)
        done, _ = await asyncio.wait({asyncio.shield(seen)}, timeout=LONGEST_LOOK)
        return seen.result() if done and seen.done() and not seen.cancelled() else Look(error="no answer")


def reasons(app: App, look: Look, *, is_alive: bool) -> Iterator[tuple[str, str]]:
    """Tell why the bot is not ready, if it is not: what, and why, without a secret or anybody's words."""
    if app.phase != "running":
        yield "bot", app.phase
    if not is_alive:
        yield "loop", "the event loop does not turn"
    if look.error:
        yield "store", look.error
    for name, adapter in app.adapters.items():
        if name in app.down:
            yield f"adapter {name}", f"not connected{f' ({app.down[name]})' if app.down[name] else ''}"
        elif adapter.trouble:
            yield f"adapter {name}", adapter.trouble
    for queue, waiting in look.waiting.items():
        if waiting.age > STUCK_AFTER:
            many = f"{MOST_COUNTED} or more" if waiting.count == MOST_COUNTED else str(waiting.count)
            yield f"work in {queue}", f"{many} waiting, the oldest for {waiting.age // SECOND} s"
