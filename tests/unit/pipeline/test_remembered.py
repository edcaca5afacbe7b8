"""What each message depends on is read once in a while, and at once where this process changed it."""

from __future__ import annotations

from supportbot.clock import SECOND, SimulatedClock
from supportbot.domain.address import Address
from supportbot.domain.person import Person
from supportbot.domain.room import ROOMS, Room
from supportbot.domain.schema import SCHEMA
from supportbot.pipeline.remembered import Remembered
from supportbot.storage.base import Changes
from supportbot.storage.open import open_store

ROOM = Room(id=Address("console", "local", "#help").key, mode="never", by=Person("console/local/sam", "sam"), at=1)


async def test_what_another_process_changes_is_seen_after_a_while_and_what_this_one_changes_at_once() -> None:
    clock = SimulatedClock()
    store = await open_store("tinydb:memory", SCHEMA, clock=clock)
    rooms = Remembered(store, clock, ROOMS)
    assert await rooms.get(ROOM.id) is None

    await store.commit(Changes(puts=[(ROOMS, ROOM)]))
    assert await rooms.get(ROOM.id) is None
    clock.move_to(clock.now() + 20 * SECOND)
    known = await rooms.get(ROOM.id)
    assert known is not None

    await store.commit(Changes(deletes=[(ROOMS, known)]))
    assert await rooms.get(ROOM.id) == known
    rooms.forget(ROOM.id)
    assert await rooms.get(ROOM.id) is None
    await store.close()
