"""Watching: waits until something changes below the sources, so that what is saved is served at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing, suppress
from pathlib import Path

LOOK_EVERY = 5.0
"""Seconds between two looks where nothing tells of changes: on a disk of the network, say, or in some containers."""


async def wait_for_change(paths: Sequence[Path], *, at_most: float = LOOK_EVERY) -> None:
    """Wait until something changes below these files and folders, and for so many seconds at most.

    The system is asked anew each time: an editor that saves by renaming puts another file in the place of the one that
    was watched. What changes between two waits is found at the end of the second.
    """
    there = [path for path in paths if path.exists()]
    with suppress(TimeoutError):
        async with asyncio.timeout(at_most):
            if not there or not await _changes(there):
                await asyncio.Event().wait()


async def _changes(paths: Sequence[Path]) -> bool:
    """Wait for a change; false where the system cannot tell of any."""
    import watchfiles  # noqa: PLC0415 - it has a thread of its own: only for a bot that runs

    try:
        async with aclosing(watchfiles.awatch(*paths)) as changes:
            async for _ in changes:
                return True
    except (OSError, RuntimeError):  # a path is gone since or may not be read, or too much is watched already
        pass
    return False
