"""The gateway: the app's connections, from HELLO to the close; sessions that are resumed, or begun anew."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Callable

from aiohttp import WSMsgType, web

from supportbot.testing.discord import intents
from supportbot.testing.discord.application import Application
from supportbot.testing.discord.directory import Directory
from supportbot.testing.discord.guilds import Guild
from supportbot.testing.discord.sessions import (
    HEARTBEAT,
    HEARTBEAT_ACK,
    HELLO,
    IDENTIFY,
    INVALID_SESSION,
    PRESENCE,
    RECONNECT,
    REQUEST_MEMBERS,
    RESUME,
    VOICE,
    Connection,
    Session,
)
from supportbot.testing.discord.trouble import Trouble
from supportbot.testing.discord.wire import Json, Serials
from supportbot.testing.notices import Notices

VERSION = "10"
IDENTIFIES_A_DAY = 1000
UNKNOWN_OP, UNREADABLE, NOT_IDENTIFIED, WRONG_TOKEN, TWICE, WRONG_SEQUENCE = 4001, 4002, 4003, 4004, 4005, 4007
TIMED_OUT = 4009
OVER = (1000, 1001, WRONG_SEQUENCE, TIMED_OUT)
"""After these a session cannot be resumed: who says goodbye does not come back."""
WRONG_SHARD, WRONG_VERSION, WRONG_INTENTS, FORBIDDEN_INTENTS = 4010, 4012, 4013, 4014


class Gateway:
    """The app's connections and sessions, and what a test does to them."""

    def __init__(
        self, app: Application, directory: Directory, serials: Serials, notices: Notices, trouble: Trouble
    ) -> None:
        self.address = ""
        self.connections: list[Connection] = []
        self.sessions: dict[str, Session] = {}
        self.shards = 1
        """How many shards ``/gateway/bot`` recommends."""
        self.heartbeat_interval = 41_250
        """The milliseconds between heartbeats that HELLO asks for."""
        self.identifies = 0
        """How often the app began a session; a thousand a day are the limit."""
        self.resumes = 0
        """How often a session was resumed."""
        self._app = app
        self._directory = directory
        self._serials = serials
        self._notices = notices
        self._trouble = trouble

    @property
    def url(self) -> str:
        """Where the app connects to."""
        return f"{self.address}/gateway"

    def start_limit(self) -> Json:
        """Tell how many sessions the app may still begin."""
        left = max(0, IDENTIFIES_A_DAY - self.identifies)
        return {"total": IDENTIFIES_A_DAY, "remaining": left, "reset_after": 86_400_000, "max_concurrency": 1}

    # --- serving a connection ---

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serve one connection until it ends."""
        socket = web.WebSocketResponse(timeout=1.0)
        await socket.prepare(request)
        compressor = zlib.compressobj() if request.query.get("compress") == "zlib-stream" else None
        connection = Connection(socket, request.transport, compressor)
        self.connections.append(connection)
        sender = asyncio.create_task(self._send(connection))
        connection.say(HELLO, {"heartbeat_interval": self.heartbeat_interval, "_trace": []})
        if request.query.get("v") != VERSION:
            connection.close(WRONG_VERSION)
        try:
            await self._listen(connection)
        finally:
            sender.cancel()
            self.connections.remove(connection)
            self._ended(connection)
            self._notices.ring()
        return socket

    async def _send(self, connection: Connection) -> None:
        while True:
            frame = await connection.outgoing.get()
            try:
                if isinstance(frame, bytes):
                    await connection.socket.send_bytes(frame)
                elif isinstance(frame, str):
                    await connection.socket.send_str(frame)
                else:
                    await connection.socket.close(code=frame)
            except ConnectionError:
                return

    async def _listen(self, connection: Connection) -> None:
        async for message in connection.socket:
            if connection.frozen or message.type is not WSMsgType.TEXT:
                continue
            try:
                frame = json.loads(message.data)
                self._hear(connection, frame["op"], frame.get("d"))
            except (ValueError, KeyError, TypeError):
                connection.close(UNREADABLE)

    def _ended(self, connection: Connection) -> None:
        session, connection.session = connection.session, None
        if session is None or session.connection is not connection:
            return
        session.connection = None
        if (connection.closed_with or connection.socket.close_code) in OVER:
            self.sessions.pop(session.id, None)

    def _hear(self, connection: Connection, op: int, data: Json) -> None:
        if op == HEARTBEAT:
            connection.heartbeats += 1
            connection.say(HEARTBEAT_ACK)
            self._notices.ring()
        elif op == IDENTIFY:
            self._identify(connection, data)
        elif op == RESUME:
            self._resume(connection, data)
        elif connection.session is None:
            connection.close(NOT_IDENTIFIED)
        elif op == REQUEST_MEMBERS:
            self._members(connection.session, data)
        elif op not in (PRESENCE, VOICE):
            connection.close(UNKNOWN_OP)

    def _identify(self, connection: Connection, data: Json) -> None:
        shard, shards = data.get("shard") or (0, 1)
        if code := self._refusal(connection, data, shard, shards):
            connection.close(code)
            return
        self.identifies += 1
        if self.identifies > IDENTIFIES_A_DAY:
            self._app.token = self._serials.secret("reset")  # as Discord does, and writes the owner a mail
            connection.close(WRONG_TOKEN)
            return
        session = Session(self._serials.secret("session"), shard, shards, data["intents"], connection)
        connection.session = self.sessions[session.id] = session
        self._greet(session)
        self._notices.ring()

    def _refusal(self, connection: Connection, data: Json, shard: int, shards: int) -> int:
        wanted = data.get("intents")
        if connection.session is not None:
            return TWICE
        if data.get("token") != self._app.token:
            return WRONG_TOKEN
        if not 0 <= shard < shards:
            return WRONG_SHARD
        if not isinstance(wanted, int) or wanted & ~intents.KNOWN:
            return WRONG_INTENTS
        return FORBIDDEN_INTENTS if self._app.forbids(wanted) else 0

    def _greet(self, session: Session) -> None:
        guilds = [guild for guild in self._directory.guilds.values() if self._is_in(guild) and session.serves(guild)]
        ready: Json = {
            "v": int(VERSION),
            "user": {**self._app.bot.record(), "verified": True, "mfa_enabled": True, "email": None, "flags": 0},
            "guilds": [{"id": guild.id, "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "session_type": "normal",
            "resume_gateway_url": self.url,
            "shard": [session.shard, session.shards],
            "application": {"id": self._app.id, "flags": self._app.flags},
        }
        session.tell("READY", ready)
        if session.intents & intents.GUILDS:
            for guild in guilds:
                session.tell("GUILD_CREATE", self.guild_record(guild))

    def _is_in(self, guild: Guild) -> bool:
        return guild.has(self._app.bot)

    def guild_record(self, guild: Guild) -> Json:
        """Describe a guild as its first event does: with its channels, threads and the bot itself."""
        bot = self._app.bot
        seen = [thread for thread in self._directory.threads(guild) if thread.may(bot, "view_channel")]
        return {
            **guild.record(),
            "joined_at": guild.members[bot.id].joined_at,
            "large": False,
            "unavailable": False,
            "member_count": len(guild.members),
            "members": [guild.members[bot.id].record()],
            "channels": [room.record(bot) for room in self._directory.rooms(guild)],
            "threads": [thread.record(bot) for thread in seen],
            **{name: [] for name in ("voice_states", "presences", "stage_instances", "guild_scheduled_events")},
        }

    def _resume(self, connection: Connection, data: Json) -> None:
        if data.get("token") != self._app.token:
            connection.close(WRONG_TOKEN)
            return
        session = self.sessions.get(data.get("session_id") or "")
        after = data.get("seq")
        if session is None or after is None or not session.remembers(after):
            connection.say(INVALID_SESSION, False)
            return
        if session.connection is not None and session.connection is not connection:
            session.connection.close(TWICE)
            session.connection.session = None
        connection.session, session.connection = session, connection
        self.resumes += 1
        session.replay(after, self._trouble.repeats)
        session.tell("RESUMED", {"_trace": []})
        self._notices.ring()

    def _members(self, session: Session, data: Json) -> None:
        guild = self._directory.guilds.get(str(data.get("guild_id")))
        if guild is None:
            return
        wanted = data.get("user_ids")
        ids = [str(wanted)] if isinstance(wanted, int | str) else [str(id) for id in wanted or ()]
        found = [m for m in guild.members.values() if m.user.id in ids] if ids else list(guild.members.values())
        if data.get("query"):
            found = [member for member in found if member.user.name.startswith(str(data["query"]).lower())]
        elif not ids and not session.intents & intents.GUILD_MEMBERS:
            if session.connection is not None:
                session.connection.close(FORBIDDEN_INTENTS)
            return
        chunk: Json = {"guild_id": guild.id, "members": [member.record() for member in found]}
        chunk |= {"chunk_index": 0, "chunk_count": 1, "not_found": [], "nonce": data.get("nonce")}
        session.tell("GUILD_MEMBERS_CHUNK", chunk)

    # --- telling the app ---

    def tell(
        self, event: str, guild: Guild | None, data: Json, censored: Callable[[Json, int], Json] | None = None
    ) -> None:
        """Tell every session that asked for an event; `censored` takes out what its intents do not include."""
        needed = intents.needed(event, direct=guild is None)
        for session in list(self.sessions.values()):
            if session.serves(guild) and session.intents & needed == needed:
                self._deliver(session, event, censored(data, session.intents) if censored else data)

    def _deliver(self, session: Session, event: str, data: Json) -> None:
        def send() -> None:
            session.tell(event, data)
            self._notices.ring()

        if self._trouble.with_event(send):
            return
        if self._trouble.delay:
            wait = self._trouble.chance.random() * self._trouble.delay
            asyncio.get_running_loop().call_later(wait, send)
        else:
            send()

    # --- what a test does to them ---

    def online(self) -> list[Connection]:
        """List the connections that have a session."""
        return [connection for connection in self.connections if connection.session is not None]

    async def connected(self, count: int = 1) -> None:
        """Wait until the app has so many connections with a session."""
        await self._notices.until(
            lambda: True if len(self.online()) >= count else None,
            lambda: f"the app has {len(self.online())} connections, not {count}",
        )

    async def disconnected(self) -> None:
        """Wait until the app has no connection left."""
        await self._notices.until(
            lambda: None if self.connections else True,
            lambda: f"the app still has {len(self.connections)} connections",
        )

    async def resumed(self, times: int = 1) -> None:
        """Wait until sessions were resumed so often in all."""
        await self._notices.until(
            lambda: True if self.resumes >= times else None,
            lambda: f"sessions were resumed {self.resumes} times, not {times}",
        )

    async def identified(self, times: int = 1) -> None:
        """Wait until the app began so many sessions in all."""
        await self._notices.until(
            lambda: True if self.identifies >= times and self.online() else None,
            lambda: f"the app began {self.identifies} sessions, not {times}",
        )

    def refresh(self, *chosen: Connection) -> None:
        """Ask these connections, or all, to come again and resume (op 7)."""
        for connection in chosen or self.online():
            connection.say(RECONNECT)

    def drop(self, *chosen: Connection) -> None:
        """Break these connections, or all, without a word; their sessions can be resumed."""
        for connection in chosen or list(self.connections):
            if connection.transport is not None:
                connection.transport.abort()

    def invalidate(self, *chosen: Connection, resumable: bool = False) -> None:
        """Tell these connections, or all, that their session is over (op 9)."""
        for connection in chosen or self.online():
            session = connection.session
            if not resumable and session is not None:
                self.sessions.pop(session.id, None)
                session.connection = connection.session = None
            connection.say(INVALID_SESSION, resumable)

    def forget(self) -> None:
        """Lose all sessions and break the connections: what happens until the app is back is never told."""
        self.sessions.clear()
        self.drop()

    def fail(self, code: int, *chosen: Connection) -> None:
        """Close these connections, or all, with a code; 4004 and 4010 to 4014 are final."""
        for connection in chosen or list(self.connections):
            connection.close(code)

    def deafen(self, *chosen: Connection, frozen: bool = False) -> None:
        """Let these connections, or all, go deaf: no event arrives; `frozen` ones get no heartbeat back either."""
        for connection in chosen or self.connections:
            connection.deaf, connection.frozen = True, frozen

    def garble(self, *chosen: Connection) -> None:
        """Send these connections, or all, a frame that is no JSON."""
        for connection in chosen or self.online():
            connection.send('{"op": 0, "t": "MESSAGE_CREATE", "d": {')

    async def close(self) -> None:
        """End all connections."""
        for connection in list(self.connections):
            if connection.frozen and connection.transport is not None:
                connection.transport.abort()
            else:
                await connection.socket.close(code=1001)
