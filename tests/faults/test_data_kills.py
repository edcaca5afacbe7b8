"""A kill amid a restore, an erasure or the removal of what is old leaves a store that opens; the rest can be done.

The child dies at the n-th thing that it does to the disk or the store, for every n until it comes to its end.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

import supportbot
from supportbot.clock import DAY, SimulatedClock
from supportbot.data import archive, people
from supportbot.data.archive import Archive
from supportbot.data.erase import Erasure, finish
from supportbot.data.retention import Retention
from supportbot.domain.address import PLACES, Address, Place
from supportbot.domain.attachment import ATTACHMENTS, Attachment
from supportbot.domain.conversation import CONVERSATIONS, Conversation
from supportbot.domain.person import Person
from supportbot.domain.reply import OFFERS, Offer
from supportbot.domain.schema import SCHEMA
from supportbot.domain.ticket import TICKETS, Ticket
from supportbot.domain.timeline import TIMELINE, Entry
from supportbot.ids import Ids
from supportbot.settings import KeptFor
from supportbot.storage.base import Changes, Store
from supportbot.storage.open import open_store

URLS = {"tinydb": "tinydb:{0}/data", "sqlite": "sqlite:{0}/data.sqlite"}
NAME = "Zephyrina"
LATER = 400 * DAY


async def plant(store: Store, name: str) -> None:
    """Keep two conversations with tickets, transcripts and files of somebody, and a word of theirs elsewhere."""
    person, here = Person(f"slack/T1/{name}", name), Address("slack", "T1", name)
    for number in (1, 2):
        id = f"{name}{number}"
        file = await store.put_file(f"{name} {number}".encode())
        changes = Changes()
        changes.put(CONVERSATIONS, Conversation(id=id, tenant="m", key=id, address=here, requester=person))
        ticket = Ticket(id=f"m/{id}", tenant="m", reference=id, requester=person, conversation=id, subject=name)
        changes.put(TICKETS, msgspec.structs.replace(ticket, status="closed"))
        changes.put(PLACES, Place(id=id, conversation=id, person=person.id))
        changes.put(ATTACHMENTS, Attachment(id=id, file=file, name=name, person=person.id, conversation=id))
        changes.append(TIMELINE, id, Entry(at=1, kind="requester", who=name, text=name), person.id)
        changes.append(OFFERS, f"o{id}", Offer(conversation=id, person=person.id), person.id, id)
        await store.commit(changes)
    changes = Changes()
    changes.append(TIMELINE, "others", Entry(at=1, kind="note", who=name, text=name, person=person.id), person.id)
    await store.commit(changes)


async def open_at(url: str, after: int = 0) -> Store:
    clock = SimulatedClock()
    clock.move_to(clock.now() + after)
    return await open_store(url, SCHEMA, takes_work=True, clock=clock)


async def dumped(url: str) -> list[bytes]:
    store = await open_at(url)
    try:
        return [msgspec.json.encode(item) async for item in store.dump()]
    finally:
        await store.close()


# --- what is interrupted ------------------------------------------------------------------------------------------


async def restore(url: str, folder: Path) -> None:
    saved = Archive(folder / "saved")
    saved.check()
    await archive.restore(saved, url, SimulatedClock(), replace=True)


async def erase(url: str, folder: Path) -> None:
    store = await open_at(url)
    try:
        someone = await people.find(store, f"slack/T1/{NAME}", lambda _count: None)
        erasure = Erasure(store, SimulatedClock(), someone, ids=Ids(), progress=lambda _step, _count: None)
        await erasure.look()
        await erasure.erase()
    finally:
        await store.close()


async def retain(url: str, folder: Path) -> None:
    store = await open_at(url, LATER)
    clock = SimulatedClock()
    clock.move_to(clock.now() + LATER)
    await Retention(store, clock, KeptFor("365d")).run()
    await store.close()


ACTIONS: dict[str, Any] = {"restore": restore, "erase": erase, "retain": retain}


def die_at(count: int) -> None:
    """Let this process be killed before the count-th rename, removal, sync or commit."""
    left = count

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            nonlocal left
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **options)

        return step

    from supportbot.storage import sqlite, sqlite_writer  # noqa: PLC0415 - the child's own

    for name in ("replace", "unlink"):
        setattr(Path, name, counted(getattr(Path, name)))
    os.fsync = counted(os.fsync)
    sqlite_writer.Writer._write = counted(sqlite_writer.Writer._write)  # type: ignore[method-assign]
    sqlite._write_anew = counted(sqlite._write_anew)


def run_child(action: str, url: str, folder: Path, count: int) -> bool:
    """Run an action in a child that dies at a step; tells whether it came to its end before that."""
    ran = subprocess.run(
        [sys.executable, __file__, action, url, str(folder), str(count)],
        env={**os.environ, "PYTHONPATH": str(Path(supportbot.__file__).parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode in (0, -signal.SIGKILL), ran.stderr
    return ran.returncode == 0


async def prepare(folder: Path, member: str) -> str:
    """Make a store with two people, and an archive of it with one more."""
    folder.mkdir()
    url = URLS[member].format(folder)
    store = await open_at(url)
    for name in (NAME, "Bob"):
        await plant(store, name)
    await archive.write(store, folder / "saved", member=member, now=0)
    await plant(store, "Eve")
    await store.close()
    return url


def kills(action: str, member: str, tmp_path: Path, step: int) -> list[tuple[str, Path]]:
    """Kill the action at its first, then at each `step`-th place; returns the stores that are left."""
    left = []
    for count in range(1, 10_000, step):
        folder = tmp_path / str(count)
        url = asyncio.run(prepare(folder, member))
        ended = run_child(action, url, folder, count)
        left.append((url, folder))
        if ended:
            break
    assert len(left) > 2
    return left


def bytes_in(folder: Path, member: str) -> bytes:
    place = Path(URLS[member].format(folder).partition(":")[2])
    found = [path for path in place.parent.rglob("*") if path.is_file() and path.name != "saved"]
    return b"".join(path.read_bytes() for path in found)


def check_restore(member: str, tmp_path: Path, step: int) -> None:
    seen = set()
    for url, folder in kills("restore", member, tmp_path, step):
        found = asyncio.run(dumped(url))
        is_new = not any(b"Eve" in line for line in found)
        seen.add(is_new)
        assert sum(b'"sort":"document"' in line for line in found) == (16 if is_new else 24)
        assert any(b"Eve" in path.read_bytes() for path in folder.rglob("*") if path.is_file())  # the old one is kept
        asyncio.run(restore_again(url, folder))
    assert seen == {True, False}


async def restore_again(url: str, folder: Path) -> None:
    clock = SimulatedClock()
    clock.move_to(clock.now() + DAY)
    await archive.restore(Archive(folder / "saved"), url, clock, replace=True)
    assert not any(b"Eve" in line for line in await dumped(url))


def check_erase(member: str, tmp_path: Path, step: int) -> None:
    for url, folder in kills("erase", member, tmp_path, step):
        asyncio.run(erase_again(url, folder))
        assert NAME.encode() not in bytes_in(folder, member)
        assert sum(b"Bob" in line for line in asyncio.run(dumped(url))) > 10


async def erase_again(url: str, folder: Path) -> None:
    try:
        await erase(url, folder)
    except people.Unclear:  # nobody of that name is left
        store = await open_at(url)
        await finish(store, SimulatedClock())
        await store.close()


def check_retention(member: str, tmp_path: Path, step: int) -> None:
    for url, folder in kills("retain", member, tmp_path, step):
        found = asyncio.run(dumped(url))
        for name in (f"{name}{number}" for name in (NAME, "Bob", "Eve") for number in (1, 2)):
            documents = [b'"tickets"' in line for line in found if f'"m/{name}"'.encode() in line]
            talks = [line for line in found if b'"sort":"entry"' in line and f'"key":"{name}"'.encode() in line]
            assert len(documents) == len(talks)  # each is there whole, or gone
        asyncio.run(retain(url, folder))
        assert not any(b'"conversations"' in line or b'"sort":"file"' in line for line in asyncio.run(dumped(url)))


CHECKS = {"restore": check_restore, "erase": check_erase, "retain": check_retention}


@pytest.mark.parametrize("member", URLS)
@pytest.mark.parametrize("action", CHECKS)
def test_a_kill_on_the_way_leaves_a_store_that_opens_and_the_rest_can_be_done(
    action: str, member: str, tmp_path: Path
) -> None:
    CHECKS[action](member, tmp_path, 9)


@pytest.mark.full
@pytest.mark.parametrize("member", URLS)
@pytest.mark.parametrize("action", CHECKS)
def test_a_kill_at_every_step_leaves_a_store_that_opens(action: str, member: str, tmp_path: Path) -> None:
    CHECKS[action](member, tmp_path, 1)


if __name__ == "__main__":
    die_at(int(sys.argv[4]))
    asyncio.run(ACTIONS[sys.argv[1]](sys.argv[2], Path(sys.argv[3])))
