"""The server of the API: reads a call, lets trouble have its way, performs it, writes it into the log."""

from __future__ import annotations

import json
import time
from functools import partial
from typing import Any

from aiohttp import web

from supportbot.testing.discord.backstage import Backstage
from supportbot.testing.discord.log import LOST, Call
from supportbot.testing.discord.rest import channels, guilds, interactions, messages, threads, users
from supportbot.testing.discord.rest.request import Endpoint, Request, read
from supportbot.testing.discord.trouble import Happening
from supportbot.testing.discord.wire import Json, Refused

PREFIX = "/api/v10"
ENDPOINTS = (
    *users.ENDPOINTS,
    *guilds.ENDPOINTS,
    *channels.ENDPOINTS,
    *threads.ENDPOINTS,
    *messages.ENDPOINTS,
    *interactions.ENDPOINTS,
)
BY_TOKEN = {endpoint.name for endpoint in interactions.ENDPOINTS} | {"Get Gateway"}
"""What needs no bot token, because its address is secret enough."""
BROKEN = "<!DOCTYPE html><title>Server Error</title><h1>We are having trouble</h1>"
PLENTY = (1000, 999, 1.0)
VIA = {"Via": "1.1 google"}


class Api:
    """Answers the calls of the API."""

    def __init__(self, discord: Backstage) -> None:
        self._discord = discord

    def add_to(self, server: web.Application) -> None:
        """Serve every endpoint; what is not simulated is answered with 404."""
        for endpoint in ENDPOINTS:
            server.router.add_route(endpoint.verb, PREFIX + endpoint.path, partial(self.handle, endpoint))
        server.router.add_route("*", PREFIX + "/{rest:.*}", self._unknown)

    async def _unknown(self, request: web.Request) -> web.StreamResponse:
        method = f"{request.method} {request.path.removeprefix(PREFIX)}"
        answer = {"message": "404: Not Found", "code": 0}
        self._note(method, request.path, {}, 404, answer)
        return _json(404, answer, {})

    async def handle(self, endpoint: Endpoint, request: web.Request) -> web.StreamResponse:
        """Answer one call."""
        path = request.path.removeprefix(PREFIX)
        try:
            asked = await read(self._discord, request)
        except Refused as refused:
            return self._answered(endpoint, path, {}, status=refused.status, answer=refused.answer())
        arguments: Json = asked.arguments if isinstance(asked.body, dict) else {"list": asked.body or []}
        happens = self._discord.trouble.with_call(endpoint.name)
        if happens is not None and happens.what != "lost":
            return self._trouble(endpoint, path, arguments, happens, request)
        place = next(
            (asked.path[name] for name in ("channel_id", "guild_id", "interaction_token") if name in asked.path), ""
        )
        pace = self._discord.trouble.with_pace(endpoint.name, place)
        if pace is not None and pace[1] < 0:
            limit, _, wait = pace
            return self._limited(endpoint, path, arguments, Happening("429", 429, wait), (limit, 0, wait))
        status, answer = self._perform(endpoint, asked, request.headers.get("Authorization", ""))
        if happens is not None:
            return self._hang_up(endpoint, path, arguments, request)
        return self._answered(endpoint, path, arguments, status=status, answer=answer, pace=pace or PLENTY)

    def _perform(self, endpoint: Endpoint, asked: Request, authorization: str) -> tuple[int, Any]:
        if endpoint.name not in BY_TOKEN and authorization != f"Bot {self._discord.app.token}":
            return 401, {"message": "401: Unauthorized", "code": 0}
        try:
            answer = endpoint.perform(asked)
        except Refused as refused:
            return refused.status, refused.answer()
        return (204, None) if answer is None else (200, answer)

    def _trouble(
        self, endpoint: Endpoint, path: str, arguments: Json, happens: Happening, request: web.Request
    ) -> web.StreamResponse:
        if happens.what == "429":
            return self._limited(endpoint, path, arguments, happens, PLENTY)
        if happens.what == "refused":
            return self._hang_up(endpoint, path, arguments, request)
        self._note(endpoint.name, path, arguments, happens.status, {"message": "broken"})
        return web.Response(status=happens.status, text=BROKEN, content_type="text/html")

    def _limited(
        self, endpoint: Endpoint, path: str, arguments: Json, happens: Happening, pace: tuple[int, int, float]
    ) -> web.StreamResponse:
        answer: Json = {"message": "You are being rate limited.", "retry_after": happens.retry_after}
        answer["global"] = happens.everywhere
        self._note(endpoint.name, path, arguments, 429, answer)
        headers = {"Retry-After": str(max(1, round(happens.retry_after)))}
        if not happens.via:
            return web.Response(status=429, text="error code: 1015", headers=headers)
        headers["X-RateLimit-Scope"] = "global" if happens.everywhere else "user"
        if happens.everywhere:
            headers["X-RateLimit-Global"] = "true"
        return _json(429, answer, {**headers, **_rate(endpoint, pace)})

    def _answered(
        self,
        endpoint: Endpoint,
        path: str,
        arguments: Json,
        *,
        status: int,
        answer: Any,
        pace: tuple[int, int, float] = PLENTY,
    ) -> web.Response:
        self._note(endpoint.name, path, arguments, status, answer if isinstance(answer, dict) else {"list": answer})
        return _json(status, answer, _rate(endpoint, pace))

    def _hang_up(self, endpoint: Endpoint, path: str, arguments: Json, request: web.Request) -> web.Response:
        self._note(endpoint.name, path, arguments, LOST, {"message": "lost"})
        if request.transport is not None:
            request.transport.close()
        return web.Response()

    def _note(self, method: str, path: str, arguments: Json, status: int, answer: Json) -> None:
        self._discord.log.add(Call(method, path, arguments, self._discord.clock.now(), status, answer))
        self._discord.notices.ring()


def _rate(endpoint: Endpoint, pace: tuple[int, int, float]) -> dict[str, str]:
    limit, left, wait = pace
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": f"{time.time() + wait:.3f}",
        "X-RateLimit-Reset-After": f"{wait:.3f}",
        "X-RateLimit-Bucket": endpoint.name.lower().replace(" ", "-"),
    }


def _json(status: int, answer: Any, headers: dict[str, str]) -> web.Response:
    if answer is None:
        return web.Response(status=status, headers={**VIA, **headers})
    headers = {**VIA, **headers, "Content-Type": "application/json"}  # exactly so: with a charset, clients read text
    return web.Response(status=status, body=json.dumps(answer).encode(), headers=headers)
