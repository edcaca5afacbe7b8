"""What comes in: a thing that a person did on a platform, or a thing that happened or fell due in the house."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from supportbot.domain.address import Address
from supportbot.domain.file import File
from supportbot.domain.person import Person

EventKind = Literal["message", "command", "press", "form", "edit", "delete", "reaction"]
RoomMode = Literal["always", "mention", "never"]


class Said(msgspec.Struct, frozen=True, kw_only=True):
    """A message that somebody points at: one that a ticket is to be opened from, say."""

    key: str
    """The event key of the message."""
    person: Person
    text: str
    address: Address
    files: tuple[File, ...] = ()
    by_bot: bool = False
    """Another bot or a webhook said it, no human."""


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="event"):
    """One thing that a person did, in the same form from every adapter.

    `key` is stable over redeliveries and restarts (message: channel + id; edit: + edit time; delete: + "deleted";
    press, command: the platform's interaction id; reaction: + person + emoji + time).
    """

    key: str
    kind: EventKind
    address: Address
    person: Person
    at: int
    text: str = ""
    """The words; a platform's slash command comes as its text, ``/status T-1042``."""
    choice: str = ""
    """press, form: the id of the pressed choice, or of the form that was filled in."""
    fields: dict[str, str] = {}
    """form: what was filled in, by field."""
    about: Said | None = None
    """command: the message that it was called on, which whoever calls it can see; they are answered at the address."""
    target: str = ""
    """edit, delete, reaction: the event key of the message it is about; reaction: the emoji is in `text`."""
    files: tuple[File, ...] = ()
    direct: bool = True
    """Said to the bot alone (a DM), not in a room with others."""
    mentioned: bool = False
    """The bot was named."""
    by_bot: bool = False
    """Another bot or a webhook did it, no human."""
    room: RoomMode = "always"
    """In a room: whether the bot takes part in every topic, where it is named, or not at all."""
    link: str = ""
    """Where the message can be seen by others, as a web address."""
    opens_topic: bool = True
    """In a room: it begins a thread, or stands in none; False is a word in a talk that goes on between people."""


EVENTS = (
    "conversation_began",
    "ticket_opened",
    "ticket_solved",
    "ticket_reopened",
    "ticket_closed",
    "ticket_rated",
    "handed_off",
    "claimed",
    "dialogue_left",
)
"""What happens in the house and skills may listen to, with ``@on.event``."""


class Signal(msgspec.Struct, frozen=True, kw_only=True, tag="signal"):
    """Something that happened or fell due inside: it concerns one conversation, and runs in its order.

    A signal for one skill (`skill`) is a timer or a dialogue's deadline; without one, every skill that listens gets it.
    """

    name: str
    conversation: str
    skill: str = ""
    data: dict[str, Any] = {}
