"""The gateway: one client after another, so that there is always one, and few sessions are begun.

A session that is lost replays nothing; since when something may be missing is noted, and looked for in the histories.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

import discord

from supportbot.adapters.discord.client import SILENCE, Client, Payload
from supportbot.adapters.discord.gap import Gap
from supportbot.adapters.pauses import pause
from supportbot.clock import Clock
from supportbot.errors import BadToken, SupportbotError
from supportbot.logs import log

WRONG_TOKEN = 4004
_HOUR = 3600.0
REJECTED = "adapters.discord.token: Discord rejected it; put a valid one into .env and start again"


@dataclass(frozen=True)
class Patience:
    """How long what is waited for, in seconds."""

    silence: float = SILENCE
    """A connection without any frame is given up after this."""
    apart: float = 5.0
    """Between the beginnings of two sessions: Discord wants it so."""
    opening: float = 30.0
    """For the first session at a start."""
    guilds: float = 2.0
    """For the next server of those that a session tells of at its beginning."""
    lasts: float = 600.0
    """A client that lived this long worked: the next is made without much of a pause."""
    pauses: tuple[float, ...] = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0)
    """Between clients that end one after another."""
    sessions_an_hour: int = 20
    """Sessions a shard: of a thousand a day Discord resets the token."""


class Gateway:
    """Keeps a client connected until it is closed."""

    def __init__(
        self,
        token: str,
        intents: Callable[[], discord.Intents],
        happened: Callable[[str, Payload], None],
        clock: Clock,
        *,
        patience: Patience = Patience(),
    ) -> None:
        """Tell `happened` what comes down; `intents` are asked for anew each time."""
        self._token = token
        self._intents = intents
        self._happened = happened
        self._clock = clock
        self.patience = patience
        self._pace = Pace(lambda: self.patience)
        self.client: Client | None = None
        """The client at this moment, for the servers, channels, threads and roles that it knows."""
        self.trouble = "not connected yet"
        """Why there is no connection, in a few words; "" while all shards stand."""
        self.lost_since = 0
        """Since when events may have been missed that are not told again (milliseconds)."""
        self.gap = Gap()
        """Before what is said now: it waits until what was said in it was read."""
        self.is_refused_content = False
        """Discord closed a session with 4014: the application may not read messages."""
        self._away: dict[int, int] = {}
        """The shards that are not connected, and since when."""
        self._began: set[int] = set()
        self._ended_at = 0
        self._keeper: asyncio.Task[None] | None = None
        self._knows_servers = asyncio.Event()
        self._opened: asyncio.Future[None] | None = None

    async def open(self) -> None:
        """Connect, and stay so; BadToken where Discord rejects the token, TimeoutError where it takes too long."""
        if self._keeper is None:
            self._opened = asyncio.get_running_loop().create_future()
            self._keeper = asyncio.create_task(self._keep())
        if self._opened is not None:
            async with asyncio.timeout(self.patience.opening):
                await asyncio.shield(self._opened)

    async def close(self) -> None:
        """Disconnect for good."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.gather(self._keeper, return_exceptions=True)
            self._keeper = None

    async def ready(self) -> Client:
        """Wait until the servers of the session are known, with their channels."""
        while not (self.client and self._knows_servers.is_set()):
            await self._knows_servers.wait()
        return self.client

    # --- one client after another ---------------------------------------------------------------------------------

    async def _keep(self) -> None:
        failures, loop = 0, asyncio.get_running_loop()
        while True:
            began = loop.time()
            error = await self._live()
            if isinstance(error, discord.PrivilegedIntentsRequired) and not self.is_refused_content:
                log.warning("Discord does not let the bot read messages; it goes on without", adapter="discord")
                self.is_refused_content = True
                continue
            failures = 1 if loop.time() - began > self.patience.lasts else failures + 1
            self.trouble = _told(error)
            log.error("the connection to Discord ended and is made again", adapter="discord", error=self.trouble)
            if _is_final(error):
                failures = len(self.patience.pauses)
                self._refuse()
            await asyncio.sleep(pause(self.patience.pauses, failures))

    async def _live(self) -> Exception | None:
        """Run a client until it ends; returns what it died of."""
        patience = self.patience
        self.client = client = Client(self._intents(), self, silence=patience.silence, guilds_within=patience.guilds)
        try:
            await client.login(self._token)
            await client.connect()
        except Exception as error:  # noqa: BLE001 - whatever ended it, another is made
            return error
        finally:
            await self._end(client)
        return None

    async def _end(self, client: Client) -> None:
        self._ended_at = self._clock.now()
        for shard in self._began:
            self._away.setdefault(shard, self._ended_at)
        self._began.clear()
        self._knows_servers.clear()
        try:
            await client.close()
        except Exception as error:  # noqa: BLE001 - it ends one way or the other
            log.warning("a connection to Discord did not close", adapter="discord", error=type(error).__name__)

    def _refuse(self) -> None:
        if self._opened is not None and not self._opened.done():
            self._opened.set_exception(BadToken(REJECTED))

    # --- what it hears --------------------------------------------------------------------------------------------

    def hear(self, name: str, data: Payload) -> None:
        """Hear what came down the gateway."""
        if name == "READY":
            self._begin(data)
        elif name == "RESUMED":
            self._stand(data.get("__shard_id__"))
        else:
            self._happened(name, data)

    def _begin(self, data: Payload) -> None:
        """Note a new session: what happened since the one before it ended is told to nobody."""
        shard, shards = data.get("shard") or (0, 1)
        since = self._away.pop(shard, 0) or (0 if shard in self._began else self._ended_at)
        self._began.add(shard)
        if since:
            self.lost_since = min(self.lost_since or since, since)
            self.gap.open()
        self._away = {away: at for away, at in self._away.items() if away < shards}
        if len(self._began) >= shards:
            self._stand(shard)
            if self._opened is not None and not self._opened.done():
                self._opened.set_result(None)

    def _stand(self, shard: int | None) -> None:
        self._away.pop(shard or 0, None)
        if not self._away:
            self.trouble = ""

    def know_servers(self) -> None:
        """Hear that all servers are known, with their channels."""
        self._knows_servers.set()

    async def may_begin(self, shard: int) -> None:
        """Let a session begin when it is time for it."""
        await self._pace.wait(shard)

    def lose(self, shard: int) -> None:
        """Hear that a shard was disconnected: from now on something may be missed."""
        self._away.setdefault(shard, self._clock.now())
        self.trouble = "no connection"


class TooManySessions(SupportbotError):
    """More sessions were begun in an hour than is good for the token."""


class Pace:
    """Begins few sessions, apart from each other."""

    def __init__(self, patience: Callable[[], Patience]) -> None:
        self._patience = patience
        self._began: deque[tuple[float, int]] = deque()

    async def wait(self, shard: int) -> None:
        """Wait until a shard may begin a session; TooManySessions where that is not soon."""
        now = asyncio.get_running_loop().time()
        while self._began and self._began[0][0] < now - _HOUR:
            self._began.popleft()
        if sum(known == shard for _, known in self._began) >= self._patience().sessions_an_hour:
            raise TooManySessions("too many sessions were begun in the last hour")
        at = max(now, self._began[-1][0] + self._patience().apart) if self._began else now
        self._began.append((at, shard))
        await asyncio.sleep(at - now)


def _is_final(error: Exception | None) -> bool:
    """Tell whether Discord rejects the token."""
    is_closed_for_it = isinstance(error, discord.ConnectionClosed) and error.code == WRONG_TOKEN
    return is_closed_for_it or isinstance(error, discord.LoginFailure)


def _told(error: Exception | None) -> str:
    if _is_final(error):
        return "Discord rejects the token"
    code = getattr(error, "code", None)
    return f"no connection ({type(error).__name__}{f' {code}' if code else ''})"
