"""Measure what Slack costs: ``python benchmarks/slack.py [--quick]`` (Linux).

A simulated Slack in this process talks to two children over Socket Mode: ``supportbot run``, which stores each message
in SQLite and answers it from its articles, and a bare slack-bolt bot with a shared session, which says each message
back. Fifty requesters write a hundred messages a second, to the one and to the other in turn. CPU is the children's
own, from ``/proc/PID/stat``; the time to the acknowledgement is taken in Slack. Then the requesters write on to the
first child as fast as it answers, and its resident memory is read before and after. Figures of one run compare; nothing
else does.
"""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import yaml
from children import Child, Requester, configuration, costs, main, print_ratio, started

from supportbot.testing.slack import SlackWorld
from supportbot.testing.slack.deliveries import Delivery

LATEST = 50.0
"""The goal for the acknowledgement: so many milliseconds above the bare bot's, for all but one in a hundred."""
ECHO = """
import asyncio, os
from aiohttp import ClientSession
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

async def main():
    async with ClientSession() as session:
        client = AsyncWebClient(os.environ["BOT"], base_url=os.environ["API"], session=session, retry_handlers=[])
        app = AsyncApp(client=client)

        @app.event("message")
        async def echo(event, say):
            await say(event["text"])

        await AsyncSocketModeHandler(app, os.environ["APP"]).start_async()

asyncio.run(main())
"""


class SlackChild(Child):
    """A bot that serves a Slack of its own."""

    def __init__(self, slack: SlackWorld, process: asyncio.subprocess.Process) -> None:
        super().__init__(slack, process)
        self.slack = slack
        self.times: list[float] = []
        """The seconds until each message was acknowledged."""
        self._deliveries: list[Delivery] = []

    async def ask(self, person: Requester, question: str) -> None:
        await super().ask(person, question)
        self._deliveries.append(self.slack.deliveries.all[-1])

    async def settle(self) -> None:
        await self.slack.settled()
        assert all(len(delivery.attempts) == 1 for delivery in self._deliveries), "something had to be told twice"
        self.times += [delivery.took for delivery in self._deliveries]

    def count(self) -> int:
        return len(self.slack.world_log.calls("chat.postMessage", ok=True))

    def forget(self) -> None:
        self._deliveries.clear()
        self.slack.world_log._calls.clear()
        self.slack.deliveries.all.clear()
        self.forget_talks()


async def start(stack: AsyncExitStack, folder: Path, program: str, *arguments: str) -> SlackChild:
    """Start a bot that serves a Slack of its own."""
    slack = await stack.enter_async_context(SlackWorld(patience=120))
    team = slack.channel("team", [], private=True)
    settings = {"bot_token": "${BOT}", "app_token": "${APP}", "api_url": slack.api_url}
    (folder / "config.yaml").write_text(yaml.safe_dump(configuration("slack", settings, team.id)), "utf-8")
    secrets = {"BOT": slack.bot_token, "APP": slack.app_token, "API": slack.api_url}
    process = await started(folder, program, arguments, secrets)
    child = SlackChild(slack, process)
    stack.push_async_callback(child.stop)
    await slack.sockets.connected()
    return child


def p99(times: list[float]) -> float:
    """Tell within how many milliseconds all but one in a hundred came."""
    return sorted(times)[int(len(times) * 0.99)] * 1e3


async def compare(bot: SlackChild, echo: SlackChild, questions: Sequence[str], seconds: int, rounds: int) -> None:
    """Print what a message costs the one and the other, and how long its acknowledgement takes."""
    children = {"supportbot": bot, "bolt echo": echo}
    for child in children.values():
        child.times.clear()
    found = await costs(children, questions, seconds=seconds, rounds=rounds)
    print(f"{'at 100 messages/s':20}{'CPU ms':>10}{'lowest':>10}{'ack p50 ms':>14}{'ack p99 ms':>12}{'max ms':>10}")
    for name, child in children.items():
        middle, longest = statistics.median(child.times) * 1e3, max(child.times) * 1e3
        cpu = f"{statistics.median(found[name]):10.2f}{min(found[name]):10.2f}"
        print(f"{name:20}{cpu}{middle:14.1f}{p99(child.times):12.1f}{longest:10.1f}")
    print_ratio(found["supportbot"], found["bolt echo"])
    print(f"p99 above the echo's {p99(bot.times) - p99(echo.times):.1f} ms (goal {LATEST:g} ms)")


if __name__ == "__main__":
    main("Measure what Slack costs, beside a bare slack-bolt bot.", start, ECHO, compare)
