"""A block: somebody whom the team does not want to hear from, why, and until when."""

from __future__ import annotations

from supportbot.domain.person import Person
from supportbot.domain.record import Index, Kind, Record


class Block(Record, frozen=True, kw_only=True):
    """That one person is not answered (`id` is `block_of` them); instants are milliseconds."""

    tenant: str
    person: Person
    by: Person
    at: int
    until: int = 0
    """When it ends by itself; 0 is never."""
    reason: str = ""
    told_at: int = 0
    """When they were last told of it; 0 is not yet."""

    def holds(self, now: int) -> bool:
        """Tell whether it has not ended yet."""
        return not self.until or now < self.until


BLOCKS: Kind[Block] = Kind(
    "blocks",
    Block,
    indexes=(Index("tenant", ("tenant",), order="at"), Index("age", (), order="at")),
    person="person.id",
)


def block_of(tenant: str, person: str) -> str:
    """Name the block of a person, by their id: they have one at most in a tenant."""
    return f"{tenant}/{person}"
