"""The contract of a store, and the one way to change it: a commit.

A store keeps documents (the current state, found by declared indexes), logs (appended, read by key, newest first,
never held in memory), work (to do now or at a time, in order under a key), numbers and files.

What a member need *not* do: know what a ticket is, keep a transaction open, retry, or decide what a failure means.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import dataclass, field
from typing import Any, BinaryIO, Generic, TypeVar

import msgspec

from supportbot.domain.record import Kind, Log, Record
from supportbot.domain.work import Work

T = TypeVar("T")
R = TypeVar("R", bound=Record)
E = TypeVar("E", bound=msgspec.Struct)

LARGEST_FILE = 25 * 1024 * 1024
"""The most bytes that a store keeps of one file."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some answers to a question, and the cursor that asks for those after them (None where there are no more)."""

    items: list[T]
    next: str | None = None


@dataclass
class Changes:
    """What one commit changes, all of it or nothing.

    A put expects the stored document to have the version it was read with (0: it must not exist) and counts it up; it
    keeps stored fields that this release does not know. Finishing, postponing or burying work expects that nobody
    claimed it since. What is forgotten goes before what is appended, so one commit can rewrite a key.
    """

    puts: list[tuple[Kind[Any], Record]] = field(default_factory=list)
    deletes: list[tuple[Kind[Any], Record]] = field(default_factory=list)
    entries: list[tuple[Log[Any], str, str, str, Any]] = field(default_factory=list)
    """(log, key, id of the person whose words it holds or "", what it belongs to or "", entry)."""
    forgotten: list[tuple[Log[Any], str, str]] = field(default_factory=list)
    """(log, key or "", what the entries belong to or "")."""
    work: list[Work] = field(default_factory=list)
    finished: list[Work] = field(default_factory=list)
    postponed: list[Work] = field(default_factory=list)
    buried: list[Work] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    reworded: list[Work] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    unique: str = ""
    """Where it is set, the whole commit is dropped, with Duplicate, if one with this key was stored before (remembered
    30 days, as a hash: the key may hold a person's name)."""
    patience: float = 0
    """Seconds for which it may wait for another commit, to be written together with it."""

    def put(self, kind: Kind[R], record: R) -> None:
        """Store a document; putting the same id twice in one commit keeps the later one."""
        self.puts[:] = [(k, r) for k, r in self.puts if k is not kind or r.id != record.id]
        self.puts.append((kind, record))

    def delete(self, kind: Kind[R], record: R) -> None:
        """Remove a document of that version."""
        self.deletes.append((kind, record))

    def append(self, log: Log[E], key: str, entry: E | msgspec.Raw, person: str = "", group: str = "") -> None:
        """Add an entry to a log; `group` is what it belongs to beside its key, to forget it by: a conversation's id."""
        self.entries.append((log, key, person, group, entry))

    def forget(self, log: Log[Any], key: str = "", *, group: str = "") -> None:
        """Remove all entries of a log under a key, or all that belong to a group."""
        self.forgotten.append((log, key, group))

    def add(self, work: Work) -> None:
        """Add something to do; work whose id waits already is left as it is."""
        self.work.append(work)

    def finish(self, work: Work) -> None:
        """Remove claimed work: it is done."""
        self.finished.append(work)

    def postpone(self, work: Work, not_before: int, error: str) -> None:
        """Give claimed work back, to be claimed again at a time; it keeps its place in its key's order."""
        self.postponed.append(msgspec.structs.replace(work, not_before=not_before, error=error))

    def bury(self, work: Work, error: str) -> None:
        """Put claimed work among the dead letters: nothing claims it, its key goes on, a person can revive it."""
        self.buried.append(msgspec.structs.replace(work, error=error))

    def cancel(self, work_id: str) -> None:
        """Remove work that nobody has claimed; where it is gone or claimed, nothing happens."""
        self.cancelled.append(work_id)

    def reword(self, work: Work) -> None:
        """Change the payload and the person of work or of a dead letter in its place; where it is gone, do nothing."""
        self.reworded.append(work)

    def drop(self, work_id: str) -> None:
        """Remove a dead letter; where there is none of that id, nothing happens."""
        self.dropped.append(work_id)


def _nothing() -> None:
    """Wake nobody."""


class Store(ABC):
    """Where the bot keeps everything. Every method may raise StoreFailed; nothing else is left half done."""

    @abstractmethod
    async def get(self, kind: Kind[R], id: str) -> R | None:
        """Read a document by its id."""

    @abstractmethod
    async def find(
        self, kind: Kind[R], index: str, *values: Any, limit: int = 50, after: str | None = None, newest: bool = False
    ) -> Page[R]:
        """Read documents by a declared index: those whose fields equal `values`, in its order (or newest first)."""

    @abstractmethod
    async def read(self, log: Log[E], key: str, *, limit: int = 50, before: str | None = None) -> Page[E]:
        """Read the entries of a log under a key, newest first."""

    @abstractmethod
    async def commit(self, changes: Changes) -> list[Work]:
        """Store all of it, durably, or nothing (Conflict, Duplicate, LostClaim, StoreFailed).

        Where this process takes work (`takes_work`), returns the work that the commit claimed for the caller without
        another write: added due work whose key nobody holds and that has nothing before it, and what waited next
        under the keys that the commit set free. A member may return none and let `claim` find it.
        """

    @abstractmethod
    async def claim(self, queue: str, now: int, *, limit: int = 1) -> list[Work]:
        """Claim the first due work of up to `limit` keys that nobody holds; `attempt` is raised durably before."""

    @abstractmethod
    async def release(self, work: Work) -> None:
        """Give claimed work back unfinished, as if the process had died: it can be claimed again at once."""

    @abstractmethod
    async def pending(self, queue: str, *, key: str = "", group: str = "", limit: int = 50) -> list[Work]:
        """Read work that is not done, by key or by group, in order; claimed work included (`attempt` tells)."""

    @abstractmethod
    async def next_due(self, queue: str) -> int | None:
        """Tell when the next unclaimed work may be claimed (it may be past), or None where none waits."""

    @abstractmethod
    async def buried(self, *, limit: int = 50) -> list[Work]:
        """Read the dead letters, oldest first."""

    @abstractmethod
    async def revive(self, work_id: str) -> bool:
        """Take work out of the dead letters, its attempts counted from 0; False where there is none of that id."""

    @abstractmethod
    async def next_number(self, name: str) -> int:
        """Draw the next number of a counter, from 1; a number is never given twice, gaps are possible."""

    @abstractmethod
    async def put_file(self, content: bytes) -> str:
        """Keep a file and return its id, the SHA-256 of its content; FileTooLarge above `LARGEST_FILE`."""

    @abstractmethod
    async def open_file(self, id: str) -> BinaryIO | None:
        """Open a kept file for reading."""

    @abstractmethod
    async def file_ids(self) -> list[str]:
        """Name every kept file, in order."""

    @abstractmethod
    def dump(self) -> AsyncIterator[Stored]:
        """Read everything, for `move`, in a stable order, with the fields that this release does not know.

        What may name a person comes first (`OF_PEOPLE`), the files last.
        """

    @abstractmethod
    async def load(self, items: list[Stored]) -> None:
        """Write what another store's `dump` read, versions and order included, into this store."""

    @abstractmethod
    def of_person(self, person: str) -> AsyncIterator[Stored]:
        """Read every document, entry, work and dead letter that names this person by its declared index."""

    @abstractmethod
    def entries_of(self, log: str, key: str) -> AsyncIterator[Stored]:
        """Read the entries of a log under a key as they are stored, oldest first."""

    @abstractmethod
    async def forget_files(self, ids: Collection[str], *, put_before: int) -> None:
        """Remove kept files, but not those that were put, again, at that instant or later."""

    @abstractmethod
    async def compact(self) -> None:
        """Leave no byte on the disk of what was removed, copies of an older format included; nothing else may run."""

    @abstractmethod
    async def close(self) -> None:
        """Wait for commits under way and let go of the disk or the server."""

    takes_work: bool = False
    """Set where this process runs work: commits then claim it in passing."""

    warning: str = ""
    """A sentence for the operator, where the store has one; it may change with any commit."""

    woken: Callable[[], None] = staticmethod(_nothing)
    """Set by whoever runs work. A member calls it, on the event loop, when work may have become claimable through
    something other than this object's own commits and claims, such as another process that writes to the same store;
    it may be called too often. A member whose work nobody else adds never calls it."""


OF_PEOPLE = ("document", "entry", "work", "buried")
"""The sorts of items that may name a person."""


class Stored(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One item of a dump: a document, a log entry, a piece of work, a number, a unique key or a file."""

    sort: str
    """``document``, ``entry``, ``work``, ``buried``, ``number``, ``unique`` or ``file``."""
    name: str = ""
    """The kind, the log or the counter."""
    key: str = ""
    person: str = ""
    group: str = ""
    value: msgspec.Raw = msgspec.Raw(b"null")
    content: bytes = b""


def place_of(url: str) -> tuple[str, str]:
    """Split a store's url into its member and the place, as ``("tinydb", "data")``."""
    member, _, place = url.partition(":")
    return member, place
