"""What is remembered of the store: documents that each message depends on are not read for each message."""

from __future__ import annotations

from typing import Generic, TypeVar

from supportbot.clock import SECOND, Clock
from supportbot.domain.record import Kind, Record
from supportbot.recent import Recent
from supportbot.storage.base import Store

R = TypeVar("R", bound=Record)

_KNOWN_FOR = 20 * SECOND
"""How long what was read is believed, since another process may have changed it."""
_MOST_KNOWN = 5_000


class Remembered(Generic[R]):
    """The documents of one kind that were read lately; that there is none is remembered, too."""

    def __init__(self, store: Store, clock: Clock, kind: Kind[R]) -> None:
        self._store = store
        self._clock = clock
        self._kind = kind
        self._known = Recent[str, tuple[R | None, int]](_MOST_KNOWN)

    async def get(self, id: str) -> R | None:
        """Give a document as it was at most a short while ago."""
        known, until = self._known.get(id, (None, 0))
        if until > self._clock.now():
            return known
        record = await self._store.get(self._kind, id)
        self._known[id] = record, self._clock.now() + _KNOWN_FOR
        return record

    def forget(self, id: str) -> None:
        """Read a document anew the next time: this process has changed it."""
        self._known.pop(id, None)
