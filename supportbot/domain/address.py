"""Where something is said: adapter + workspace + channel + thread."""

from __future__ import annotations

from typing import Literal

import msgspec

from supportbot.domain.record import Index, Kind, Record

Side = Literal["requester", "agents"]


ALONE = "@"
"""What stands before a person's id in the place of a thread, where there is none: alone with them near a channel."""


class Address(msgspec.Struct, frozen=True):
    """A place on a platform that messages come from and go to; `thread` is "" for a channel itself or a DM."""

    adapter: str
    workspace: str
    channel: str
    thread: str = ""

    @property
    def key(self) -> str:
        """Spell the address as one string, under which work and places are kept in order."""
        return f"{self.adapter}/{self.workspace}/{self.channel}/{self.thread}"

    @property
    def is_alone(self) -> bool:
        """It is with one person near a channel, where nothing can stay: what is to last has to go elsewhere."""
        return self.thread.startswith(ALONE)

    @property
    def outside_thread(self) -> Address:
        """The channel that a thread hangs in."""
        return msgspec.structs.replace(self, thread="") if self.thread else self


class Place(Record, frozen=True, kw_only=True):
    """Which conversation an address leads to (`id` is the address's key); a conversation may have several places."""

    conversation: str
    side: Side = "requester"
    """Whose thread it is."""
    address: Address | None = None
    """Where it really is, when the platform named the thread only after it was opened."""
    person: str = ""


PLACES: Kind[Place] = Kind(
    "places", Place, indexes=(Index("conversation", ("conversation",), order="id"),), person="person"
)
