"""The Slack adapter: real slack-bolt checks and reads what comes in; our own outbox decides what goes out, and when.

Everything is stored before it is acknowledged: one global middleware takes every payload, so that an event which the
bot does not care for is acknowledged the first time, and one that cannot be stored is not, and comes again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

import aiohttp
import msgspec
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.middleware.async_middleware import AsyncMiddleware
from slack_bolt.response import BoltResponse
from slack_sdk.web.async_client import AsyncWebClient

from supportbot.adapter_settings import SlackSettings
from supportbot.adapters.base import Adapter, Capabilities, Files, Missed, Receive, Sent
from supportbot.adapters.beside import Beside
from supportbot.adapters.slack.api import QUIET
from supportbot.adapters.slack.checks import Checks
from supportbot.adapters.slack.incoming import Payload
from supportbot.adapters.slack.installation import Around, Installation
from supportbot.adapters.slack.sockets import Sockets
from supportbot.adapters.slack.team import MAIN, NAME
from supportbot.adapters.slack.web import Gate, Web
from supportbot.adapters.slack.workspaces import Workspaces
from supportbot.clock import Clock, SystemClock
from supportbot.domain.address import Address
from supportbot.domain.event import Event
from supportbot.domain.finding import Finding
from supportbot.domain.person import Person
from supportbot.domain.reply import Outgoing
from supportbot.errors import AdapterError, BadToken, Refused, TryLater
from supportbot.logs import log
from supportbot.texts import Texts

_LONGEST_WAIT = aiohttp.ClientTimeout(total=20)
_NOT_AS_SLACK_WRITES = (AttributeError, LookupError, OverflowError, TypeError, ValueError, Refused)
"""What comes of reading a payload that has something else where Slack has words, or names what is not there."""


def _as_json(message: Any) -> str:
    """Spell what goes out in a tenth of the time that the library takes."""
    return msgspec.json.encode(message).decode()


class _First(AsyncMiddleware):
    """Lets the bot take each payload before bolt looks for who else may: nobody else does."""

    def __init__(self, take: Callable[[Payload], Awaitable[BoltResponse]]) -> None:
        self._take = take

    async def async_process(
        self,
        *,
        req: AsyncBoltRequest,
        resp: BoltResponse,
        next: Callable[[], Awaitable[BoltResponse]],  # noqa: A002 - bolt says so
    ) -> BoltResponse:
        """Take a payload; what proves to Slack that the address is ours is left to bolt."""
        if req.body.get("type") == "url_verification":
            await next()
            return resp
        return await self._take(req.body)


class Slack(Adapter):
    """One Slack app, installed in one workspace or several."""

    name = NAME
    capabilities = Capabilities(reactions=True, forms=True, edits=True, command_sign="!")
    has_history = True

    def __init__(self, settings: SlackSettings, agents_channel: str, texts: Texts, clock: Clock) -> None:
        self._settings = settings
        self._agents = self.channel(agents_channel) if agents_channel else None
        self._texts = texts
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._transport: Sockets | Web | None = None
        self._beside = Beside(NAME)
        self.workspaces: Workspaces
        self.app: AsyncApp

    # --- coming and going -----------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Make sending possible: learn who the bot is; BadToken where Slack rejects the token of `main`."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_LONGEST_WAIT, json_serialize=_as_json)
            around = Around(self._settings, self._texts, self._clock, self._session, self._beside)
            self.workspaces = Workspaces(around, self._agents)
            self.app = self._bolt()
        await self.workspaces.connect()

    def _bolt(self) -> AsyncApp:
        async def authorize(team_id: str | None = None) -> AuthorizeResult:
            """Let bolt go on without asking Slack: who the bot is was learned at the start."""
            return self._grant(team_id)

        url = self.workspaces.main.team.api.client.base_url
        return AsyncApp(
            name="supportbot",
            client=AsyncWebClient(base_url=url, session=self._session, retry_handlers=[], logger=QUIET),
            before_authorize=_First(self._take),
            authorize=authorize,
            request_verification_enabled=False,  # the gate in front of it is stricter, and never answers 500
            ignoring_self_events_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )

    async def start(self, receive: Receive, files: Files) -> None:
        """Begin to take events in, over sockets or by HTTP."""
        self.workspaces.start(receive, files)
        if self._transport is not None:
            return
        transport = self._made_transport()
        await transport.open()
        self._transport = transport

    def _made_transport(self) -> Sockets | Web:
        settings = self._settings
        if settings.mode == "http" and settings.signing_secret:
            gate = Gate(settings.signing_secret.reveal(), SystemClock())
            return Web(self._dispatch, gate, settings.host, settings.port, settings.path)
        if self._session is None or settings.app_token is None:
            raise BadToken("adapters.slack.app_token: socket mode needs one")
        return Sockets(
            self.workspaces.main.team.api.client,
            settings.app_token.reveal(),
            self._session,
            self._from_socket,
            connections=settings.connections,
        )

    async def checks(self) -> list[Finding]:
        """Look at tokens, scopes, channels and clock; for ``doctor``."""
        return [finding async for finding in Checks(self._settings, self._agents, self._clock).make()]

    @property
    def trouble(self) -> str:  # type: ignore[override] # looked up whenever it is asked for
        """Tell why Slack, or one of its workspaces, is lost, if it is."""
        if self._session is None:
            return ""
        if isinstance(self._transport, Sockets) and not self._transport.is_up:
            return f"no connection{f' ({self._transport.trouble})' if self._transport.trouble else ''}"
        return self.workspaces.trouble

    def missed(self, since: int, places: Sequence[Address] = ()) -> AsyncIterator[Missed]:  # noqa: ARG002 - it lists them
        """Read what was written since then, in direct messages and in the channels that the bot is in."""
        return self.workspaces.missed(since)

    async def stop_receiving(self) -> None:
        """Take nothing more in: sockets and requests are closed."""
        if self._transport is not None:
            await self._transport.close()
            self._transport = None

    async def stop(self) -> None:
        """Take nothing more in, and disconnect."""
        await self.stop_receiving()
        await self._beside.stop()
        if self._session is not None:
            await self._session.close()

    # --- taking in ------------------------------------------------------------------------------------------------

    def _grant(self, team_id: str | None) -> AuthorizeResult:
        team, token = self.workspaces.main.team, self._settings.bot_token.reveal()
        return AuthorizeResult(
            enterprise_id=None, team_id=team_id, bot_user_id=team.bot_user, bot_id=team.bot_id, bot_token=token
        )

    async def _from_socket(self, envelope: dict[str, Any]) -> dict[str, Any] | None:
        answer = await self._dispatch(envelope.get("payload") or {})
        if answer.status != 200:
            return None
        if not answer.body:
            return {}
        read = json.loads(answer.body) if str(answer.body).startswith("{") else {"text": answer.body}
        return dict(read)

    async def _dispatch(self, payload: dict[str, Any]) -> BoltResponse:
        """Let bolt look at a payload, in either mode; what it cannot even open would be no better the next time."""
        try:
            request = AsyncBoltRequest(mode="socket_mode", body=payload)
        except _NOT_AS_SLACK_WRITES as error:
            log.warning("a payload from Slack could not be opened", adapter=NAME, error=type(error).__name__)
            return BoltResponse(status=200)
        return await self.app.async_dispatch(request)

    async def _take(self, body: Payload) -> BoltResponse:
        """Take a payload in: when this answers 200, all of it is stored."""
        try:
            answer = await self.take(body)
        except (asyncio.CancelledError, KeyboardInterrupt):
            raise
        except Exception as error:  # noqa: BLE001 - whatever it was, it is not acknowledged, and Slack sends it again
            log.warning("a payload from Slack was not taken in", adapter=NAME, error=type(error).__name__)
            return BoltResponse(status=400 if isinstance(error, _NOT_AS_SLACK_WRITES) else 503)
        return BoltResponse(status=200, body=answer or "")

    async def take(self, body: Payload) -> dict[str, Any] | None:
        """Hand a payload to its workspace; what is for none that is configured is no concern of the bot's."""
        installation = await self.workspaces.of(body)
        return await installation.take(body) if installation else None

    # --- the rest of the contract ---------------------------------------------------------------------------------

    async def send(self, outgoing: Outgoing) -> Sent:
        """Show a message, with the token of its workspace."""
        return await self._at(outgoing.address).send(outgoing)

    async def find_sent(self, outgoing: Outgoing) -> Sent | None:
        """Look by its metadata whether a message was shown."""
        return await self._at(outgoing.address).find_sent(outgoing)

    async def is_agent(self, event: Event) -> bool:
        """Tell whether somebody is an agent now; where Slack does not answer, nobody is."""
        try:
            return await self._at(event.address).is_agent(event.person.id.rpartition("/")[2])
        except AdapterError:
            return False

    async def find_person(self, workspace: str, named: str) -> Person | None:
        """Find an agent by a mention, an id or a name."""
        known = (
            next((known for known in self.workspaces if known.team.id == workspace), None) if self._session else None
        )
        return await known.team.find(named) if known else None

    def _at(self, address: Address) -> Installation:
        if self._session is None:
            raise TryLater(1, "Slack was not reached yet")
        return self.workspaces.at(address)

    def channel(self, name: str) -> Address:
        """Name a channel by its id, behind its workspace's name where that is not `main`."""
        workspace, _, channel = name.rpartition("/")
        return Address(NAME, workspace or MAIN, channel)
