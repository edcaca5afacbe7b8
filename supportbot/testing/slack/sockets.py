"""Socket Mode: connections that the app opens, over which envelopes go out and acknowledgements come back."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field

from aiohttp import WSCloseCode, WSMsgType, web

from supportbot.testing.notices import Notices
from supportbot.testing.slack.deliveries import Deliveries, Delivery
from supportbot.testing.slack.wire import Json, Refused, Serials

MOST_CONNECTIONS = 10


@dataclass(eq=False)
class Connection:
    """One WebSocket of the app."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    deaf: bool = False
    """Whether envelopes vanish on their way, while pings are answered."""
    frozen: bool = False
    """Whether nothing comes back at all, as on a half-open connection."""
    leaving: bool = False
    """Whether it was told to make way for a new one."""
    outgoing: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    interactions: list[str] = field(default_factory=list)
    """The envelopes of interactions that it took: when it breaks, their people see a warning at once."""

    @property
    def usable(self) -> bool:
        """Whether Slack would choose it for an envelope; Slack does not notice that it is deaf."""
        return not self.socket.closed and not self.leaving

    def say(self, frame: Json) -> None:
        """Send a frame, after those before it."""
        if not self.deaf and not self.frozen:
            self.outgoing.put_nowait(json.dumps(frame))


class Sockets:
    """All connections of the app; an envelope goes to any one of them, here to each in turn."""

    def __init__(self, app_id: str, serials: Serials, notices: Notices, deliveries: Deliveries) -> None:
        self.connections: list[Connection] = []
        self.opened = 0
        """How many connections there ever were."""
        self.address = ""
        """Where connections go, once the simulator listens."""
        self._app_id = app_id
        self._serials = serials
        self._notices = notices
        self._deliveries = deliveries
        self._tickets: set[str] = set()
        self._turn = 0

    def ticket(self) -> str:
        """Give out an address for one connection."""
        if not self.address:
            raise Refused("internal_error")
        ticket = self._serials.secret("ticket")
        self._tickets.add(ticket)
        return f"{self.address}/link/?ticket={ticket}&app_id={self._app_id}"

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=408, text="this address was used or never given out")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(autoping=False, timeout=1.0)
        await socket.prepare(request)
        connection = Connection(socket, request.transport)
        if len(self.connections) >= MOST_CONNECTIONS:
            await socket.send_json({"type": "disconnect", "reason": "too_many_websockets"})
            await socket.close()
            return socket
        self.connections.append(connection)
        self.opened += 1
        connection.say(self._hello())
        sender = asyncio.create_task(self._send(connection))
        self._notices.ring()
        try:
            await self._listen(connection)
        finally:
            sender.cancel()
            self.connections.remove(connection)
            for envelope_id in connection.interactions:
                self._deliveries.fail(envelope_id, "connection_lost")
            self._notices.ring()
        return socket

    def _hello(self) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections),
            "debug_info": {"host": "applink-simulated", "build_number": 1, "approximate_connection_time": 18060},
            "connection_info": {"app_id": self._app_id},
        }

    async def _send(self, connection: Connection) -> None:
        while True:
            frame = await connection.outgoing.get()
            try:
                await connection.socket.send_str(frame)
            except ConnectionError:
                return

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.socket:
            if connection.frozen:
                continue
            if message.type is WSMsgType.PING:
                await connection.socket.pong(message.data)
            elif message.type is WSMsgType.TEXT:
                acknowledged = json.loads(message.data)
                self._deliveries.acknowledge(acknowledged.get("envelope_id", ""), acknowledged.get("payload"))

    # --- a way to the app ---

    def reaches(self) -> bool:
        """Tell whether the app has a connection that takes envelopes."""
        return any(connection.usable for connection in self.connections)

    def send(self, delivery: Delivery, envelope_id: str) -> None:
        """Put a delivery into an envelope for the connection whose turn it is."""
        usable = [connection for connection in self.connections if connection.usable]
        self._turn += 1
        envelope: Json = {
            "envelope_id": envelope_id,
            "payload": delivery.payload,
            "type": delivery.kind,
            "accepts_response_payload": delivery.kind != "events_api",
        }
        if delivery.kind == "events_api":
            reason = delivery.failures[-1] if delivery.failures else ""
            envelope |= {"retry_attempt": len(delivery.failures), "retry_reason": reason}
        connection = usable[self._turn % len(usable)]
        if delivery.kind != "events_api":
            connection.interactions.append(envelope_id)
        connection.say(envelope)

    # --- what a test does to them ---

    async def connected(self, count: int = 1) -> None:
        """Wait until the app has so many connections that take envelopes."""
        await self._notices.until(
            lambda: True if sum(connection.usable for connection in self.connections) >= count else None,
            lambda: f"the app has {len(self.connections)} connections, not {count}",
        )

    async def disconnected(self) -> None:
        """Wait until the app has no connection left."""
        await self._notices.until(
            lambda: None if self.connections else True,
            lambda: f"the app still has {len(self.connections)} connections",
        )

    def refresh(self, *chosen: Connection, reason: str = "refresh_requested") -> None:
        """Ask these connections, or all, to make way for new ones."""
        for connection in chosen or self.connections:
            connection.say({"type": "disconnect", "reason": reason, "debug_info": {"host": "applink-simulated"}})
            connection.leaving = True

    def drop(self, *chosen: Connection) -> None:
        """Break these connections, or all, without a word."""
        for connection in chosen or list(self.connections):
            if connection.transport is not None:
                connection.transport.abort()

    def deafen(self, *chosen: Connection, frozen: bool = False) -> None:
        """Let these connections, or all, go deaf: open, but nothing arrives; `frozen` ones answer no ping either."""
        for connection in chosen or self.connections:
            connection.deaf, connection.frozen = True, frozen

    async def ping(self) -> None:
        """Send a ping to every connection, as Slack does now and then."""
        for connection in self.connections:
            if not connection.frozen:
                await connection.socket.ping(b"Ping from applink-simulated")

    async def close(self) -> None:
        """End all connections in an orderly way."""
        for connection in list(self.connections):
            if connection.frozen and connection.transport is not None:
                connection.transport.abort()
            else:
                await connection.socket.close(code=WSCloseCode.GOING_AWAY)
