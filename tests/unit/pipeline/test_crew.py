"""The crew: work runs one at a time under its key, is tried again when it fails, and buried when it fails for good."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from supportbot.clock import SECOND, SimulatedClock
from supportbot.domain.event import Signal
from supportbot.domain.schema import SCHEMA
from supportbot.domain.work import TURNS, Work
from supportbot.errors import LostClaim, StoreFailed
from supportbot.pipeline import crew
from supportbot.pipeline.crew import MOST_ATTEMPTS, Crew
from supportbot.storage.base import Changes, Store
from supportbot.storage.open import open_store

Do = Callable[[Work], Awaitable[None]]


class Yard:
    """A crew with a store, and a record of what it did."""

    def __init__(self, store: Store, clock: SimulatedClock) -> None:
        self.store, self.clock = store, clock
        self.done: list[str] = []
        self.buried: list[str] = []
        self.does: Do = self.nothing
        self.crew = Crew(store, clock, {TURNS: self.job}, self.bury)

    async def nothing(self, work: Work) -> None:
        """Do the work without any trouble."""

    async def job(self, work: Work) -> list[Work]:
        await self.does(work)
        self.done.append(work.id)
        changes = Changes()
        changes.finish(work)
        return await self.crew.commit(changes, work)

    async def bury(self, work: Work, changes: Changes) -> None:
        self.buried.append(f"{work.id}: {work.error}")

    async def add(self, *names: str, key: str = "k", after: int = 0) -> None:
        changes = Changes()
        for name in names:
            signal = Signal(name="ring", conversation="c")
            changes.add(Work(id=name, queue=TURNS, key=key, due=self.clock.now() + after, payload=signal))
        self.crew.start(await self.store.commit(changes))


@pytest.fixture
async def yard() -> AsyncIterator[Yard]:
    clock = SimulatedClock()
    store = await open_store("tinydb:memory", SCHEMA, takes_work=True, clock=clock)
    yield Yard(store, clock)
    await store.close()


async def test_work_of_one_key_runs_in_order_and_one_at_a_time(yard: Yard) -> None:
    running: list[str] = []

    async def alone(work: Work) -> None:
        running.append(work.id)
        assert len(running) == 1
        await asyncio.sleep(0)
        running.remove(work.id)

    yard.does = alone
    await yard.add(*(f"w{number}" for number in range(20)))
    await yard.crew.idle()
    assert yard.done == [f"w{number}" for number in range(20)]


async def test_work_of_other_keys_runs_beside_it(yard: Yard) -> None:
    gate = asyncio.Event()

    async def waits(work: Work) -> None:
        if work.key == "slow":
            await gate.wait()

    yard.does = waits
    await yard.add("s1", "s2", key="slow")
    await yard.add("q1", "q2", key="quick")
    for _ in range(50):
        await asyncio.sleep(0)
    assert yard.done == ["q1", "q2"]
    gate.set()
    await yard.crew.idle()
    assert yard.done == ["q1", "q2", "s1", "s2"]


async def test_work_that_fails_keeps_its_place_and_is_tried_again_with_growing_pauses(yard: Yard) -> None:
    attempts: list[int] = []
    began = yard.clock.now()

    async def fails_twice(work: Work) -> None:
        if work.id == "w1":
            attempts.append((yard.clock.now() - began) // SECOND)
            if len(attempts) < 3:
                raise RuntimeError("not yet")

    yard.does = fails_twice
    await yard.add("w1", "w2")
    for _ in range(10):
        await yard.crew.idle()
        yard.clock.move_to(yard.clock.now() + SECOND)
    assert attempts == [0, 1, 6]
    assert yard.done == ["w1", "w2"]


async def test_work_that_fails_for_good_is_buried_and_the_next_goes_on(yard: Yard) -> None:
    async def always_fails(work: Work) -> None:
        if work.id == "w1":
            raise RuntimeError("somebody's secret words")

    yard.does = always_fails
    await yard.add("w1", "w2")
    for _ in range(MOST_ATTEMPTS * 2):
        await yard.crew.idle()
        yard.clock.move_to(yard.clock.now() + 200 * SECOND)
    assert yard.done == ["w2"]
    assert yard.buried == ["w1: RuntimeError"]
    assert [(work.id, work.error) for work in await yard.store.buried()] == [("w1", "RuntimeError")]


async def test_work_that_somebody_else_did_is_let_go(yard: Yard) -> None:
    async def lost(work: Work) -> None:
        raise LostClaim("another process has it")

    failures: list[BaseException] = []
    yard.does, yard.crew.on_failure = lost, failures.append
    await yard.add("w1")
    await asyncio.wait(set(yard.crew._tasks))
    assert (yard.done, failures) == ([], [])


async def test_a_store_in_trouble_loses_no_work(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "STORE_PAUSE", 0.0)
    commit, troubles = yard.store.commit, 4

    async def sometimes(changes: Changes) -> list[Work]:
        nonlocal troubles
        if troubles:
            troubles -= 1
            raise StoreFailed("the disk is full")
        return await commit(changes)

    await yard.add("w1", "w2")
    monkeypatch.setattr(yard.store, "commit", sometimes)
    await yard.crew.idle()
    assert yard.done[-1] == "w2"
    assert set(yard.done) == {"w1", "w2"}
    assert await yard.store.pending(TURNS) == []


async def test_work_due_later_waits_for_its_time(yard: Yard) -> None:
    await yard.add("late", after=60 * SECOND)
    await yard.crew.idle()
    assert yard.done == []
    assert await yard.crew.next_due() == yard.clock.now() + 60 * SECOND
    yard.clock.move_to(yard.clock.now() + 60 * SECOND)
    await yard.crew.idle()
    assert yard.done == ["late"]


async def test_the_watch_runs_what_comes_in_and_goes_on_after_trouble(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, troubles = yard.store.claim, [StoreFailed("away")]

    async def sometimes(queue: str, now: int, *, limit: int = 1) -> list[Work]:
        if troubles:
            raise troubles.pop()
        return await claim(queue, now, limit=limit)

    await yard.add("w1", after=SECOND)
    yard.clock.move_to(yard.clock.now() + SECOND)
    monkeypatch.setattr(yard.store, "claim", sometimes)
    watch = asyncio.create_task(yard.crew.keep_watch())
    await asyncio.sleep(0)
    yard.crew._stirred.set()
    for _ in range(50):
        await asyncio.sleep(0)
    assert yard.done == ["w1"]
    watch.cancel()
    await asyncio.gather(watch, return_exceptions=True)


async def test_stopping_lets_what_runs_finish_and_cuts_off_what_does_not(yard: Yard) -> None:
    async def hangs(work: Work) -> None:
        if work.key == "hangs":
            await asyncio.Event().wait()

    yard.does = hangs
    await yard.add("h1", key="hangs")
    await yard.add("w1", key="works")
    await yard.crew.stop(0.01)
    assert yard.done == ["w1"]
    assert [work.id for work in await yard.store.pending(TURNS)] == ["h1"]


async def test_an_account_is_done_when_all_that_it_caused_is(yard: Yard) -> None:
    gate = asyncio.Event()

    async def waits(work: Work) -> None:
        await gate.wait()

    yard.does = waits
    done = yard.crew.accounts.watch("line 1")
    changes = Changes(work=[Work(id="w1", queue=TURNS, key="k", due=0, payload=Signal(name="x", conversation="c"))])
    claimed = await yard.store.commit(changes)
    yard.crew.accounts.put(changes, "line 1")
    yard.crew.start(claimed)
    yard.crew.accounts.close("line 1")
    await asyncio.sleep(0)
    assert not done.done()
    gate.set()
    await yard.crew.idle()
    assert done.done()


def signal_work(name: str, key: str = "k") -> Work:
    return Work(id=name, queue=TURNS, key=key, due=0, payload=Signal(name="x", conversation="c"))


async def test_an_account_is_done_when_its_work_is_cancelled_before_it_runs(yard: Yard) -> None:
    done = yard.crew.accounts.watch("line 1")
    changes = Changes(work=[signal_work("w1")])
    await yard.store.commit(Changes(work=[signal_work("runs")]))
    assert await yard.store.commit(changes) == []
    yard.crew.accounts.put(changes, "line 1")
    yard.crew.accounts.close("line 1")
    assert not done.done()
    await yard.crew.commit(Changes(cancelled=["w1"]))
    assert done.done()


async def test_work_that_is_cancelled_and_added_again_keeps_its_account_open(yard: Yard) -> None:
    done = yard.crew.accounts.watch("line 1")
    changes = Changes(work=[signal_work("w1")])
    yard.crew.accounts.put(changes, "line 1")
    yard.crew.accounts.close("line 1")
    yard.crew.accounts.put(Changes(work=[signal_work("w1")], cancelled=["w1"]))
    assert not done.done()


async def test_the_account_of_work_that_another_took_along_closes_with_what_that_leads_to(yard: Yard) -> None:
    accounts = [yard.crew.accounts.watch(f"line {number}") for number in (1, 2)]
    gate = asyncio.Event()

    async def leads_to_more(work: Work) -> list[Work]:
        changes = Changes()
        changes.finish(work)
        if work.id == "w1":
            changes.finished += [other for other in await yard.store.pending(TURNS, key="k") if other.id == "w2"]
            changes.add(signal_work("answer", key="elsewhere"))
        else:
            await gate.wait()
        return await yard.crew.commit(changes, work)

    yard.crew._jobs[TURNS] = leads_to_more
    for number in (1, 2):
        changes = Changes(work=[signal_work(f"w{number}")])
        claimed = await yard.store.commit(changes)
        yard.crew.accounts.put(changes, f"line {number}")
        yard.crew.start(claimed)
        yard.crew.accounts.close(f"line {number}")
    for _ in range(50):
        await asyncio.sleep(0)
    assert [account.done() for account in accounts] == [False, False]
    assert await yard.store.pending(TURNS, key="k") == []
    gate.set()
    await yard.crew.idle()
    assert [account.done() for account in accounts] == [True, True]


async def test_work_taken_back_from_another_key_is_off_its_account_at_once(yard: Yard) -> None:
    done = yard.crew.accounts.watch("line 1")
    running, _ = await yard.store.commit(Changes(work=[signal_work("w1"), signal_work("being sent", key="out")]))
    changes = Changes(work=[signal_work("unsent", key="out")])
    await yard.store.commit(changes)
    yard.crew.accounts.put(changes, "line 1")
    yard.crew.accounts.close("line 1")
    unsent = await yard.store.pending(TURNS, key="out")
    await yard.crew.commit(Changes(finished=[unsent[-1], running]), running)
    assert done.done()


async def test_what_was_claimed_runs_though_the_next_claim_fails(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    claim = yard.store.claim

    async def only_turns(queue: str, now: int, *, limit: int = 1) -> list[Work]:
        if queue != TURNS:
            raise StoreFailed("away")
        return await claim(queue, now, limit=limit)

    yard.crew._jobs["other"] = yard.job
    await yard.add("w1", after=SECOND)
    yard.clock.move_to(yard.clock.now() + SECOND)
    monkeypatch.setattr(yard.store, "claim", only_turns)
    with pytest.raises(StoreFailed):
        await yard.crew.claim_due()
    await asyncio.gather(*yard.crew._tasks)
    assert yard.done == ["w1"]


async def test_what_cannot_be_given_back_is_given_back_later_and_only_once(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_back: list[str] = []
    troubles = [StoreFailed("away")]

    async def release(work: Work) -> None:
        await asyncio.sleep(0)  # another look for work may come in between
        if troubles:
            raise troubles.pop()
        given_back.append(work.id)

    monkeypatch.setattr(yard.store, "release", release)
    yard.crew._stranded += [signal_work("w1"), signal_work("w2")]
    with pytest.raises(StoreFailed):
        await yard.crew.claim_due()
    await asyncio.gather(yard.crew.claim_due(), yard.crew.claim_due())
    assert sorted(given_back) == ["w1", "w2"]


async def test_work_that_cancels_its_own_task_has_failed_and_is_tried_again(yard: Yard) -> None:
    cancelled: list[str] = []

    async def cancels_once(work: Work) -> None:
        if not cancelled:
            cancelled.append(work.id)
            task = asyncio.current_task()
            assert task
            task.cancel()
            await asyncio.sleep(0)

    yard.does = cancels_once
    await yard.add("w1")
    await yard.crew.idle()
    assert yard.done == []
    yard.clock.move_to(yard.clock.now() + SECOND)
    await yard.crew.idle()
    assert yard.done == ["w1"]


async def test_stopping_waits_for_nothing_that_does_not_end(yard: Yard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "_LONGEST_END", 0.02)
    stuck: list[str] = []
    let_go = asyncio.Event()

    async def swallows(work: Work) -> None:
        while not let_go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await let_go.wait()

    yard.does, yard.crew.on_stuck = swallows, lambda: stuck.append("told")
    await yard.add("w1")
    await asyncio.sleep(0)
    await yard.crew.stop(0)
    assert stuck == ["told"]
    let_go.set()
    await asyncio.wait(set(yard.crew._tasks))


@pytest.mark.parametrize("comes", ["before the failure", "after the failure"])
async def test_work_that_waits_behind_what_is_put_off_is_put_off_as_well(yard: Yard, comes: str) -> None:
    async def fails(work: Work) -> None:
        raise RuntimeError("not now")

    async def take(number: int) -> asyncio.Future[bool]:
        done = yard.crew.accounts.watch(f"line {number}")
        changes = Changes(work=[signal_work(f"w{number}")])
        claimed = await yard.store.commit(changes)
        yard.crew.accounts.put(changes, f"line {number}")
        yard.crew.start(claimed)
        yard.crew.accounts.close(f"line {number}")
        await yard.crew.put_off_what_waits()
        return done

    yard.does = fails
    accounts = [await take(1)]
    if comes == "after the failure":
        await yard.crew.idle()
    accounts.append(await take(2))
    await yard.crew.idle()
    assert [account.done() and account.result() for account in accounts] == [False, False]
    assert all(account.done() for account in accounts)


async def test_who_waits_for_all_of_it_waits_for_what_the_watch_is_just_claiming(
    yard: Yard, monkeypatch: pytest.MonkeyPatch
) -> None:
    claim, has_claimed, goes_on = yard.store.claim, asyncio.Event(), asyncio.Event()

    async def slow(queue: str, now: int, *, limit: int = 1) -> list[Work]:
        claimed = await claim(queue, now, limit=limit)
        has_claimed.set()
        await goes_on.wait()
        return claimed

    await yard.add("late", after=SECOND)
    yard.clock.move_to(yard.clock.now() + SECOND)
    monkeypatch.setattr(yard.store, "claim", slow)
    watch = asyncio.create_task(yard.crew.claim_due())
    await has_claimed.wait()
    monkeypatch.setattr(yard.store, "claim", claim)
    idle = asyncio.create_task(yard.crew.idle())
    for _ in range(20):
        await asyncio.sleep(0)
    goes_on.set()
    await idle
    assert yard.done == ["late"]
    await watch
