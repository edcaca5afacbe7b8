"""How a command runs: an event loop to its end, and a stop in order when a signal asks for it."""

from __future__ import annotations

import asyncio
import gc
import signal
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from supportbot.app import STOP_GRACE, App

_LONGEST_END = 2.0
"""Seconds that tasks which skills left running have to end."""
STUCK: list[asyncio.Runner] = []
"""Loops that cannot be closed, since a task in them goes on whatever happens."""


async def until_stopped(app: App, work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Do the work until it ends or a signal says to stop; then give it a while to end well, and stop in order."""
    gc.freeze()  # what is loaded by now stays: to look through all of it again held the loop for a quarter of a second
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    stopped, working = asyncio.create_task(stop.wait()), asyncio.create_task(work(stop))
    await asyncio.wait({stopped, working}, return_when=asyncio.FIRST_COMPLETED)
    ended, late = await asyncio.wait({working}, timeout=STOP_GRACE)
    stopped.cancel()
    for task in late:
        task.cancel()
    await app.stop(0 if late else STOP_GRACE)
    for task in ended:
        task.result()


def run(work: Awaitable[None]) -> None:
    async def main() -> None:
        await work

    runner = asyncio.Runner()
    try:
        runner.run(main())
    finally:
        if runner.run(_all_end()):
            runner.close()
        else:
            STUCK.append(runner)


async def _all_end() -> bool:
    """Cancel what skills left running; tells whether all of it ended."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    return not others or not (await asyncio.wait(others, timeout=_LONGEST_END))[1]
