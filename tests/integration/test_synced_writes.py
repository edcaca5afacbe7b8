"""How often a person waits for the disk: each COMMIT of the writing connection is one wait, as SQLite syncs it."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from supportbot import Settings, Skill, Turn, match, on
from supportbot.adapters.console import Console
from supportbot.app import App, open_app
from supportbot.clock import SimulatedClock
from supportbot.config import Config
from supportbot.domain.schema import SCHEMA
from supportbot.storage.sqlite import open_file


class Counting(sqlite3.Connection):
    """The writer's connection; it counts what was synced since the last look."""

    synced = 0

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        cursor = super().execute(sql, *parameters)
        Counting.synced += sql == "COMMIT"
        return cursor


class Weather(Skill[Settings]):
    """Answer, ask the outside world, open a ticket."""

    @on.message(match.words("weather"))
    async def weather(self, turn: Turn) -> str:
        return "It is sunny."

    @on.message(match.words("forecast"))
    async def forecast(self, turn: Turn) -> str:
        async def ask_the_service(_key: str) -> str:
            return "rain"

        return await turn.once(ask_the_service, type=str)

    @on.message(match.words("umbrella"))
    async def umbrella(self, turn: Turn) -> str:
        return (await turn.open_ticket(subject="No umbrella")).reference


class Room:
    """A bot on SQLite; `waited` has how many writes were synced one after another before each thing was shown."""

    def __init__(self, app: App, console: Console, waited: list[int]) -> None:
        self.app = app
        self.console = console
        self.waited = waited

    async def hears(self, *said: tuple[str, str]) -> list[int]:
        """Let people say something at the same time, and wait for all that follows."""
        self.waited.clear()
        Counting.synced = 0
        events = [self.console.event(who, key=f"{who} {text}", text=text) for who, text in said]
        await asyncio.gather(*map(self.app.bot.receive, events))
        await self.app.bot.crew.idle()
        return self.waited


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    clock, waited = SimulatedClock(), []
    console = Console(lambda _: waited.append(Counting.synced), clock)
    store = open_file(tmp_path / "bot.sqlite", SCHEMA, clock, takes_work=True, factory=Counting)
    app = await open_app(Config(skills=()), clock, [lambda _: console], skills=[Weather()], store=store)
    await app.start(watch=False)
    room = Room(app, console, waited)
    await room.hears(("ada", "the first message also forgets old keys"))
    yield room
    await app.stop()


async def test_an_answer_waits_for_two_writes_its_message_and_its_turn(room: Room) -> None:
    assert await room.hears(("ada", "How is the weather?")) == [2]


async def test_a_once_waits_for_one_write_more(room: Room) -> None:
    assert await room.hears(("ada", "And the forecast?")) == [3]


async def test_marking_as_sent_is_a_write_that_nobody_waits_for(room: Room) -> None:
    await room.hears(("ada", "How is the weather?"))

    assert Counting.synced == 3


async def test_opening_a_ticket_waits_for_no_write_of_its_own(room: Room) -> None:
    assert max(await room.hears(("ada", "I need an umbrella"))) == 2


async def test_people_who_write_at_the_same_time_share_the_writes(room: Room) -> None:
    people = 20
    waited = await room.hears(*[(f"person {number}", "How is the weather?") for number in range(people)])

    assert len(waited) == people
    assert max(waited) < people
