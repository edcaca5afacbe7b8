"""The Web API of one workspace: a call brings its answer, or one of our own errors that says what to do next."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from supportbot.adapters.downloads import fetched, stands_at
from supportbot.errors import BadToken, Refused, TryLater, Unclear

BAD_TOKENS = frozenset(
    {"invalid_auth", "not_authed", "not_allowed_token_type", "account_inactive", "token_revoked", "token_expired"}
)
QUIET = logging.getLogger("supportbot.slack_sdk")
"""The SDK's own log: it would word each call, and people's words with it, were the level not set here."""
QUIET.setLevel(logging.WARNING)
_LATER = frozenset({"ratelimited", "rate_limited", "message_limit_exceeded", "accesslimited", "team_added_to_org"})
_UNSURE = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})
"""Slack says of these that parts of the call may have happened."""
PASSING = _LATER | _UNSURE
"""What says nothing against whoever called: it goes away by itself."""
_PAUSE = 2.0
_LONG_PAUSE = 60.0
_LONGEST_CALL = 20.0
_LONGEST_LOOK = 0.8
"""Seconds: a message may need three looks, and is to be acknowledged within three seconds."""
_PAGE = 200
_DOMAINS = (".slack.com",)


NotSlack = AttributeError
"""What the library raises where something else, a proxy say, answers in plain words: it takes them for an object."""


class Failed(Refused):
    """Slack answered with an error that trying again will not mend; `code` is its own name for it."""

    def __init__(self, method: str, code: str, detail: str = "") -> None:
        super().__init__(f"Slack refused {method}: {code}{f' ({detail})' if detail else ''}", code)


class Api:
    """Calls of one workspace, over one shared connection pool; the outbox decides what is tried again, and when."""

    def __init__(self, token: str, base_url: str, session: aiohttp.ClientSession) -> None:
        self.client = AsyncWebClient(
            token, base_url=base_url, session=session, retry_handlers=[], timeout=int(_LONGEST_CALL), logger=QUIET
        )
        self._session = session
        self._token = token
        self._reading: dict[tuple[Any, ...], asyncio.Task[dict[str, Any]]] = {}

    async def read(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Ask for something; what fails may be asked again at any time. What is being asked is not asked twice."""
        name = (method, *sorted(arguments.items()))
        task = self._reading.get(name)
        if task is None:
            read = self._call(method, {"params": _given(arguments)}, http_verb="GET", unsure=TryLater(_PAUSE))
            task = self._reading[name] = asyncio.create_task(read)
            task.add_done_callback(lambda done: self._was_read(name, done))
        return await asyncio.shield(task)

    def _was_read(self, name: tuple[Any, ...], task: asyncio.Task[dict[str, Any]]) -> None:
        del self._reading[name]
        if not task.cancelled():
            task.exception()  # heard, also where nobody waits for it any more

    async def look_up(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Ask for what an acknowledgement waits for, and not longer than it can: then it goes without."""
        try:
            async with asyncio.timeout(_LONGEST_LOOK):
                return await self.read(method, **arguments)
        except TimeoutError as error:
            raise TryLater(_PAUSE, "Slack is slow to answer") from error

    async def write(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Change something that people see; Unclear where nobody can tell whether it happened."""
        return await self._call(method, {"json": _given(arguments)}, unsure=Unclear(f"no answer to {method}"))

    async def empty(self, method: str, field: str, **arguments: Any) -> dict[str, Any]:
        """Change something to nothing: elsewhere an argument that is empty is one that was not given."""
        arguments = {**_given(arguments), field: ""}
        return await self._call(method, {"json": arguments}, unsure=Unclear(f"no answer to {method}"))

    async def form(self, method: str, **arguments: Any) -> dict[str, Any]:
        """Change something by one of the methods that take a form only."""
        return await self._call(method, {"data": _given(arguments)}, unsure=Unclear(f"no answer to {method}"))

    async def pages(self, method: str, items: str, **arguments: Any) -> AsyncIterator[Any]:
        """Read a list to its end."""
        cursor = ""
        while True:
            page = await self.read(method, limit=_PAGE, cursor=cursor, **arguments)
            for item in page.get(items) or ():
                yield item
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return

    async def download(self, url: str, at_most: int) -> bytes | None:
        """Fetch a file that somebody shared; None where it is larger than that, elsewhere, or not to be had."""
        if not stands_at(url, self.client.base_url, _DOMAINS):
            return None  # a link to a drive elsewhere, say: the token is for Slack alone
        return await fetched(self._session, url, at_most, headers={"Authorization": f"Bearer {self._token}"})

    async def upload(self, url: str, content: bytes) -> None:
        """Send a file's bytes to the address that Slack gave for them."""
        try:
            async with self._session.post(url, data=content) as answer:
                answer.raise_for_status()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise TryLater(_PAUSE, "a file could not be sent") from error

    async def _call(
        self, method: str, arguments: dict[str, Any], *, unsure: TryLater | Unclear, http_verb: str = "POST"
    ) -> dict[str, Any]:
        try:
            answer = await self.client.api_call(method, http_verb=http_verb, **arguments)
        except SlackApiError as error:
            raise _told(method, error, unsure) from error
        except aiohttp.ClientConnectorError as error:
            raise TryLater(_PAUSE, "Slack cannot be reached") from error  # there was no connection to send it over
        except (aiohttp.ClientError, TimeoutError, NotSlack) as error:
            raise unsure from error
        return answer.data if isinstance(answer.data, dict) else {}


def code_of(error: SlackApiError) -> str:
    """Read Slack's own name for what is wrong; "" where it was not Slack that answered."""
    data = getattr(error.response, "data", None)
    return str(data.get("error") or "") if isinstance(data, dict) else ""


def _told(method: str, error: SlackApiError, unsure: TryLater | Unclear) -> Exception:
    answer = error.response
    status: int = getattr(answer, "status_code", 0) or getattr(answer, "status", 200)
    code = code_of(error)
    if status == 429 or code in _LATER:
        return TryLater(_retry_after(answer), "Slack asks to wait")
    if code in BAD_TOKENS:
        return BadToken(f"Slack rejected the token: {code}; put a valid one into .env and start again")
    if not code or status >= 500 or code in _UNSURE:
        return unsure
    needed = answer.get("needed")
    return Failed(method, code, f"the app needs the scope {needed}" if needed else "")


def _retry_after(answer: Any) -> float:
    value = str((getattr(answer, "headers", None) or {}).get("Retry-After", ""))
    return min(max(float(value), 1.0), 3600.0) if value.replace(".", "", 1).isdigit() else _LONG_PAUSE / 2


def _given(arguments: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value not in (None, "")}
