"""Sockets: what is acknowledged, what is not understood, and what happens when all of them are to end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from slack_sdk.web.async_client import AsyncWebClient

from supportbot.adapters.slack.sockets import Patience, Sockets
from supportbot.errors import BadToken
from supportbot.testing.slack import SlackWorld

HASTY = Patience(silence=0.2, apart=0.0, lasts=0.0, pauses=(0.001,))
Take = Callable[[dict[str, Any]], Any]


async def yes(_: dict[str, Any]) -> dict[str, Any]:
    return {}


@asynccontextmanager
async def connected(
    slack: SlackWorld, take: Take = yes, connections: int = 1, token: str = ""
) -> AsyncIterator[Sockets]:
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(base_url=slack.api_url, session=session, retry_handlers=[])
        sockets = Sockets(client, token or slack.app_token, session, take, connections=connections, patience=HASTY)
        await sockets.open()
        try:
            await slack.sockets.connected(connections)
            yield sockets
        finally:
            await sockets.close()


async def test_a_wrong_token_is_told_at_once(slack_world: SlackWorld) -> None:
    with pytest.raises(BadToken, match="app_token"):
        async with connected(slack_world, token="xapp-wrong"):
            pass


async def test_what_is_taken_in_is_acknowledged_with_its_answer(slack_world: SlackWorld) -> None:
    async def answer(envelope: dict[str, Any]) -> dict[str, Any]:
        return {"text": envelope["payload"]["text"]}

    async with connected(slack_world, answer):
        assert (await slack_world.person("Ada").runs("/support me")).answer == {"text": "me"}


async def test_what_is_not_taken_in_is_not_acknowledged(slack_world: SlackWorld) -> None:
    told = asyncio.Event()

    async def refuse(_: dict[str, Any]) -> None:
        told.set()

    async with connected(slack_world, refuse):
        await slack_world.person("Ada").dm("hello")
        await told.wait()
        assert slack_world.deliveries.all[0].state == "waiting"


@pytest.mark.parametrize("frame", ["", "{", "[]", "null", '"hello"', "[" * 100_000, '{"type": "hello"}', "{}"])
async def test_a_frame_that_says_nothing_changes_nothing(slack_world: SlackWorld, frame: str) -> None:
    async with connected(slack_world):
        (connection,) = slack_world.sockets.connections
        connection.outgoing.put_nowait(frame)
        await slack_world.person("Ada").dm("hello")
        await slack_world.settled()
        assert slack_world.deliveries.all[0].state == "acknowledged"
        assert slack_world.sockets.opened == 1


async def test_what_is_being_taken_in_when_the_bot_stops_is_still_acknowledged(slack_world: SlackWorld) -> None:
    begun, may_go_on = asyncio.Event(), asyncio.Event()

    async def slowly(_: dict[str, Any]) -> dict[str, Any]:
        begun.set()
        await may_go_on.wait()
        return {}

    async with connected(slack_world, slowly) as sockets:
        await slack_world.person("Ada").dm("hello")
        await begun.wait()
        closing = asyncio.create_task(sockets.close())
        await asyncio.sleep(0)
        may_go_on.set()
        await closing
        await slack_world.settled()
        assert slack_world.deliveries.all[0].state == "acknowledged"


async def test_while_none_stands_there_is_trouble(slack_world: SlackWorld) -> None:
    async with connected(slack_world) as sockets:
        assert (sockets.is_up, sockets.trouble) == (True, "")
        slack_world.trouble.breaks("apps.connections.open", times=None)
        slack_world.sockets.drop()
        await slack_world.until(lambda: sockets.trouble or None, "the trouble is told")
        assert not sockets.is_up
        slack_world.trouble.ends()
        await slack_world.sockets.connected()
        await slack_world.person("Ada").dm("hello")
        await slack_world.settled()
        assert (sockets.is_up, sockets.trouble) == (True, "")


async def test_a_token_that_is_rejected_later_is_trouble_and_is_tried_again(slack_world: SlackWorld) -> None:
    async with connected(slack_world) as sockets:
        slack_world.app_scopes.clear()
        slack_world.sockets.drop()
        await slack_world.until(lambda: sockets.trouble or None, "the trouble is told")
        assert sockets.trouble == "BadToken"
        slack_world.app_scopes.add("connections:write")
        await slack_world.sockets.connected()


async def test_what_another_connection_swallowed_is_held_against_it(slack_world: SlackWorld) -> None:
    async with connected(slack_world, connections=2):
        deaf = slack_world.sockets.connections[1]  # whose turn it is first
        slack_world.sockets.deafen(deaf)
        await slack_world.person("Ada").dm("hello")
        slack_world.redelivers()
        await slack_world.until(lambda: deaf not in slack_world.sockets.connections or None, "the deaf one is given up")
        await slack_world.sockets.connected(2)
