"""The commands that run the bot: in this terminal, by JSON lines, or on the configured platforms."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

import click
import msgspec

from supportbot.adapters.console import Console
from supportbot.app import App, open_app
from supportbot.chat_lines import ChatLines, lines_of_stdin, start_at_kept_time
from supportbot.clock import Clock, SimulatedClock, SystemClock
from supportbot.commands import process
from supportbot.commands.options import CONFIG, DATA, STRICT, configured
from supportbot.config import Config, SkillEntry, load_config
from supportbot.errors import ConfigurationError
from supportbot.samples.paths import ARTICLES


@click.command()
def demo() -> None:
    """Try the bot with sample articles.

    You are the requester and the agent in turn.

    Everything it stores goes into a folder of its own, which is removed at the end.
    """
    with tempfile.TemporaryDirectory(prefix="supportbot-demo-") as folder:
        config = _with_samples(load_config(None, data=Path(folder)))
        process.run(_talk(_with_quick_survey(config), strict=False, is_demo=True))


@click.command()
@CONFIG
@DATA
@STRICT
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line in and out, for scripts.")
@click.option(
    "--clock",
    type=click.Choice(["real", "simulated"]),
    default="real",
    help='simulated: time stands still until a line {"advance": "10m"} moves it (with --json).',
)
def chat(config_file: Path | None, data: Path | None, strict: bool, as_json: bool, clock: str) -> None:
    """Talk to the bot in this terminal, or by JSON lines.

    \b
    supportbot chat --config bot.yaml
    echo '{"from": "ada", "text": "hi"}' | supportbot chat --json --clock simulated
    """
    config = configured(config_file, data)
    if config_file is None:
        config = _with_samples(config)
        click.echo(f"No configuration given: the defaults, with the data in {config.storage.url}", err=True)
    if as_json:
        process.run(_serve_lines(config, SimulatedClock() if clock == "simulated" else SystemClock(), strict=strict))
    else:
        process.run(_talk(config, strict=strict, is_demo=False))


@click.command()
@CONFIG
@DATA
@STRICT
def run(config_file: Path | None, data: Path | None, strict: bool) -> None:
    """Run the bot on the configured platforms until it is told to stop.

    \b
    supportbot run --config bot.yaml
    """
    config = configured(config_file, data)
    missing = [name for name in config.adapters.given if name != "console"]
    if missing:
        what = f"adapters.{missing[0]}: this release serves the console only; take it out, and use supportbot chat"
        raise ConfigurationError([what])
    process.run(_talk(config, strict=strict, is_demo=False))


# --- how ----------------------------------------------------------------------------------------------------------


def _with_samples(config: Config) -> Config:
    skills = tuple(
        SkillEntry("faq", {"sources": [str(ARTICLES)]}) if entry.name == "faq" and not entry.settings else entry
        for entry in config.skills
    )
    return msgspec.structs.replace(config, skills=skills)


def _with_quick_survey(config: Config) -> Config:
    """Let the survey come while somebody still looks."""
    skills = tuple(SkillEntry("survey", {"delay": "5s"}) if e.name == "survey" else e for e in config.skills)
    return msgspec.structs.replace(config, skills=skills)


async def _serve_lines(config: Config, clock: Clock, *, strict: bool) -> None:
    lines = _own_output()

    def write(line: dict[str, Any]) -> None:
        lines.write(msgspec.json.encode(line) + b"\n")
        lines.flush()

    console = Console(write, clock)
    app = await open_app(config, clock, [lambda _: console], strict=strict)
    _tell_failures(app)

    async def serve(stop: asyncio.Event) -> None:
        if isinstance(clock, SimulatedClock):
            await start_at_kept_time(app, clock)
        else:
            await app.start()
        await ChatLines(app, console, write).serve(lines_of_stdin(stop))

    await process.until_stopped(app, serve)


def _own_output() -> BinaryIO:
    """Keep standard output for the lines alone: whatever a skill prints goes to standard error."""
    sys.stdout.flush()
    lines = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return lines


async def _talk(config: Config, *, strict: bool, is_demo: bool) -> None:
    from supportbot.terminal import Terminal  # noqa: PLC0415 - it brings rich, which lines of JSON do without

    clock = SystemClock()
    terminal = Terminal(clock, is_demo=is_demo)
    app = await open_app(config, clock, [lambda _: terminal.console], strict=strict)
    _tell_failures(app)

    app.bot.running.on_failure = terminal.show_failure

    async def talk(stop: asyncio.Event) -> None:
        await app.start()
        await terminal.talk(app, lines_of_stdin(stop))

    await process.until_stopped(app, talk)


def _tell_failures(app: App) -> None:
    for failure in app.failures:
        click.echo(f"left out: {failure.why}", err=True)
    if app.store.warning:
        click.echo(app.store.warning, err=True)
