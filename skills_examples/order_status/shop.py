"""A pretend shop on this machine, to try the skill with: `python shop.py supportbot chat --config config.yaml`."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Any, Self

from aiohttp import web

ORDERS: dict[str, dict[str, Any]] = {
    "123456": {"state": "travelling", "due": "2026-01-07"},
    "234567": {"state": "packing", "due": "2026-01-09"},
    "345678": {"state": "travelling", "due": "2025-12-23", "late": True},
}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

TOKEN = "pretend"  # noqa: S105 - it opens nothing


class Shop:
    """The shop's HTTP API on a free port of loopback; `asked` has every request with its key."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.searches: dict[str, str] = {}
        """The searches that were begun, by idempotency key: the same key begins no second one."""
        self.instead: Callable[[], Awaitable[web.StreamResponse]] | None = None
        """How it answers on a bad day."""
        self.url = ""
        app = web.Application(middlewares=[self._let_in])
        app.router.add_get("/orders/{number}", self._order)
        app.router.add_post("/orders/{number}/searches", self._search)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)

    async def __aenter__(self) -> Self:
        """Open."""
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Close."""
        await self.close()

    async def close(self) -> None:
        """Close: from now on nobody answers."""
        await self._runner.cleanup()

    @web.middleware
    async def _let_in(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        self.asked.append((request.method, request.path, request.headers.get("Idempotency-Key", "")))
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=401)
        return await (self.instead() if self.instead else handler(request))

    async def _order(self, request: web.Request) -> web.Response:
        order = ORDERS.get(request.match_info["number"])
        return web.json_response(order) if order else web.Response(status=404)

    async def _search(self, request: web.Request) -> web.Response:
        if request.match_info["number"] not in ORDERS:
            return web.Response(status=404)
        key = request.headers["Idempotency-Key"]
        reference = self.searches.setdefault(key, f"S-{len(self.searches) + 1}")
        return web.json_response({"reference": reference})


async def run_beside(command: list[str]) -> int:
    """Open the shop, and run a command that finds it in its environment."""
    async with Shop() as shop:
        environment = {**os.environ, "SHOP_URL": shop.url, "SHOP_TOKEN": TOKEN}
        running = await asyncio.create_subprocess_exec(*command, env=environment)
        return await running.wait()


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit("Name the command to run beside the shop: python shop.py supportbot chat --config config.yaml")
    sys.exit(asyncio.run(run_beside(sys.argv[1:])))
