"""An archive brings back everything, into any store; one that is cut or changed is refused before anything happens."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supportbot.clock import SimulatedClock
from supportbot.data import archive, export
from supportbot.data.archive import Archive, Damaged
from supportbot.domain.address import Address
from supportbot.domain.conversation import CONVERSATIONS, Conversation
from supportbot.domain.event import Event, Signal
from supportbot.domain.memory import MEMORIES, Memory
from supportbot.domain.person import Person
from supportbot.domain.schema import SCHEMA
from supportbot.domain.survey import Survey
from supportbot.domain.ticket import TICKETS, Ticket
from supportbot.domain.timeline import TIMELINE, Entry
from supportbot.domain.work import Work
from supportbot.errors import StoreError, StoreInUse
from supportbot.storage.base import Changes, Store, Stored
from supportbot.storage.open import open_store

CLOCK = SimulatedClock()


async def everything(url: str) -> list[Stored]:
    store = await open_store(url, SCHEMA, clock=CLOCK)
    try:
        return [item async for item in store.dump()]
    finally:
        await store.close()


async def save(url: str, path: Path) -> archive.Footer:
    store = await open_store(url, SCHEMA, read_only=True, clock=CLOCK)
    try:
        return await archive.write(store, path, member="x", now=CLOCK.now())
    finally:
        await store.close()


async def put_back(path: Path, url: str, *, replace: bool = False) -> archive.Restored:
    saved = Archive(path)
    saved.check()
    return await archive.restore(saved, url, CLOCK, replace=replace)


# --- S22: whatever a store has comes back the same --------------------------------------------------------------------

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
people = st.builds(Person, st.sampled_from(["slack/T1/U1", "console/-/ü"]), words)
instants = st.integers(0, 4_000_000_000_000)
tickets = st.builds(
    Ticket, id=st.uuids().map(str), tenant=st.sampled_from(["main", "ü"]), reference=words, requester=people,
    conversation=words, subject=words, details=words, assignee=st.none() | people, created_at=instants,
    status=st.sampled_from(["new", "closed"]), survey=st.builds(Survey, asked_at=instants, comment=words),
)  # fmt: skip
conversations = st.builds(
    Conversation, id=st.uuids().map(str), tenant=st.just("main"), key=words, requester=people, question=words,
    address=st.builds(Address, st.just("slack"), words, words), agent=st.none() | people, began_at=instants,
)  # fmt: skip
memories = st.builds(
    Memory, id=st.uuids().map(str), skill=words, conversation=words,
    value=st.recursive(st.none() | st.integers(-(2**53), 2**53) | words, st.lists, max_leaves=4),
)  # fmt: skip
entries = st.tuples(st.sampled_from("abc"), st.builds(Entry, at=instants, kind=st.just("bot"), text=words, who=words))
payloads = st.builds(Signal, name=words, conversation=words) | st.builds(
    Event, key=words, kind=st.just("message"), address=st.just(Address("a", "b", "c")), person=people, at=instants
)
works = st.tuples(st.uuids().map(str), st.sampled_from("kl"), instants, payloads, st.sampled_from("fb "))
data_sets = st.tuples(
    st.lists(tickets | conversations | memories, max_size=6, unique_by=lambda record: record.id),
    st.lists(entries, max_size=6),
    st.lists(works, max_size=4, unique_by=lambda work: work[0]),
    st.lists(st.binary(max_size=20), max_size=2),
)
KINDS: dict[type, Any] = {Ticket: TICKETS, Conversation: CONVERSATIONS, Memory: MEMORIES}


async def fill(store: Store, data: tuple[Any, ...]) -> None:
    records, said, todo, files = data
    changes = Changes(unique="an event")
    for record in records:
        changes.put(KINDS[type(record)], record)
    for key, entry in said:
        changes.append(TIMELINE, key, entry, "slack/T1/U1", "g")
    await store.commit(changes)
    for id, key, due, payload, fate in todo:
        changes = Changes()
        changes.add(Work(id=id, queue="q", key=key, due=due, payload=payload, person="slack/T1/U1"))
        for running in await store.commit(changes):
            changes = Changes()
            if fate != " ":
                changes.finish(running) if fate == "f" else changes.bury(running, "x")
                await store.commit(changes)
    await store.next_number("main/tickets")
    for content in files:
        await store.put_file(content)


async def exported(url: str, folder: Path) -> dict[str, bytes]:
    export.make_folder(folder)
    store = await open_store(url, SCHEMA, clock=CLOCK)
    try:
        await export.export(store, folder, lambda _count: None)
    finally:
        await store.close()
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


async def come_back_the_same(folder: Path, data: tuple[Any, ...]) -> None:
    first, second, third = (f"tinydb:{folder}/1", f"sqlite:{folder}/2.sqlite", f"tinydb:{folder}/3")
    store = await open_store(first, SCHEMA, takes_work=True, clock=CLOCK)
    await fill(store, data)
    await store.close()
    before = await everything(first)
    await save(first, folder / "a")
    await put_back(folder / "a", second)
    await save(second, folder / "b")
    await put_back(folder / "b", third)

    assert sorted(map(msgspec.json.encode, await everything(second))) == sorted(map(msgspec.json.encode, before))
    assert await everything(third) == before
    tables = await exported(first, folder / "e1")
    assert tables == await exported(second, folder / "e2") == await exported(third, folder / "e3")


def check_data_sets(factory: pytest.TempPathFactory, examples: int) -> None:
    @given(data=data_sets)
    @settings(max_examples=examples, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    def check(data: tuple[Any, ...]) -> None:
        asyncio.run(come_back_the_same(factory.mktemp("set"), data))

    check()


def test_a_data_set_is_equal_after_backup_restore_and_export_through_both_members(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    check_data_sets(tmp_path_factory, 12)


@pytest.mark.full
def test_1000_data_sets_are_equal_after_backup_restore_and_export(tmp_path_factory: pytest.TempPathFactory) -> None:
    check_data_sets(tmp_path_factory, 1_000)


# --- what is wrong with an archive --------------------------------------------------------------------------------


@pytest.fixture
async def saved(desk: Any) -> Path:
    await desk.everything_of(desk.person("Ada"))
    path = desk.folder.parent / "a.backup"
    await archive.write(desk.store, path, member="x", now=desk.clock.now())
    return path


def rewritten(change: Callable[[list[bytes]], list[bytes]]) -> Callable[[bytes], bytes]:
    return lambda content: gzip.compress(b"\n".join(change(gzip.decompress(content).splitlines())) + b"\n")


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda content: content[:-20], "cut off"),
        (lambda content: content[: len(content) // 2], "cut off"),
        (lambda _content: b"", "no backup of supportbot"),
        (lambda _content: b"hello", "no backup of supportbot"),
        (lambda _content: gzip.compress(b"hello"), "no backup of supportbot"),
        (flipped, "cut off|changed|cannot be read|no backup"),
        (rewritten(lambda lines: lines[:-1]), "was cut off"),
        (rewritten(lambda lines: [*lines[:2], *lines[3:]]), "checksum does not fit"),
        (rewritten(lambda lines: [*lines, lines[1]]), "goes on behind its last line"),
        (rewritten(lambda lines: [line.replace(b"Ada", b"Eve") for line in lines]), "checksum does not fit"),
        (rewritten(lambda lines: [lines[0], b"{", *lines[2:]]), "line that cannot be read"),
        (rewritten(lambda lines: [lines[0].replace(b'"format":', b'"format":9'), *lines[1:]]), "newer release"),
    ],
)
async def test_an_archive_that_is_not_as_it_was_written_is_refused_and_nothing_is_touched(
    desk: Any, saved: Path, change: Callable[[bytes], bytes], reason: str
) -> None:
    saved.write_bytes(change(saved.read_bytes()))
    before = sorted(desk.folder.iterdir())

    with pytest.raises(Damaged, match=reason):
        await put_back(saved, desk.url, replace=True)
    assert sorted(desk.folder.iterdir()) == before


async def test_a_backup_that_cannot_be_written_leaves_the_earlier_one(desk: Any, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        await archive.write(desk.store, tmp_path / "none" / "x", member="x", now=0)

    class Broken:
        async def dump(self) -> Any:
            raise StoreError("the disk is gone")
            yield

    path = tmp_path / "kept"
    path.write_bytes(b"earlier")
    with pytest.raises(StoreError, match="gone"):
        await archive.write(Broken(), path, member="x", now=0)
    assert path.read_bytes() == b"earlier"
    assert [found.name for found in tmp_path.iterdir() if found.is_file()] == ["kept"]


async def test_an_archive_is_for_its_owners_eyes(saved: Path) -> None:
    assert saved.stat().st_mode & 0o777 == 0o600


# --- restoring ----------------------------------------------------------------------------------------------------


async def test_a_store_with_data_is_replaced_only_when_asked_and_kept_beside(desk: Any, saved: Path) -> None:
    expected = [item async for item in desk.store.dump()]
    await desk.case("c_later", desk.person("Bob"))
    later = [item async for item in desk.store.dump()]
    with pytest.raises(StoreInUse):
        await put_back(saved, desk.url, replace=True)
    await desk.store.close()

    with pytest.raises(StoreError, match="has data in it; with --replace"):
        await put_back(saved, desk.url)
    restored = await put_back(saved, desk.url, replace=True)

    assert restored.before is not None
    assert await everything(desk.url) == expected
    assert await everything(f"{desk.url.partition(':')[0]}:{restored.before}") == later
    await desk.open()


async def test_an_empty_store_takes_a_backup_without_a_word(desk: Any, saved: Path, tmp_path: Path) -> None:
    member = desk.url.partition(":")[0]
    url = f"{member}:{tmp_path / 'new' / 'data'}"
    (tmp_path / "new").mkdir()
    await (await open_store(url, SCHEMA, clock=desk.clock)).close()

    restored = await put_back(saved, url)

    assert restored.before is None
    assert len(await everything(url)) == restored.items
    assert not [path for path in (tmp_path / "new").iterdir() if "before" in path.name or "restor" in path.name]


async def test_a_store_that_cannot_be_read_any_more_is_replaced_and_kept(desk: Any, saved: Path) -> None:
    await desk.store.close()
    place = Path(desk.url.partition(":")[2])
    broken = place / "documents.json" if place.is_dir() else place
    broken.write_bytes(b"no store at all" * 300)

    with pytest.raises(StoreError):
        await put_back(saved, desk.url)
    restored = await put_back(saved, desk.url, replace=True)

    assert restored.before is not None
    assert len(await everything(desk.url)) == restored.items
    await desk.open()
