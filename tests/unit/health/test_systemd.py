"""systemd is told on a real datagram socket that the bot is ready, turns and stops."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from supportbot.health.systemd import Systemd
from supportbot.testing.harness import BotHarness


@pytest.fixture
def service(tmp_path: Path) -> Iterator[socket.socket]:
    """Listen as systemd does."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.setblocking(False)
        yield listening


async def heard(service: socket.socket) -> str:
    return (await asyncio.get_running_loop().sock_recv(service, 1000)).decode()


async def test_a_start_and_a_stop_are_told(service: socket.socket) -> None:
    async with BotHarness() as bot:
        systemd = Systemd(service.getsockname())
        await systemd.open(bot.app)
        await systemd.ready()
        assert await heard(service) == "READY=1\nSTATUS=serving console"
        await systemd.close()
        assert await heard(service) == "STOPPING=1"


async def test_a_loop_that_turns_is_told_again_and_again(service: socket.socket) -> None:
    environment = {"NOTIFY_SOCKET": service.getsockname(), "WATCHDOG_USEC": "3000", "WATCHDOG_PID": str(os.getpid())}
    systemd = Systemd.found(environment)
    assert systemd
    async with BotHarness() as bot:
        await systemd.open(bot.app)
        assert [await heard(service) for _ in range(3)] == ["WATCHDOG=1"] * 3
        await systemd.close()


async def test_a_loop_that_is_held_tells_nothing(service: socket.socket) -> None:
    async with BotHarness() as bot:
        systemd = Systemd(service.getsockname(), every=0.001)
        await systemd.open(bot.app)
        assert await heard(service) == "WATCHDOG=1"
        for _ in range(1000):  # held: nothing else gets a turn
            with pytest.raises(BlockingIOError):
                service.recv(1000)
        await systemd.close()


async def test_an_abstract_socket_is_reached_too() -> None:
    name = f"supportbot-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(f"\0{name}")
        listening.setblocking(False)
        async with BotHarness() as bot:
            systemd = Systemd(f"@{name}")
            await systemd.open(bot.app)
            await systemd.ready()
            assert (await heard(listening)).startswith("READY=1")
            await systemd.close()


async def test_a_socket_that_is_gone_stops_nobody(tmp_path: Path) -> None:
    async with BotHarness() as bot:
        systemd = Systemd(str(tmp_path / "nobody"), every=0.01)
        await systemd.open(bot.app)
        await systemd.ready()
        await systemd.close()


def test_without_systemd_there_is_nothing_to_tell() -> None:
    assert Systemd.found({}) is None


async def test_a_watchdog_for_another_process_is_not_fed(service: socket.socket) -> None:
    environment = {"NOTIFY_SOCKET": service.getsockname(), "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"}
    systemd = Systemd.found(environment)
    assert systemd
    async with BotHarness() as bot:
        await systemd.open(bot.app)
        await systemd.ready()
        assert (await heard(service)).startswith("READY=1")
        await systemd.close()
