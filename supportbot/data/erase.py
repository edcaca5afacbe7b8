"""Erasure: everything of a person goes; in other people's cases somebody without a name takes their place. ::

look       what is theirs, by the declared indexes; then every other record, for traces of them
remove     their conversations, each in one commit, then what else is theirs
disguise   records of others that name them
compact    so that no deleted byte is left on the disk
look again whether anything still names them

A kill at any place leaves a store that opens, and erasing again does the rest.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import partial
from typing import Any

import msgspec

from supportbot.clock import Clock, as_datetime
from supportbot.data import people, removal
from supportbot.data.disguise import NAME, Disguise
from supportbot.data.people import Someone
from supportbot.data.traces import Key, Progress, Search, Traces, each, sort_of
from supportbot.domain.attachment import ATTACHMENTS
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.memory import MEMORIES, Memory
from supportbot.domain.person import Person
from supportbot.domain.record import Kind, Log
from supportbot.domain.schema import SCHEMA
from supportbot.errors import StoreFailed
from supportbot.ids import Ids
from supportbot.storage.base import Changes, Store, Stored

_AT_ONCE = 50
_KINDS: dict[str, Kind[Any]] = {kind.name: kind for kind in SCHEMA.kinds}
_LOGS: dict[str, Log[Any]] = {log.name: log for log in SCHEMA.logs}

_UNFINISHED = "erase/everyone//unfinished"
_WITH_FILES = (ATTACHMENTS.name, "dialogues", "memories", "once")
"""Where a file may be named in other forms than in a list of files."""


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What was done, without a word of whom it was about."""

    receipt: str
    at: str
    removed: dict[str, int]
    disguised: dict[str, int]
    mentions_left: int


class Erasure:
    """Takes one person out of a store that nobody else uses."""

    def __init__(
        self, store: Store, clock: Clock, someone: Someone, *, ids: Ids, everywhere: bool = False, progress: Progress
    ) -> None:
        self._store = store
        self._clock = clock
        self._id = someone.id
        self._ids = ids
        self.progress = progress
        adapter_and_workspace = someone.id.rpartition("/")[0]
        anonymous = Person(f"{adapter_and_workspace}/{ids.new('erased')}", NAME)
        self._disguise = Disguise(someone, anonymous, everywhere=everywhere)
        self._search = Search(store, someone, self._disguise)
        self.traces = Traces()

    async def look(self) -> Traces:
        """Find all that will go, and all that will be disguised; nothing is changed."""
        self.traces = await self._search.look(self.progress)
        return self.traces

    async def erase(self) -> Receipt:
        """Remove and disguise what `look` found, leave no byte of it, and see that nothing names them any more."""
        await _mark(self._store, is_unfinished=True)
        await self._remove_conversations()
        await self._remove_others()
        await self._disguise_documents()
        await self._disguise_logs()
        await self._change_work()
        await self._remove_files()
        self.progress("Writing the store anew", 0)
        await self._store.compact()
        await self._check()
        await _mark(self._store, is_unfinished=False)
        return Receipt(
            receipt=self._ids.new("receipt"),
            at=as_datetime(self._clock.now()).isoformat(timespec="seconds").replace("+00:00", "Z"),
            removed={name: count for name, count in sorted(self.traces.removed.items()) if count},
            disguised=dict(sorted(self.traces.disguised.items())),
            mentions_left=self.traces.mentions_left,
        )

    async def _remove_conversations(self) -> None:
        for count, id in enumerate(sorted(self.traces.conversations)):
            if conversation := await self._store.get(CONVERSATIONS, id):
                await self._store.commit(await removal.of_conversation(self._store, conversation))
            self.progress("Removing", count)

    async def _remove_others(self) -> None:
        for part in _parts(self.traces.documents):
            changes = Changes()
            for name, id in part:
                kind = _known(_KINDS, name)
                if name == ATTACHMENTS.name:
                    continue  # with its file, below
                if record := await self._store.get(kind, id):
                    changes.delete(kind, record)
            await self._store.commit(changes)
        for part in _parts(self.traces.logs):
            changes = Changes()
            for name, key in part:
                changes.forget(_known(_LOGS, name), key)
            await self._store.commit(changes)

    async def _disguise_documents(self) -> None:
        for part in _parts(self.traces.disguised_documents):
            changes = Changes()
            for name, id in part:
                kind = _known(_KINDS, name)
                if record := await self._store.get(kind, id):
                    item = Stored(sort="document", name=name, key=id, value=msgspec.Raw(msgspec.json.encode(record)))
                    plain = msgspec.json.decode(item.value)
                    disguised = msgspec.convert(self._search.over(item, plain), kind.type)
                    if disguised.id != id:
                        changes.delete(kind, record)
                        disguised = msgspec.structs.replace(disguised, version=0)
                    changes.put(kind, disguised)
            await self._store.commit(changes)
            self.progress("Taking out their name", len(part))

    async def _disguise_logs(self) -> None:
        for name, key in sorted(self.traces.disguised_logs):
            log, changes = _known(_LOGS, name), Changes()
            changes.forget(log, key)
            async for item in self._store.entries_of(name, key):
                entry = msgspec.Raw(msgspec.json.encode(self._search.over(item, msgspec.json.decode(item.value))))
                person = self._disguise.anonymous.id if item.person == self._id else item.person
                changes.append(log, key, entry, person, item.group)
            await self._store.commit(changes)

    async def _change_work(self) -> None:
        changes = Changes()
        for id in self.traces.work:
            changes.cancel(id)
        for id in self.traces.buried:
            changes.drop(id)
        for work in self.traces.disguised_work.values():
            changes.reword(work)
        await self._store.commit(changes)

    async def _remove_files(self) -> None:
        before, now = len(await self._store.file_ids()), self._clock.now()
        for name, id in sorted(self.traces.documents):
            if name == ATTACHMENTS.name and (attachment := await self._store.get(ATTACHMENTS, id)):
                await removal.of_attachment(self._store, attachment, put_before=now + 1)
        await _remove_orphans(self._store, now)
        self.traces.removed["files"] = before - len(await self._store.file_ids())

    async def _check(self) -> None:
        """Look at everything once more."""
        left: Counter[str] = Counter()

        def look(item: Stored) -> None:
            value = bytes(item.value)
            if item.person == self._id or self._disguise.is_in(item.key):
                left[sort_of(item)] += 1
            elif self._disguise.may_be_in(value):
                plain = msgspec.json.decode(value)
                left[sort_of(item)] += self._search.over(item, plain) != plain

        await each(self._store, look, partial(self.progress, "Checking"))
        if found := ", ".join(f"{count} {name}" for name, count in left.items() if count):
            raise StoreFailed(
                f"they are still named in: {found}; a newer release may have written that: erase with it, and again"
            )


async def finish(store: Store, clock: Clock) -> bool:
    """Finish an erasure that was killed when nothing was left to be found, but bytes on the disk; tells if it was."""
    if await store.get(MEMORIES, _UNFINISHED) is None:
        return False
    await _remove_orphans(store, clock.now())
    await store.compact()
    await _mark(store, is_unfinished=False)
    return True


async def _mark(store: Store, *, is_unfinished: bool) -> None:
    """Note, without saying of whom, that an erasure has begun, or that it has come to its end."""
    known, changes = await store.get(MEMORIES, _UNFINISHED), Changes()
    if is_unfinished and known is None:
        changes.put(MEMORIES, Memory(id=_UNFINISHED, skill="erase", value=True))
    elif known and not is_unfinished:
        changes.delete(MEMORIES, known)
    await store.commit(changes)


async def _remove_orphans(store: Store, now: int) -> None:
    """Remove the files that no record leads to: their sender is erased, or their event never came to be stored."""
    named: set[str] = set()
    async for item in people.records(store):
        value = bytes(item.value)
        if b'"files":[{' in value or item.name in _WITH_FILES:
            named.update(_hashes(msgspec.json.decode(value)))
    orphans = [id for id in await store.file_ids() if id not in named]
    await store.forget_files(orphans, put_before=now + 1)


def _known(known: dict[str, Any], name: str) -> Any:
    if name not in known:
        raise StoreFailed(f"the store has {name} of another release; erase with that release")
    return known[name]


def _hashes(value: Any) -> Iterable[str]:
    """Name everything in a value that may be a kept file's id."""
    if isinstance(value, dict):
        for part in value.values():
            yield from _hashes(part)
    elif isinstance(value, list):
        for part in value:
            yield from _hashes(part)
    elif isinstance(value, str) and len(value) == 64 and value.isalnum():
        yield value


def _parts(keys: set[Key]) -> Iterable[list[Key]]:
    ordered = sorted(keys)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]
