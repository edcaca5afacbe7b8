"""Measure what Discord costs: ``python benchmarks/discord_bot.py [--quick]`` (Linux).

A simulated Discord in this process talks to two children over its gateway: ``supportbot run``, which stores each
message in SQLite and answers it from its articles, and a bare discord.py bot, which says each message back. Fifty
requesters write a hundred messages a second, to the one and to the other in turn. CPU is the children's own, from
``/proc/PID/stat``. Then the requesters write on to the first child as fast as it answers, and its resident memory is
read before and after. Figures of one run compare; nothing else does.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import yaml
from children import Child, configuration, costs, main, print_ratio, started

from supportbot.clock import SystemClock
from supportbot.testing.discord import DiscordWorld

ECHO = """
import os, yarl
from discord import Client, Intents
from discord.gateway import DiscordWebSocket
from discord.http import Route

Route.BASE = os.environ["API"]
DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(os.environ["GATEWAY"])

class Echo(Client):
    async def on_message(self, message):
        if message.author != self.user:
            await message.channel.send(message.content)

Echo(intents=Intents.default()).run(os.environ["TOKEN"], log_handler=None)
"""


class DiscordChild(Child):
    """A bot that serves a Discord of its own."""

    def __init__(self, discord: DiscordWorld, process: asyncio.subprocess.Process) -> None:
        super().__init__(discord, process)
        self.discord = discord

    def count(self) -> int:
        return len(self.discord.world_log.calls("Create Message", ok=True))

    def forget(self) -> None:
        assert not self.discord.world_log.calls(ok=False), "Discord refused something"
        self.discord.world_log._calls.clear()
        self.discord._backstage.posts._nonces.clear()
        self.forget_talks()


async def start(stack: AsyncExitStack, folder: Path, program: str, *arguments: str) -> DiscordChild:
    """Start a bot that serves a Discord of its own."""
    discord = await stack.enter_async_context(DiscordWorld(clock=SystemClock(), patience=120))
    team = discord.channel("team", only_for=[])
    settings = {"token": "${TOKEN}", "api_url": discord.api_url, "gateway_url": discord.gateway_url}
    (folder / "config.yaml").write_text(yaml.safe_dump(configuration("discord", settings, team.id)), "utf-8")
    given = {"TOKEN": discord.token, "API": discord.api_url, "GATEWAY": discord.gateway_url}
    process = await started(folder, program, arguments, given)
    child = DiscordChild(discord, process)
    stack.push_async_callback(child.stop)
    await discord.gateway.connected()
    return child


async def compare(bot: DiscordChild, echo: DiscordChild, questions: Sequence[str], seconds: int, rounds: int) -> None:
    """Print what a message costs the one and the other."""
    found = await costs({"supportbot": bot, "discord.py echo": echo}, questions, seconds=seconds, rounds=rounds)
    print(f"{'at 100 messages/s':20}{'CPU ms':>10}{'lowest':>10}")
    for name, figures in found.items():
        print(f"{name:20}{statistics.median(figures):10.2f}{min(figures):10.2f}")
    print_ratio(found["supportbot"], found["discord.py echo"])


if __name__ == "__main__":
    main("Measure what Discord costs, beside a bare discord.py bot.", start, ECHO, compare)
