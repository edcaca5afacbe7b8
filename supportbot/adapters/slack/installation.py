"""An installation: the app in one workspace, with all that belongs to that workspace, and the token that opens it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakValueDictionary

import aiohttp
from slack_sdk.errors import SlackApiError

from supportbot.adapter_settings import SlackSettings
from supportbot.adapters.base import Files, Receive, Sent
from supportbot.adapters.beside import Beside
from supportbot.adapters.slack.api import BAD_TOKENS, Api, code_of
from supportbot.adapters.slack.catch_up import History
from supportbot.adapters.slack.forms import CALLBACK, Forms, filled_in
from supportbot.adapters.slack.home import Homes
from supportbot.adapters.slack.incoming import HOME, Incoming, Payload
from supportbot.adapters.slack.manifest import SHORTCUT
from supportbot.adapters.slack.outbox import Outbox
from supportbot.adapters.slack.panel import Panel
from supportbot.adapters.slack.posts import OPENS_FORM
from supportbot.adapters.slack.rooms import Rooms
from supportbot.adapters.slack.shelf import Shelf
from supportbot.adapters.slack.team import MAIN, NAME, Team
from supportbot.clock import Clock
from supportbot.domain.action import COMMAND
from supportbot.domain.event import Event
from supportbot.domain.reply import Outgoing
from supportbot.errors import BadToken, ConfigurationError, TryLater
from supportbot.logs import log
from supportbot.settings import Secret
from supportbot.texts import Texts

_REJECTED = "Slack rejects the token"


@dataclass(frozen=True)
class Around:
    """What all installations of an app share."""

    settings: SlackSettings
    texts: Texts
    clock: Clock
    session: aiohttp.ClientSession
    beside: Beside
    ours: set[str] = field(default_factory=set)
    """The bot's own ids, in all of them."""


class Installation:
    """The app in one workspace.

    `agents_channel` is "" where the team works elsewhere; the agents are of this workspace if it is their `home`.
    """

    def __init__(self, name: str, token: Secret, around: Around, *, agents_channel: str, is_home: bool) -> None:
        settings, texts, clock = around.settings, around.texts, around.clock
        self.name = name
        """What addresses call the workspace."""
        self.token = token
        self.trouble = ""
        """Why it is not served, if it is not."""
        self.is_rejected = False
        """It is the token, which somebody has to mend."""
        self._around = around
        self._agents_channel = agents_channel
        self._receive: Receive | None = None
        self._homes = Homes(clock)
        self._taking: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        """Held while a message is taken in: a change of it does not overtake it while its files are fetched."""
        api = Api(token.reveal(), settings.api_url, around.session)
        self.team = Team(
            api,
            clock,
            agents=settings.agents if is_home else "",
            channel=agents_channel,
            outside_agents=settings.outside_agents,
            workspace=name,
            is_home=is_home,
            ours=around.ours,
        )
        self.rooms = Rooms(api, clock, settings.channels)
        self.outbox = Outbox(api, None, texts=texts, scopes=frozenset(), clock=clock)
        self.forms = Forms(api, texts, clock)
        self.panel = Panel(api, texts, settings.prompts, around.beside) if settings.ai_threads else None
        self.incoming: Incoming

    @property
    def key(self) -> str:
        """Where its token stands in the configuration."""
        return "adapters.slack.bot_token" if self.name == MAIN else f"adapters.slack.workspaces.{self.name}"

    @property
    def is_known(self) -> bool:
        """Tell whether Slack has said who the bot is here: without that nothing can be sent."""
        return bool(self.team.id)

    async def connect(self) -> None:
        """Learn who the bot is here; BadToken where Slack rejects the token."""
        try:
            await self.team.introduce()
        except SlackApiError as error:
            code = code_of(error)
            if code not in BAD_TOKENS:
                raise
            raise BadToken(f"{self.key}: Slack rejected it ({code}); put a valid one into .env") from error
        self.outbox.scopes = self.team.scopes
        self._is_well()

    def start(self, receive: Receive, files: Files) -> None:
        """Hand on from now on what comes in."""
        self._receive = receive
        self.outbox.files = files
        settings, clock = self._around.settings, self._around.clock
        self.incoming = Incoming(self.team, self.rooms, Shelf(files), settings, clock)

    def history(self, serves: Callable[[str], Awaitable[bool]]) -> History:
        """Open what was written; of a channel that is shared, `serves` tells whether it is this installation's."""
        return History(self.incoming, self._agents_channel, serves=serves)

    # --- taking in ------------------------------------------------------------------------------------------------

    async def take(self, body: Payload) -> dict[str, Any] | None:
        """Make an event of a payload and hand it to the bot; returns what Slack is to be answered, if anything."""
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
        async with self._taking.setdefault(_message_of(what), asyncio.Lock()):
            event = await self.incoming.event(body)
            if event and event.address.channel.startswith(HOME):
                user = event.address.channel.removeprefix(HOME)
                self._homes.opened(user, await self.rooms.direct(user))
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
        user, channel = body["user"], await self.rooms.direct(str(body["user"]["id"]))
        command = {"text": name.removeprefix(COMMAND), "channel_id": channel, "user_id": user["id"], **body}
        return await self.incoming.command(command)

    async def _command(self, body: Payload) -> dict[str, Any]:
        await self._hand_over(await self.incoming.command(body))
        is_direct = str(body.get("channel_id", "")).startswith("D")
        words = "" if is_direct else self._around.texts("slack.answered_directly")
        return {"response_type": "ephemeral", "text": words} if words else {}

    async def _hand_over(self, event: Event | None) -> None:
        if event is not None:
            if self._receive is None:
                raise TryLater(1, "the bot is not ready")
            await self._receive(event)

    # --- the rest of an adapter's contract, for this workspace ----------------------------------------------------

    async def send(self, outgoing: Outgoing) -> Sent:
        """Show a message; a rejected token is a reason to wait, for whoever runs the bot can mend it."""
        self._must_be_known()
        await self.forms.show(outgoing)
        if self.panel:
            await self.panel.before(outgoing.address)
        try:
            sent = await self.outbox.send(outgoing)
        except BadToken as error:
            raise self._rejected(error) from error
        self._is_well()
        if self.panel:
            await self.panel.after(outgoing.address, is_post=not outgoing.reaction_to)
        if user := self._homes.outdated_by(outgoing):
            self._around.beside.do(self._refresh_home(user, outgoing.id))
        return sent

    async def _refresh_home(self, user: str, cause: str) -> None:
        await self._hand_over(await self.incoming.home(user, cause))

    async def find_sent(self, outgoing: Outgoing) -> Sent | None:
        """Look by its metadata whether a message was shown."""
        self._must_be_known()
        try:
            return await self.outbox.find(outgoing)
        except BadToken as error:
            raise self._rejected(error) from error

    async def is_agent(self, user: str) -> bool:
        """Tell whether somebody is an agent now; where Slack does not answer, nobody is."""
        try:
            return self.is_known and await self.team.is_agent(user)
        except (TryLater, BadToken):
            return False

    # --- how it stands --------------------------------------------------------------------------------------------

    def lose(self, error: Exception) -> None:
        """Note, and tell, what keeps this workspace from being served."""
        self.is_rejected = isinstance(error, BadToken | ConfigurationError)
        why = str(error) if self.is_rejected else type(error).__name__
        self.trouble = f"not reached ({why})"
        if self.is_rejected:
            self.trouble = _REJECTED if isinstance(error, BadToken) else why
        log.error("workspace is not served; it is tried again", adapter=NAME, workspace=self.name, reason=why)

    def _rejected(self, error: BadToken) -> TryLater:
        self.lose(error)
        return TryLater(60, _REJECTED)

    def _is_well(self) -> None:
        self.trouble, self.is_rejected = "", False

    def _must_be_known(self) -> None:
        if not self.is_known:
            raise TryLater(1, "Slack was not reached yet")


def _message_of(what: Payload) -> str:
    """Name the message that an event tells of: a new one, or one that was changed or deleted."""
    changed = what.get("message")
    ts = changed.get("ts") if isinstance(changed, dict) else what.get("deleted_ts") or what.get("ts")
    return f"{what.get('channel')}/{ts}"
