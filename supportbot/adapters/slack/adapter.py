"""The Slack adapter: real slack-bolt checks and reads what comes in; our own outbox decides what goes out, and when.

Everything is stored before it is acknowledged: one global middleware takes every payload, so that an event which the
bot does not care for is acknowledged the first time, and one that cannot be stored is not, and comes again.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from typing import Any

import aiohttp
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest
from slack_bolt.authorization import AuthorizeResult
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from supportbot.adapter_settings import SlackSettings
from supportbot.adapters.base import Adapter, Capabilities, Files, Missed, Receive, Sent
from supportbot.adapters.slack.api import BAD_TOKENS, Api
from supportbot.adapters.slack.beside import Beside
from supportbot.adapters.slack.catch_up import History
from supportbot.adapters.slack.checks import Checks
from supportbot.adapters.slack.forms import CALLBACK, Forms, filled_in
from supportbot.adapters.slack.home import COMMAND, Homes
from supportbot.adapters.slack.incoming import HOME, Incoming, Payload
from supportbot.adapters.slack.manifest import SHORTCUT
from supportbot.adapters.slack.outbox import Outbox
from supportbot.adapters.slack.panel import Panel
from supportbot.adapters.slack.posts import OPENS_FORM
from supportbot.adapters.slack.rooms import Rooms
from supportbot.adapters.slack.shelf import Shelf
from supportbot.adapters.slack.sockets import Sockets
from supportbot.adapters.slack.team import NAME, WORKSPACE, Team
from supportbot.adapters.slack.web import Gate, Web
from supportbot.clock import Clock, SystemClock
from supportbot.domain.address import Address
from supportbot.domain.event import Event
from supportbot.domain.finding import Finding
from supportbot.domain.person import Person
from supportbot.domain.reply import Outgoing
from supportbot.errors import BadToken, TryLater
from supportbot.logs import log
from supportbot.texts import Texts

_LONGEST_WAIT = aiohttp.ClientTimeout(total=20)


class Slack(Adapter):
    """One Slack app, installed in one workspace."""

    name = NAME
    capabilities = Capabilities(reactions=True, forms=True, edits=True)
    has_history = True

    def __init__(self, settings: SlackSettings, agents_channel: str, texts: Texts, clock: Clock) -> None:
        self._settings = settings
        self._channel = agents_channel
        self._texts = texts
        self._clock = clock
        self._session: aiohttp.ClientSession | None = None
        self._transport: Sockets | Web | None = None
        self._receive: Receive | None = None
        self._is_rejected = False
        """Slack rejected the token when something was sent last."""
        self._is_known = False
        """Slack has said who the bot is: without that nothing can be sent."""
        self._beside = Beside()
        self._homes = Homes(clock)
        self.team: Team
        self.incoming: Incoming
        self.outbox: Outbox
        self.app: AsyncApp

    # --- coming and going -----------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Make sending possible: learn who the bot is; BadToken where Slack rejects the token."""
        if self._session is None:
            self._session = aiohttp.ClientSession(timeout=_LONGEST_WAIT)
        settings = self._settings
        api = Api(settings.bot_token.reveal(), settings.api_url, self._session)
        self.team = Team(
            api,
            self._clock,
            agents=settings.agents,
            channel=self._channel,
            outside_agents=settings.outside_agents,
        )
        try:
            await self.team.introduce()
        except SlackApiError as error:
            code = str(error.response.get("error", ""))
            if code in BAD_TOKENS:
                raise BadToken(
                    f"adapters.slack.bot_token: Slack rejected it ({code}); put a valid one into .env"
                ) from error
            raise
        self._rooms = Rooms(api, self._clock, settings.channels)
        texts, scopes = self._texts, self.team.scopes
        self.outbox = Outbox(api, None, texts=texts, scopes=scopes, clock=self._clock)
        self.forms = Forms(api, self._texts, self._clock)
        self.panel = Panel(api, self._texts, settings.prompts, self._beside) if settings.ai_threads else None
        self.app = self._bolt(api)
        self._is_known = True

    def _bolt(self, api: Api) -> AsyncApp:
        async def authorize(team_id: str | None = None) -> AuthorizeResult:
            """Let bolt go on without asking Slack: who the bot is was learned at the start."""
            return self._grant(team_id)

        async def take(body: Payload) -> BoltResponse:
            return await self._take(body)

        app = AsyncApp(
            name="supportbot",
            client=AsyncWebClient(base_url=api.client.base_url, session=self._session, retry_handlers=[]),
            authorize=authorize,
            request_verification_enabled=False,  # the gate in front of it is stricter, and never answers 500
            ignoring_self_events_enabled=False,
            attaching_conversation_kwargs_enabled=False,
        )
        app.middleware(take)
        return app

    async def start(self, receive: Receive, files: Files) -> None:
        """Begin to take events in, over sockets or by HTTP."""
        self._receive = receive
        self.outbox.files = files
        self.incoming = Incoming(self.team, self._rooms, Shelf(files), self._settings, self._clock)
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
            self.team.api.client,
            settings.app_token.reveal(),
            self._session,
            self._from_socket,
            connections=settings.connections,
        )

    async def checks(self) -> list[Finding]:
        """Look at tokens, scopes, channels and clock; for ``doctor``."""
        return [finding async for finding in Checks(self._settings, self._channel, self._clock).make()]

    @property
    def trouble(self) -> str:  # type: ignore[override] # looked up whenever it is asked for
        """Tell why Slack is lost, if it is."""
        if self._is_rejected:
            return "Slack rejects the token"
        if isinstance(self._transport, Sockets) and not self._transport.is_up:
            return f"no connection{f' ({self._transport.trouble})' if self._transport.trouble else ''}"
        return ""

    def missed(self, since: int) -> AsyncIterator[Missed]:
        """Read what was written since then, in direct messages and in the channels that the bot is in."""
        return History(self.incoming, self._channel).since(since)

    async def stop(self) -> None:
        """Take nothing more in, and disconnect."""
        if self._transport is not None:
            await self._transport.close()
        await self._beside.stop()
        if self._session is not None:
            await self._session.close()

    # --- taking in ------------------------------------------------------------------------------------------------

    def _grant(self, team_id: str | None) -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None, team_id=team_id, bot_user_id=self.team.bot_user, bot_id=self.team.bot_id,
            bot_token=self._settings.bot_token.reveal(),
        )  # fmt: skip

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
        except (AttributeError, LookupError, TypeError, ValueError) as error:
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
            return BoltResponse(status=503)
        return BoltResponse(status=200, body=answer or "")

    async def take(self, body: Payload) -> dict[str, Any] | None:
        """Make an event of a payload and hand it to the bot; returns what Slack is to be answered, if anything."""
        if not self._is_ours(body):
            return None
        self.forms.note(body)
        if "command" in body:
            return await self._command(body)
        kind = body.get("type")
        if kind == "event_callback":
            await self._happened(body)
        elif kind == "block_actions":
            for action in body.get("actions") or ():
                await self._hand_over(await self._pressed(body, action))
        elif kind == "message_action" and body.get("callback_id") == SHORTCUT:
            await self._hand_over(await self.incoming.shortcut(body))
        elif kind == "view_submission" and body["view"].get("callback_id") == CALLBACK:
            choice, place, fields = filled_in(body["view"])
            await self._hand_over(await self.incoming.form(body, choice, fields, place))
            return {"response_action": "clear"}
        return None

    async def _happened(self, body: Payload) -> None:
        what = body.get("event") or {}
        if self.panel and what.get("type") == "assistant_thread_started":
            self.panel.opened(what.get("assistant_thread") or {})
        event = await self.incoming.event(body)
        if event and event.address.channel.startswith(HOME):
            user = event.address.channel.removeprefix(HOME)
            self._homes.opened(user, await self._rooms.direct(user))
        if event and self.panel:
            self.panel.received(event)
        await self._hand_over(event)

    async def _pressed(self, body: Payload, action: Payload) -> Event | None:
        name = str(action.get("action_id") or "")
        if name.startswith(OPENS_FORM):
            if await self.forms.pressed(body, action):
                return None  # what is written into it comes by itself
            return await self.incoming.press(body, {"value": name.removeprefix(OPENS_FORM)})
        if not name.startswith(COMMAND):
            return await self.incoming.press(body, action)
        user, channel = body["user"], await self._rooms.direct(str(body["user"]["id"]))
        command = {"text": name.removeprefix(COMMAND), "channel_id": channel, "user_id": user["id"], **body}
        return await self.incoming.command(command)

    async def _command(self, body: Payload) -> dict[str, Any]:
        await self._hand_over(await self.incoming.command(body))
        is_direct = str(body.get("channel_id", "")).startswith("D")
        words = "" if is_direct else self._texts("slack.answered_directly")
        return {"response_type": "ephemeral", "text": words} if words else {}

    async def _hand_over(self, event: Event | None) -> None:
        if event is not None:
            if self._receive is None:
                raise TryLater(1, "the bot is not ready")
            await self._receive(event)

    def _is_ours(self, body: Mapping[str, Any]) -> bool:
        """Tell whether a payload is for the workspace where the app is installed, wherever its author is from.

        A press of somebody from another workspace names theirs alone, but what they pressed is the bot's own.
        """
        used = [(body.get("message") or {}).get("bot_id"), (body.get("view") or {}).get("bot_id")]
        if self.team.bot_id and self.team.bot_id in used:
            return True
        given = [body.get("team_id"), body.get("context_team_id"), (body.get("team") or {}).get("id")]
        given += [grant.get("team_id") for grant in body.get("authorizations") or ()]
        return self.team.id in given

    # --- the rest of the contract ---------------------------------------------------------------------------------

    async def send(self, outgoing: Outgoing) -> Sent:
        """Show a message; a rejected token is a reason to wait, for whoever runs the bot can mend it."""
        if not self._is_known:
            raise TryLater(1, "Slack was not reached yet")
        await self.forms.show(outgoing)
        if self.panel:
            await self.panel.before(outgoing.address)
        try:
            sent = await self.outbox.send(outgoing)
        except BadToken as error:
            self._is_rejected = True
            log.error("Slack rejects the token; nothing can be sent", adapter=NAME, reason=str(error))
            raise TryLater(60, "Slack rejects the token") from error
        self._is_rejected = False
        if self.panel:
            await self.panel.after(outgoing.address, is_post=not outgoing.reaction_to)
        if user := self._homes.outdated_by(outgoing):
            self._beside.do(self._refresh_home(user, outgoing.id))
        return sent

    async def _refresh_home(self, user: str, cause: str) -> None:
        await self._hand_over(await self.incoming.home(user, cause))

    async def find_sent(self, outgoing: Outgoing) -> Sent | None:
        """Look by its metadata whether a message was shown."""
        if not self._is_known:
            raise TryLater(1, "Slack was not reached yet")
        return await self.outbox.find(outgoing)

    async def is_agent(self, event: Event) -> bool:
        """Tell whether somebody is an agent now; where Slack does not answer, nobody is."""
        if not self._is_known:
            return False
        try:
            return await self.team.is_agent(event.person.id.rpartition("/")[2])
        except (TryLater, BadToken):
            return False

    async def find_person(self, workspace: str, named: str) -> Person | None:
        """Find an agent by a mention, an id or a name."""
        return await self.team.find(named) if self._is_known and workspace == self.team.id else None

    def channel(self, name: str) -> Address:
        """Name a channel by its id."""
        return Address(NAME, WORKSPACE, name)
