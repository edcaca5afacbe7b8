"""The command line: every command says in its help what it does and shows an example; no traceback ever reaches it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable, Coroutine
from pathlib import Path
from typing import Any, BinaryIO

import click
import msgspec

from supportbot import faults, logs
from supportbot.adapters.console import Console
from supportbot.app import STOP_GRACE, App, mistakes_of_skills, open_app
from supportbot.chat_lines import ChatLines, lines_of_stdin, start_at_kept_time
from supportbot.clock import Clock, SimulatedClock, SystemClock
from supportbot.config import Config, SkillEntry, load_config, skills_despite_mistakes
from supportbot.domain.schema import SCHEMA
from supportbot.errors import ConfigurationError, StoreError, SupportbotError
from supportbot.knowledge.base import Knowledge
from supportbot.knowledge.match_lines import serve_lines
from supportbot.pipeline.isolation import LEFT_BEHIND
from supportbot.samples.paths import ARTICLES
from supportbot.storage.move import move as move_store
from supportbot.storage.open import open_store
from supportbot.version import __version__

CONFIG = click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    help="The configuration file (YAML); without it, the defaults and sample articles.",
)
DATA = click.option("--data", type=click.Path(path_type=Path), help="Keep the data in this folder instead.")
STRICT = click.option(
    "--strict",
    is_flag=True,
    help="Stop when a listed skill cannot be imported (by default it is left out, and said so).",
)

_LONGEST_END = 2.0
"""Seconds that tasks which skills left running have to end."""
_stuck: list[asyncio.Runner] = []
"""Loops that cannot be closed, since a task in them goes on whatever happens."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="supportbot")
def commands() -> None:
    """A support bot for communities and teams: answers, tickets, handoff to a human, and a survey.

    \b
    supportbot demo                       try it in this terminal
    supportbot chat --config bot.yaml     talk to your own bot in this terminal
    supportbot kb match --kb articles/    see what your articles answer
    """


@commands.command()
def demo() -> None:
    """Try the bot with sample articles.

    You are the requester and the agent in turn.

    Everything it stores goes into a folder of its own, which is removed at the end.
    """
    with tempfile.TemporaryDirectory(prefix="supportbot-demo-") as folder:
        config = _with_samples(load_config(None, data=Path(folder)))
        _run(_talk(_with_quick_survey(config), strict=False, is_demo=True))


@commands.command()
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
    config = _configured(config_file, data)
    if config_file is None:
        config = _with_samples(config)
        click.echo(f"No configuration given: the defaults, with the data in {config.storage.url}", err=True)
    if as_json:
        _run(_serve_lines(config, SimulatedClock() if clock == "simulated" else SystemClock(), strict=strict))
    else:
        _run(_talk(config, strict=strict, is_demo=False))


@commands.command()
@CONFIG
@DATA
@STRICT
def run(config_file: Path | None, data: Path | None, strict: bool) -> None:
    """Run the bot on the configured platforms until it is told to stop.

    \b
    supportbot run --config bot.yaml
    """
    config = _configured(config_file, data)
    missing = [name for name in config.adapters.given if name != "console"]
    if missing:
        what = f"adapters.{missing[0]}: this release serves the console only; take it out, and use supportbot chat"
        raise ConfigurationError([what])
    _run(_talk(config, strict=strict, is_demo=False))


@commands.group()
def kb() -> None:
    """Look after the knowledge base."""


@kb.command("match")
@click.option("--kb", "base", type=click.Path(path_type=Path), required=True, help="A file or folder with articles.")
@click.option("--json", "as_json", is_flag=True, help="The default: kept for scripts that say so.")
def kb_match(base: Path, as_json: bool) -> None:  # noqa: ARG001 - lines are JSON either way
    """Show what the articles answer.

    Each line in is a message (a JSON object), each line out says which articles fit and what the bot would do.

    \b
    echo '{"text": "how do I reset my password?"}' | supportbot kb match --kb articles/
    """
    knowledge = Knowledge()
    knowledge.serve([base])
    lines = (raw.decode("utf-8", "surrogateescape") for raw in sys.stdin.buffer)
    serve_lines(knowledge, lines, click.echo)


@commands.command()
@click.argument("source")
@click.argument("target")
def move(source: str, target: str) -> None:
    """Copy a store into another, empty one.

    All of it is read back and checked; the source stays as it is.

    \b
    supportbot move tinydb:supportbot-data sqlite:supportbot.db
    """
    _run(_move(source, target))


async def _move(source: str, target: str) -> None:
    old = await open_store(source, SCHEMA, read_only=True, alone=True)
    try:
        new = await open_store(target, SCHEMA)
        try:
            report = await move_store(old, new)
        finally:
            await new.close()
    finally:
        await old.close()
    click.echo(f"Moved {report.total} items, and read all of them back.")
    click.echo(f"Now set storage.url to {target}; {source} is as it was.")


# --- how ----------------------------------------------------------------------------------------------------------


def _configured(config_file: Path | None, data: Path | None) -> Config:
    """Read the configuration; where it has mistakes, those of its skills and articles are told with them."""
    try:
        return load_config(config_file, data=data)
    except ConfigurationError as error:
        others = asyncio.run(mistakes_of_skills(skills_despite_mistakes(config_file))) if config_file else []
        raise ConfigurationError([*error.problems, *others]) from None


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

    await _until_stopped(app, serve)


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

    await _until_stopped(app, talk)


async def _until_stopped(app: App, work: Callable[[asyncio.Event], Coroutine[Any, Any, None]]) -> None:
    """Do the work until it ends or a signal says to stop; then give it a while to end well, and stop in order."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    stopped, working = asyncio.create_task(stop.wait()), asyncio.create_task(work(stop))
    await asyncio.wait({stopped, working}, return_when=asyncio.FIRST_COMPLETED)
    ended, late = await asyncio.wait({working}, timeout=STOP_GRACE)
    stopped.cancel()
    for task in late:
        task.cancel()
    await app.stop(0 if late else STOP_GRACE)
    for task in ended:
        task.result()


def _tell_failures(app: App) -> None:
    for failure in app.failures:
        click.echo(f"left out: {failure.why}", err=True)
    if app.store.warning:
        click.echo(app.store.warning, err=True)


def _run(work: Awaitable[None]) -> None:
    async def main() -> None:
        await work

    runner = asyncio.Runner()
    try:
        runner.run(main())
    finally:
        if runner.run(_all_end()):
            runner.close()
        else:
            _stuck.append(runner)


async def _all_end() -> bool:
    """Cancel what skills left running; tells whether all of it ended."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    return not others or not (await asyncio.wait(others, timeout=_LONGEST_END))[1]


def main() -> None:
    """Run the command line; what went wrong is said in a sentence, and exit code 2 means the caller can mend it."""
    faults.arm_from_environment()
    logs.configure()
    code = _exit_code()
    threads = [thread for thread in threading.enumerate() if not thread.daemon]
    if threads != [threading.main_thread()] or _stuck or LEFT_BEHIND:
        # Something of a skill still runs, and cannot be stopped; all is stored, so it is not waited for.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _exit_code() -> int:
    try:
        commands(standalone_mode=False)
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return 1
    except ConfigurationError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        return 2
    except SupportbotError as error:
        click.echo(str(error), err=True)
        return 2 if isinstance(error, StoreError) else 1
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the last flush has somewhere to go
    return 0
