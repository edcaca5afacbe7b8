"""The Discord adapter: discord.py brings what happens; our own outbox decides what goes out, and when.

The gateway sends nothing twice. What it brings waits in its channel's line until it is stored; what is lost with a
session, or finds no room, is looked for in the histories.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import aiohttp
import discord
import yarl
from discord.gateway import DiscordWebSocket

from supportbot.adapter_settings import DiscordSettings
from supportbot.adapters.base import Adapter, Capabilities, Files, Missed, Receive, Sent
from supportbot.adapters.beside import Beside
from supportbot.adapters.discord import commands
from supportbot.adapters.discord.api import Api
from supportbot.adapters.discord.catch_up import History
from supportbot.adapters.discord.checks import Checks
from supportbot.adapters.discord.client import Payload
from supportbot.adapters.discord.doors import Doors
from supportbot.adapters.discord.forms import Forms
from supportbot.adapters.discord.gateway import REJECTED, Gateway, Patience
from supportbot.adapters.discord.incoming import Incoming
from supportbot.adapters.discord.interactions import Interactions
from supportbot.adapters.discord.landings import Landings
from supportbot.adapters.discord.lines import Lines
from supportbot.adapters.discord.login import caller
from supportbot.adapters.discord.members import NAME, WORKSPACE, Members
from supportbot.adapters.discord.outbox import Outbox
from supportbot.adapters.discord.rooms import Rooms
from supportbot.adapters.discord.threads import Threads
from supportbot.adapters.shelf import Shelf
from supportbot.clock import Clock
from supportbot.domain.address import Address
from supportbot.domain.event import Event
from supportbot.domain.finding import Finding
from supportbot.domain.person import Person
from supportbot.domain.reply import Outgoing
from supportbot.errors import AdapterError, BadToken, Refused, TryLater
from supportbot.logs import log
from supportbot.texts import Texts

_PATIENCE_FOR_FILES = 30.0
"""Seconds that a message waits for its files: Discord does not ask for an answer, but what comes behind it waits."""
_LAST_EVENTS = 3.0
_LONGEST_LINE = 0.15
"""Seconds that an interaction waits for what was said before it: it is to be answered within a second."""
_LONGEST_WAIT = 30.0
"""Seconds that discord.py waits where Discord asks to; what is longer waits in the outbox."""
_LONGEST_LOOK = 5.0
_LONGEST_CALL = aiohttp.ClientTimeout(total=60)
_UNREADABLE = (AttributeError, KeyError, TypeError, ValueError)


class Discord(Adapter):
    """One Discord bot, on all the servers that it is on."""

    name = NAME
    capabilities = Capabilities(
        reactions=True,
        menus=True,
        forms=True,
        edits=True,
        private_threads=True,
        panels=True,
        closes_threads=True,
        knows_members=True,
        typing=True,
    )
    has_history = True

    def __init__(
        self,
        settings: DiscordSettings,
        agents_channel: str,
        texts: Texts,
        clock: Clock,
        *,
        patience: Patience | None = None,
    ) -> None:
        self._settings = settings
        self._channel = agents_channel
        self._texts = texts
        self._clock = clock
        self._receive: Receive | None = None
        self._rest: discord.Client | None = None
        """Makes the calls, and is never connected: it outlives the clients of the gateway."""
        self._session: aiohttp.ClientSession | None = None
        self._is_known = False
        """Discord has said who the bot is: without that nothing can be sent, and nobody asked for."""
        self._is_rejected = False
        """Discord rejected the token when something was sent last."""
        self._beside = Beside(NAME)
        self._lines = Lines(self._take, self._overflow)
        token = settings.token.reveal()
        self.gateway = Gateway(token, self._intents, self._happened, clock, patience=patience or Patience())
        self.api: Api
        self.members: Members
        self.rooms: Rooms
        self.incoming: Incoming
        self.interactions: Interactions
        self.forms: Forms
        self.outbox: Outbox

    # --- coming and going -----------------------------------------------------------------------------------------

    async def connect(self) -> None:
        """Make sending possible: learn who the bot is; BadToken where Discord rejects the token."""
        settings = self._settings
        DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.gateway_url)
        await self._log_in()
        self.members = Members(
            self.api, self.gateway, self._clock, agent_roles=settings.agent_roles, channel=self._channel
        )
        await self.members.introduce()
        self.rooms = Rooms(self.api, self.gateway, settings)
        self.incoming = Incoming(self.members, self.rooms, settings, self._clock)
        doors = Doors(
            self.api,
            self.rooms,
            bot=self.members.bot_user,
            is_settled=self._is_settled,
            solved_tags=self._texts("discord.solved_tags").split(),
        )
        self.threads = Threads(
            self.api,
            self.rooms,
            doors,
            bot=self.members.bot_user,
            answers=settings.answers,
            agents_channel=self._channel,
            name=self._texts("discord.thread_name"),
        )
        self.forms = Forms(self._texts)
        self.interactions = Interactions(self.api, self.incoming, self.forms, self._texts, self._clock)
        landings = Landings(self.api, self.threads, self.rooms, clock=self._clock, help_channels=settings.help_channels)
        self.outbox = Outbox(
            self.api,
            self.interactions,
            self.threads,
            landings,
            bot=self.members.bot_user,
            texts=self._texts,
            clock=self._clock,
        )
        self._is_known = True

    async def checks(self) -> list[Finding]:
        """Look at token, intents, permissions, agents and commands; for ``doctor``."""
        checks = Checks(self._settings, self._channel, self._texts, self._clock)
        return [finding async for finding in checks.make()]

    async def _log_in(self) -> None:
        await self._log_out()
        self._rest = caller(self._settings, max_ratelimit_timeout=_LONGEST_WAIT)
        self._session = aiohttp.ClientSession(timeout=_LONGEST_CALL)
        try:
            await self._rest.login(self._settings.token.reveal())
        except discord.LoginFailure as error:
            raise BadToken(REJECTED) from error
        self.api = Api(self._rest.http, self._session, self._clock)

    async def _log_out(self) -> None:
        if self._rest is not None:
            await self._rest.close()
        if self._session is not None:
            await self._session.close()

    def _intents(self) -> discord.Intents:
        """Ask for what the bot needs; to read all messages is asked for where Discord has allowed it."""
        intents = discord.Intents.none()
        intents.guilds = intents.guild_messages = intents.dm_messages = True
        intents.guild_reactions = intents.dm_reactions = bool(self._settings.ticket_emoji)
        intents.dm_typing = intents.guild_typing = self.types is not None
        intents.message_content = self.members.reads_all
        return intents

    async def start(self, receive: Receive, files: Files) -> None:
        """Begin to take in what the gateway brings."""
        self._receive = self.interactions.receive = receive
        self.interactions.suggest, self.interactions.canned = self.suggest, self.canned
        self.outbox.files = files
        self.incoming.shelf = Shelf(files, _PATIENCE_FOR_FILES)
        if self.lost_since:
            self.gateway.gap.open()
        await self.gateway.open()
        if not self.members.reads_all:
            log.warning("the bot may not read messages that do not mention it", adapter=NAME)
        self._beside.do(commands.sync(self.api, self.members.application, self._texts))

    async def stop_receiving(self) -> None:
        """Take nothing more in, and store what came."""
        await self.gateway.close()
        # What waits behind a gap is not taken now: the next start reads it where it belongs, in order.
        await self._lines.stop(0 if self.gateway.gap.is_open else _LAST_EVENTS)

    async def stop(self) -> None:
        """Take nothing more in, and disconnect."""
        await self.stop_receiving()
        if self._receive is not None:
            await self.interactions.stop()
        await self._beside.stop()
        await self._log_out()

    @property
    def trouble(self) -> str:  # type: ignore[override] # looked up whenever it is asked for
        """Tell why Discord is lost, if it is."""
        return "Discord rejects the token" if self._is_rejected else self.gateway.trouble

    @property
    def lost_since(self) -> int:
        """Tell since when something was missed that Discord does not tell again."""
        return self.gateway.lost_since

    @lost_since.setter
    def lost_since(self, instant: int) -> None:
        self.gateway.lost_since = instant

    @property
    def hears_all(self) -> bool:  # type: ignore[override] # looked up whenever it is asked for
        """Tell whether it may read what does not mention the bot, as far as that is known yet."""
        return not self._is_known or self.members.reads_all

    async def missed(self, since: int, places: Sequence[Address] = ()) -> AsyncIterator[Missed]:
        """Read what was written since then, where there are news and where conversations stand."""
        client, gap = await self.gateway.ready(), self.gateway.gap
        history = History(self.incoming, self.api, client, self._channel, gap=gap)
        try:
            async for missed in history.since(since, places):
                yield missed
        finally:
            gap.close()

    # --- taking in ------------------------------------------------------------------------------------------------

    def _happened(self, name: str, data: Payload) -> None:
        """Hear what came down the gateway, in order; what cannot even be opened would be no better the next time."""
        try:
            if name == "INTERACTION_CREATE":
                self._lines.put(f"interaction {data['id']}", (name, data))  # each by itself: nobody waits for another
            elif name == "TYPING_START":
                self._typing(data)
            elif name == "MESSAGE_DELETE_BULK":
                for id in data["ids"]:
                    self._happened("MESSAGE_DELETE", {**data, "id": id})
            else:
                self._lines.put(str(data.get("channel_id") or data.get("id")), (name, data))
        except _UNREADABLE as error:
            self._unreadable(name, error)

    def _typing(self, data: Payload) -> None:
        typed = self.incoming.typing(data) if self.types else None
        if typed and self.types:
            self._beside.do(self.types(*typed))

    async def _take(self, happening: tuple[str, Payload]) -> None:
        """Take one thing in: when this returns it is stored, or it is none of the bot's concern."""
        name, data = happening
        try:
            if name == "INTERACTION_CREATE":
                await self._lines.emptied(str(data.get("channel_id")), _LONGEST_LINE)
                await self.interactions.note(data)
                return
            await self.gateway.gap.passed(str(data.get("channel_id")))
            event = await self.incoming.event(name, data)
            if event is not None and self._receive is not None:
                if event.opens_topic and event.address.thread:
                    self.threads.begins(event.address.thread, event.text)
                await self._receive(event)
        except Refused:
            pass  # what it is about is gone, or not for the bot to see
        except _UNREADABLE as error:  # nor can it be stored, so that it would hold up its channel for ever
            self._unreadable(name, error)

    def _unreadable(self, name: str, error: Exception) -> None:
        log.warning("a payload from Discord could not be read", adapter=NAME, payload=name, error=type(error).__name__)

    def _overflow(self) -> None:
        if not self.gateway.lost_since:
            log.warning("too much comes in at once; it is looked for later", adapter=NAME)
        self.gateway.lost_since = self.gateway.lost_since or self._clock.now()

    # --- the rest of the contract ---------------------------------------------------------------------------------

    async def send(self, outgoing: Outgoing) -> Sent:
        """Show a message; a rejected token is a reason to wait, for whoever runs the bot can mend it."""
        try:
            sent = await self._outbox().send(outgoing)
        except BadToken as error:
            if not self._is_rejected:
                log.error("Discord rejects the token; nothing can be sent", adapter=NAME, reason=str(error))
            self._is_rejected = True
            raise TryLater(60, "Discord rejects the token") from error
        self._is_rejected = False
        return sent

    async def find_sent(self, outgoing: Outgoing) -> Sent | None:
        """Look whether a message was shown."""
        return await self._outbox().find(outgoing)

    def _outbox(self) -> Outbox:
        if not self._is_known:
            raise TryLater(1, "Discord was not reached yet")
        return self.outbox

    async def is_agent(self, event: Event) -> bool:
        """Tell whether somebody is an agent now; where Discord does not answer, nobody is."""
        user = event.person.id.rpartition("/")[2]
        if not (user and self._is_known):
            return False
        try:
            return await self.members.is_agent(user)
        except (TryLater, BadToken, Refused):
            return False

    async def show_typing(self, address: Address) -> None:
        """Show in a thread that somebody's words are on their way."""
        if not self._is_known:
            return
        place = address.thread or address.channel
        try:
            await self.api.change("POST", "/channels/{channel_id}/typing", channel_id=place)
        except AdapterError as error:
            log.info("typing could not be shown", adapter=NAME, error=type(error).__name__)

    async def find_person(self, workspace: str, named: str) -> Person | None:
        """Find an agent by a mention, an id or a name."""
        return await self.members.find(named) if workspace == WORKSPACE and self._is_known else None

    async def has_left(self, person: Person, address: Address) -> bool:
        """Tell whether somebody has left the server of a channel; where Discord does not say, nobody has."""
        if not self._is_known:
            return False
        room = self.rooms.known(address.channel)
        try:
            async with asyncio.timeout(_LONGEST_LOOK):
                return await self.members.has_left(person.id.rpartition("/")[2], room.guild if room else "")
        except (TimeoutError, TryLater, BadToken, Refused):
            return False

    async def _is_settled(self, address: Address) -> bool:
        return self.settled is not None and await self.settled(address)

    def channel(self, name: str) -> Address:
        """Name a channel by its id, be it one or not: ``doctor`` says what is wrong with it."""
        return Address(NAME, WORKSPACE, name)
