"""Typists: agents see that their requester types, which costs nothing where nobody waits for it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from supportbot.adapters.base import Adapter
from supportbot.clock import SECOND
from supportbot.domain.address import PLACES, Address
from supportbot.pipeline.typists import AGAIN_AFTER, Typists
from supportbot.storage.base import Changes
from supportbot.testing.harness import BotHarness

THREAD = Address("console", "local", "#agents", "thread-1")
ADA = "console/local/ada"
DIRECT = Address("console", "local", "@ada")


class Watched:
    """The agents' platform: shows who types."""

    def __init__(self) -> None:
        self.shown: list[Address] = []

    async def show_typing(self, address: Address) -> None:
        self.shown.append(address)


@pytest.fixture
async def case(bot_with: Any) -> BotHarness:
    """A bot in which sam has ada's case, whose thread the platform has opened."""
    bot: BotHarness = await bot_with(built_in=("tickets", "handoff"))
    ada, sam = bot.requester("ada"), bot.agent("sam")
    await ada.says("/human it burns")
    await sam.says("/claim T-1001")
    desk = msgspec.structs.replace(bot.app.bot.rules.agents, thread=bot.agents_channel.conversation)
    place = await bot.app.store.get(PLACES, desk.key)
    assert place
    opened = Changes()
    opened.put(PLACES, msgspec.structs.replace(place, address=THREAD))
    await bot.app.store.commit(opened)
    return bot


def typists_of(bot: BotHarness, watched: Watched) -> Typists:
    agents = bot.app.bot.rules.agents
    adapters: dict[str, Adapter] = {agents.adapter: watched}  # type: ignore[dict-item] # shows typing, and no more
    return Typists(bot.app.store, bot.app.clock, agents, adapters)


async def test_the_agents_see_it_in_the_cases_thread_once_in_some_seconds(case: BotHarness) -> None:
    watched = Watched()
    typists = typists_of(case, watched)
    await typists.types(DIRECT, ADA)
    await typists.types(DIRECT, ADA)
    assert watched.shown == [THREAD]
    await case.advance(f"{AGAIN_AFTER // SECOND}s")
    await typists.types(DIRECT, ADA)
    assert watched.shown == [THREAD] * 2


async def test_nobody_elses_typing_is_shown_nor_when_no_agent_has_the_case(case: BotHarness) -> None:
    watched = Watched()
    typists = typists_of(case, watched)
    await typists.types(DIRECT, "console/local/bo")
    await typists.types(Address("console", "local", "@bo"), "console/local/bo")
    await case.agent("sam").says("/release T-1001")
    await typists.types(DIRECT, ADA)
    assert watched.shown == []


async def test_within_those_seconds_the_store_is_not_asked(case: BotHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    typists = typists_of(case, Watched())
    get = case.app.store.get

    async def counted(kind: Any, id: str) -> Any:
        asked.append(kind.name)
        return await get(kind, id)

    monkeypatch.setattr(case.app.store, "get", counted)
    for _ in range(50):
        await typists.types(DIRECT, ADA)
    assert asked == ["places", "conversations", "places"]
