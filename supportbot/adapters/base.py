"""The contract of an adapter: it turns a platform's events into ours, and shows our messages there.

What an adapter need *not* do: de-duplicate, keep order, retry, remember anything, or know what a skill or a ticket is.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable

import msgspec

from supportbot.domain.address import Address
from supportbot.domain.event import Event
from supportbot.domain.reply import Outgoing

Receive = Callable[[Event], Awaitable[None]]
"""What an adapter gives its events to; when it returns the event is stored, and only then it may be acknowledged."""


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What a platform can show; everything else is degraded by the adapter (choices as a numbered list, say)."""

    reactions: bool = False
    forms: bool = False
    edits: bool = False
    idempotent: bool = False
    """Showing the same outgoing id twice is harmless, so an ambiguous message is simply sent again."""


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """Where a message landed: the platform's id for it, and the address where that is not the one it was sent to."""

    id: str = ""
    address: Address | None = None


class Adapter(ABC):
    """One platform."""

    name: str
    capabilities: Capabilities = Capabilities()

    @abstractmethod
    async def start(self, receive: Receive) -> None:
        """Connect and begin to feed events; BadToken ends the bot's start, anything else is retried by the caller."""

    @abstractmethod
    async def send(self, outgoing: Outgoing) -> Sent:
        """Show a message; raises TryLater, Refused or Unclear, and nothing else on purpose."""

    @abstractmethod
    async def find_sent(self, outgoing: Outgoing) -> Sent | None:
        """Look whether an earlier attempt to send was shown; asked only where `idempotent` is false."""

    @abstractmethod
    async def is_agent(self, event: Event) -> bool:
        """Tell whether the person of this event is an agent, at this moment."""

    @abstractmethod
    def channel(self, name: str) -> Address:
        """Name a channel of this platform, as ``desk.agents_channel`` spells it behind the colon."""

    @abstractmethod
    async def stop(self) -> None:
        """Stop feeding events, finish what is on its way out, and disconnect."""
