"""Who waits for a change hears of it at once, and is never stuck."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
import watchfiles

from supportbot.knowledge.watch import wait_for_change


def rewritten(file: Path) -> None:
    file.write_text("new")


def replaced(file: Path) -> None:
    """Save as editors do, beside the file and over it."""
    other = file.with_name("other.tmp")
    other.write_text("new")
    other.replace(file)


async def changed_while_waiting(paths: list[Path], change: Callable[[], None]) -> None:
    """Change something again and again until it is heard of: only the watching itself can end this."""
    waiting = asyncio.ensure_future(wait_for_change(paths, at_most=60))
    while not waiting.done():
        change()
        await asyncio.wait([waiting], timeout=0.1)


@pytest.mark.parametrize("change", [rewritten, replaced])
@pytest.mark.parametrize("whole_folder", [True, False])
async def test_a_saved_file_ends_the_wait(tmp_path: Path, change: Callable[[Path], None], whole_folder: bool) -> None:
    file = tmp_path / "a.md"
    file.write_text("old")
    await changed_while_waiting([tmp_path if whole_folder else file], lambda: change(file))


@pytest.mark.parametrize("paths", [[], ["missing"]])
async def test_without_anything_to_watch_the_time_ends_it(tmp_path: Path, paths: list[str]) -> None:
    await wait_for_change([tmp_path / path for path in paths], at_most=0.01)


@pytest.mark.parametrize("error", [OSError("too many"), RuntimeError("internal")])
async def test_where_the_system_cannot_tell_the_time_ends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(*_paths: Path) -> None:
        raise error

    monkeypatch.setattr(watchfiles, "awatch", fails)
    await wait_for_change([tmp_path], at_most=0.01)


async def test_a_wait_can_be_cancelled(tmp_path: Path) -> None:
    waiting = asyncio.ensure_future(wait_for_change([tmp_path], at_most=60))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
