"""Discord's REST API over discord.py's own HTTP client: a call brings its answer, or one of our own errors.

discord.py keeps the limits that Discord announces and tries five times; whatever it gives up the outbox tries again.
Discord bans an address that makes too many calls in vain, so what was just rejected is not asked again at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import aiohttp
import discord
from discord.http import HTTPClient, Route
from msgspec.json import encode

from supportbot.adapters.discord.barrier import Barrier
from supportbot.adapters.downloads import fetched, stands_at
from supportbot.clock import SECOND, Clock
from supportbot.errors import BadToken, Refused, TryLater, Unclear
from supportbot.recent import Recent

NO_CHANNEL, NO_MESSAGE, NO_ACCESS = "10003", "10008", "50001"
CLOSED, NO_PERMISSION, WRONG_CHANNEL = "50007", "50013", "50024"
IS_ARCHIVED, IS_LOCKED = "50083", "160005"
"""Discord's own numbers for what it refuses, as `Failed.code` has them; `CLOSED` are somebody's direct messages."""
_PAUSE = 2.0
_LONG_PAUSE = 60.0
_LONGEST_PAUSE = 3600.0
_HOPELESS = frozenset({NO_ACCESS, CLOSED, NO_PERMISSION})
"""It stays so for a while."""
_HOPELESS_FOR = 30 * SECOND
_MOST_ANSWERED = 1_000
_REJECTED_FOR = 60.0
_OLD_INTERACTION = 50027
"""Discord answers 401 also where an interaction's token is too old: that says nothing about the bot's own."""
_DOMAINS = (".discordapp.com", ".discordapp.net", ".discord.com")


class Failed(Refused):
    """Discord answered with an error that trying again will not mend; `code` is its own number for it, as text."""

    def __init__(self, call: str, code: str, status: int, detail: str = "") -> None:
        self.status = status
        super().__init__(f"Discord refused {call}: {code}{f' ({detail})' if detail else ''}", code)


class Api:
    """Calls of one bot; paths have their places in braces, as discord.py's routes: ``/channels/{channel_id}``."""

    def __init__(self, http: HTTPClient, session: aiohttp.ClientSession, clock: Clock) -> None:
        """Call by the HTTP client of a discord.py client that has logged in; files are fetched over `session`."""
        self._http = http
        self._session = session
        self._clock = clock
        self._barrier = Barrier(clock)
        self._answered = Recent[tuple[str, str], tuple[int, Failed | None]](_MOST_ANSWERED)
        """What need not be asked of a channel: until when, and what Discord said; None is that it asks to wait."""

    async def read(self, path: str, *, query: Mapping[str, Any] | None = None, **places: Any) -> Any:
        """Ask for something (GET); Failed, or TryLater where there was no answer."""
        more = {"params": dict(query)} if query else {}
        return await self._call(Route("GET", path, **places), TryLater(_PAUSE, "Discord does not answer"), **more)

    async def change(self, method: str, path: str, json: Any = None, **places: Any) -> Any:
        """Change something that may be done twice without harm; Failed, or TryLater where there was no answer."""
        more = {} if json is None else {"json": json}
        return await self._call(Route(method, path, **places), TryLater(_PAUSE, "Discord does not answer"), **more)

    async def write(self, path: str, json: Any, *, files: Sequence[discord.File] = (), **places: Any) -> Any:
        """Make something new (POST); Failed, TryLater where nothing was done, Unclear where nobody can tell."""
        route, name = Route("POST", path, **places), (path, str(places.get("channel_id", "")))
        until, said = self._answered.get(name, (0, None))
        if (wait := until - self._clock.now()) > 0:
            raise said or TryLater(wait / SECOND, "Discord asks to wait")
        more = _with_files(json, files) if files else {"json": json}
        try:
            return await self._call(route, Unclear(f"no answer to POST {path}"), **more)
        except Failed as failed:
            if failed.code in _HOPELESS:
                self._remember(name, _HOPELESS_FOR, failed)
            raise
        except TryLater as asked:
            if isinstance(asked.__cause__, discord.RateLimited):
                self._remember(name, round(asked.after * SECOND), None)
            raise

    def _remember(self, name: tuple[str, str], span: int, said: Failed | None) -> None:
        self._answered[name] = self._clock.now() + span, said

    async def download(self, url: str, at_most: int) -> bytes | None:
        """Fetch a file that somebody attached; None where it is larger than that, elsewhere, or not to be had."""
        return await fetched(self._session, url, at_most) if stands_at(url, Route.BASE, _DOMAINS) else None

    async def _call(self, route: Route, unsure: TryLater | Unclear, **arguments: Any) -> Any:
        with self._barrier.passed():
            return await self._made(route, unsure, **arguments)

    async def _made(self, route: Route, unsure: TryLater | Unclear, **arguments: Any) -> Any:
        try:
            answer = await self._http.request(route, **arguments)
        except discord.RateLimited as limited:
            raise _asked_to_wait(limited.retry_after) from limited
        except discord.HTTPException as error:
            raise self._told(f"{route.method} {route.path}", error, unsure) from error
        except aiohttp.ClientConnectorError as error:
            raise TryLater(_PAUSE, "Discord cannot be reached") from error  # there was nothing to send it over
        except (aiohttp.ClientError, OSError) as error:
            raise unsure from error
        self._barrier.rise()
        return answer

    def _told(self, call: str, error: discord.HTTPException, unsure: TryLater | Unclear) -> Exception:
        """Say what an error of Discord's means for whoever made the call."""
        if error.status == 429:
            wait = _retry_after(error)
            if not error.response.headers.get("Via"):  # the guard in front of Discord, which counts all calls
                return self._barrier.fall(wait, _asked_to_wait)
            return _asked_to_wait(wait)
        if error.status == 401 and error.code != _OLD_INTERACTION:
            return self._barrier.fall(_REJECTED_FOR, _rejected)
        self._barrier.rise()
        if error.status >= 500:
            return unsure
        return Failed(call, str(error.code or error.status), error.status)


def _asked_to_wait(seconds: float) -> TryLater:
    return TryLater(seconds, "Discord asks to wait")


def _rejected(_: float) -> BadToken:
    return BadToken("Discord rejected the token; put a valid one into .env and start again")


def _retry_after(error: discord.HTTPException) -> float:
    value = error.response.headers.get("Retry-After", "")
    return min(max(float(value), 1.0), _LONGEST_PAUSE) if value.replace(".", "", 1).isdigit() else _LONG_PAUSE


def _with_files(json: Any, files: Sequence[discord.File]) -> dict[str, Any]:
    """Put the files of a message beside its JSON, as Discord takes them."""
    named = [{"id": number, "filename": file.filename} for number, file in enumerate(files)]
    form: list[dict[str, Any]] = [{"name": "payload_json", "value": encode({**json, "attachments": named}).decode()}]
    for number, file in enumerate(files):
        kind = "application/octet-stream"
        form.append({"name": f"files[{number}]", "value": file.fp, "filename": file.filename, "content_type": kind})
    return {"form": form, "files": files}
