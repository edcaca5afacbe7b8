"""One contract for every store: what holds for one member holds for all."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from supportbot.clock import DAY, SimulatedClock
from supportbot.domain.event import Signal
from supportbot.domain.person import Person
from supportbot.domain.record import Index, Kind, Log, Record, Schema
from supportbot.domain.work import Work
from supportbot.errors import Conflict, Duplicate, FileTooLarge, LostClaim, StoreError, StoreFailed
from supportbot.storage.base import LARGEST_FILE, Changes, Store, Stored
from supportbot.storage.move import move
from supportbot.storage.open import open_store


class Case(Record, frozen=True, kw_only=True):
    team: str
    status: str = "open"
    requester: Person | None = None
    began_at: int = 0
    memo: Any = None


class Word(msgspec.Struct, frozen=True, kw_only=True):
    text: str
    data: dict[str, Any] = {}


CASES = Kind(
    "cases",
    Case,
    indexes=(
        Index("status", ("team", "status"), order="began_at"),
        Index("requester", ("requester.id",), order="id"),
        Index("team", ("team",), order="status"),
    ),
    person="requester.id",
)
TALK: Log[Word] = Log("talk", Word)
SCHEMA = Schema(kinds=(CASES,), logs=(TALK,))  # type: ignore[arg-type]

ADA = Person("console/w/ada", "Ada")
URLS = {"memory": "tinydb:memory", "tinydb": "tinydb:{folder}/data", "sqlite": "sqlite:{folder}/data.sqlite"}

Open = Callable[..., Awaitable[Store]]


class Opener:
    """Opens one member in one place, again and again, and closes what a test left open."""

    def __init__(self, member: str, folder: Path) -> None:
        self.member = member
        self.url = URLS[member].format(folder=folder)
        self.clock = SimulatedClock()
        self._opened: list[Store] = []

    async def __call__(self, schema: Schema = SCHEMA, *, takes_work: bool = True, **more: Any) -> Store:
        store = await open_store(self.url, schema, takes_work=takes_work, clock=self.clock, **more)
        self._opened.append(store)
        return store

    async def again(self, store: Store, schema: Schema = SCHEMA, **more: Any) -> Store:
        """Close the store, as at a stop, and open it anew."""
        await self.close(store)
        return await self(schema, **more)

    async def close(self, store: Store) -> None:
        self._opened.remove(store)
        await store.close()

    async def close_all(self) -> None:
        for store in list(self._opened):
            await self.close(store)


@pytest.fixture(params=["memory", "tinydb", "sqlite"])
async def opener(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opener]:
    opener = Opener(request.param, tmp_path)
    yield opener
    await opener.close_all()


@pytest.fixture(params=["tinydb", "sqlite"])
async def durable(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Opener]:
    opener = Opener(request.param, tmp_path)
    yield opener
    await opener.close_all()


@pytest.fixture
async def store(opener: Opener) -> Store:
    return await opener()


@pytest.fixture
def now(opener: Opener) -> int:
    return opener.clock.now()


def case(id: str, **fields: Any) -> Case:
    return Case(id=id, **{"team": "acme", "requester": ADA, **fields})


def work(id: str, key: str = "k", due: int = 0, **fields: Any) -> Work:
    return Work(id=id, queue="turns", key=key, due=due, payload=Signal(name="ring", conversation="c"), **fields)


async def save(store: Store, *records: Record) -> list[Any]:
    changes = Changes()
    for record in records:
        changes.put(CASES, record)  # type: ignore[arg-type]
    await store.commit(changes)
    return [await store.get(CASES, record.id) for record in records]


async def do(store: Store, **steps: Any) -> list[Work]:
    """Commit one change, as ``do(store, add=work)`` or ``do(store, finish=[a, b])``."""
    changes = Changes()
    changes.unique = steps.pop("unique", "")
    for verb, values in steps.items():
        for value in values if isinstance(values, list) else [values]:
            getattr(changes, verb)(*value) if isinstance(value, tuple) else getattr(changes, verb)(value)
    return await store.commit(changes)


async def everything(store: Store) -> list[Stored]:
    return [item async for item in store.dump()]


def ids(works: list[Work]) -> list[str]:
    return [work.id for work in works]


# --- documents ----------------------------------------------------------------------------------------------------


async def test_a_stored_document_comes_back_with_its_first_version(store: Store) -> None:
    await do(store, put=(CASES, case("a", memo={"list": [1, None, "ü"]})))

    assert await store.get(CASES, "a") == case("a", memo={"list": [1, None, "ü"]}, version=1)


async def test_what_is_not_stored_is_none(store: Store) -> None:
    assert await store.get(CASES, "nobody") is None


async def test_each_put_counts_the_version_up(store: Store) -> None:
    [first] = await save(store, case("a"))
    [second] = await save(store, msgspec.structs.replace(first, status="solved"))

    assert (second.version, second.status) == (2, "solved")


async def test_a_change_made_from_an_old_version_is_a_conflict_that_names_kind_and_id(store: Store) -> None:
    [first] = await save(store, case("a"))
    await save(store, first)

    with pytest.raises(Conflict, match=r"cases 'a'.*version 2 is stored.*from version 1"):
        await save(store, first)


async def test_a_new_document_must_not_exist_and_an_old_one_must(store: Store) -> None:
    await save(store, case("a"))

    with pytest.raises(Conflict, match="exists already"):
        await save(store, case("a"))
    with pytest.raises(Conflict, match="not stored"):
        await save(store, case("b", version=3))


async def test_a_deleted_document_is_gone_and_can_be_made_anew(store: Store) -> None:
    [first] = await save(store, case("a"))
    await do(store, delete=(CASES, first))

    assert await store.get(CASES, "a") is None
    assert (await store.find(CASES, "status", "acme", "open")).items == []
    assert (await save(store, case("a")))[0].version == 1


async def test_a_delete_checks_the_version_too(store: Store) -> None:
    [first] = await save(store, case("a"))
    await save(store, first)

    with pytest.raises(Conflict):
        await do(store, delete=(CASES, first))
    with pytest.raises(Conflict):
        await do(store, delete=(CASES, case("nobody", version=1)))


async def test_what_a_caller_changes_afterwards_is_not_stored(store: Store) -> None:
    memo = {"seen": [1]}
    await do(store, put=(CASES, case("a", memo=memo)))
    memo["seen"].append(2)
    found = await store.get(CASES, "a")
    assert found is not None
    found.memo["seen"].append(3)

    again = await store.get(CASES, "a")
    assert again is not None
    assert again.memo == {"seen": [1]}


async def test_what_cannot_be_serialised_fails_at_the_commit_and_stores_nothing(store: Store) -> None:
    with pytest.raises(TypeError):
        await do(store, put=[(CASES, case("a")), (CASES, case("b", memo=object()))])

    assert await store.get(CASES, "a") is None


async def test_fields_that_only_a_newer_release_knows_survive_a_put(opener: Opener) -> None:
    store = await opener()
    newer = {"id": "a", "version": 4, "team": "acme", "mood": {"today": "fine"}}
    await store.load([Stored(sort="document", name="cases", key="a", value=msgspec.Raw(msgspec.json.encode(newer)))])
    found = await store.get(CASES, "a")
    assert found is not None
    await save(store, msgspec.structs.replace(found, status="solved"))

    [item] = await everything(store)
    stored = msgspec.json.decode(item.value)
    assert (stored["mood"], stored["status"], stored["version"]) == ({"today": "fine"}, "solved", 5)


# --- finding ------------------------------------------------------------------------------------------------------


async def test_an_index_finds_by_equality_in_its_order_and_settles_ties_by_id(store: Store) -> None:
    await save(store, case("c", began_at=1), case("a", began_at=2), case("b", began_at=1), case("d", status="solved"))

    found = (await store.find(CASES, "status", "acme", "open")).items

    assert [record.id for record in found] == ["b", "c", "a"]


async def test_newest_first_is_the_exact_reverse(store: Store) -> None:
    await save(store, *(case(f"c{number}", began_at=number // 2) for number in range(6)))

    oldest = (await store.find(CASES, "status", "acme", "open")).items
    newest = (await store.find(CASES, "status", "acme", "open", newest=True)).items

    assert newest == oldest[::-1]


@pytest.mark.parametrize("newest", [False, True])
async def test_pages_follow_each_other_without_gaps_or_repeats_while_others_insert(store: Store, newest: bool) -> None:
    await save(store, *(case(f"c{number:02}", began_at=number % 3) for number in range(20)))
    whole = (await store.find(CASES, "status", "acme", "open", newest=newest)).items

    seen, cursor = [], None
    for number in range(100):
        page = await store.find(CASES, "status", "acme", "open", limit=3, after=cursor, newest=newest)
        seen += page.items
        cursor = page.next
        if cursor is None:
            break
        before = -1 if not newest else 9  # among what was read already
        await save(store, case(f"x{number}", began_at=before))

    assert seen == whole


async def test_a_page_that_ends_exactly_at_the_end_has_no_cursor(store: Store) -> None:
    await save(store, case("a"), case("b"))

    assert (await store.find(CASES, "status", "acme", "open", limit=2)).next is None
    assert (await store.find(CASES, "status", "acme", "open", limit=1)).next is not None


async def test_a_dotted_field_is_found_where_it_is_and_where_it_is_none(store: Store) -> None:
    await save(store, case("a"), case("b", requester=None))

    assert [record.id for record in (await store.find(CASES, "requester", "console/w/ada")).items] == ["a"]
    assert [record.id for record in (await store.find(CASES, "requester", None)).items] == ["b"]


async def test_an_order_may_be_a_string_or_the_id(store: Store) -> None:
    await save(store, case("b", status="zu"), case("a", status="zu"), case("c", status="an"))

    assert [record.id for record in (await store.find(CASES, "team", "acme")).items] == ["c", "a", "b"]
    page = await store.find(CASES, "requester", ADA.id, limit=2)
    rest = await store.find(CASES, "requester", ADA.id, after=page.next)
    assert [record.id for record in page.items + rest.items] == ["a", "b", "c"]


async def test_a_changed_document_moves_in_its_indexes(store: Store) -> None:
    [record] = await save(store, case("a"))
    await save(store, msgspec.structs.replace(record, status="solved"))

    assert (await store.find(CASES, "status", "acme", "open")).items == []
    assert len((await store.find(CASES, "status", "acme", "solved")).items) == 1


async def test_an_index_that_is_not_declared_is_an_error_that_lists_those_that_are(store: Store) -> None:
    with pytest.raises(LookupError, match="declared: status, requester, team"):
        await store.find(CASES, "mood", "fine")


async def test_a_kind_that_is_not_in_the_schema_is_an_error(store: Store) -> None:
    other = Kind("others", Case)

    with pytest.raises(LookupError, match="others"):
        await do(store, put=[(CASES, case("a")), (other, case("b"))])
    assert await store.get(CASES, "a") is None


# --- logs ---------------------------------------------------------------------------------------------------------


async def test_a_log_is_read_by_key_newest_first_in_pages(store: Store) -> None:
    for number in range(5):
        await do(store, append=[(TALK, "c1", Word(text=str(number)), ADA.id), (TALK, "c2", Word(text="other"))])

    first = await store.read(TALK, "c1", limit=2)
    await do(store, append=(TALK, "c1", Word(text="meanwhile")))
    second = await store.read(TALK, "c1", limit=2, before=first.next)
    third = await store.read(TALK, "c1", limit=2, before=second.next)

    assert [word.text for word in first.items + second.items + third.items] == ["4", "3", "2", "1", "0"]
    assert third.next is None
    assert (await store.read(TALK, "nobody")).items == []


async def test_what_is_forgotten_under_a_key_is_gone_and_its_neighbours_stay(store: Store) -> None:
    for number in range(3):
        await do(store, append=[(TALK, "c1", Word(text=str(number)), ADA.id), (TALK, "c2", Word(text=f"o{number}"))])

    await do(store, forget=(TALK, "c1"))
    await do(store, forget=(TALK, "never was"))

    assert (await store.read(TALK, "c1")).items == []
    assert [word.text for word in (await store.read(TALK, "c2")).items] == ["o2", "o1", "o0"]
    assert {item.key for item in await everything(store)} == {"c2"}


async def test_one_commit_can_write_a_key_anew(store: Store) -> None:
    await do(store, append=[(TALK, "c1", Word(text="one")), (TALK, "c1", Word(text="two"))])

    await do(store, append=[(TALK, "c1", Word(text="three"))], forget=(TALK, "c1"))
    await do(store, append=(TALK, "c1", Word(text="four")))

    assert [word.text for word in (await store.read(TALK, "c1")).items] == ["four", "three"]


async def test_entries_are_forgotten_by_what_they_belong_to(store: Store) -> None:
    await do(store, append=[(TALK, "o1", Word(text="a"), "", "case 1"), (TALK, "o2", Word(text="b"), "", "case 2")])
    await do(store, append=[(TALK, "o3", Word(text="c"), "", "case 1"), (TALK, "o4", Word(text="d"))])

    changes = Changes()
    changes.forget(TALK, group="case 1")
    await store.commit(changes)

    assert sorted(item.key for item in await everything(store)) == ["o2", "o4"]
    assert (await store.read(TALK, "o1")).items == (await store.read(TALK, "o3")).items == []


async def test_what_was_forgotten_stays_so_after_a_restart_and_after_compacting(durable: Opener) -> None:
    store = await durable()
    await do(store, append=[(TALK, "c1", Word(text="secret")), (TALK, "c2", Word(text="old"), "", "g")])
    await do(store, forget=(TALK, "c1"), append=(TALK, "c1", Word(text="new")))
    changes = Changes()
    changes.forget(TALK, group="g")
    await store.commit(changes)

    for _ in range(2):
        assert [word.text for word in (await store.read(TALK, "c1")).items] == ["new"]
        assert (await store.read(TALK, "c2")).items == []
        await do(store, append=(TALK, "c3", Word(text="more")))
        store = await durable.again(store)
        await store.compact()
    assert [word.text for word in (await store.read(TALK, "c3")).items] == ["more", "more"]


async def test_entries_are_read_as_they_are_stored_oldest_first(store: Store) -> None:
    await do(store, append=[(TALK, "c1", Word(text="a"), ADA.id, "g"), (TALK, "c2", Word(text="b"))])
    await do(store, append=(TALK, "c1", msgspec.Raw(b'{"text":"c","mood":"fine"}')))

    found = [item async for item in store.entries_of("talk", "c1")]

    assert [msgspec.json.decode(item.value)["text"] for item in found] == ["a", "c"]
    assert [(item.person, item.group) for item in found] == [(ADA.id, "g"), ("", "")]
    assert b"mood" in bytes(found[1].value)
    assert [item async for item in store.entries_of("nothing", "c1")] == []


async def test_everything_of_a_person_is_found_by_its_declared_index(store: Store) -> None:
    await save(store, case("hers"), case("his", requester=Person("console/w/bob", "Bob")), case("none", requester=None))
    await do(store, append=[(TALK, "c", Word(text="hers"), ADA.id), (TALK, "c", Word(text="nobody's"))])
    [dead, *_] = await do(store, add=[work("dead", "k1", person=ADA.id), work("other", "k2")])
    await do(store, bury=(dead, "x"), add=work("waits", "k3", person=ADA.id))

    found = [(item.sort, item.key) async for item in store.of_person(ADA.id)]

    assert found == [("document", "hers"), ("entry", "c"), ("work", "waits"), ("buried", "dead")]
    assert [item async for item in store.of_person("nobody")] == []


# --- what a store says beside its answers -------------------------------------------------------------------------


async def test_a_small_store_has_nothing_to_warn_of_and_wakes_nobody_by_itself(store: Store) -> None:
    woken: list[str] = []
    store.woken()
    store.woken = lambda: woken.append("up")
    [running] = await do(store, add=work("w1"))
    await do(store, finish=running)

    assert store.warning == ""
    assert woken == []


async def test_a_lost_claim_names_its_work(store: Store) -> None:
    with pytest.raises(LostClaim) as lost:
        await do(store, finish=work("gone", attempt=1))

    assert lost.value.work_id == "gone"


# --- a commit is all or nothing -----------------------------------------------------------------------------------


async def test_a_refused_commit_changes_nothing_at_all(store: Store, now: int) -> None:
    [running] = await do(store, add=work("w1"))
    before = await everything(store)

    for spoiler in ({"put": (CASES, case("x", version=9))}, {"finish": work("gone", attempt=1)}):
        changes = Changes()
        changes.put(CASES, case("a"))
        changes.append(TALK, "c", Word(text="hello"))
        changes.add(work("w2", "other"))
        changes.finish(running)
        changes.unique = "event"
        for verb, value in spoiler.items():
            getattr(changes, verb)(*value) if isinstance(value, tuple) else getattr(changes, verb)(value)
        with pytest.raises(StoreError):
            await store.commit(changes)

    assert await everything(store) == before
    assert ids(await do(store, finish=running, unique="event")) == []


async def test_the_same_unique_key_is_stored_once(store: Store) -> None:
    await do(store, unique="event 1", put=(CASES, case("a")))

    with pytest.raises(Duplicate, match="event 1"):
        await do(store, unique="event 1", put=(CASES, case("b")))
    assert await store.get(CASES, "b") is None


async def test_commits_of_many_tasks_neither_lose_nor_harm_each_other(store: Store) -> None:
    await save(store, case("shared"))

    async def add(number: int) -> str:
        try:
            if number % 3 == 0:
                await do(store, put=(CASES, case("shared", version=1)), append=(TALK, "won", Word(text="won")))
            else:
                await do(store, put=(CASES, case(f"c{number}")), append=(TALK, "talk", Word(text=str(number))))
            return "stored"
        except Conflict:
            return "conflict"

    results = await asyncio.gather(*map(add, range(60)))

    assert results[0::3].count("stored") == 1
    assert len((await store.read(TALK, "won")).items) == 1
    assert set(results[1::3] + results[2::3]) == {"stored"}
    assert len((await store.read(TALK, "talk", limit=100)).items) == 40


async def test_a_caller_who_is_cancelled_leaves_nothing_claimed_for_ever(opener: Opener, now: int) -> None:
    store = await opener()
    task = asyncio.create_task(do(store, add=work("w1")))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await do(store, put=(CASES, case("after")))
    await do(store, put=(CASES, case("after that")))

    if task.cancelled():
        assert ids(await store.claim("turns", now)) in (["w1"], [])
        assert ids(await store.pending("turns")) in (["w1"], [])
    else:
        assert ids(task.result()) == ["w1"]


# --- work ---------------------------------------------------------------------------------------------------------


async def test_added_work_is_claimed_in_the_same_commit(store: Store, now: int) -> None:
    [claimed] = await do(store, add=work("w1", group="g", person="p"))

    assert (claimed.id, claimed.attempt, claimed.group, claimed.person) == ("w1", 1, "g", "p")
    assert claimed.payload == Signal(name="ring", conversation="c")
    assert await store.claim("turns", now) == []
    assert await store.next_due("turns") is None


async def test_where_no_work_is_taken_none_is_claimed_in_passing(opener: Opener, now: int) -> None:
    store = await opener(takes_work=False)

    assert await do(store, add=work("w1")) == []
    assert await store.next_due("turns") == 0
    assert ids(await store.claim("turns", now)) == ["w1"]


async def test_work_of_one_key_runs_one_at_a_time_in_order(store: Store, now: int) -> None:
    claimed = await do(store, add=[work("late", due=2), work("first", due=1), work("second", due=1)])
    order = []
    while not claimed:
        claimed = await store.claim("turns", now)
    while claimed:
        [running] = claimed
        order.append(running.id)
        assert await store.claim("turns", now, limit=9) == []
        claimed = await do(store, finish=running)

    assert order == ["first", "second", "late"]


async def test_keys_and_queues_do_not_wait_for_each_other(store: Store, now: int) -> None:
    other = msgspec.structs.replace(work("w3", "a"), queue="outbox")

    assert ids(await do(store, add=[work("w1", "a"), work("w2", "b"), other])) == ["w1", "w2", "w3"]


async def test_a_claim_takes_the_first_of_each_key_oldest_first(opener: Opener, now: int) -> None:
    store = await opener(takes_work=False)
    await do(store, add=[work("b1", "b", 2), work("a1", "a", 1), work("a2", "a", 1), work("c1", "c", 3)])

    assert ids(await store.claim("turns", now, limit=2)) == ["a1", "b1"]
    assert ids(await store.claim("turns", now, limit=2)) == ["c1"]
    assert await store.claim("turns", now, limit=2) == []


async def test_future_work_waits_for_its_time_and_does_not_block_its_key(opener: Opener, now: int) -> None:
    store = await opener()
    assert await do(store, add=work("later", due=now + 10)) == []
    assert await store.next_due("turns") == now + 10
    assert await store.claim("turns", now) == []

    [running] = await do(store, add=work("now", due=now))
    assert running.id == "now"
    assert await store.next_due("turns") is None
    assert await do(store, finish=running) == []
    assert await store.next_due("turns") == now + 10
    assert ids(await store.claim("turns", now + 10)) == ["later"]


async def test_finishing_claims_what_fell_due_meanwhile(opener: Opener, now: int) -> None:
    store = await opener()
    [running] = await do(store, add=[work("w1"), work("w2", due=now + 10)])
    opener.clock.move_to(now + 10)

    assert ids(await do(store, finish=running)) == ["w2"]


async def test_postponed_work_keeps_its_place_and_blocks_its_key(opener: Opener, now: int) -> None:
    store = await opener()
    [running] = await do(store, add=[work("w1"), work("w2")])

    assert await do(store, postpone=(running, now + 50, "went wrong")) == []
    assert await do(store, add=work("w3")) == []
    assert await store.claim("turns", now) == []
    assert await store.next_due("turns") == now + 50
    [again] = await store.claim("turns", now + 50, limit=5)
    assert (again.id, again.attempt, again.error) == ("w1", 2, "went wrong")
    assert ids(await do(store, finish=again)) == ["w2"]


async def test_only_the_newest_claim_may_settle_work(store: Store, now: int) -> None:
    [first] = await do(store, add=work("w1"))
    await store.release(first)
    [second] = await store.claim("turns", now)
    assert second.attempt == 2

    for verb, value in (("finish", first), ("postpone", (first, now, "x")), ("bury", (first, "x"))):
        with pytest.raises(LostClaim, match=r"'w1'.*attempt 2 has it"):
            await do(store, **{verb: value}, put=(CASES, case("a")))
    assert await store.get(CASES, "a") is None
    await do(store, finish=second)
    with pytest.raises(LostClaim, match="gone"):
        await do(store, finish=second)


async def test_released_work_can_be_claimed_at_once(store: Store, now: int) -> None:
    [running] = await do(store, add=[work("w1"), work("w2")])
    await store.release(running)

    assert await store.next_due("turns") == 0
    assert [(again.id, again.attempt) for again in await store.claim("turns", now)] == [("w1", 2)]


async def test_work_whose_id_waits_is_left_as_it_is(store: Store, now: int) -> None:
    await do(store, add=work("timer", due=now + 10))
    assert await do(store, add=work("timer", due=now)) == []

    assert [(waiting.id, waiting.due) for waiting in await store.pending("turns")] == [("timer", now + 10)]


async def test_work_that_finishes_itself_may_come_again_under_its_id(store: Store, now: int) -> None:
    [running] = await do(store, add=work("timer"))
    await do(store, finish=running, add=work("timer", due=now + 10))

    assert await store.next_due("turns") == now + 10


async def test_cancelling_removes_what_waits_and_never_what_runs(store: Store, now: int) -> None:
    [running] = await do(
        store, add=[work("runs"), work("waits"), work("head", "other", now + 5), work("next", "other", now + 9)]
    )

    await do(store, cancel=["runs", "waits", "head", "never was"])

    assert ids(await store.pending("turns")) == ["runs", "next"]
    assert await store.next_due("turns") == now + 9
    assert await do(store, finish=running) == []


async def test_pending_work_is_read_by_key_by_group_and_whole(store: Store, now: int) -> None:
    await do(
        store,
        add=[work("w1", "a", group="g"), work("w2", "a", now + 3, group="h"), work("w3", "b", now + 1, group="g")],
    )

    assert [(item.id, item.attempt) for item in await store.pending("turns", key="a")] == [("w1", 1), ("w2", 0)]
    assert ids(await store.pending("turns", group="g")) == ["w1", "w3"]
    assert ids(await store.pending("turns", key="a", group="h")) == ["w2"]
    assert ids(await store.pending("turns", limit=2)) == ["w1", "w3"]
    assert await store.pending("outbox") == []


async def test_buried_work_lets_its_key_go_on_and_can_be_revived(store: Store, now: int) -> None:
    [running] = await do(store, add=[work("w1"), work("w2")])

    [second] = await do(store, bury=(running, "five times"))
    assert second.id == "w2"
    [dead] = await store.buried()
    assert (dead.id, dead.error, dead.attempt) == ("w1", "five times", 1)
    assert ids(await store.pending("turns")) == ["w2"]

    assert await store.revive("w1") is True
    assert await store.revive("w1") is False
    assert await store.buried() == []
    [revived] = await do(store, finish=second)
    assert (revived.id, revived.attempt, revived.error) == ("w1", 1, "")


async def test_dead_letters_are_read_oldest_first(store: Store) -> None:
    for id in ("b", "a", "c"):
        [running] = await do(store, add=work(id))
        await do(store, bury=(running, "x"))

    assert ids(await store.buried(limit=2)) == ["b", "a"]


async def test_a_dead_letter_can_be_dropped(store: Store) -> None:
    for id in ("a", "b"):
        [running] = await do(store, add=work(id))
        await do(store, bury=(running, "x"))

    await do(store, drop=["a", "never was"])

    assert ids(await store.buried()) == ["b"]
    assert await store.revive("a") is False


async def test_reworded_work_keeps_its_place_its_attempts_and_its_claim(store: Store, now: int) -> None:
    [dead] = await do(store, add=work("dead", "other", person=ADA.id))
    await do(store, bury=(dead, "x"))
    [running] = await do(store, add=[work("w1", person=ADA.id), work("w2"), work("w3")])
    said = Signal(name="hush", conversation="c")

    for id in ("w1", "w2", "dead", "never was"):
        await do(store, reword=msgspec.structs.replace(work(id), payload=said, person="nobody", attempt=9, due=9))

    waiting = await store.pending("turns")
    assert [(one.id, one.payload == said, one.attempt) for one in waiting] == [
        ("w1", True, 1),
        ("w2", True, 0),
        ("w3", False, 0),
    ]
    assert [(one.payload, one.person, one.error) for one in await store.buried()] == [(said, "nobody", "x")]
    assert [item async for item in store.of_person(ADA.id)] == []
    assert ids(await do(store, finish=running)) == ["w2"]


# --- numbers and files --------------------------------------------------------------------------------------------


async def test_numbers_count_from_one_and_are_never_given_twice(store: Store) -> None:
    drawn = await asyncio.gather(*(store.next_number("acme") for _ in range(20)))

    assert sorted(drawn) == list(range(1, 21))
    assert await store.next_number("other") == 1


async def test_a_file_is_kept_under_the_hash_of_its_content(store: Store) -> None:
    id = await store.put_file(b"hello")

    assert id == "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert await store.put_file(b"hello") == id
    file = await store.open_file(id)
    assert file is not None
    with file:
        assert file.read() == b"hello"


async def test_the_same_file_put_several_times_at_once_is_kept(store: Store) -> None:
    for content in (b"", b"hello", bytes(100_000)):
        assert len(set(await asyncio.gather(*[store.put_file(content) for _ in range(8)]))) == 1


@pytest.mark.parametrize("id", ["", "0" * 64, "../../etc/passwd", "2c/../../x", "A" * 64])
async def test_a_file_that_is_not_there_is_none_and_no_name_leads_elsewhere(store: Store, id: str) -> None:
    assert await store.open_file(id) is None


async def test_a_file_over_the_limit_is_refused(store: Store) -> None:
    with pytest.raises(FileTooLarge, match="keeps up to 25 MB"):
        await store.put_file(bytes(LARGEST_FILE + 1))


async def test_a_file_is_forgotten_unless_it_was_put_again_meanwhile(opener: Opener) -> None:
    store = await opener()
    gone, kept = await store.put_file(b"gone"), await store.put_file(b"kept")
    opener.clock.move_to(opener.clock.now() + DAY)
    await store.put_file(b"kept")

    await store.forget_files([gone, kept, "0" * 64, "../x"], put_before=opener.clock.now())

    assert await store.open_file(gone) is None
    assert [item.key for item in await everything(store)] == [kept]


# --- what is removed is gone --------------------------------------------------------------------------------------

NAME = "Zephyrina"


def folder_bytes(opener: Opener) -> bytes:
    place = Path(opener.url.partition(":")[2])
    return b"".join(path.read_bytes() for path in place.parent.rglob("*") if path.is_file())


async def test_after_compacting_no_byte_of_what_was_removed_is_on_the_disk(durable: Opener) -> None:
    store = await durable()
    me = Person(f"console/w/{NAME}", NAME)
    for number in range(40):  # enough to fill pages, so that some of them become free
        [record] = await save(store, case(f"{NAME} {number}", requester=me, memo=NAME * 50))
        await do(store, append=(TALK, f"{NAME}{number}", Word(text=NAME * 50), me.id), unique=f"{NAME} {number}")
        [running] = await do(store, add=work(f"{NAME} {number}", f"{NAME} {number}", person=me.id))
        await do(store, bury=(running, NAME)) if number % 2 else await do(store, finish=running)
        await do(store, delete=(CASES, record), forget=(TALK, f"{NAME}{number}"), drop=f"{NAME} {number}")
    await store.forget_files([await store.put_file(NAME.encode())], put_before=durable.clock.now() + 1)
    await save(store, case("stays"))
    assert NAME.encode() in folder_bytes(durable)

    await store.compact()

    assert NAME.encode() not in folder_bytes(durable)
    with pytest.raises(Duplicate):
        await do(store, unique=f"{NAME} 7")
    assert [item.key for item in await everything(store) if item.sort != "unique"] == ["stays"]


# --- stopping and starting ----------------------------------------------------------------------------------------


async def test_everything_is_there_after_a_restart_and_running_work_can_be_claimed_again(durable: Opener) -> None:
    store = await durable()
    now = durable.clock.now()
    [record] = await save(store, case("a"))
    [running] = await do(store, add=[work("w1"), work("w2")], append=(TALK, "c", Word(text="hi")), unique="event")
    number = await store.next_number("acme")
    file = await store.put_file(b"hello")
    before = await everything(store)

    store = await durable.again(store)

    assert await everything(store) == before
    assert await store.get(CASES, "a") == record
    assert [word.text for word in (await store.read(TALK, "c")).items] == ["hi"]
    assert await store.next_number("acme") == number + 1
    kept = await store.open_file(file)
    assert kept is not None
    with kept:
        assert kept.read() == b"hello"
    with pytest.raises(Duplicate):
        await do(store, unique="event")
    [again] = await store.claim("turns", now, limit=5)
    assert (again.id, again.attempt) == ("w1", 2)
    with pytest.raises(LostClaim):
        await do(store, finish=running)


async def test_unique_keys_are_forgotten_after_thirty_days(durable: Opener) -> None:
    store = await durable()
    await do(store, unique="old")
    durable.clock.move_to(durable.clock.now() + 20 * DAY)
    await do(store, unique="young")
    durable.clock.move_to(durable.clock.now() + 11 * DAY)
    store = await durable.again(store)

    await do(store, unique="old")
    with pytest.raises(Duplicate):
        await do(store, unique="young")


async def test_an_index_and_a_kind_that_a_later_release_adds_find_what_is_stored(durable: Opener) -> None:
    earlier = Schema(kinds=(Kind("cases", Case),), logs=())
    store = await durable(earlier)
    await save_as(store, earlier, case("a"), case("b", status="solved"))

    store = await durable.again(store)
    assert [record.id for record in (await store.find(CASES, "status", "acme", "open")).items] == ["a"]

    store = await durable.again(store, earlier)
    await save_as(store, earlier, case("c"))
    store = await durable.again(store)
    assert [record.id for record in (await store.find(CASES, "status", "acme", "open")).items] == ["a", "c"]


async def save_as(store: Store, schema: Schema, *records: Record) -> None:
    changes = Changes()
    for record in records:
        changes.put(schema.kinds[0], record)
    await store.commit(changes)


async def test_a_store_opened_to_read_only_refuses_changes(durable: Opener) -> None:
    store = await durable()
    await save(store, case("a"))
    reading = await durable.again(store, takes_work=False, read_only=True)

    assert await reading.get(CASES, "a") is not None
    with pytest.raises(StoreFailed, match="read only"):
        await save(reading, case("b"))
    with pytest.raises(StoreFailed, match="read only"):
        await reading.put_file(b"x")


# --- moving -------------------------------------------------------------------------------------------------------


texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
values = st.recursive(st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts, st.lists, max_leaves=4)
records = st.builds(
    case,
    st.uuids().map(str),
    team=texts,
    began_at=st.integers(0, 9),
    memo=values,
    requester=st.sampled_from([ADA, None]),
)
entries = st.tuples(st.sampled_from("abc"), texts, st.sampled_from(["", ADA.id]), st.sampled_from(["", "g"]))
works = st.tuples(st.uuids().map(str), st.sampled_from("abc"), st.integers(0, 9), st.sampled_from("fpb "))


async def fill(store: Store, data: tuple[Any, ...]) -> None:
    found, said, todo, drawn, files = data
    await save(store, *found)
    await save(store, *[record for record in [await store.get(CASES, record.id) for record in found[::2]] if record])
    for number, (key, text, person, group) in enumerate(said):
        await do(store, append=(TALK, key, Word(text=text), person, group), unique=f"event {number}")
    if len(said) > 3:
        await do(store, forget=(TALK, said[0][0]))
    for work_id, key, due, fate in todo:
        for running in await do(store, add=work(work_id, key, due, group=key, person=ADA.id)):
            step = {"f": {"finish": running}, "p": {"postpone": (running, 5, "e")}, "b": {"bury": (running, "e")}}
            if fate in step:
                await do(store, **step[fate])
    for name in drawn:
        await store.next_number(name)
    for content in files:
        await store.put_file(content)


@pytest.mark.parametrize("target", ["memory", "tinydb", "sqlite"])
@pytest.mark.parametrize("source", ["memory", "tinydb", "sqlite"])
@given(
    data=st.tuples(
        st.lists(records, max_size=5),
        st.lists(entries, max_size=5),
        st.lists(works, max_size=5, unique_by=lambda item: item[0]),
        st.lists(st.sampled_from(["acme", "ü"]), max_size=3),
        st.lists(st.binary(max_size=9), max_size=2),
    )
)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
def test_moving_to_any_other_store_and_back_keeps_everything(
    tmp_path_factory: pytest.TempPathFactory, source: str, target: str, data: tuple[Any, ...]
) -> None:
    async def there_and_back() -> None:
        first, second, third = [await opener() for opener in openers]
        await fill(first, data)
        before = await everything(first)
        report = await move(first, second)
        await move(second, third)

        assert report.source == report.target
        assert report.total == len(before)
        assert await everything(first) == before
        assert sorted(map(msgspec.json.encode, await everything(third))) == sorted(map(msgspec.json.encode, before))

    async def run() -> None:
        try:
            await there_and_back()
        finally:
            for opener in openers:
                await opener.close_all()

    openers = [Opener(name, tmp_path_factory.mktemp("move")) for name in (source, target, source)]
    asyncio.run(run())


async def test_a_moved_store_goes_on_where_the_other_stopped(opener: Opener, now: int) -> None:
    old = await open_store("tinydb:memory", SCHEMA, takes_work=True, clock=opener.clock)
    await do(old, add=[work("w1"), work("w2", due=now + 5)], unique="event", append=(TALK, "c", Word(text="hi")))
    await save(old, case("a"))
    await old.next_number("acme")
    store = await opener()
    written: list[int] = []
    await move(old, store, written.append)

    assert written == [6]
    assert await store.next_number("acme") == 2
    assert [(again.id, again.attempt) for again in await store.claim("turns", now)] == [("w1", 2)]
    assert await do(store, add=work("w3", "other"))
    with pytest.raises(Duplicate):
        await do(store, unique="event")
    await do(store, append=(TALK, "c", Word(text="again")))
    assert [word.text for word in (await store.read(TALK, "c")).items] == ["again", "hi"]


async def test_a_move_into_a_store_with_data_is_refused(store: Store) -> None:
    await save(store, case("a"))
    source = await open_store("tinydb:memory", SCHEMA)

    with pytest.raises(StoreError, match="has data in it already"):
        await move(source, store)


async def test_documents_and_entries_of_another_release_are_moved_too(store: Store) -> None:
    strange = [
        Stored(sort="document", name="moods", key="m", value=msgspec.Raw(b'{"id":"m","version":2,"of":"Ada"}')),
        Stored(sort="entry", name="whispers", key="k", person="p", value=msgspec.Raw(b'{"text":"psst"}')),
    ]
    await store.load(strange)

    assert await everything(store) == strange
