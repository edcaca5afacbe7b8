"""Sessions: what one shard of the app has been told, numbered, so that it can be told again; and its connection."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections import deque
from dataclasses import dataclass, field

from aiohttp import web

from supportbot.testing.discord.guilds import Guild

REMEMBERED = 2000
DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, VOICE, RESUME = 0, 1, 2, 3, 4, 6
RECONNECT, REQUEST_MEMBERS, INVALID_SESSION, HELLO, HEARTBEAT_ACK = 7, 8, 9, 10, 11


@dataclass(eq=False)
class Connection:
    """One socket of the app; it may be open and yet deaf."""

    socket: web.WebSocketResponse
    transport: asyncio.Transport | None
    compressor: zlib._Compress | None
    outgoing: asyncio.Queue[bytes | str | int] = field(default_factory=asyncio.Queue)
    """Frames that wait to be sent; a number is the code to close with."""
    session: Session | None = None
    deaf: bool = False
    frozen: bool = False
    heartbeats: int = 0
    closed_with: int = 0
    """The code with which Discord closed it; 0 where the app did, or nobody."""

    def say(self, op: int, data: object = None, *, event: str | None = None, sequence: int | None = None) -> None:
        """Send a frame."""
        self.send(json.dumps({"op": op, "d": data, "s": sequence, "t": event}))

    def send(self, text: str) -> None:
        """Send any words, be they a frame or not."""
        if self.compressor is None:
            self.outgoing.put_nowait(text)
        else:
            self.outgoing.put_nowait(self.compressor.compress(text.encode()) + self.compressor.flush(zlib.Z_SYNC_FLUSH))

    def close(self, code: int) -> None:
        """Close the socket with a code, after what is still to be sent."""
        self.closed_with = code
        self.outgoing.put_nowait(code)


@dataclass(eq=False)
class Session:
    """What one shard has been told since its IDENTIFY."""

    id: str
    shard: int
    shards: int
    intents: int
    connection: Connection | None = None
    sequence: int = 0
    told: deque[tuple[int, str, object]] = field(default_factory=lambda: deque(maxlen=REMEMBERED))

    def tell(self, event: str, data: object) -> None:
        """Tell an event, or keep it until the app resumes."""
        self.sequence += 1
        self.told.append((self.sequence, event, data))
        if self.connection is not None and not self.connection.deaf:
            self.connection.say(DISPATCH, data, event=event, sequence=self.sequence)

    def replay(self, after: int, again: int) -> None:
        """Tell what came after a number, and so many events before it once more."""
        missed = [one for one in self.told if one[0] > after]
        repeated = [one for one in self.told if one[0] <= after][-again:] if again else []
        for sequence, event, data in [*repeated, *missed]:
            if self.connection is not None:
                self.connection.say(DISPATCH, data, event=event, sequence=sequence)

    def remembers(self, after: int) -> bool:
        """Tell whether all that came after a number can still be told."""
        return after <= self.sequence and (not self.told or self.told[0][0] <= after + 1)

    def serves(self, guild: Guild | None) -> bool:
        """Tell whether a guild belongs to this shard; direct messages belong to the first."""
        return (int(guild.id) >> 22) % self.shards == self.shard if guild else self.shard == 0
