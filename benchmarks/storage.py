"""Measure what the stores cost: ``python benchmarks/storage.py [--quick]``.

CPU is the process's time over all threads, wall is what a caller waits; both in microseconds an operation. The ratio
compares a store with 100,000 documents with one of 100, and is what "cost does not grow with history" means.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from supportbot.clock import SimulatedClock
from supportbot.domain.address import Address
from supportbot.domain.event import Event
from supportbot.domain.person import Person
from supportbot.domain.schema import SCHEMA
from supportbot.domain.ticket import TICKETS, Ticket
from supportbot.domain.timeline import TIMELINE, Entry
from supportbot.domain.work import TURNS, Work
from supportbot.storage.base import Changes, Store, Stored
from supportbot.storage.open import open_store

ADA = Person("console/w/ada", "Ada")
PLACE = Address("console", "w", "ada")

Operation = Callable[[int], Awaitable[object]]


def ticket(number: int) -> Ticket:
    return Ticket(
        id=f"acme/T-{number}",
        version=1,
        tenant="acme",
        reference=f"T-{number}",
        requester=Person(f"console/w/{number % 1000}", "Somebody"),
        conversation=f"c_{number}",
        subject="The invoice of last month shows the wrong amount",
        details="I paid twice and only one of the payments is there. " * 8,
        status="open" if number % 50 == 0 else "closed",
        created_at=number,
    )


async def fill(store: Store, size: int) -> None:
    for start in range(0, size, 5000):
        numbers = range(start, min(size, start + 5000))
        tickets = [(f"acme/T-{number}", msgspec.Raw(msgspec.json.encode(ticket(number)))) for number in numbers]
        await store.load([Stored(sort="document", name="tickets", key=id, value=row) for id, row in tickets])


async def measure(operation: Operation, times: int, together: int = 1) -> tuple[float, float]:
    """Run an operation so often, so many at a time; returns CPU and wall time of one in microseconds."""
    numbers = iter(range(times))

    async def one_after_another() -> None:
        for number in numbers:
            await operation(number)

    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(one_after_another() for _ in range(together)))
    return (time.process_time() - cpu) / times * 1e6, (time.perf_counter() - wall) / times * 1e6


def operations(store: Store, size: int) -> dict[str, Operation]:
    """The four things that must not grow with history."""
    chance = random.Random(1)

    async def update(_: int) -> None:
        found = await store.get(TICKETS, f"acme/T-{chance.randrange(size)}")
        assert found is not None
        changes = Changes()
        changes.put(TICKETS, msgspec.structs.replace(found, changed_at=found.changed_at + 1))
        await store.commit(changes)

    async def get(_: int) -> None:
        await store.get(TICKETS, f"acme/T-{chance.randrange(size)}")

    async def find(_: int) -> None:
        await store.find(TICKETS, "conversation", f"c_{chance.randrange(size)}")

    async def ordered(_: int) -> None:
        await store.find(TICKETS, "status", "acme", "open", limit=2, newest=True)

    return {"update": update, "get": get, "find": find, "ordered find": ordered}


async def compare(folder: Path, sizes: tuple[int, int], times: int) -> None:
    """SQLite, small against large."""
    stores = []
    for size in sizes:
        store = await open_store(f"sqlite:{folder}/{size}.sqlite", SCHEMA, takes_work=True)
        await fill(store, size)
        stores.append(store)
    print(f"\n{'sqlite':22}{'documents':>12}{'CPU µs':>10}{'wall µs':>10}{'CPU ratio':>11}")
    for name in operations(stores[0], 1):
        count = times if name == "update" else times * 10
        costs: list[list[tuple[float, float]]] = [[], []]
        for _ in range(3):  # in turn, so that a busy machine treats both alike
            for side, (store, size) in enumerate(zip(stores, sizes, strict=True)):
                costs[side].append(await measure(operations(store, size)[name], count))
        best = [min(side) for side in costs]
        for (cpu, wall), size in zip(best, sizes, strict=True):
            ratio = f"{cpu / best[0][0]:11.2f}" if size == sizes[1] else ""
            print(f"{name:22}{size:12,}{cpu:10.1f}{wall:10.1f}{ratio}")
    for together in (8, 32):
        for store, size in zip(stores[1:], sizes[1:], strict=True):
            cpu, wall = await measure(creating(store), times * 2, together)
            print(f"{f'commit, {together} in flight':22}{size:12,}{cpu:10.1f}{wall:10.1f}")
    for store in stores:
        await store.close()


def creating(store: Store) -> Operation:
    """Commit what a message does: a put, a log entry, work that is claimed at once, and the work before it finished."""
    last: dict[int, Work] = {}
    fresh = random.getrandbits(40)

    async def commit(number: int) -> None:
        changes = Changes()
        changes.put(TICKETS, msgspec.structs.replace(ticket(number), id=f"new/{fresh}/{number}", version=0))
        changes.append(TIMELINE, f"c{number % 100}", Entry(at=number, kind="requester", text="Hello there"), ADA.id)
        event = Event(key=f"m{number}", kind="message", address=PLACE, person=ADA, at=number, text="Hello there")
        key = f"{fresh}/{number}"
        changes.add(Work(id=f"w{fresh}/{number}", queue=TURNS, key=key, due=0, payload=event, person=ADA.id))
        changes.unique = f"{fresh}/{number}"
        if number in last:
            changes.finish(last.pop(number))
        for work in await store.commit(changes):
            last[number + 64] = work

    return commit


async def memory(times: int) -> None:
    """What tests and the simulated clock pay: one commit of tinydb:memory, whatever is stored."""
    print(f"\n{'tinydb:memory':22}{'documents':>12}{'CPU µs':>10}{'wall µs':>10}")
    for size in (100, 100_000 if times > 500 else 5_000):
        store = await open_store("tinydb:memory", SCHEMA, takes_work=True, clock=SimulatedClock())
        await fill(store, size)
        for name, operation in {"commit": creating(store), "get": operations(store, size)["get"]}.items():
            costs = [await measure(operation if name == "get" else creating(store), times * 10) for _ in range(3)]
            cpu, wall = min(costs)
            print(f"{name:22}{size:12,}{cpu:10.1f}{wall:10.1f}")


async def folder_of(folder: Path, times: int) -> None:
    """What a change costs in tinydb:DIR, where each write rewrites the documents."""
    print(f"\n{'tinydb:DIR':22}{'documents':>12}{'CPU µs':>10}{'wall µs':>10}")
    for size in (100, 1_000, 2_000):
        store = await open_store(f"tinydb:{folder}/{size}", SCHEMA, takes_work=True)
        await fill(store, size)
        cpu, wall = await measure(operations(store, size)["update"], max(20, times // 10))
        print(f"{'update':22}{size:12,}{cpu:10.1f}{wall:10.1f}")
        cpu, wall = await measure(creating(store), max(64, times // 10), 32)
        print(f"{'commit, 32 in flight':22}{size:12,}{cpu:10.1f}{wall:10.1f}")
        await store.close()


async def run(*, quick: bool) -> None:
    times = 200 if quick else 2_000
    with tempfile.TemporaryDirectory() as name:
        await memory(times)
        await folder_of(Path(name), times)
        await compare(Path(name), (100, 5_000 if quick else 100_000), times)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure what the stores cost.")
    parser.add_argument("--quick", action="store_true", help="smaller and faster, for a look")
    asyncio.run(run(quick=parser.parse_args().quick))
