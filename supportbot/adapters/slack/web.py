"""HTTP mode: one path that Slack posts to. Whatever is not provably from Slack, and fresh, is 401 and nothing else."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from slack_bolt.response import BoltResponse
from slack_sdk.signature import Clock as SignatureClock
from slack_sdk.signature import SignatureVerifier

from supportbot.clock import SECOND, Clock
from supportbot.errors import ConfigurationError
from supportbot.logs import log

WINDOW = 300 * SECOND
"""How far a request's own time may be from ours, as Slack asks."""
_LARGEST = 3 * 1024 * 1024
_MOST_SEEN = 100_000
_STOPS_IN = 3.0

Dispatch = Callable[[dict[str, Any]], Awaitable[BoltResponse]]
"""Takes a payload in; what it answers is what Slack is answered."""


class _Now(SignatureClock):
    """Our clock, as the verifier asks for it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def now(self) -> float:
        return self._clock.now() / SECOND


class Gate:
    """Lets in what Slack signed in the last minutes, once: the same signature a second time is a replay."""

    def __init__(self, signing_secret: str, clock: Clock) -> None:
        self._verifier = SignatureVerifier(signing_secret, _Now(clock))
        self._clock = clock
        self._seen: dict[str, int] = {}

    def lets_in(self, body: bytes, headers: Mapping[str, str]) -> bool:
        """Tell whether a request is Slack's own; whatever cannot be read is not."""
        stamp = headers.get("X-Slack-Request-Timestamp", "")
        signature = headers.get("X-Slack-Signature", "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) < 16 and signature.isascii()):
            return False
        now = self._clock.now()
        try:
            is_theirs = self._verifier.is_valid(body=body, timestamp=stamp, signature=signature)
        except (ValueError, TypeError):
            return False
        return is_theirs and self._is_new(signature, now)

    def forget(self, headers: Mapping[str, str]) -> None:
        """Let the same request in again: it could not be taken in."""
        self._seen.pop(headers.get("X-Slack-Signature", ""), None)

    def _is_new(self, signature: str, now: int) -> bool:
        while self._seen and (now - next(iter(self._seen.values())) > 2 * WINDOW or len(self._seen) >= _MOST_SEEN):
            del self._seen[next(iter(self._seen))]
        if signature in self._seen:
            return False
        self._seen[signature] = now
        return True


class Web:
    """The small server that Slack's requests come to."""

    def __init__(self, dispatch: Dispatch, gate: Gate, host: str, port: int, path: str) -> None:
        self._dispatch = dispatch
        self._gate = gate
        self._place = (host, port)
        served = web.Application(client_max_size=_LARGEST)
        served.router.add_post(path, self._take)
        self._runner = web.AppRunner(
            served,
            access_log=None,
            shutdown_timeout=_STOPS_IN,
            auto_decompress=False,  # Slack compresses nothing; what cannot be unpacked would be answered 500
        )
        self.port = port

    async def open(self) -> None:
        """Listen; ConfigurationError where the port is taken."""
        host, port = self._place
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            what = f"adapters.slack.port: {host}:{port} cannot be listened on ({error.strerror}); choose another"
            raise ConfigurationError([what]) from error
        self.port = self._runner.addresses[0][1]

    async def close(self) -> None:
        """Take nothing more in, and let what is being taken in finish."""
        await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        try:
            body = await request.read()
        except web.HTTPRequestEntityTooLarge:
            body = b""
        if not self._gate.lets_in(body, request.headers):
            return web.Response(status=401)
        payload = payload_of(body)
        if payload is None:
            return web.Response(status=400)
        answer = await self._dispatch(payload)
        if answer.status >= 500:
            self._gate.forget(request.headers)
            log.warning("a request from Slack was not taken in; Slack sends it again", adapter="slack")
        kind = answer.first_headers().get("content-type", "text/plain").partition(";")[0]
        return web.Response(status=answer.status, text=answer.body, content_type=kind)


def payload_of(body: bytes) -> dict[str, Any] | None:
    """Read a request's body: an event is JSON, a command a form, an interaction JSON in a form's field.

    Not left to slack-bolt, which loses a form that is not an interaction if "payload" is anywhere in its words.
    """
    try:
        text = body.decode()
        fields = {} if text.startswith("{") else dict(parse_qsl(text, keep_blank_values=True))
        is_command = "command" in fields or not fields.get("payload")
        read = fields if fields and is_command else json.loads(fields.get("payload", text))
    except (ValueError, RecursionError):
        return None
    return read if isinstance(read, dict) else None
