"""A Discord on this machine for tests: real apps connect to it, and a test reads as the conversation in it."""

from supportbot.testing.discord.channels import Channel, Thread
from supportbot.testing.discord.fingers import NotAcknowledged
from supportbot.testing.discord.guilds import Guild, Role, User
from supportbot.testing.discord.interactions import Interaction
from supportbot.testing.discord.log import Call
from supportbot.testing.discord.messages import Message
from supportbot.testing.discord.modals import Modal
from supportbot.testing.discord.people import Person
from supportbot.testing.discord.world import DiscordWorld

__all__ = [
    "Call",
    "Channel",
    "DiscordWorld",
    "Guild",
    "Interaction",
    "Message",
    "Modal",
    "NotAcknowledged",
    "Person",
    "Role",
    "Thread",
    "User",
]
