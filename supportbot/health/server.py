"""The health server: ``/healthz``, ``/readyz`` and ``/metrics``, answered in bounded time whatever the bot is doing.

It has a thread and an event loop of its own, so that it can say that the bot's loop is held or its store is stuck.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING

from supportbot.app import App
from supportbot.config import HealthSettings
from supportbot.errors import ConfigurationError, Problem
from supportbot.health.lag import LoopWatch
from supportbot.health.look import Looks, reasons
from supportbot.logs import log
from supportbot.version import __version__

if TYPE_CHECKING:
    from aiohttp import web

_LONGEST_END = 3.0
_ANSWERS_STILL = 0.5
"""Seconds that answers under way get when the server ends."""
MOST_CONNECTIONS = 50
_ACCEPTED_AT_ONCE = 10
"""So many may come in above the bound, as they are counted only a moment later."""
LONGEST_CONNECTION = 30.0
"""Seconds. Without both bounds, whoever connects and says nothing takes the bot's own file descriptors."""


class HealthServer:
    """A companion that answers a monitor's questions."""

    def __init__(self, settings: HealthSettings, watch: LoopWatch) -> None:
        self._settings = settings
        self._watch = watch
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event | None = None
        self.port = settings.port

    async def open(self, app: App) -> None:
        """Listen; ConfigurationError where that port cannot be had."""
        listening = listen(self._settings, app.config.file)
        self.port = listening.getsockname()[1]
        looks = Looks(app, asyncio.get_running_loop())
        is_up: Future[None] = Future()

        def serve() -> None:
            try:
                asyncio.run(self._serve(app, looks, listening, is_up))
            except Exception as error:  # noqa: BLE001 - handed to whoever waits for the start; later there is nobody
                if not is_up.done():
                    is_up.set_exception(error)

        self._thread = threading.Thread(target=serve, name="health", daemon=True)
        self._thread.start()
        await asyncio.wrap_future(is_up)
        log.info("health is answered", url=f"http://{self._settings.host}:{self.port}")

    async def ready(self) -> None:
        """Go on: whether the bot is ready is looked up when somebody asks."""

    async def close(self) -> None:
        """Stop answering."""
        if self._loop and self._ending and self._thread:
            self._loop.call_soon_threadsafe(self._ending.set)
            await asyncio.to_thread(self._thread.join, _LONGEST_END)

    async def _serve(self, app: App, looks: Looks, listening: socket.socket, is_up: Future[None]) -> None:
        from aiohttp import web  # noqa: PLC0415 - heavy, loaded when it is configured

        self._loop, self._ending = asyncio.get_running_loop(), asyncio.Event()
        runner = web.AppRunner(self._routes(app, looks), access_log=None, shutdown_timeout=_ANSWERS_STILL)
        await runner.setup()
        assert runner.server is not None  # noqa: S101 - the line above made it
        answer = _bounded(runner.server, self._loop)
        door = await self._loop.create_server(answer, sock=listening, backlog=_ACCEPTED_AT_ONCE)
        try:
            is_up.set_result(None)
            await self._ending.wait()
        finally:
            door.close()
            await runner.cleanup()

    def _routes(self, app: App, looks: Looks) -> web.Application:
        from aiohttp import web  # noqa: PLC0415 - as above

        from supportbot.health.metrics import Metrics  # noqa: PLC0415 - it brings prometheus_client

        metrics = Metrics(app)

        async def healthz(_request: web.Request) -> web.Response:
            alive = self._watch.is_alive
            return web.json_response({"alive": alive}, status=200 if alive else 503)

        async def readyz(_request: web.Request) -> web.Response:
            look = await looks.take()
            found = [{"what": what, "why": why} for what, why in reasons(app, look, is_alive=self._watch.is_alive)]
            off = [skill for skill in app.bot.handlers.skills if not app.bot.switches.is_on(skill)]
            body = {"ready": not found, "reasons": found, "release": __version__, "switched_off": off}
            return web.json_response({**body, "dead_letters": look.dead_letters}, status=503 if found else 200)

        async def scrape(_request: web.Request) -> web.Response:
            text = metrics.text(await looks.take())
            return web.Response(body=text, headers={"Content-Type": "text/plain; version=0.0.4; charset=utf-8"})

        routes = web.Application()
        routes.router.add_get("/healthz", healthz)
        routes.router.add_get("/readyz", readyz)
        routes.router.add_get("/metrics", scrape)
        return routes


def _bounded(server: web.Server, loop: asyncio.AbstractEventLoop) -> Callable[[], asyncio.Protocol]:
    """Make what answers a new connection: no more than so many at a time, each for so long."""

    def answer() -> asyncio.Protocol:
        if len(server.connections) >= MOST_CONNECTIONS:
            return _Refusal()
        handler = server()
        loop.call_later(LONGEST_CONNECTION, handler.force_close)
        return handler

    return answer


class _Refusal(asyncio.Protocol):
    """Closes a connection at once."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


def listen(settings: HealthSettings, file: Path | None) -> socket.socket:
    """Take the port; ConfigurationError says why it cannot be had."""
    try:
        family, sort, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listening = socket.socket(family, sort, protocol)
        try:
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listening.bind(address)
            listening.listen()
        except BaseException:
            listening.close()
            raise
    except OSError as error:
        what = f"health: {settings.host}:{settings.port} cannot be listened on ({error.strerror})"
        mend = (
            "stop what listens there, or give health.port another number (and health.host an address of this machine)"
        )
        raise ConfigurationError([Problem.at(file or "the defaults", None, f"{what}; {mend}")]) from error
    return listening
