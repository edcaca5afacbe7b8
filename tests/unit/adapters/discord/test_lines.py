"""Lines keep what came in one channel in order, until it is stored."""

from __future__ import annotations

import asyncio

import pytest

from supportbot.adapters.discord import lines
from supportbot.adapters.discord.lines import Lines


class Store:
    """Takes things in, unless it is told not to."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.fails = 0
        self.opens = asyncio.Event()
        self.opens.set()

    async def take(self, what: str) -> None:
        await self.opens.wait()
        if self.fails:
            self.fails -= 1
            raise OSError("the disk is full")
        self.taken.append(what)


@pytest.fixture(autouse=True)
def _hurries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "_PAUSES", (0.0,))


def overflows() -> None:
    raise AssertionError("nothing overflows here")


async def test_what_cannot_be_stored_is_tried_again_and_keeps_its_place() -> None:
    store = Store()
    waiting = Lines(store.take, overflows)
    store.fails = 3
    for word in ["one", "two", "three"]:
        waiting.put("help", word)
    await waiting.emptied("help", 5)
    assert store.taken == ["one", "two", "three"]


async def test_one_channel_waits_for_no_other() -> None:
    store, slow = Store(), asyncio.Event()

    async def take(what: str) -> None:
        if what == "slow":
            await slow.wait()
        await store.take(what)

    waiting = Lines(take, overflows)
    waiting.put("help", "slow")
    waiting.put("help", "behind it")
    waiting.put("general", "quick")
    await waiting.emptied("general", 5)
    assert store.taken == ["quick"]
    slow.set()
    await waiting.emptied("help", 5)
    assert store.taken == ["quick", "slow", "behind it"]


async def test_more_than_there_is_room_for_is_left_out_and_said() -> None:
    store, told = Store(), list[str]()
    store.opens.clear()
    waiting = Lines(store.take, lambda: told.append("full"), most=2)
    for word in ["one", "two", "three"]:
        waiting.put("help", word)
    assert told == ["full"]
    store.opens.set()
    await waiting.emptied("help", 5)
    waiting.put("help", "four")
    await waiting.stop(5)
    assert store.taken == ["one", "two", "four"]


async def test_what_does_not_end_is_given_up_when_the_bot_stops() -> None:
    store = Store()
    store.opens.clear()
    waiting = Lines(store.take, overflows)
    waiting.put("help", "one")
    await waiting.stop(0.01)
    assert store.taken == []


async def test_a_long_line_of_which_nothing_is_stored_lets_others_have_their_turn() -> None:
    store, turns = Store(), list[int]()
    taken = Lines(store.take, overflows)

    async def other() -> None:
        while len(store.taken) < 100:
            turns.append(len(store.taken))
            await asyncio.sleep(0)

    for number in range(100):
        taken.put("1", str(number))
    await other()
    assert len(turns) > 50
