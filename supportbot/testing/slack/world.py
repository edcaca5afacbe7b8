"""SlackWorld: a whole Slack on this machine, which a real app connects to and in which a test's people talk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self, TypeVar

from aiohttp import web

from supportbot.clock import Clock, SimulatedClock, SystemClock, milliseconds
from supportbot.testing.slack.backstage import APP_ID, APP_TOKEN, SIGNING_SECRET, Backstage
from supportbot.testing.slack.channels import Channel
from supportbot.testing.slack.deliveries import Deliveries
from supportbot.testing.slack.http_delivery import HttpDelivery
from supportbot.testing.slack.log import WorldLog
from supportbot.testing.slack.messages import Message
from supportbot.testing.slack.people import Person
from supportbot.testing.slack.sockets import Sockets
from supportbot.testing.slack.trouble import Trouble
from supportbot.testing.slack.web_api.files import FileServer
from supportbot.testing.slack.web_api.server import WebApi
from supportbot.testing.slack.workspaces import User, UserGroup, Workspace

Found = TypeVar("Found")
LARGEST_REQUEST = 64 * 1024 * 1024


class SlackWorld:
    """A simulated Slack: ``async with SlackWorld() as slack:`` starts it on a free port of this machine.

    Its clock stands still until a test moves it with ``passes`` (or the app does, if it shares its clock).
    """

    def __init__(
        self,
        *,
        clock: Clock | None = None,
        workspace: str = "Example",
        bot: str = "supportbot",
        patience: float = 10.0,
        seed: int = 1,
    ) -> None:
        """Make a world; nothing in it waits longer than `patience` (real seconds) for the app."""
        self.clock: Clock = clock or SimulatedClock(SystemClock().now())
        self._backstage = Backstage(self.clock, patience, seed)
        self.workspace = self._backstage.directory.add_workspace(workspace)
        self.bot: User = self._backstage.install(self.workspace, bot)
        self._runner: web.AppRunner | None = None
        self.api_url = ""

    # --- what the app is configured with ---

    @property
    def bot_token(self) -> str:
        return self.workspace.bot_token

    @property
    def app_token(self) -> str:
        """What Socket Mode connects with."""
        return APP_TOKEN

    @property
    def signing_secret(self) -> str:
        """What HTTP mode checks requests with."""
        return SIGNING_SECRET

    @property
    def app_id(self) -> str:
        return APP_ID

    @property
    def scopes(self) -> set[str]:
        """What the bot token may do; take one away to see ``missing_scope``."""
        return self.workspace.scopes

    @property
    def app_scopes(self) -> set[str]:
        """What the app token may do."""
        return self._backstage.app_scopes

    @property
    def subscriptions(self) -> set[str]:
        """The events that the app listens to."""
        return self._backstage.events.subscriptions

    # --- the parts that a test looks at ---

    @property
    def world_log(self) -> WorldLog:
        """All calls of the Web API."""
        return self._backstage.log

    @property
    def deliveries(self) -> Deliveries:
        """All that the app was told."""
        return self._backstage.deliveries

    @property
    def sockets(self) -> Sockets:
        """The app's connections."""
        return self._backstage.sockets

    @property
    def http(self) -> HttpDelivery:
        """The way to an app that listens for requests."""
        return self._backstage.http

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
        api, files = WebApi(self._backstage), FileServer(self._backstage)
        app = web.Application(client_max_size=LARGEST_REQUEST)
        app.router.add_route("*", "/api/{method}", api.handle)
        app.router.add_get("/link/", self._backstage.sockets.handle)
        app.router.add_post("/hooks/{id}", self._backstage.hooks.handle)
        app.router.add_post("/upload/v1/{id}", files.upload)
        app.router.add_get(r"/files-pri/{team}-{id}/{name}", files.download)
        app.router.add_get("/sign-in", files.sign_in)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        port = self._runner.addresses[0][1]
        site = f"http://127.0.0.1:{port}"
        self.api_url = f"{site}/api/"
        self._backstage.sockets.address = f"ws://127.0.0.1:{port}"
        self._backstage.hooks.site = self._backstage.files.site = site
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Stop listening; connections are closed."""
        await self._backstage.http.close()
        await self._backstage.sockets.close()
        if self._runner is not None:
            await self._runner.cleanup()

    def deliver_to(self, url: str) -> None:
        """Tell the app things by signed requests to this address, instead of over its sockets."""
        self._backstage.http.url = url

    # --- who and what there is ---

    def person(self, name: str, *, workspace: Workspace | None = None, guest: bool = False) -> Person:
        """Bring somebody into the world; of another workspace, they meet the bot only in shared channels."""
        home = workspace or self.workspace
        user = self._backstage.directory.add_user(name, home, guest=guest)
        return Person(self._backstage, user, home if home.bot is not None else self.workspace)

    def other_bot(self, name: str) -> User:
        """Add another app's bot, whose messages this app's bot hears."""
        return self._backstage.directory.add_user(name, self.workspace, bot=True)

    def channel(
        self,
        name: str,
        members: Sequence[Person] = (),
        *,
        private: bool = False,
        bot: bool = True,
        workspace: Workspace | None = None,
        shared_with: Sequence[Workspace] = (),
    ) -> Channel:
        """Make a channel with these people, and the bot unless it is left out."""
        home = workspace or self.workspace
        users = [member.user for member in members]
        if bot:
            users.insert(0, (home if home.bot is not None else self.workspace).installed_bot)
        channel = self._backstage.directory.add_channel(name, "group" if private else "channel", home, users)
        channel.shared_with = list(shared_with)
        return channel

    def user_group(self, handle: str, members: Sequence[Person]) -> UserGroup:
        """Make a user group, which is mentioned as @handle."""
        return self._backstage.directory.add_group(handle, self.workspace, [member.user for member in members])

    def other_workspace(self, name: str, *, installed: bool = False) -> Workspace:
        """Make another workspace: a customer's, or one in which the app is installed, too, with its own token."""
        workspace = self._backstage.directory.add_workspace(name)
        if installed:
            self._backstage.install(workspace, self.bot.name)
        return workspace

    # --- what happens by itself ---

    async def shares(self, channel: Channel, other: Workspace) -> None:
        """Share a channel with another workspace."""
        channel.shared_with.append(other)
        self._backstage.events.shared("channel_shared", channel, other)

    async def renames(self, channel: Channel, name: str) -> None:
        """Give a channel another name."""
        channel.name = name
        self._backstage.events.renamed(channel)

    async def posts(self, bot: User, channel: Channel, text: str, *, thread: Message | None = None) -> Message:
        """Let another app's bot say something (see other_bot)."""
        ts = thread.thread if thread is not None else ""
        own = {"username": bot.real_name, "app_id": "A0ANOTHERAPP"}
        return self._backstage.posts.by_bot(bot, channel, text, [], thread=ts, **own)

    async def unfurls(self, message: Message) -> None:
        """Let Slack add a preview to a message with a link, which apps are told of as a change."""
        self._backstage.posts.unfurl(message, self._backstage.directory.channels[message.channel_id])

    async def passes(self, span: str | int) -> None:
        """Let time pass (``"4s"``, ``"5m"``): what the app has not acknowledged in time is told again, once a call."""
        if not isinstance(self.clock, SimulatedClock):
            raise TypeError("this world runs on real time, which passes by itself; call redelivers()")
        self.clock.move_to(self.clock.now() + milliseconds(span))
        self._backstage.deliveries.run_due()

    def redelivers(self) -> None:
        """Tell again at once what the app has not acknowledged, as if its time had come."""
        self._backstage.deliveries.try_again()

    async def settled(self) -> None:
        """Wait until all that the app is being told is acknowledged or has failed."""
        await self._backstage.deliveries.settled()

    async def until(self, look: Callable[[], Found | None], what: str) -> Found:
        """Wait until something is so, without polling: `look` is asked again whenever something happens here."""
        return await self._backstage.notices.until(look, lambda: f"it never happened that {what}\n{self.world_log}")
