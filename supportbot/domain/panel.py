"""A panel: a message that stands in a channel, with buttons for the main things that the bot does for people."""

from __future__ import annotations

from supportbot.domain.address import Address
from supportbot.domain.record import Index, Kind, Record


class Panel(Record, frozen=True, kw_only=True):
    """The panel of one channel (`id` is the key of its address)."""

    address: Address
    message: str
    """Our id of the message."""
    looks: str
    """A checksum of its words and buttons: when it differs from what they would be now, the message is changed."""


PANELS: Kind[Panel] = Kind("panels", Panel, indexes=(Index("all", (), order="id"),))
