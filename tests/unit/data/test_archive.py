"""An archive brings back everything, into any store; one that is cut or changed is refused before anything happens."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import os
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


def forged(saved: Path, *items: dict[str, Any]) -> None:
    """Add items to an archive, with a checksum that fits."""
    *lines, last = gzip.decompress(saved.read_bytes()).splitlines(keepends=True)
    footer = msgspec.json.decode(last, type=archive.Footer)
    for item in items:
        lines.append(msgspec.json.encode(item) + b"\n")
        name = f"{item['sort']} {item['name']}" if item["sort"] in ("document", "entry") else item["sort"]
        footer.counts[name] = footer.counts.get(name, 0) + 1
    checksum = hashlib.blake2b(b"".join(lines), digest_size=32).hexdigest()
    forged = archive.Footer(items=footer.items + len(items), counts=footer.counts, checksum=checksum)
    saved.write_bytes(gzip.compress(b"".join(lines) + msgspec.json.encode(forged) + b"\n"))


@pytest.mark.parametrize(
    "item",
    [
        {"sort": "entry", "name": "../../evil", "key": "k", "value": {}},
        {"sort": "document", "name": "_store", "key": "1", "value": {"id": "1", "version": 1}},
        {"sort": "document", "name": 'x"; DROP TABLE work; --', "key": "1", "value": {"id": "1", "version": 1}},
        {"sort": "document", "name": "foo", "key": "1", "value": [1]},
        {"sort": "number", "name": "foo", "key": "", "value": 10**30},
        {"sort": "unique", "name": "", "key": "k", "value": -1},
        {"sort": "work", "name": "", "key": "k", "value": {"id": 1}},
        {"sort": "banana", "name": "", "key": "k", "value": {}},
    ],
)
async def test_an_item_that_no_store_would_write_is_refused_though_the_checksum_fits(
    desk: Any, saved: Path, item: dict[str, Any]
) -> None:
    forged(saved, item)

    with pytest.raises(Damaged, match=r"line that (no store has written|cannot be read)"):
        Archive(saved).check()


async def test_what_fails_while_it_is_written_leaves_nothing_beside(desk: Any, saved: Path, tmp_path: Path) -> None:
    number = {"sort": "number", "name": "twice", "key": "", "value": 1}
    forged(saved, number, number)
    (tmp_path / "new").mkdir()

    with pytest.raises(StoreError):
        await put_back(saved, f"{desk.url.partition(':')[0]}:{tmp_path / 'new' / 'data'}")

    assert list((tmp_path / "new").iterdir()) == []


async def test_a_line_made_to_burst_the_memory_is_refused(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "_LONGEST_LINE", 5_000)
    Archive(saved).check()
    forged(saved, {"sort": "entry", "name": "timeline", "key": "k", "value": {"text": "a" * 5_000}})

    with pytest.raises(Damaged, match="longer than any record"):
        Archive(saved).check()


async def test_a_backup_that_cannot_be_written_leaves_the_earlier_one(desk: Any, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be written"):
        await archive.write(desk.store, tmp_path / "none" / "x", member="x", now=0)

    class Broken:
        async def dump(self) -> Any:
            raise StoreError("the disk is gone")
            yield

    path = tmp_path / "kept"
    await archive.write(desk.store, path, member="x", now=0)
    earlier = path.read_bytes()
    with pytest.raises(StoreError, match="gone"):
        await archive.write(Broken(), path, member="x", now=0)
    assert path.read_bytes() == earlier
    assert [found.name for found in tmp_path.iterdir() if found.is_file()] == ["kept"]


async def test_a_backup_takes_the_place_of_nothing_but_an_earlier_one(desk: Any, tmp_path: Path) -> None:
    file, empty = tmp_path / "data.sqlite", tmp_path / "empty"
    file.write_bytes(b"SQLite format 3")
    empty.touch()

    os.mkfifo(tmp_path / "pipe")
    for taken in (file, tmp_path / "pipe", tmp_path):
        with pytest.raises(StoreError, match="is no backup; give another name"):
            await archive.write(desk.store, taken, member="x", now=0)
    await archive.write(desk.store, empty, member="x", now=0)
    await archive.write(desk.store, empty, member="x", now=0)

    assert file.read_bytes() == b"SQLite format 3"
    Archive(empty).check()


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
