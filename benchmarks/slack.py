"""Measure what Slack costs: ``python benchmarks/slack.py [--quick]`` (Linux).

A simulated Slack in this process talks to two children over Socket Mode: ``supportbot run``, which stores each message
in SQLite and answers it from its articles, and a bare slack-bolt bot with a shared session, which says each message
back. Fifty requesters write a hundred messages a second, to the one and to the other in turn. CPU is the children's
own, from ``/proc/PID/stat``; the time to the acknowledgement is taken in Slack. Then the requesters write on to the
first child as fast as it answers, and its resident memory is read before and after. Figures of one run compare; nothing
else does.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path

import yaml

from supportbot.samples.paths import ARTICLES
from supportbot.testing.slack import Person, SlackWorld

REQUESTERS = 50
EACH_SECOND = 100
AT_ONCE = 25
"""Messages under way at the most where there is no pace: nobody writes a second one before the first is answered."""
WARM_UP = 5_000
LIMITS = {"CPU": 1.5, "p99": 50.0, "MB": 5.0}
MAIN = "from supportbot.cli import main; main()"
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
_TICKS = os.sysconf("SC_CLK_TCK")


class Child:
    """A bot in a process of its own, and the Slack that it serves."""

    def __init__(self, slack: SlackWorld, process: asyncio.subprocess.Process) -> None:
        self.slack = slack
        self.people: list[Person] = [slack.person(f"person{number}") for number in range(REQUESTERS)]
        self._process = process
        self._said = 0

    def cpu(self) -> float:
        """Tell the CPU seconds that the process has used."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / _TICKS

    def resident(self) -> float:
        """Tell the resident memory of the process, in MB."""
        lines = Path(f"/proc/{self._process.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024

    async def hears(self, messages: int, questions: list[str], each_second: float = 0) -> list[float]:
        """Let the people write so many messages; returns the seconds until each was acknowledged.

        Without a pace they write as fast as they are answered.
        """
        began, deliveries = time.perf_counter(), []
        before = self._answers()
        for number in range(messages):
            if each_second:
                await asyncio.sleep(max(0.0, began + number / each_second - time.perf_counter()))
            elif number >= AT_ONCE:
                await self._answered(before + number - AT_ONCE)
            person, question = (
                self.people[self._said % REQUESTERS],
                questions[self._said // REQUESTERS % len(questions)],
            )
            self._said += 1
            await person.dm(question)
            deliveries.append(self.slack.deliveries.all[-1])
        await self._answered(before + messages)
        await self.slack.settled()
        assert all(len(delivery.attempts) == 1 for delivery in deliveries), "something had to be told twice"
        took = [delivery.took for delivery in deliveries]
        self._forget()
        return took

    def _answers(self) -> int:
        return self._forgotten + len(self.slack.world_log.calls("chat.postMessage", ok=True))

    _forgotten = 0

    async def _answered(self, count: int) -> None:
        await self.slack.until(lambda: True if self._answers() >= count else None, f"{count} answers")

    def _forget(self) -> None:
        """Keep this process small and quick: what was told and answered is of no further use."""
        self._forgotten = self._answers()
        self.slack.world_log._calls.clear()
        self.slack.deliveries.all.clear()
        for person in self.people:
            person.direct.messages.clear()
            person.direct.heard.clear()

    async def stop(self) -> None:
        """End the process."""
        self._process.terminate()
        await self._process.wait()


async def start(stack: AsyncExitStack, folder: Path, program: str, *arguments: str) -> Child:
    """Start a bot that serves a Slack of its own."""
    slack = await stack.enter_async_context(SlackWorld(patience=120))
    team = slack.channel("team", [], private=True)
    (folder / "config.yaml").write_text(yaml.safe_dump(configuration(slack, team.id)), "utf-8")
    secrets = {"BOT": slack.bot_token, "APP": slack.app_token, "API": slack.api_url}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, *arguments, cwd=folder, env={**os.environ, **secrets}
    )
    child = Child(slack, process)
    stack.push_async_callback(child.stop)
    await slack.sockets.connected()
    return child


def configuration(slack: SlackWorld, team: str) -> dict[str, object]:
    """Configure a bot as a team would, without the limits of floods."""
    tokens = {"bot_token": "${BOT}", "app_token": "${APP}"}
    return {
        "storage": {"url": "sqlite:bot.db"},
        "adapters": {"slack": {**tokens, "api_url": slack.api_url}},
        "desk": {"agents_channel": f"slack:{team}"},
        "limits": {"messages_per_person": 1_000_000},
        "skills": ["greeting", {"faq": {"sources": [str(ARTICLES)]}}, "tickets", "handoff", "survey", "help"],
        "logs": {"level": "warning"},
    }


def p99(times: list[float]) -> float:
    """Tell within how many milliseconds all but one in a hundred came."""
    return sorted(times)[int(len(times) * 0.99)] * 1e3


async def compare(bot: Child, echo: Child, questions: list[str], seconds: int, rounds: int) -> None:
    """Print what a message costs the one and the other, and how long its acknowledgement takes."""
    costs: dict[str, list[float]] = {"supportbot": [], "bolt echo": []}
    times: dict[str, list[float]] = {"supportbot": [], "bolt echo": []}
    for _ in range(rounds):
        for name, child in (("supportbot", bot), ("bolt echo", echo)):
            before = child.cpu()
            times[name] += await child.hears(seconds * EACH_SECOND, questions, EACH_SECOND)
            costs[name].append((child.cpu() - before) / (seconds * EACH_SECOND) * 1e3)
    print(f"{'at 100 messages/s':20}{'CPU ms':>10}{'lowest':>10}{'ack p50 ms':>14}{'ack p99 ms':>12}{'max ms':>10}")
    for name, figures in costs.items():
        middle, longest = statistics.median(times[name]) * 1e3, max(times[name]) * 1e3
        figure = f"{statistics.median(figures):10.2f}{min(figures):10.2f}{middle:14.1f}{p99(times[name]):12.1f}"
        print(f"{name:20}{figure}{longest:10.1f}")
    ratio = statistics.median(costs["supportbot"]) / statistics.median(costs["bolt echo"])
    above = p99(times["supportbot"]) - p99(times["bolt echo"])
    print(f"\nCPU ratio {ratio:.2f} (goal {LIMITS['CPU']})")
    print(f"p99 above the echo's {above:.1f} ms (goal {LIMITS['p99']:g} ms)")


async def memory(bot: Child, questions: list[str], messages: int) -> None:
    """Print how memory grows while the requesters write on."""
    await bot.hears(WARM_UP, questions)
    before = bot.resident()
    print(f"\n{'messages':>10}{'resident MB':>14}{'grown by MB':>14}\n{0:10,}{before:14.1f}{0:14.1f}")
    for done in range(messages // 4, messages + 1, messages // 4):
        await bot.hears(messages // 4, questions)
        print(f"{done:10,}{bot.resident():14.1f}{bot.resident() - before:14.1f}   (goal {LIMITS['MB']:g})", flush=True)


async def run(*, quick: bool) -> None:
    questions = [article["question"] for article in yaml.safe_load(ARTICLES.read_text("utf-8"))]
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        bot = await start(stack, folder, MAIN, "run", "--config", "config.yaml")
        echo = await start(stack, folder, ECHO)
        for child in (bot, echo):
            await child.hears(500, questions)
        await compare(bot, echo, questions, seconds=3 if quick else 10, rounds=2 if quick else 5)
        await memory(bot, questions, 2_000 if quick else 20_000)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure what Slack costs, beside a bare slack-bolt bot.")
    parser.add_argument("--quick", action="store_true", help="smaller and faster, for a look")
    asyncio.run(run(quick=parser.parse_args().quick))
