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

    @classmethod
    def of(cls, event: Event) -> Said:
        """Take what is said of a message from its event."""
        return cls(
            key=event.key,
            person=event.person,
            text=event.text,
            address=event.address,
            files=event.files,
            by_bot=event.by_bot,
        )


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
    left_out: tuple[str, ...] = ()
    """The names of files that came with it and could not be taken over: too large, empty, or gone."""
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
    is_unread: bool = False
    """message: the platform keeps its words from the bot, which it does not mention; told once of a thread."""
    opens_topic: bool = True
    """In a room: it begins a thread, or stands in none; False is a word in a talk that goes on between people."""
    named: tuple[Person, ...] = ()
    """Whom the words mention, the bot aside: in the text each is ``@name``, which another may have as well."""
    account_made_at: int = 0
    """When the person's account was made, in milliseconds, and (`member_since`) when they joined; 0 is unknown."""
    member_since: int = 0

    manages: bool = False
    """They may set the bot up where they did it: they manage the server or workspace."""
    topic_by: str = ""
    """The id of whoever began the topic that it was done in, where the platform says that; "" is not known."""
    post: bool = False
    """It was done in a topic of its own kind, a forum's post: who began it, or an agent, says that it is solved."""

    @property
    def is_to_bot(self) -> bool:
        """Tell what is meant for the bot by its form, wherever it is done."""
        return self.direct or self.mentioned or self.kind in ("command", "press", "form")


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
