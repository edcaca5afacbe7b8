"""What systemd is told: that the bot is ready, that its loop turns, and that it stops (sd_notify, ``Type=notify``)."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Mapping

from supportbot.app import App

_MICROSECONDS = 1_000_000
_BEATS_IN_TIME = 3
"""How often the loop says that it turns within the time that systemd waits, so that one late beat does no harm."""


class Systemd:
    """A companion that writes to the socket which systemd gave; a loop that is held says nothing, and is restarted."""

    def __init__(self, address: str, *, every: float = 0.0) -> None:
        """Write to an address (``@name`` is an abstract one); `every` so many seconds that the loop turns, 0: never."""
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._every = every
        self._socket: socket.socket | None = None
        self._task: asyncio.Task[None] | None = None
        self._names = ""

    @classmethod
    def found(cls, environment: Mapping[str, str] = os.environ) -> Systemd | None:
        """Find whoever started this process, if it is systemd and waits to be told."""
        address = environment.get("NOTIFY_SOCKET", "")
        if not address or not hasattr(socket, "AF_UNIX"):
            return None
        span, process = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
        is_ours = span.isdigit() and process in ("", str(os.getpid()))
        return cls(address, every=int(span) / _MICROSECONDS / _BEATS_IN_TIME if is_ours else 0.0)

    async def open(self, app: App) -> None:
        """Begin to say that the loop turns."""
        self._names = ", ".join(app.adapters)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)
        if self._every:
            self._task = asyncio.create_task(self._keep_telling())

    async def ready(self) -> None:
        """Say that the bot serves."""
        self._tell(f"READY=1\nSTATUS=serving {self._names}")

    async def close(self) -> None:
        """Say that the bot stops."""
        self._tell("STOPPING=1")
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._socket:
            self._socket.close()
            self._socket = None

    async def _keep_telling(self) -> None:
        while True:
            self._tell("WATCHDOG=1")
            await asyncio.sleep(self._every)

    def _tell(self, words: str) -> None:
        if self._socket:
            with contextlib.suppress(OSError):  # nobody listens: no reason to stop serving
                self._socket.sendto(words.encode(), self._address)
