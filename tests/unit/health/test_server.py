"""The health server: what a monitor hears, whatever state the bot is in."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import Any

import pytest

from supportbot.adapters.console import Console
from supportbot.app import open_app
from supportbot.clock import MINUTE, SimulatedClock
from supportbot.config import Config, HealthSettings, StorageSettings
from supportbot.domain.work import TURNS, Work
from supportbot.errors import ConfigurationError, StoreFailed
from supportbot.health import lag, look, server
from supportbot.health.lag import DEAD_AFTER, LoopWatch
from supportbot.health.server import HealthServer, listen
from supportbot.pipeline import switches
from supportbot.storage.base import Changes
from supportbot.version import __version__
from tests.unit.health.conftest import Monitored


async def test_a_bot_that_serves_is_alive_and_ready(monitored: Monitored) -> None:
    assert await monitored.get("/healthz") == (200, '{"alive": true}')
    ready = await monitored.get("/readyz")
    assert ready.status == 200
    assert ready.json == {"ready": True, "reasons": [], "release": __version__, "switched_off": [], "dead_letters": 0}


async def test_whoever_connects_and_says_nothing_takes_no_more_than_a_few_connections_and_not_for_long(
    monitored: Monitored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "MOST_CONNECTIONS", 2)
    monkeypatch.setattr(server, "LONGEST_CONNECTION", 0.3)

    async def connect() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        reader, writer = await asyncio.open_connection("127.0.0.1", monitored.server.port)
        writer.write(b"GET /healthz HTTP/1.1\r\n")
        return reader, writer

    connections = [await connect() for _ in range(3)]
    for reader, writer in reversed(connections):  # the last is refused at once, the others are ended in time
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
    assert (await monitored.get("/healthz")).status == 200


async def test_a_loop_that_does_not_turn_is_said_though_the_loop_cannot_answer(
    monitored: Monitored, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = time.monotonic() + DEAD_AFTER + 60
    monkeypatch.setattr(lag.time, "monotonic", lambda: later)
    # On purpose the test holds the bot's own loop while it asks: only another thread can answer now.
    alive = monitored.get_from_outside("/healthz")
    monkeypatch.undo()
    assert alive == (503, '{"alive": false}')


async def test_a_store_that_never_answers_makes_the_bot_not_ready_and_every_answer_comes_all_the_same(
    monitored: Monitored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "LONGEST_LOOK", 0.05)
    stuck = asyncio.Event()

    async def never(*_: Any, **__: Any) -> Any:
        await stuck.wait()

    monkeypatch.setattr(monitored.bot.app.store, "pending", never)
    ready = await monitored.get("/readyz")
    assert (ready.status, ready.json["reasons"]) == (503, [{"what": "store", "why": "no answer"}])
    assert "supportbot_store_up 0.0" in (await monitored.get("/metrics")).text
    assert (await monitored.get("/healthz")).status == 200
    stuck.set()


async def test_a_held_loop_is_answered_about_in_bounded_time(
    monitored: Monitored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(look, "LONGEST_LOOK", 0.05)
    ready = monitored.get_from_outside("/readyz")  # the test holds the loop meanwhile
    assert (ready.status, ready.json["reasons"][0]["why"]) == (503, "no answer")


async def test_what_the_store_says_about_itself_is_not_shown(
    monitored: Monitored, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any, **__: Any) -> Any:
        raise StoreFailed("postgresql://bot:hunter2@db is gone")

    monkeypatch.setattr(monitored.bot.app.store, "pending", fail)
    ready = await monitored.get("/readyz")
    assert ready.json["reasons"] == [{"what": "store", "why": "StoreFailed"}]
    assert "hunter2" not in ready.text


async def test_an_adapter_that_is_not_connected_makes_the_bot_not_ready(monitored: Monitored) -> None:
    app = monitored.bot.app
    app.down["console"] = "ClientConnectorError"
    reasons = (await monitored.get("/readyz")).json["reasons"]
    assert reasons == [{"what": "adapter console", "why": "not connected (ClientConnectorError)"}]
    app.down.clear()
    app.adapters["console"].trouble = "reconnecting"
    assert (await monitored.get("/readyz")).json["reasons"] == [{"what": "adapter console", "why": "reconnecting"}]


@pytest.mark.parametrize("phase", ["starting", "stopping"])
async def test_a_bot_that_starts_or_stops_is_not_ready(monitored: Monitored, phase: Any) -> None:
    monitored.bot.app.phase = phase
    ready = await monitored.get("/readyz")
    assert (ready.status, ready.json["reasons"]) == (503, [{"what": "bot", "why": phase}])


async def test_work_that_waits_too_long_makes_the_bot_not_ready(monitored: Monitored) -> None:
    bot = monitored.bot
    due = bot.clock.now()
    waiting = Work(id="w1", queue=TURNS, key="k", due=due, payload=bot._event(bot.requester("ada"), text="hi"))
    await bot.app.store.commit(Changes(work=[waiting]))  # and nobody runs it
    assert (await monitored.get("/readyz")).status == 200
    bot.clock.move_to(due + 11 * MINUTE)
    reasons = (await monitored.get("/readyz")).json["reasons"]
    assert reasons == [{"what": "work in turns", "why": "1 waiting, the oldest for 660 s"}]


async def test_a_skill_that_is_switched_off_is_named(monitored: Monitored) -> None:
    monitored.bot.app.bot.switches.turn_off("greeting", "greeting.py:1")
    assert (await monitored.get("/readyz")).json["switched_off"] == ["greeting"]
    monitored.bot.clock.move_to(monitored.bot.clock.now() + switches.TRIED_AGAIN_AFTER)
    assert (await monitored.get("/readyz")).json["switched_off"] == []


async def test_there_is_nothing_else(monitored: Monitored) -> None:
    assert (await monitored.get("/")).status == 404


def test_a_port_that_is_taken_is_a_mistake_in_the_configuration() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError) as error:
            listen(HealthSettings(port=port), None)
    [problem] = error.value.problems
    assert f"127.0.0.1:{port} cannot be listened on (Address already in use)" in problem
    assert "health.port" in problem


def test_a_host_that_is_not_this_machine_is_a_mistake_in_the_configuration() -> None:
    with pytest.raises(ConfigurationError, match=r"health.host"):
        listen(HealthSettings(host="192.0.2.1"), None)


async def test_a_start_that_cannot_have_its_port_starts_nothing() -> None:
    config = Config(storage=StorageSettings(url="tinydb:memory"), skills=())
    app = await open_app(config, SimulatedClock(), [lambda c: Console(lambda _: None, c)])
    with socket.create_server(("127.0.0.1", 0)) as taken:
        watch = LoopWatch()
        app.companions = [watch, HealthServer(HealthSettings(port=taken.getsockname()[1]), watch)]
        with pytest.raises(ConfigurationError):
            await app.start(watch=False)
    assert app.phase == "starting"
    await app.stop()
