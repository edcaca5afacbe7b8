"""The commands that run the bot: in this terminal, by JSON lines, or on the configured platforms."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import click
import msgspec

from supportbot import logs
from supportbot.adapters.console import Console
from supportbot.adapters.open import platforms_of
from supportbot.app import App, Companion, MakeAdapter, open_app
from supportbot.chat_lines import ChatLines, lines_of_stdin, start_at_kept_time
from supportbot.clock import Clock, SimulatedClock, SystemClock
from supportbot.commands import process
from supportbot.commands.options import CONFIG, DATA, RELOAD, STRICT, configured
from supportbot.config import Config, SkillEntry, load_config
from supportbot.health.companions import companions_of
from supportbot.reload import Reload
from supportbot.samples.paths import ARTICLES


@click.command()
def demo() -> None:
    """Try the bot with sample articles.

    You are the requester and the agent in turn.

    Everything it stores goes into a folder of its own, which is removed at the end.

    \b
    supportbot demo
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
@RELOAD
def chat(config_file: Path | None, data: Path | None, *, strict: bool, as_json: bool, clock: str, reload: bool) -> None:
    """Talk to the bot in this terminal, or by JSON lines.

    \b
    supportbot chat --config bot.yaml
    supportbot chat --config bot.yaml --reload
    echo '{"from": "ada", "text": "hi"}' | supportbot chat --json --clock simulated
    """
    config = _in_the_console(configured(config_file, data))
    if config_file is None:
        config = _with_samples(config)
        click.echo(f"No configuration given: the defaults, with the data in {config.storage.url}", err=True)
    if as_json:
        time = SimulatedClock() if clock == "simulated" else SystemClock()
        process.run(_serve_lines(config, time, strict=strict, reload=reload))
    else:
        process.run(_talk(config, strict=strict, reload=reload))


@click.command()
@CONFIG
@DATA
@STRICT
@RELOAD
def run(config_file: Path | None, data: Path | None, strict: bool, reload: bool) -> None:
    """Run the bot on the configured platforms until it is told to stop.

    \b
    supportbot run --config bot.yaml
    """
    config = configured(config_file, data)
    platforms = platforms_of(config)
    logs.configure(config.logs.level, config.logs.format)
    if config.adapters.console:
        process.run(_talk(config, platforms, strict=strict, reload=reload, companions=companions_of(config)))
    else:
        process.run(_serve(config, platforms, strict=strict, reload=reload))


# --- how ----------------------------------------------------------------------------------------------------------


def _in_the_console(config: Config) -> Config:
    """Bring the agents here, too: who talks to the bot of a platform in the terminal is on neither."""
    return msgspec.structs.replace(config, desk=msgspec.structs.replace(config.desk, agents_channel="console"))


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


async def _serve_lines(config: Config, clock: Clock, *, strict: bool, reload: bool) -> None:
    lines = _own_output()

    def write(line: dict[str, Any]) -> None:
        lines.write(msgspec.json.encode(line) + b"\n")
        lines.flush()

    console = Console(write, clock)
    app = await open_app(config, clock, [lambda _: console], strict=strict)
    _tell_failures(app)
    reloading = Reload(lambda words: click.echo(words, err=True)) if reload else None
    app.companions = [reloading] if reloading else []

    async def serve(stop: asyncio.Event) -> None:
        if isinstance(clock, SimulatedClock):
            await start_at_kept_time(app, clock)
        else:
            await app.start()
        taken = lines_of_stdin(stop)
        await ChatLines(app, console, write).serve(reloading.ahead_of(taken) if reloading else taken)

    await process.until_stopped(app, serve)


def _own_output() -> BinaryIO:
    """Keep standard output for the lines alone: whatever a skill prints goes to standard error."""
    sys.stdout.flush()
    lines = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return lines


async def _serve(config: Config, platforms: Sequence[MakeAdapter], *, strict: bool, reload: bool) -> None:
    """Serve the platforms until a signal says to stop."""
    app = await open_app(config, SystemClock(), platforms, strict=strict)
    _tell_failures(app)
    reloading = Reload(lambda words: click.echo(words, err=True)) if reload else None
    app.companions = [*companions_of(config), *([reloading] if reloading else [])]

    async def serve(stop: asyncio.Event) -> None:
        await app.start()
        await stop.wait()

    await process.until_stopped(app, serve)


async def _talk(
    config: Config,
    platforms: Sequence[MakeAdapter] = (),
    *,
    strict: bool,
    is_demo: bool = False,
    reload: bool = False,
    companions: Sequence[Companion] = (),
) -> None:
    from supportbot.terminal import Terminal  # noqa: PLC0415 - it brings rich, which lines of JSON do without

    clock = SystemClock()
    terminal = Terminal(clock, is_demo=is_demo)
    app = await open_app(config, clock, [lambda _: terminal.console, *platforms], strict=strict)
    _tell_failures(app)

    reloading = Reload(terminal.show_notice) if reload else None
    app.companions = [*companions, reloading] if reloading else companions
    app.bot.running.on_failure = terminal.show_failure

    async def talk(stop: asyncio.Event) -> None:
        await app.start()
        typed = lines_of_stdin(stop)
        await terminal.talk(app, reloading.ahead_of(typed) if reloading else typed)

    await process.until_stopped(app, talk)


def _tell_failures(app: App) -> None:
    for failure in app.failures:
        click.echo(f"left out: {failure.why}", err=True)
    if app.store.warning:
        click.echo(app.store.warning, err=True)
