"""What the bot says: a reply with optional choices, and the message that goes out to an address."""

from __future__ import annotations

from typing import Literal

import msgspec

from supportbot.domain.address import Address, Side
from supportbot.domain.file import File
from supportbot.domain.form import Form
from supportbot.domain.record import Log
from supportbot.domain.words import clean
from supportbot.errors import SkillError
from supportbot.ids import derived


class Choice(msgspec.Struct, frozen=True):
    """A button under a reply.

    Pressing it runs a `command` as if it were typed (``Choice("Talk to a person", command="human")``), or the skill's
    own handler marked ``@on.choice("helped")`` (``Choice("That helped", to="helped", value=article.id)``).
    """

    label: str
    to: str = ""
    value: str = ""
    command: str = ""
    menu: str = ""
    """The words on the menu that it is chosen from, with the others that say the same; "" is a button of its own."""
    among: str = ""
    """The same, but only for platforms whose users expect a menu of several things of one kind; else it is a button."""


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
    menu: str = ""
    """The words on the menu that it stands in, where the platform has menus."""


Purpose = Literal["answer", "command", "relay", "notice", "agents"]
Mark = Literal["taken", "sent", "noted", "solution"]


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
    form: Form | None = None
    """What can be filled in instead of answering in words, where the platform has forms."""
    files: tuple[File, ...] = ()
    author: str = ""
    """relay: the name of the human whose words these are."""
    only_for: str = ""
    """The id of the one person in the room who may see it; "" is everyone there."""
    aside: str = ""
    """The id of the person with whom it is to be said apart from others from now on, where the platform can do that."""
    landed: Address | None = None
    """Set for the adapter: where what was said at this address before has gone."""
    opens_thread: bool = False
    """The first message of a case in the agents' channel: its thread becomes a place of the conversation."""
    edits: str = ""
    """The id of an earlier outgoing message that this one replaces in place; an adapter gets the platform's own id."""
    removes: bool = False
    """What `edits` names is taken away; the text says so where it can only be said."""
    parts: tuple[str, ...] = ()
    """Set for the adapter: what else the message that `edits` names consists of, as it told itself (`Sent.parts`)."""
    reaction_to: str = ""
    """The event key of a message to mark with a reaction; the text is for platforms that have none."""
    mark: Mark = "taken"
    """What the reaction says: the bot or the team has it, it was sent to the requester, it stays inside, it helped."""
    closes: bool = False
    """Nothing is left to do where it is said: its thread is closed behind it, where the platform can; words open it."""
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
FORM = "form"
"""What stands for a message's form where its choices have their number: ``o1.form`` beside ``o1.1``."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """Where an outgoing message is on its platform, under the platform's own id; kept in a log under ours."""

    id: str
    address: Address
    parts: tuple[str, ...] = ()
    """The platform's own ids of what else belongs to it: the further posts of a long message, its files."""


SHOWN: Log[Shown] = Log("shown", Shown)


class Relayed(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody's words became on the other side; kept in a log under `relayed_under` of the message they said."""

    id: str
    """The outgoing message."""
    address: Address
    """Where that was sent to: what is said about it later goes behind it, in order."""
    conversation: str
    side: Side
    """Whose words they were: an agent's, or the requester's."""
    person: str
    """The id of whoever said them: nobody else changes them."""
    who: str
    """What they are called on the other side."""
    said: tuple[str, ...]
    """The event keys of all messages that became this one, in order: what comes fast is joined."""
    files: int = 0
    """How many files came with the words."""


RELAYED: Log[Relayed] = Log("relayed", Relayed)


def relayed_under(said: str) -> str:
    """Name where the log has a message: its event key may hold a person's name, which the key of a log may not."""
    return derived("r", said)
