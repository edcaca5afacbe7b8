"""What the bot says: a reply with optional choices, and the message that goes out to an address."""

from __future__ import annotations

from typing import Literal

import msgspec

from supportbot.domain.address import Address, Side
from supportbot.domain.file import File
from supportbot.domain.record import Log
from supportbot.domain.words import clean
from supportbot.errors import SkillError


class Choice(msgspec.Struct, frozen=True):
    """A button under a reply.

    Pressing it runs a `command` as if it were typed (``Choice("Talk to a person", command="human")``), or the skill's
    own handler marked ``@on.choice("helped")`` (``Choice("That helped", to="helped", value=article.id)``).
    """

    label: str
    to: str = ""
    value: str = ""
    command: str = ""


class Reply(msgspec.Struct, frozen=True):
    """Words in the small Markdown that every adapter understands, with choices and files where there are any."""

    text: str
    choices: tuple[Choice, ...] | list[Choice] = ()
    files: tuple[File, ...] | list[File] = ()


LONGEST_REPLY = 40_000
"""Characters of one reply that go out; what a skill says beyond that is cut."""


def checked(reply: object) -> Reply:
    """Make sure that what a skill says can be stored and shown; SkillError says what it made of a reply instead."""
    said = Reply(reply) if isinstance(reply, str) else reply
    if not isinstance(said, Reply) or not isinstance(said.text, str):
        raise SkillError(f"a reply's text is a str, not {type(getattr(said, 'text', said)).__name__}")
    for choice in said.choices:
        if not _is_choice(choice):
            raise SkillError(f"a reply's choices are Choice objects made of str, not {choice!r}")
    text = clean(str(said.text)[:LONGEST_REPLY])
    return Reply(text, tuple(said.choices), tuple(said.files))


def _is_choice(made: object) -> bool:
    return isinstance(made, Choice) and all(isinstance(part, str) for part in msgspec.structs.astuple(made))


class Button(msgspec.Struct, frozen=True):
    """A choice as it goes out: its id is all that a platform has to bring back."""

    id: str
    label: str


Purpose = Literal["answer", "command", "relay", "notice", "agents"]
Mark = Literal["taken", "sent", "noted"]


class Outgoing(msgspec.Struct, frozen=True, kw_only=True, tag="outgoing"):
    """One message on its way out.

    `purpose` decides what a change of owner does to it while it is unsent: the bot's own words (``answer``) are
    withheld, the answer to a command, relayed words, notices and what the agents see always pass.
    """

    id: str
    address: Address
    conversation: str
    purpose: Purpose
    text: str
    choices: tuple[Button, ...] = ()
    files: tuple[File, ...] = ()
    author: str = ""
    """relay: the name of the human whose words these are."""
    only_for: str = ""
    """The id of the one person in the room who may see it; "" is everyone there."""
    opens_thread: bool = False
    """The first message of a case in the agents' channel: its thread becomes a place of the conversation."""
    edits: str = ""
    """The id of an earlier outgoing message that this one replaces in place."""
    reaction_to: str = ""
    """The event key of a message to mark with a reaction; the text is for platforms that have none."""
    mark: Mark = "taken"
    """What the reaction says: the bot or the team has it, it was sent to the requester, or it stays inside."""
    at: int = 0


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What the choices of one outgoing message do; kept in a log under the message's id, and outlives restarts."""

    conversation: str
    person: str
    """Only this person may press; "" is anyone who sees it."""
    side: Side = "requester"
    """Whose eyes it was for: what is shown to agents is pressed by agents, the rest by requesters."""
    skill: str = ""
    choices: tuple[Choice, ...] = ()
    dialogue: str = ""
    """The dialogue whose question this is; `step` is the question's place in its journal."""
    step: int = -1
    part: int = 0
    """Of a form: how many fields were filled in when this was offered."""


OFFERS: Log[Offer] = Log("offers", Offer)


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Where an outgoing message is on its platform, under the platform's own id; kept in a log under ours."""

    id: str
    address: Address


SHOWN: Log[Shown] = Log("shown", Shown)
