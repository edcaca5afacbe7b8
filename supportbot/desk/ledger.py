"""The ledger of one turn: what it read, what it will change and what it will say, committed together or not at all."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from supportbot.desk.rules import Rules
from supportbot.domain.address import PLACES
from supportbot.domain.event import Event, Signal
from supportbot.domain.person import Person
from supportbot.domain.record import Kind, Log, Record
from supportbot.domain.reply import OFFERS, Outgoing
from supportbot.domain.work import TURNS, Work, to_send
from supportbot.errors import SkillError
from supportbot.ids import derived
from supportbot.storage.base import Changes, Store

R = TypeVar("R", bound=Record)
Saved = tuple[Any, ...]


class Ledger:
    """Reads through to the store, sees its own unsaved changes, and names new things after what caused the turn."""

    def __init__(self, store: Store, rules: Rules, now: int, cause: str) -> None:
        self.store = store
        self.rules = rules
        self.now = now
        self.cause = cause
        self.drawn = 0
        self._records: dict[tuple[str, str], Record | None] = {}
        self._puts: dict[tuple[str, str], Kind[Any]] = {}
        self._deletes: dict[tuple[str, str], tuple[Kind[Any], Record]] = {}
        self._entries: list[tuple[Log[Any], str, str, str, Any]] = []
        self._work: dict[str, Work] = {}
        self._cancelled: list[str] = []
        self.withdrawn: list[Work] = []
        """Waiting work that this turn takes out; if it was claimed meanwhile, the commit is dropped."""
        self.after: list[Callable[[], None]] = []
        """What this process notes once the commit has succeeded; a turn that is decided again leaves no trace."""
        self.cards: dict[str, str] = {}
        """The message that shows a new ticket to the agents, by the ticket's id."""
        self.is_joined = False
        """Several messages are dealt with as one turn's worth."""
        self.must_part = False
        """The turn came to something that takes one message at a time: it is to be decided again for the first."""
        self.is_careful = False
        """The store could not take this turn: after each handler it is looked whether what it left can be stored."""

    def new_id(self, prefix: str) -> str:
        """Name a new thing; the same turn, run again, gives the same names."""
        self.drawn += 1
        return derived(prefix, self.cause, str(self.drawn))

    async def get(self, kind: Kind[R], id: str) -> R | None:
        """Read a document, as this turn left it."""
        place = (kind.name, id)
        if place not in self._records:
            self._records[place] = await self.store.get(kind, id)
        return self._records[place]  # type: ignore[return-value] # the kind is part of the place

    def hold(self, kind: Kind[R], record: R) -> None:
        """Take in a document that was read, or is about to be created, without changing it."""
        place = (kind.name, record.id)
        if self._records.get(place) is None:
            self._records[place] = record

    def held(self, kind: Kind[R], id: str) -> R:
        """Look at a document that this turn holds."""
        record = self._records[kind.name, id]
        if record is None:
            raise LookupError(f"{kind.name} {id} was removed in this turn")
        return record  # type: ignore[return-value] # the kind is part of the place

    def find_held(self, kind: Kind[R], id: str) -> R | None:
        """Look at a document, if this turn holds it."""
        return self._records.get((kind.name, id))  # type: ignore[return-value] # the kind is part of the place

    def put(self, kind: Kind[R], record: R) -> None:
        """Change or create a document; one made anew in the turn that removed it takes the place of the stored one."""
        place = (kind.name, record.id)
        if removed := self._deletes.pop(place, None):
            record = msgspec.structs.replace(record, version=removed[1].version)
        self._records[place] = record
        self._puts[place] = kind

    def delete(self, kind: Kind[R], record: R) -> None:
        """Remove a document; one that this turn itself created is simply not stored."""
        place = (kind.name, record.id)
        self._records[place] = None
        self._puts.pop(place, None)
        if record.version:
            self._deletes[place] = (kind, record)

    def append(self, log: Log[Any], key: str, entry: msgspec.Struct, person: str, group: str = "") -> None:
        """Add an entry to a log; `group` is the conversation that it belongs to, where the key does not say it."""
        self._entries.append((log, key, person, group, entry))

    def staged(self, log: Log[Any], key: str) -> list[Any]:
        """Read the entries that this turn adds to a log under a key, oldest first."""
        return [entry for at, under, *_, entry in self._entries if at is log and under == key]

    def send(self, outgoing: Outgoing, person: Person) -> None:
        """Put a message into the outbox."""
        self._work[outgoing.id] = to_send(outgoing, person.id, due=self.now)

    def send_later(self, outgoing: Outgoing, person: Person, due: int, *, group: str) -> None:
        """Put a message into the outbox that goes out at an instant, unless it is cancelled; it is found by `group`."""
        self._work[outgoing.id] = to_send(outgoing, person.id, due=due, group=group)

    def amend(self, outgoing: Outgoing) -> None:
        """Change a message that this turn has put into the outbox."""
        self._work[outgoing.id] = msgspec.structs.replace(self._work[outgoing.id], payload=outgoing)

    def unsay(self, id: str) -> None:
        """Take back a message of this turn, with what its choices would do."""
        self._work.pop(id, None)
        self._entries = [entry for entry in self._entries if (entry[0], entry[1]) != (OFFERS, id)]

    def later(self, signal: Signal, key: str, due: int, id: str = "") -> str:
        """Let something happen in a conversation at an instant; an id that waits already stays, unless cancelled."""
        name = id or self.new_id("s")
        self._work[name] = Work(id=name, queue=TURNS, key=key, due=due, payload=signal, group=signal.conversation)
        return name

    def cancel(self, id: str) -> None:
        """Let something planned not happen."""
        self._work.pop(id, None)
        self._cancelled.append(id)

    async def conversation_at(self, key: str) -> str:
        """Find which conversation an address leads to, "" for none."""
        place = await self.get(PLACES, key)
        return place.conversation if place else ""

    def changed(self, kind: Kind[R]) -> list[R]:
        """List the documents of a kind that this turn changes or creates, as it leaves them."""
        return [self._records[place] for place, of in self._puts.items() if of is kind]  # type: ignore[misc] # put, so there

    def has_put(self, kind: Kind[Any]) -> bool:
        """Tell whether this turn changes or removes a document of a kind."""
        return any(name == kind.name for name, _ in (*self._puts, *self._deletes))

    @property
    def outgoing(self) -> list[Outgoing]:
        """What this turn says, in order."""
        return [work.payload for work in self._work.values() if isinstance(work.payload, Outgoing)]

    def save(self) -> Saved:
        """Remember the state before a handler runs."""
        return (
            self.drawn,
            self._records.copy(),
            self._puts.copy(),
            self._deletes.copy(),
            self._entries.copy(),
            self._work.copy(),
            self._cancelled.copy(),
            self.withdrawn.copy(),
            self.after.copy(),
        )

    def restore(self, saved: Saved) -> None:
        """Undo everything since `save`; the saved state can be restored again."""
        self.drawn, records, puts, deletes, entries, work, cancelled, withdrawn, after = saved
        self._records, self._puts, self._deletes = dict(records), dict(puts), dict(deletes)
        self._entries, self._work = list(entries), dict(work)
        self._cancelled, self.withdrawn, self.after = list(cancelled), list(withdrawn), list(after)

    def forget(self) -> None:
        """Change nothing and say nothing after all; only what was taken along is done."""
        for part in (self._records, self._puts, self._deletes, self._entries, self._work, self._cancelled):
            part.clear()

    def check(self) -> None:
        """Raise, in a turn that is careful, where something in it cannot be stored."""
        if not self.is_careful:
            return
        records = [self._records[place] for place in self._puts]
        try:
            msgspec.json.encode((records, [entry for *_, entry in self._entries], list(self._work.values())))
        except (TypeError, ValueError, RecursionError) as error:
            raise SkillError(
                f"what was said or kept cannot be stored ({error}); give what JSON and UTF-8 have"
            ) from error

    def changes(self, done: Work | None = None) -> Changes:
        """Spell out the commit; `done` is the work that this turn was."""
        changes = Changes(
            puts=[(kind, self._records[place]) for place, kind in self._puts.items()],  # type: ignore[misc] # put, so there
            deletes=list(self._deletes.values()),
            entries=self._entries,
            work=list(self._work.values()),
            cancelled=self._cancelled,
            finished=list(self.withdrawn),
        )
        if done:
            changes.finished.append(done)
        return changes


def words_of(origin: Event | Signal) -> str:
    """Tell what a person said to cause a turn, "" where nobody did."""
    return origin.text if isinstance(origin, Event) else ""
