"""The steps of a page of the documentation: its commands, run as processes, and the files that it shows."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from asyncio.subprocess import PIPE, STDOUT, Process
from pathlib import Path

IN_TIME = 60
"""Seconds: far more than anything here takes."""


class Page:
    """A page below ``docs/howto``."""

    def __init__(self, name: str) -> None:
        self._text = (Path(__file__).parents[2] / "docs" / "howto" / name).read_text("utf-8")

    def command(self, what: str) -> str:
        """Find a command that the page shows, by what its block is called, or by how it begins."""
        found = re.search(
            rf"^```text {what}\n(.*?)^```|^\$ (supportbot {what}.*?)$", self._text, re.MULTILINE | re.DOTALL
        )
        assert found, what
        return (found[1] or found[2]).strip()

    def environment(self, values: dict[str, str]) -> str:
        """Fill in the ``.env`` that the page shows: `values` are what stands in the place of its own."""
        found = re.search(r"^```text \.env\n(.*?)^```", self._text, re.MULTILINE | re.DOTALL)
        assert found
        lines = [line.partition("=") for line in found[1].splitlines()]
        return "".join(f"{name}={values[value]}\n" for name, _, value in lines)


async def begins(command: str, folder: Path) -> Process:
    """Run a command as a newcomer would, in a shell."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {"PATH": path, "HOME": str(folder), "PYTHONUTF8": "1"}
    return await asyncio.create_subprocess_shell(
        f"exec {command}", cwd=folder, env=environment, stdout=PIPE, stderr=STDOUT
    )


async def runs(command: str, folder: Path) -> tuple[int | None, str]:
    """Run a command to its end: its exit code, and what it printed."""
    process = await begins(command, folder)
    printed, _ = await asyncio.wait_for(process.communicate(), IN_TIME)
    return process.returncode, printed.decode()
