"""Socket Mode: several connections, begun apart from each other, so that one is always there while another renews.

Slack sends each payload down any one of them, closes each from time to time (``disconnect``), and is known to leave
some open and silent, or open and deaf: they answer, but nothing comes down. So a connection is replaced while it still
stands where Slack gives notice, one on which nothing at all comes in for a while is given up, and so are the others
when one of them brings what another must have swallowed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import aiohttp
import msgspec
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from supportbot.adapters.pauses import pause
from supportbot.adapters.slack.api import BAD_TOKENS, code_of
from supportbot.errors import BadToken
from supportbot.logs import log
from supportbot.recent import Recent

_LAST_FRAMES = 5.0
"""Seconds in which what is under way on a connection may still end."""
_ENDS = (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR)
_WRONG_TOKEN = BAD_TOKENS | {"missing_scope"}
_MOST_KNOWN = 5_000
_LARGEST_FRAME = 16 * 1024 * 1024

Take = Callable[[dict[str, Any]], Awaitable[dict[str, Any] | None]]
"""Takes an envelope in; returns what to acknowledge it with ({} is a bare yes), None for: not now, send it again."""
Socket = aiohttp.ClientWebSocketResponse


@dataclass(frozen=True)
class Patience:
    """How long what is waited for, in seconds."""

    silence: float = 60.0
    """A connection without any frame is given up after this; three times within it, it is asked whether it is there."""
    apart: float = 5.0
    """Between the beginnings of two connections."""
    lasts: float = 10.0
    """A connection that stood this long worked: the next is made without a pause."""
    pauses: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 30.0)
    """Between tries that fail one after another."""


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
        patience: Patience = Patience(),
    ) -> None:
        self._client = client
        self._app_token = app_token
        self._session = session
        self._take = take
        self._count = connections
        self._patience = patience
        self._open: dict[Socket, float] = {}
        """The connections that stand, and since when."""
        self._lines: list[asyncio.Task[None]] = []
        self._answers: set[asyncio.Task[None]] = set()
        self._farewells: set[asyncio.Task[None]] = set()
        self._known = Recent[str, None](_MOST_KNOWN)
        """The events that came in lately, the newest last."""
        self.trouble = ""
        """Why there is no connection, in a word; "" while one stands."""

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
        ending = [*self._lines, *self._farewells]
        for task in ending:
            task.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        if self._answers:
            await asyncio.wait(self._answers, timeout=_LAST_FRAMES)
        await asyncio.gather(*map(self._drop, tuple(self._open)), return_exceptions=True)

    # --- one line: a connection after the other -------------------------------------------------------------------

    async def _keep(self, number: int, socket: Socket | None) -> None:
        await asyncio.sleep(number * self._patience.apart)
        failures = 0
        while True:
            try:
                socket = socket or await self._connect()
            except Exception as error:  # noqa: BLE001 - whatever it was, this line is put up again
                failures += 1
                self._failed(error)
                await asyncio.sleep(pause(self._patience.pauses, failures))
                continue
            is_to_renew = await self._listen(socket)
            failures = 0 if self._age(socket) > self._patience.lasts else failures + 1
            self._do_beside(self._retire(socket) if is_to_renew else self._drop(socket), self._farewells)
            socket = None
            if failures > 1:
                await asyncio.sleep(pause(self._patience.pauses, failures))

    async def _connect(self) -> Socket:
        try:
            answer = await self._client.apps_connections_open(app_token=self._app_token)
        except SlackApiError as error:
            if code_of(error) in _WRONG_TOKEN:
                raise BadToken(
                    "adapters.slack.app_token: Slack rejected it; it begins with xapp- and needs connections:write"
                ) from error
            raise
        socket = await self._session.ws_connect(answer["url"], autoping=False, max_msg_size=_LARGEST_FRAME)
        self._open[socket] = asyncio.get_running_loop().time()
        self.trouble = ""
        return socket

    def _failed(self, error: Exception) -> None:
        if not self._open:
            self.trouble = type(error).__name__
        log.warning("a connection to Slack failed and is made again", adapter="slack", error=type(error).__name__)

    async def _listen(self, socket: Socket) -> bool:
        """Hear a connection until it ends; tells whether it is to be replaced by a new one before it is closed."""
        pings = asyncio.create_task(self._ping(socket))
        try:
            while True:
                frame = await socket.receive(timeout=self._patience.silence)
                if frame.type in _ENDS:
                    return False
                if frame.type == aiohttp.WSMsgType.PING:
                    await socket.pong(frame.data)
                elif frame.type == aiohttp.WSMsgType.TEXT and self._hear(socket, _read(frame.data)):
                    return True
        except TimeoutError:
            log.warning("a connection to Slack went silent and is made again", adapter="slack")
            return False
        except (ConnectionError, aiohttp.ClientError):
            return False
        finally:
            pings.cancel()

    def _hear(self, socket: Socket, message: dict[str, Any]) -> bool:
        """Deal with a message; tells whether it asks for another connection in place of this one."""
        if message.get("type") == "disconnect":
            return True
        if message.get("envelope_id"):
            self._suspect(socket, message)
            self._do_beside(self._answer(socket, message), self._answers)
        return False

    async def _ping(self, socket: Socket) -> None:
        """Ask now and then whether anybody is there: the answer is a frame, too."""
        while not socket.closed:
            await asyncio.sleep(self._patience.silence / 3)
            try:
                await socket.ping(b"supportbot")
            except ConnectionError:
                return  # whoever listens to it learns the same

    async def _answer(self, socket: Socket, envelope: dict[str, Any]) -> None:
        """Take an envelope in, and acknowledge it once it is stored; Slack sends the others again."""
        answer = await self._take(envelope)
        if answer is not None and not socket.closed:
            body = {"envelope_id": envelope["envelope_id"], **({"payload": answer} if answer else {})}
            await socket.send_str(msgspec.json.encode(body).decode())

    def _suspect(self, socket: Socket, envelope: dict[str, Any]) -> None:
        """Give up the other connections where Slack got no answer to what never came in: one of them is deaf."""
        payload = envelope.get("payload")
        event = str(payload.get("event_id") or "") if isinstance(payload, dict) else ""
        is_new = bool(event) and event not in self._known
        if is_new:
            self._known[event] = None
        if not (is_new and envelope.get("retry_attempt") and envelope.get("retry_reason") == "timeout"):
            return
        for other in [known for known in self._open if known is not socket and self._age(known) > self._patience.lasts]:
            log.warning("a connection to Slack may be deaf and is made again", adapter="slack")
            self._do_beside(self._drop(other), self._farewells)

    # --- ends -----------------------------------------------------------------------------------------------------

    async def _retire(self, socket: Socket) -> None:
        """Hear what still comes down a connection that is being replaced, then close it."""
        try:
            async with asyncio.timeout(_LAST_FRAMES):
                await self._listen(socket)
        except TimeoutError:
            pass
        finally:
            await self._drop(socket)

    async def _drop(self, socket: Socket) -> None:
        self._open.pop(socket, None)
        await socket.close()

    def _age(self, socket: Socket) -> float:
        now = asyncio.get_running_loop().time()
        return now - self._open.get(socket, now)

    def _do_beside(self, work: Coroutine[Any, Any, None], among: set[asyncio.Task[None]]) -> None:
        task = asyncio.create_task(work)
        among.add(task)
        task.add_done_callback(lambda done: self._done(done, among))

    def _done(self, task: asyncio.Task[None], among: set[asyncio.Task[None]]) -> None:
        among.discard(task)
        error = None if task.cancelled() else task.exception()
        if error:
            log.warning("an envelope from Slack was not acknowledged", adapter="slack", error=type(error).__name__)


def _read(data: str) -> dict[str, Any]:
    """Read a frame; what is no message is nothing."""
    try:
        message = msgspec.json.decode(data)
    except (ValueError, RecursionError):
        log.warning("a frame from Slack could not be read", adapter="slack")
        return {}
    return message if isinstance(message, dict) else {}
