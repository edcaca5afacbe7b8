"""HTTP mode: signed requests to the app's address, and forged ones that it has to turn away."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

import aiohttp

from supportbot.testing.slack.deliveries import Deliveries, Delivery
from supportbot.testing.slack.wire import Json

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
NOT_THE_SECRET = "guessed"  # noqa: S105 - a forger does not know it


def sign(secret: str, timestamp: str, body: bytes) -> str:
    """Sign a request as Slack does."""
    return "v0=" + hmac.new(secret.encode(), b"v0:" + timestamp.encode() + b":" + body, hashlib.sha256).hexdigest()


def encode(delivery: Delivery) -> tuple[bytes, str]:
    """Write a delivery as the body of a request, with its content type."""
    if delivery.kind == "events_api":
        return json.dumps(delivery.payload).encode(), JSON
    if delivery.kind == "slash_commands":
        return urlencode(delivery.payload).encode(), FORM
    return urlencode({"payload": json.dumps(delivery.payload)}).encode(), FORM


class HttpDelivery:
    """The way to an app that listens for requests."""

    def __init__(self, signing_secret: str, deliveries: Deliveries) -> None:
        self.url = ""
        """Where the app listens; nothing is sent while it is empty."""
        self.statuses: list[int] = []
        """What the app answered, request by request."""
        self._secret = signing_secret
        self._deliveries = deliveries
        self._session: aiohttp.ClientSession | None = None
        self._requests: dict[str, asyncio.Task[None]] = {}

    def reaches(self) -> bool:
        """Tell whether the app gave an address."""
        return bool(self.url)

    def send(self, delivery: Delivery, envelope_id: str) -> None:
        """Send the request; one before it that is still unanswered is given up, as Slack hangs up after 3 s."""
        if len(delivery.attempts) > 1 and (earlier := self._requests.get(delivery.attempts[-2])):
            earlier.cancel()
        task = asyncio.create_task(self._request(delivery, envelope_id))
        self._requests[envelope_id] = task
        task.add_done_callback(lambda _: self._requests.pop(envelope_id, None))

    async def _request(self, delivery: Delivery, envelope_id: str) -> None:
        body, kind = encode(delivery)
        retried = {}
        if delivery.failures:
            reason = "http_timeout" if delivery.failures[-1] == "timeout" else delivery.failures[-1]
            retried = {"X-Slack-Retry-Num": str(len(delivery.failures)), "X-Slack-Retry-Reason": reason}
        try:
            status, headers, answer = await self._post(body, {"Content-Type": kind, **self.signed(body), **retried})
        except (aiohttp.ClientError, OSError):
            self._deliveries.fail(envelope_id, "connection_failed")
            return
        if status < 300:
            self._deliveries.acknowledge(envelope_id, _read(answer))
        else:
            self._deliveries.fail(envelope_id, "http_error", final=headers.get("X-Slack-No-Retry") == "1")

    def signed(self, body: bytes, *, secret: str = "", timestamp: str = "") -> dict[str, str]:
        """Make the headers that show that a request is Slack's, or, with another secret or time, that it is not."""
        timestamp = timestamp or str(int(time.time()))  # real time: the app compares it with its own clock
        signature = sign(secret or self._secret, timestamp, body)
        return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": signature}

    async def post(self, body: bytes, headers: dict[str, str]) -> int:
        """Send any request at all to the app's address, and return the status it answers with."""
        status, _, _ = await self._post(body, headers)
        return status

    async def _post(self, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                headers={"User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)"}
            )
        async with self._session.post(self.url, data=body, headers=headers, allow_redirects=False) as response:
            answer = await response.read()
        self.statuses.append(response.status)
        return response.status, dict(response.headers), answer

    async def verifies_url(self) -> bool:
        """Ask the app to prove that the address is its own, as Slack does when it is entered."""
        body = json.dumps({"type": "url_verification", "challenge": "simulated", "token": "t"}).encode()
        status, _, answer = await self._post(body, {"Content-Type": JSON, **self.signed(body)})
        return status == 200 and b"simulated" in answer

    async def replays(self, delivery: Delivery, *, age: int = 0) -> int:
        """Send an event again as somebody would who recorded it: byte by byte, `age` real seconds old."""
        body, kind = encode(delivery)
        headers = self.signed(body, timestamp=str(int(time.time()) - age))
        return await self.post(body, {"Content-Type": kind, **headers})

    async def forges(self, how: str, payload: Json | None = None) -> int:
        """Send a request that is not Slack's, in one of the ways of FORGERIES, and return the app's status."""
        body = json.dumps(payload or {"type": "event_callback", "event": {"type": "message", "text": "hi"}}).encode()
        headers = {"Content-Type": JSON, **self.signed(body)}
        if how == "no signature":
            headers.pop("X-Slack-Signature")
        elif how == "no timestamp":
            headers.pop("X-Slack-Request-Timestamp")
        elif how in _CHANGED_HEADERS:
            headers |= _CHANGED_HEADERS[how]
        elif how == "another secret":
            headers |= self.signed(body, secret=NOT_THE_SECRET)
        elif how in ("old", "from the future"):
            age = 301 if how == "old" else -301
            headers |= self.signed(body, timestamp=str(int(time.time()) - age))
        elif how == "changed body":
            body += b" "
        elif how == "a body that is not UTF-8":
            body = b'{"text": "\xff\xfe"}'
            headers |= self.signed(body, secret=NOT_THE_SECRET)
        else:
            raise ValueError(f"{how!r} is not among {FORGERIES}")
        return await self.post(body, headers)

    async def close(self) -> None:
        """Stop what is under way."""
        tasks = list(self._requests.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self._session is not None:
            await self._session.close()


def _read(answer: bytes) -> Json | None:
    """Read what came with an acknowledgement: JSON, or a text that a command answers with."""
    if not answer.strip():
        return None
    try:
        read = json.loads(answer)
    except ValueError:
        return {"text": answer.decode("utf-8", "replace")}
    return read if isinstance(read, dict) else None


_CHANGED_HEADERS = {
    "an empty signature": {"X-Slack-Signature": ""},
    "a signature that is not ASCII": {"X-Slack-Signature": "v0=ümläut"},
    "a timestamp that is no number": {"X-Slack-Request-Timestamp": "yesterday"},
    "a timestamp that is a fraction": {"X-Slack-Request-Timestamp": "1.5"},
    "a huge timestamp": {"X-Slack-Request-Timestamp": "9" * 400},
}
FORGERIES = (
    "no signature",
    "no timestamp",
    "another secret",
    "old",
    "from the future",
    "changed body",
    "a body that is not UTF-8",
    *_CHANGED_HEADERS,
)
"""The ways in which `forges` makes a request that the app must answer with 401."""
