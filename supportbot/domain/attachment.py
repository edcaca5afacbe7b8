"""An attachment: who sent a file, and in which conversation; a kept file goes when the last attachment of it goes."""

from __future__ import annotations

from supportbot.domain.record import Index, Kind, Record


class Attachment(Record, frozen=True, kw_only=True):
    """One sending of one file; the same content is kept once, however often it is sent. `at` is in milliseconds."""

    file: str
    """The file's id: the hash of its content."""
    name: str
    person: str
    conversation: str = ""
    """Where it was sent; "" until a turn has dealt with it, and for good where the bot had no part in it."""
    at: int = 0


ATTACHMENTS: Kind[Attachment] = Kind(
    "attachments",
    Attachment,
    indexes=(
        Index("file", ("file",), order="at"),
        Index("age", (), order="at"),
    ),
    person="person",
)
