"""The contract of an adapter: it turns a platform's events into ours, and shows our messages there.

What an adapter need *not* do: de-duplicate, keep order, retry, remember anything, or know what a skill or a ticket is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Sequence
from typing import Any, BinaryIO, Literal, Protocol

import msgspec

from supportbot.domain.address import Address
from supportbot.domain.event import Event
from supportbot.domain.finding import Finding
from supportbot.domain.person import Person
from supportbot.domain.reply import Outgoing

Receive = Callable[[Event], Awaitable[object]]
"""What an adapter gives its events to; when it returns the event is stored, and only then it may be acknowledged."""
Types = Callable[[Address, str], Coroutine[Any, Any, None]]
"""Hears that somebody types at an address, by their person's id; nobody waits for what comes of it."""
Suggest = Callable[[str, str], Sequence[str]]
"""Finds questions that fit what somebody is still typing, in their language (``en-GB``), best first; for any thread."""

Settled = Callable[[Address], Awaitable[bool]]
"""Tells whether nothing is left to do about what stands at an address."""


class Files(Protocol):
    """Where an adapter keeps the files that came with a message, and finds those that go out."""

    async def put_file(self, content: bytes) -> str:
        """Keep a file and return its id; FileTooLarge above the store's limit."""
        ...

    async def open_file(self, id: str) -> BinaryIO | None:
        """Open a kept file for reading."""
        ...


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a platform can show; everything else is degraded by the adapter (choices as a numbered list, say)."""

    reactions: bool = False
    """A message can be marked; else the mark's text is shown."""
    edits: bool = False
    """A message can be changed and taken away in place, by an id that `send` returns; else a line says what changed."""
    private_threads: bool = False
    """A conversation that began in public can go on with one person alone (`Outgoing.aside`)."""
    command_sign: Literal["/", "!"] = "/"
    """What a command begins with when the bot names one: a platform that keeps ``/`` for itself lets ``!`` through."""
    panels: bool = False
    """A message of the bot's can stand in a channel, with buttons that do the same for everybody (`domain.action`)."""
    closes_threads: bool = False
    """A thread can be closed behind the last thing that is said in it (`Outgoing.closes`)."""
    knows_members: bool = False
    """It can be asked whether somebody is still there (`has_left`)."""
    menus: bool = False
    """Several things of one kind are chosen from a menu (`Choice.among`); else each is a button."""
    forms: bool = False
    """Several questions can be answered at once (`Outgoing.form`); else they are asked in turn."""
    typing: bool = False
    """It can be seen at an address that somebody's words are on their way (`Adapter.show_typing`)."""
    idempotent: bool = False
    """Showing the same outgoing id twice is harmless, so an ambiguous message is simply sent again."""
    for_strangers: bool = True
    """Anybody may write here, so there are flood limits, whether or not the configuration gives any."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """Where a message landed: the platform's id for it, and the address where that is not the one it was sent to.

    Where the platform opened a thread for a message of the agents' (`opens_thread`), that thread is the address.
    """

    id: str = ""
    address: Address | None = None
    parts: tuple[str, ...] = ()
    """What else the message consists of, in the adapter's own words: they come back with what `edits` it."""


class Missed(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened while nobody served the platform."""

    event: Event
    is_answered: bool = False
    """Another human has answered it since, where both can see it."""


class Adapter(ABC):
    """One platform.

    Addresses: a direct message has no thread. In a room a message that begins a topic has its own id as the thread, so
    that the topic is a conversation of its own. A case's thread in the agents' channel is sent to under the
    conversation's id; where the platform names threads itself, `send` returns its name once.

    What cannot be said where it was sent to, or is to be said aside, lands elsewhere: `send` returns that address, and
    the conversation moves there. An address that is alone with somebody (``@USER`` as its thread) lasts only as long as
    what they just did can be answered.
    """

    name: str
    capabilities: Capabilities = Capabilities()
    has_history: bool = False
    """What happened while nobody served the platform can be read there; until when it was served is noted."""
    trouble: str = ""
    """Set by a member while its platform is lost: why, in a few words that are nobody's; the bot is not ready then."""
    suggest: Suggest | None = None
    """Given to it before `connect`: for a platform that completes what people type, which is no turn."""
    canned: Sequence[str] = ()
    """Given to it before `connect`, for the same: the names of the team's canned replies."""
    types: Types | None = None
    """Given to it before `connect`, where agents can be shown that a requester types: it tells who types where."""
    hears_all: bool = True
    """Set to false by a member while its platform lets it read, in rooms, only what mentions the bot."""
    settled: Settled | None = None
    """Given to it before `connect`: for a platform that has room for so many threads only, to close those first."""
    lost_since: int = 0
    """Set by a member that may have missed what its platform does not tell again: since when; then it is read there.

    Set for it before `start` where its platform was not served for a while; zero means that it is being read now.
    """

    async def checks(self) -> list[Finding]:
        """Look, without `connect` or `start`, at what an operator should know (token, rights); for ``doctor``."""
        return []

    async def connect(self) -> None:  # noqa: B027 - a platform without a connection has nothing to do
        """Make sending possible; called before anything is sent. BadToken ends the start, all else is tried again."""

    @abstractmethod
    async def start(self, receive: Receive, files: Files) -> None:
        """Begin to feed events; called once, after `connect`. What it raises is tried again."""

    async def missed(
        self,
        since: int,  # noqa: ARG002 - a platform without a history
        places: Sequence[Address] = (),  # noqa: ARG002
    ) -> AsyncIterator[Missed]:
        """Read what happened since an instant, oldest first in each place, once `start` has returned.

        `places` is where the newest conversations stand, for a platform that does not list its direct messages. What
        came in already may be among it. A platform that asks to wait is waited for here.
        """
        for nothing in list[Missed]():
            yield nothing

    @abstractmethod
    async def send(self, outgoing: Outgoing) -> Sent:
        """Show a message; raises TryLater, Refused or Unclear, and nothing else on purpose."""

    @abstractmethod
    async def find_sent(self, outgoing: Outgoing) -> Sent | None:
        """Look whether an earlier attempt to send was shown; asked only where `idempotent` is false.

        Unclear or TryLater where the platform cannot tell yet.
        """

    @abstractmethod
    async def is_agent(self, event: Event) -> bool:
        """Tell whether the person of this event is an agent, at this moment.

        Asked in each turn, also in a process that has not called `start`; a platform that does not answer means no.
        """

    @abstractmethod
    async def find_person(self, workspace: str, named: str) -> Person | None:
        """Find the person whom others name like this (``@sam``, ``<@U024BE7LD>``); None where there is no such."""

    async def has_left(self, person: Person, address: Address) -> bool:  # noqa: ARG002 - a platform that does not tell
        """Tell whether somebody is no longer on the server or workspace of an address; asked where `knows_members`."""
        return False

    @abstractmethod
    def channel(self, name: str) -> Address:
        """Name a channel of this platform, as ``desk.agents_channel`` spells it behind the colon."""

    async def show_typing(self, address: Address) -> None:  # noqa: B027 - where nobody can see it
        """Let it be seen for some seconds that somebody's words are on their way; it raises nothing on purpose."""

    async def stop_receiving(self) -> None:  # noqa: B027 - where nothing comes by itself there is nothing to do
        """Feed no more events; what the bot is still about to say goes out until `stop`."""

    @abstractmethod
    async def stop(self) -> None:
        """Feed no more events, finish what is on its way out, and disconnect."""
