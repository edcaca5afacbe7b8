"""Behind the scenes: all parts of the simulated Discord, each made once and handed to those who need it."""

from __future__ import annotations

import base64

from supportbot.clock import Clock
from supportbot.testing.discord.application import Application
from supportbot.testing.discord.directory import Directory
from supportbot.testing.discord.events import Events
from supportbot.testing.discord.files import Files
from supportbot.testing.discord.gateway import Gateway
from supportbot.testing.discord.guilds import Guild, Role, User
from supportbot.testing.discord.interactions import Interactions
from supportbot.testing.discord.log import WorldLog
from supportbot.testing.discord.permissions import BOT
from supportbot.testing.discord.posts import Posts
from supportbot.testing.discord.threads import Threads
from supportbot.testing.discord.trouble import Trouble
from supportbot.testing.discord.wire import Serials
from supportbot.testing.notices import Notices


class Backstage:
    """The parts of one simulated Discord."""

    def __init__(self, clock: Clock, patience: float, seed: int, bot_name: str) -> None:
        self.clock = clock
        self.notices = Notices(patience)
        self.serials = Serials(clock)
        self.trouble = Trouble(seed)
        self.log = WorldLog()
        self.directory = Directory(self.serials)
        bot, owner = self.directory.add_user(bot_name, bot=True), self.directory.add_user("Owner")
        token = _token(bot, self.serials)
        self.app = Application(self.serials.id(), bot_name, bot, token, owner, self.serials)
        self.gateway = Gateway(self.app, self.directory, self.serials, self.notices, self.trouble)
        self.files = Files(self.serials)
        self.events = Events(self.app, self.gateway, self.serials)
        self.threads = Threads(bot, self.directory, self.serials, self.events, self.notices)
        self.posts = Posts(self.app, self.serials, self.files, self.events, threads=self.threads, notices=self.notices)
        self.interactions = Interactions(
            self.app, self.serials, self.events, self.posts, notices=self.notices, trouble=self.trouble
        )

    def found(self, name: str) -> Guild:
        """Found a guild that the bot is in, with a role of its own."""
        guild = self.directory.add_guild(name, self.app.owner)
        self.invite(guild)
        return guild

    def invite(self, guild: Guild) -> Role:
        """Take the bot into a guild."""
        member = self.directory.add_member(guild, self.app.bot)
        role = self.directory.add_role(guild, self.app.name, BOT)
        role.managed_by = self.app.bot.id
        member.roles[role.id] = role
        return role


def _token(bot: User, serials: Serials) -> str:
    """Make a token that looks like Discord's: whose it is, when it was made, and what makes it a secret."""
    return f"{base64.urlsafe_b64encode(bot.id.encode()).decode().rstrip('=')}.simulated.{serials.secret('token')}"
