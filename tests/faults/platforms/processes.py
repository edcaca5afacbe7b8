"""A bot in a process of its own, as its users run it: started, listened to, ended in order or killed."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import supportbot

IN_TIME = 60
"""Seconds after which a process that does not do what it should fails its test."""
MAIN = "from supportbot.cli import main; main()"

Process = asyncio.subprocess.Process


async def run(folder: Path, **environment: str) -> tuple[Process, list[str]]:
    """Start ``supportbot run``, and read what it writes until it has started, says that a platform is away, or ends."""
    process = await spawn(folder, **environment)
    return process, await begun(process)


async def spawn(folder: Path, **environment: str) -> Process:
    """Start ``supportbot run`` as its users do."""
    return await asyncio.create_subprocess_exec(
        sys.executable, "-c", MAIN, "run", "--config", str(folder / "config.yaml"),
        env={**os.environ, "PYTHONPATH": str(Path(supportbot.__file__).parents[1]), **environment},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip


async def begun(process: Process) -> list[str]:
    """Read what a process writes until it has started, says that a platform is away, or ends."""
    lines: list[str] = []
    assert process.stdout is not None
    async with asyncio.timeout(IN_TIME):
        while line := await process.stdout.readline():
            lines.append(line.decode())
            if "started" in lines[-1] or "not up" in lines[-1]:
                break
    return lines


async def end(process: Process, *, kill: bool = False) -> None:
    """End a process in order, or by ``kill -9``."""
    if kill:
        process.kill()
    else:
        process.terminate()
    async with asyncio.timeout(IN_TIME):
        assert process.stdout is not None
        await process.stdout.read()
        assert await process.wait() == (-9 if kill else 0)
