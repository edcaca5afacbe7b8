"""The face of supportbot: everything that a skill author imports; it defines nothing."""

from supportbot.domain.conversation import ClaimedAlready
from supportbot.domain.file import File
from supportbot.domain.markdown import escape, shorten
from supportbot.domain.person import Person
from supportbot.domain.reply import Choice, Reply
from supportbot.domain.ticket import Ticket
from supportbot.errors import (
    ConfigurationError,
    IllegalMove,
    LimitReached,
    NoAnswer,
    NotAllowed,
    NotFound,
    OnceFailed,
    Unavailable,
)
from supportbot.settings import Channel, Duration, Secret, Settings
from supportbot.skills import match, on, read
from supportbot.skills.base import PASS, Pass, Skill, Start
from supportbot.turn import Turn
from supportbot.version import __version__

__all__ = [
    "PASS",
    "Channel",
    "Choice",
    "ClaimedAlready",
    "ConfigurationError",
    "Duration",
    "File",
    "IllegalMove",
    "LimitReached",
    "NoAnswer",
    "NotAllowed",
    "NotFound",
    "OnceFailed",
    "Pass",
    "Person",
    "Reply",
    "Secret",
    "Settings",
    "Skill",
    "Start",
    "Ticket",
    "Turn",
    "Unavailable",
    "__version__",
    "escape",
    "match",
    "on",
    "read",
    "shorten",
]
