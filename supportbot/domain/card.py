"""A card: how a ticket was shown to the agents, so that it can say later how the ticket stands."""

from __future__ import annotations

import msgspec

from supportbot.domain.record import Log


class Card(msgspec.Struct, frozen=True, kw_only=True):
    """One card; kept in a log under the ticket's id, where the agents' platform can change what it shows."""

    id: str
    """The outgoing message."""
    text: str
    """Its words, without the last line, which says how the ticket stands."""


CARDS: Log[Card] = Log("cards", Card)
