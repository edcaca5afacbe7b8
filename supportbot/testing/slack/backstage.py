"""Behind the scenes: all parts of the simulated Slack, each made once and handed to those who need it."""

from __future__ import annotations

from supportbot.clock import Clock
from supportbot.testing.notices import Notices
from supportbot.testing.slack.assistant import Assistants
from supportbot.testing.slack.deliveries import Deliveries
from supportbot.testing.slack.directory import Directory
from supportbot.testing.slack.events import Events
from supportbot.testing.slack.files import Files
from supportbot.testing.slack.hooks import Hooks
from supportbot.testing.slack.http_delivery import HttpDelivery
from supportbot.testing.slack.interactions import Interactions
from supportbot.testing.slack.log import WorldLog
from supportbot.testing.slack.posts import Posts
from supportbot.testing.slack.sockets import Sockets
from supportbot.testing.slack.triggers import Triggers
from supportbot.testing.slack.trouble import Trouble
from supportbot.testing.slack.views import Views
from supportbot.testing.slack.wire import Serials
from supportbot.testing.slack.workspaces import User, Workspace

APP_ID = "A0SUPPORTBOT"
APP_TOKEN = "xapp-1-simulated"  # noqa: S105 - it protects nothing
SIGNING_SECRET = "simulated-signing-secret"  # noqa: S105 - it protects nothing
SCOPES = {
    *("app_mentions:read", "assistant:write", "channels:history", "channels:join", "channels:read", "chat:write"),
    *("chat:write.customize", "commands", "files:read", "files:write", "groups:history", "groups:read", "im:history"),
    *("im:read", "im:write", "mpim:history", "mpim:read", "mpim:write", "reactions:read", "reactions:write"),
    *("team:read", "usergroups:read", "users:read", "users:read.email"),
}
"""What a bot token may do until a test takes something away."""


class Backstage:
    """The parts of one simulated Slack."""

    def __init__(self, clock: Clock, patience: float, seed: int) -> None:
        self.clock = clock
        self.app_scopes = {"connections:write"}
        self.notices = Notices(patience)
        self.serials = Serials(clock)
        self.triggers = Triggers(clock, self.serials)
        self.trouble = Trouble(clock, self.triggers, seed)
        self.log = WorldLog()
        self.directory = Directory(self.serials)
        self.deliveries = Deliveries(clock, self.serials, self.notices, self.trouble)
        self.sockets = Sockets(APP_ID, self.serials, self.notices, self.deliveries)
        self.http = HttpDelivery(SIGNING_SECRET, self.deliveries)
        self.deliveries.ways += [self.http, self.sockets]
        self.events = Events(APP_ID, self.directory, self.serials, self.deliveries)
        self.posts = Posts(APP_ID, self.serials, self.events, self.notices)
        self.hooks = Hooks(clock, self.serials, self.posts)
        self.files = Files(self.serials, self.directory.is_open_to)
        self.views = Views(APP_ID, self.serials, self.notices)
        self.assistants = Assistants(self.notices)
        self.interactions = Interactions(APP_ID, self.serials, self.deliveries, self.triggers, self.hooks)

    def install(self, workspace: Workspace, bot_name: str) -> User:
        """Install the app in a workspace: it gets a bot and a token."""
        workspace.bot = self.directory.add_user(bot_name, workspace, bot=True)
        workspace.bot_token = self.serials.secret("xoxb")
        workspace.scopes = set(SCOPES)
        return workspace.bot

    def installation(self, token: str) -> Workspace | None:
        """Find the workspace whose bot token this is."""
        return next((team for team in self.directory.workspaces.values() if token and team.bot_token == token), None)
