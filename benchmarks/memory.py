"""Measure whether memory grows with history: ``python benchmarks/memory.py [--quick]`` (Linux).

Ten requesters write 100,000 messages (10,000 with --quick) to a bot with its usual skills and the sample articles, on
SQLite: greetings, questions that are answered, suggested for or missed, commands. Resident memory is read from
``/proc/self/status`` after a warm-up, and again after each tenth of the messages.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import tempfile
import time
from pathlib import Path

from supportbot import logs
from supportbot.adapters.base import Sent
from supportbot.adapters.console import Console
from supportbot.app import App, open_app
from supportbot.clock import Clock, SystemClock
from supportbot.config import BUILT_IN_SKILLS, Config, SkillEntry, StorageSettings
from supportbot.domain.reply import Outgoing
from supportbot.samples.paths import ARTICLES

REQUESTERS = 10
WARM_UP = 5_000
LIMIT = 5.0
SAID = (
    "hi there",
    "How do I reset my password?",
    "where can I see my invoices",
    "thanks, that was it",
    "what is the weather like on the moon",
    "/tickets",
    "/help",
    "can I export my timesheets to a spreadsheet?",
)


class Nowhere(Console):
    """A console that shows nothing."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(lambda _: None, clock)
        self.sent = 0

    async def send(self, outgoing: Outgoing) -> Sent:
        """Count a message, and show it to nobody."""
        self.sent += 1
        return Sent(id=outgoing.id)


def resident() -> float:
    """Tell the resident memory of this process, in MB."""
    gc.collect()
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


async def open_bot(folder: Path) -> App:
    """Open a bot with every built-in skill on SQLite."""
    settings = {"faq": {"sources": [str(ARTICLES)]}}
    return await open_app(
        Config(
            storage=StorageSettings(url=f"sqlite:{folder / 'bot.sqlite'}"),
            skills=tuple(SkillEntry(name, settings.get(name, {})) for name in BUILT_IN_SKILLS),
        ),
        SystemClock(),
        [Nowhere],
    )


async def send(app: App, first: int, last: int) -> None:
    """Let the requesters say something in turn, ten messages at a time."""
    console = app.adapters["console"]
    assert isinstance(console, Nowhere)
    for start in range(first, last, REQUESTERS):
        for number in range(start, start + REQUESTERS):
            text = SAID[(number // REQUESTERS) % len(SAID)]
            await app.bot.receive(console.event(f"person{number % REQUESTERS}", key=str(number), text=text))
        await app.bot.crew.idle()
    assert console.sent >= last, f"{console.sent} answers to {last} messages"


async def run(*, quick: bool) -> None:
    """Print how memory went."""
    logs.configure()
    messages = 10_000 if quick else 100_000
    with tempfile.TemporaryDirectory() as name:
        app = await open_bot(Path(name))
        await app.start()
        await send(app, 0, WARM_UP)
        before, began = resident(), time.process_time()
        print(f"{'messages':>10}{'resident MB':>14}{'grown by MB':>14}")
        print(f"{0:10,}{before:14.1f}{0:14.1f}   after {WARM_UP:,} messages of warm-up")
        for done in range(messages // 10, messages + 1, messages // 10):
            await send(app, WARM_UP + done - messages // 10, WARM_UP + done)
            now = resident()
            print(f"{done:10,}{now:14.1f}{now - before:14.1f}", flush=True)
        spent = (time.process_time() - began) / messages * 1e6
        print(f"\ngrown by {now - before:.1f} MB (limit {LIMIT:g}); CPU {spent:.0f} µs a message")
        await app.stop()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Measure whether memory grows with history.")
    parser.add_argument("--quick", action="store_true", help="10,000 messages")
    asyncio.run(run(quick=parser.parse_args().quick))
