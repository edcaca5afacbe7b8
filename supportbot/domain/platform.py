"""A platform as this store knows it: until when it was served."""

from __future__ import annotations

from supportbot.domain.record import Kind, Record


class Platform(Record, frozen=True, kw_only=True):
    """One adapter's platform (`id` is the adapter's name); instants are milliseconds, 0 is never."""

    served_until: int = 0
    """Everything that happened up to then has come in, or was looked for."""
    is_served: bool = False
    """A process serves it now, or ended without a farewell."""


PLATFORMS: Kind[Platform] = Kind("platforms", Platform)
