"""A bot in memory with its health server on a free port."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import msgspec
import pytest

from supportbot.config import HealthSettings
from supportbot.health.lag import LoopWatch
from supportbot.health.server import HealthServer
from supportbot.testing.harness import BotHarness


class Answer(NamedTuple):
    status: int
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Monitored:
    """A bot, and what a monitor hears of it."""

    def __init__(self, bot: BotHarness, server: HealthServer, watch: LoopWatch) -> None:
        self.bot = bot
        self.server = server
        self.watch = watch

    async def get(self, path: str) -> Answer:
        return await asyncio.to_thread(self.get_from_outside, path)

    def get_from_outside(self, path: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=30)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            return Answer(response.status, response.read().decode())
        finally:
            connection.close()


@pytest.fixture
async def monitored() -> AsyncIterator[Monitored]:
    async with BotHarness(fails=False) as bot:
        watch = LoopWatch()
        anywhere = msgspec.structs.replace(HealthSettings(), port=0)
        server = HealthServer(anywhere, watch)
        for companion in (watch, server):
            await companion.open(bot.app)
        yield Monitored(bot, server, watch)
        for companion in (server, watch):
            await companion.close()
