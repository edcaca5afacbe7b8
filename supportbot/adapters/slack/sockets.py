"""Socket Mode: several connections, begun apart from each other, so that one is always there while another renews.

Slack sends each payload down any one of them, closes each from time to time (``disconnect``), and is known to leave
some open and silent. So a connection is replaced before it is closed where Slack gives notice, and one on which nothing
at all has come in for a while (Slack pings every few seconds) is given up.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from supportbot.adapters.slack.api import BAD_TOKENS
from supportbot.errors import BadToken
from supportbot.logs import log

SILENCE = 60.0
"""Seconds without any frame after which a connection is given up."""
APART = 5.0
"""Seconds between the beginnings of two connections."""
_PAUSES = (1.0, 2.0, 5.0, 10.0, 30.0)
_LASTED = 10.0
"""Seconds after which a connection counts as one that worked: the next is made without a pause."""
_LAST_FRAMES = 5.0
_ENDS = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
_WRONG_TOKEN = BAD_TOKENS | {"not_allowed_token_type", "missing_scope"}

Take = Callable[[dict[str, Any]], Awaitable[dict[str, Any] | None]]
"""Takes an envelope in; returns what to acknowledge it with ({} is a bare yes), None for: not now, send it again."""


class Sockets:
    """Keeps the connections up until it is closed."""

    def __init__(
        self,
        client: AsyncWebClient,
        app_token: str,
        session: aiohttp.ClientSession,
        take: Take,
        *,
        connections: int = 2,
        silence: float = SILENCE,
        apart: float = APART,
    ) -> None:
        self._client = client
        self._app_token = app_token
        self._session = session
        self._take = take
        self._count = connections
        self._silence = silence
        self._apart = apart
        self._open: set[aiohttp.ClientWebSocketResponse] = set()
        self._lines: list[asyncio.Task[None]] = []
        self._beside: set[asyncio.Task[None]] = set()

    @property
    def is_up(self) -> bool:
        """Tell whether at least one connection stands."""
        return bool(self._open)

    async def open(self) -> None:
        """Open the first connection, which proves the token (BadToken); the others follow apart from it."""
        first = await self._connect()
        sockets = [first, *[None] * (self._count - 1)]
        self._lines = [asyncio.create_task(self._keep(number, socket)) for number, socket in enumerate(sockets)]

    async def close(self) -> None:
        """Take nothing more in, let what is being taken in finish, and close."""
        for line in self._lines:
            line.cancel()
        await asyncio.gather(*self._lines, return_exceptions=True)
        if self._beside:
            await asyncio.wait(self._beside, timeout=_LAST_FRAMES)
        await asyncio.gather(*map(self._drop, tuple(self._open)), return_exceptions=True)

    # --- one line: a connection after the other -------------------------------------------------------------------

    async def _keep(self, number: int, socket: aiohttp.ClientWebSocketResponse | None) -> None:
        await asyncio.sleep(number * self._apart)
        now, failures = asyncio.get_running_loop().time, 0
        while True:
            began = now()
            try:
                socket = socket or await self._connect()
                is_to_renew = await self._listen(socket)
                if is_to_renew:
                    old, socket = socket, await self._connect()
                    self._do_beside(self._retire(old))
                else:
                    await self._drop(socket)
                    socket = None
            except Exception as error:  # noqa: BLE001 - whatever it was, this line is put up again
                log.warning(
                    "a connection to Slack failed and is made again", adapter="slack", error=type(error).__name__
                )
                socket = None
            failures = 0 if now() - began > _LASTED else failures + 1
            if failures > 1:
                await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES)) - 1] * random.uniform(0.5, 1.0))

    async def _connect(self) -> aiohttp.ClientWebSocketResponse:
        try:
            answer = await self._client.apps_connections_open(app_token=self._app_token)
        except SlackApiError as error:
            if error.response.get("error") in _WRONG_TOKEN:
                raise BadToken("Slack rejected app_token; it begins with xapp- and needs connections:write") from error
            raise
        socket = await self._session.ws_connect(answer["url"], autoping=False, max_msg_size=0)
        self._open.add(socket)
        return socket

    async def _listen(self, socket: aiohttp.ClientWebSocketResponse) -> bool:
        """Hear a connection until it ends; tells whether it is to be replaced by a new one before it is closed."""
        pings = asyncio.create_task(self._ping(socket))
        try:
            while True:
                frame = await socket.receive(timeout=self._silence)
                if frame.type in _ENDS:
                    return False
                if frame.type == aiohttp.WSMsgType.PING:
                    await socket.pong(frame.data)
                elif frame.type == aiohttp.WSMsgType.TEXT:
                    message = json.loads(frame.data)
                    if message.get("type") == "disconnect":
                        return True
                    if message.get("envelope_id"):
                        self._do_beside(self._answer(socket, message))
        except TimeoutError:
            log.warning("a connection to Slack went silent and is made again", adapter="slack")
            return False
        finally:
            pings.cancel()

    async def _ping(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Ask now and then whether anybody is there: the answer is a frame, too."""
        while not socket.closed:
            await asyncio.sleep(self._silence / 3)
            await socket.ping(b"supportbot")

    async def _answer(self, socket: aiohttp.ClientWebSocketResponse, envelope: dict[str, Any]) -> None:
        """Take an envelope in, and acknowledge it once it is stored; Slack sends the others again."""
        answer = await self._take(envelope)
        if answer is not None and not socket.closed:
            body = {"envelope_id": envelope["envelope_id"], **({"payload": answer} if answer else {})}
            await socket.send_str(json.dumps(body))

    async def _retire(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Hear what still comes down a connection that was replaced, then close it."""
        try:
            async with asyncio.timeout(_LAST_FRAMES):
                await self._listen(socket)
        except TimeoutError:
            pass
        finally:
            await self._drop(socket)

    async def _drop(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._open.discard(socket)
        await socket.close()

    def _do_beside(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._beside.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._beside.discard(task)
        error = None if task.cancelled() else task.exception()
        if error:
            log.warning("an envelope from Slack was not acknowledged", adapter="slack", error=type(error).__name__)
