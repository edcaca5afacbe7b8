"""A Slack on this machine for tests: real apps connect to it, and a test reads as the conversation in it."""

from supportbot.testing.slack.assistant import AssistantThread
from supportbot.testing.slack.channels import Channel
from supportbot.testing.slack.deliveries import Delivery
from supportbot.testing.slack.fingers import NotAcknowledged
from supportbot.testing.slack.http_delivery import FORGERIES
from supportbot.testing.slack.log import Call
from supportbot.testing.slack.messages import Message
from supportbot.testing.slack.people import Person
from supportbot.testing.slack.views import View
from supportbot.testing.slack.workspaces import User, UserGroup, Workspace
from supportbot.testing.slack.world import SlackWorld

__all__ = [
    "FORGERIES",
    "AssistantThread",
    "Call",
    "Channel",
    "Delivery",
    "Message",
    "NotAcknowledged",
    "Person",
    "SlackWorld",
    "User",
    "UserGroup",
    "View",
    "Workspace",
]
