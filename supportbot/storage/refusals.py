"""What a store says when it refuses a commit, in the same words from every member."""

from __future__ import annotations

from typing import Any

from supportbot.domain.record import Kind, Record
from supportbot.domain.work import Work
from supportbot.errors import Conflict, Duplicate, LostClaim, StoreFailed


def changed_since(kind: Kind[Any], record: Record, stored: int | None) -> Conflict:
    """Word the refusal of a change that was made from another version than the stored one."""
    if stored is None:
        found = "it is not stored (any more)"
    elif record.version == 0:
        found = f"it exists already (version {stored})"
    else:
        found = f"version {stored} is stored, this change was made from version {record.version}"
    return Conflict(f"{kind.name} {record.id!r}: {found}; read it again and decide again")


def seen_before(key: str) -> Duplicate:
    """Word the refusal of a commit whose unique key is stored already."""
    return Duplicate(f"a commit with the unique key {key!r} is stored already; this one changes nothing")


def lost(work: Work, stored: int | None) -> LostClaim:
    """Word the refusal to settle work that someone else claimed or finished meanwhile."""
    found = "it is gone" if stored is None else f"attempt {stored} has it now, this was attempt {work.attempt}"
    return LostClaim(f"work {work.id!r} of {work.queue}: {found}; drop what was prepared", work.id)


def refused_by_disk(what: str, error: BaseException) -> StoreFailed:
    """Word the refusal of a disk."""
    reason = getattr(error, "strerror", None) or error
    return StoreFailed(f"the disk refused {what} ({reason}); nothing of it is stored, later ones are tried again")


def damaged(place: str, error: BaseException) -> StoreFailed:
    """Word that a database contradicts itself, which trying again does not mend."""
    return StoreFailed(f"{place} is damaged ({error}); nothing of this is stored; stop the bot and restore a backup")


def not_readable(place: str, error: Exception) -> StoreFailed:
    """Word that a disk does not give back what it has."""
    return StoreFailed(f"{place} cannot be read ({error}); check the disk, and restore a backup where it is damaged")


def only_read(url: str) -> StoreFailed:
    """Word the refusal to change a store that was opened for reading."""
    return StoreFailed(f"{url} was opened to read only; nothing is stored")
