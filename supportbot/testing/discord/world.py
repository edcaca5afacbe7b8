"""DiscordWorld: a whole Discord on this machine, which a real app connects to and in which a test's people talk."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from supportbot.clock import Clock, SimulatedClock, SystemClock, milliseconds
from supportbot.testing.discord.backstage import Backstage
from supportbot.testing.discord.channels import Channel
from supportbot.testing.discord.gateway import Gateway
from supportbot.testing.discord.guilds import Guild, Role, User
from supportbot.testing.discord.interactions import Interactions
from supportbot.testing.discord.log import WorldLog
from supportbot.testing.discord.messages import Message
from supportbot.testing.discord.people import Person
from supportbot.testing.discord.permissions import Overwrite, bits
from supportbot.testing.discord.rest.server import PREFIX, Api
from supportbot.testing.discord.trouble import Trouble
from supportbot.testing.discord.wire import Json

Found = TypeVar("Found")
Somebody = Person | Role | User
LARGEST_REQUEST = 64 * 1024 * 1024


class DiscordWorld:
    """A simulated Discord: ``async with DiscordWorld() as discord:`` starts it on a free port of this machine.

    Its clock stands still until a test moves it with ``passes`` (or the app does, if it shares its clock).
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        guild: str = "Example",
        bot: str = "supportbot",
        patience: float = 10.0,
        seed: int = 1,
    ) -> None:
        """Make a world with one guild; nothing in it waits longer than `patience` (real seconds) for the app."""
        self.clock: Clock = clock or SimulatedClock(SystemClock().now())
        self._backstage = Backstage(self.clock, patience, seed, bot)
        self.guild = self._backstage.found(guild)
        self._runner: web.AppRunner | None = None
        self.api_url = ""

    # --- what the app is configured with ---

    @property
    def token(self) -> str:
        """What the bot proves itself with."""
        return self._backstage.app.token

    @property
    def gateway_url(self) -> str:
        """Where the gateway is."""
        return self._backstage.gateway.url

    @property
    def application_id(self) -> str:
        return self._backstage.app.id

    @property
    def allowed_intents(self) -> set[str]:
        """The privileged intents that the portal allows; take one away to see the close with 4014."""
        return self._backstage.app.allowed_intents

    @property
    def commands(self) -> list[Json]:
        """The application commands that every guild has, as the app registered them."""
        return self._backstage.app.commands.get("", [])

    # --- the parts that a test looks at ---

    @property
    def bot(self) -> User:
        """The bot of the app."""
        return self._backstage.app.bot

    @property
    def bot_role(self) -> Role:
        """The bot's own role in the first guild; what it may do is in its ``permissions``."""
        roles = self.guild.members[self.bot.id].roles.values()
        return next(role for role in roles if role.managed_by == self.bot.id)

    @property
    def world_log(self) -> WorldLog:
        """All calls of the API."""
        return self._backstage.log

    @property
    def gateway(self) -> Gateway:
        """The app's connections and sessions."""
        return self._backstage.gateway

    @property
    def interactions(self) -> Interactions:
        """All that people did with commands, buttons, menus and forms."""
        return self._backstage.interactions

    @property
    def trouble(self) -> Trouble:
        """What goes wrong."""
        return self._backstage.trouble

    @property
    def patience(self) -> float:
        """The real seconds that anything here waits for the app, before it fails the test."""
        return self._backstage.notices.patience

    @patience.setter
    def patience(self, seconds: float) -> None:
        self._backstage.notices.patience = seconds

    # --- starting and stopping ---

    async def __aenter__(self) -> Self:
        """Listen on a free port."""
        server = web.Application(client_max_size=LARGEST_REQUEST)
        Api(self._backstage).add_to(server)
        server.router.add_get("/gateway", self._backstage.gateway.handle)
        server.router.add_get("/attachments/{channel}/{id}/{name}", self._backstage.files.download)
        self._runner = web.AppRunner(server, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        port = self._runner.addresses[0][1]
        site = f"http://127.0.0.1:{port}"
        self.api_url = f"{site}{PREFIX}"
        self._backstage.gateway.address = f"ws://127.0.0.1:{port}"
        self._backstage.files.site = site
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Stop listening; connections are closed."""
        await self._backstage.gateway.close()
        if self._runner is not None:
            await self._runner.cleanup()

    # --- who and what there is ---

    def person(
        self,
        name: str,
        *,
        guild: Guild | None = None,
        member: bool = True,
        roles: Sequence[Role] = (),
        account_age: str | int = "365d",
        member_for: str | int = "30d",
    ) -> Person:
        """Bring somebody into the world, as a member of the guild unless that is left to ``joins``."""
        home = guild or self.guild
        user = self._backstage.directory.add_user(name, age=milliseconds(account_age))
        if member:
            joined = self._backstage.directory.add_member(home, user, age=milliseconds(member_for))
            joined.roles |= {role.id: role for role in roles}
        return Person(self._backstage, user, home)

    def other_bot(self, name: str) -> User:
        """Add another app's bot, whose messages this app's bot hears."""
        user = self._backstage.directory.add_user(name, bot=True)
        self._backstage.directory.add_member(self.guild, user)
        return user

    def role(
        self, name: str, members: Sequence[Person] = (), *, may: Iterable[str] = (), guild: Guild | None = None
    ) -> Role:
        """Make a role that these people have, and that may do these things beyond what everybody may."""
        home = guild or self.guild
        role = self._backstage.directory.add_role(home, name, bits(may))
        for member in members:
            home.members[member.id].roles[role.id] = role
        self._backstage.events.role("GUILD_ROLE_CREATE", home, role)
        return role

    def channel(
        self,
        name: str,
        *,
        only_for: Sequence[Somebody] | None = None,
        bot: bool = True,
        guild: Guild | None = None,
    ) -> Channel:
        """Make a text channel, for everybody or only for some people and roles; for the bot unless it is left out."""
        channel = self._backstage.directory.add_channel(guild or self.guild, name, "text")
        return self._opened(channel, only_for, bot=bot)

    def forum(
        self,
        name: str,
        *,
        tags: Sequence[str] = (),
        requires_tag: bool = False,
        only_for: Sequence[Somebody] | None = None,
        guild: Guild | None = None,
    ) -> Channel:
        """Make a forum, whose posts carry tags."""
        forum = self._backstage.directory.add_channel(guild or self.guild, name, "forum", tags)
        forum.requires_tag = requires_tag
        return self._opened(forum, only_for, bot=True)

    def _opened(self, channel: Channel, only_for: Sequence[Somebody] | None, *, bot: bool) -> Channel:
        if only_for is not None:
            self._overwrite(channel, channel.guild_id, person=False, deny=("view_channel",))
            for somebody in only_for:
                self._overwrite(channel, somebody.id, person=not isinstance(somebody, Role), allow=("view_channel",))
        if not bot:
            self._overwrite(channel, self.bot.id, person=True, deny=("view_channel",))
        elif only_for is not None:
            self._overwrite(channel, self.bot.id, person=True, allow=("view_channel",))
        self._backstage.events.channel("CHANNEL_CREATE", channel)
        return channel

    def _overwrite(
        self, channel: Channel, id: str, *, person: bool, allow: Iterable[str] = (), deny: Iterable[str] = ()
    ) -> None:
        overwrite = channel.overwrites.setdefault(id, Overwrite(id, person))
        overwrite.allow = overwrite.allow & ~bits(deny) | bits(allow)
        overwrite.deny = overwrite.deny & ~bits(allow) | bits(deny)

    def other_guild(self, name: str, *, bot: bool = True) -> Guild:
        """Found another guild, with the bot in it or not."""
        if not bot:
            return self._backstage.directory.add_guild(name, self._backstage.app.owner)
        guild = self._backstage.found(name)
        self._backstage.events.guild_joined(guild)
        return guild

    # --- what happens by itself ---

    def allows(self, channel: Channel, *names: str, who: Somebody | None = None) -> None:
        """Let somebody do more in a channel, the bot if nobody is named; by the names of the permissions."""
        somebody = who or self.bot
        self._overwrite(channel, somebody.id, person=not isinstance(somebody, Role), allow=names)
        self._backstage.events.channel("CHANNEL_UPDATE", channel)

    def forbids(self, channel: Channel, *names: str, who: Somebody | None = None) -> None:
        """Let somebody do less in a channel, the bot if nobody is named; by the names of the permissions."""
        somebody = who or self.bot
        self._overwrite(channel, somebody.id, person=not isinstance(somebody, Role), deny=names)
        self._backstage.events.channel("CHANNEL_UPDATE", channel)

    def permits(self, role: Role, *names: str) -> None:
        """Let a role do exactly this everywhere, as ``discord.permits(discord.bot_role, "view_channel")``."""
        role.permissions = bits(names)
        guild = next(guild for guild in self._backstage.directory.guilds.values() if role.id in guild.roles)
        self._backstage.events.role("GUILD_ROLE_UPDATE", guild, role)

    async def deletes(self, gone: Channel | Role) -> None:
        """Delete a channel or a role."""
        if isinstance(gone, Channel):
            gone.deleted = True
            self._backstage.events.channel("CHANNEL_DELETE", gone)
            del self._backstage.directory.channels[gone.id]
        else:
            guild = next(guild for guild in self._backstage.directory.guilds.values() if gone.id in guild.roles)
            del guild.roles[gone.id]
            for member in guild.members.values():
                member.roles.pop(gone.id, None)
            self._backstage.events.role_gone(guild, gone)

    async def posts(self, bot: User, channel: Channel, text: str) -> Message:
        """Let another app's bot say something (see other_bot)."""
        return self._backstage.posts.post(bot, channel, text)

    async def passes(self, span: str | int) -> None:
        """Let time pass (``"4s"``, ``"3d"``): unanswered interactions fail, silent threads are archived."""
        if not isinstance(self.clock, SimulatedClock):
            raise TypeError("this world runs on real time, which passes by itself")
        self.clock.move_to(self.clock.now() + milliseconds(span))
        self._backstage.interactions.fail_late()
        self._backstage.threads.archive_silent()

    async def until(self, look: Callable[[], Found | None], what: str) -> Found:
        """Wait until something is so, without polling: `look` is asked again whenever something happens here."""
        return await self._backstage.notices.until(look, lambda: f"it never happened that {what}\n{self.world_log}")
