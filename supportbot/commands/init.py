"""The command that sets up a new bot: it asks what is needed, writes the files, and loads them for real."""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

import click

from supportbot.app import mistakes_of_skills
from supportbot.commands import interview
from supportbot.config import Config, load_config
from supportbot.environment import read_environment
from supportbot.errors import ConfigurationError
from supportbot.knowledge.sources import find_files
from supportbot.scaffold.bot import (
    CONFIG,
    DATA,
    ENVIRONMENT,
    IGNORED,
    KNOWLEDGE,
    UNIT,
    Answers,
    Platform,
    Service,
    StoreKind,
    files_of,
    unit_of,
)
from supportbot.scaffold.placing import NewFile, place, taken


@click.command()
@click.argument("folder", metavar="[DIR]", default=".", type=click.Path(path_type=Path, file_okay=False))
@click.option("--platform", type=click.Choice(get_args(Platform)), help="Where people talk to the bot.")
@click.option("--agents-channel", metavar="ID", help="The channel on that platform where your team works.")
@click.option("--store", type=click.Choice(get_args(StoreKind)), help="What keeps the data; sqlite is for most.")
@click.option("--team", metavar="NAME", help="Whose bot it is: it says so in its greeting.")
@click.option("--article", "articles", metavar="QUESTION ANSWER", nargs=2, multiple=True, help="A first article.")
@click.option("--systemd/--no-systemd", default=None, help="Write a systemd unit, too.")
@click.option("--yes", "-y", is_flag=True, help="Ask nothing: what is not given gets its default.")
@click.option("--force", is_flag=True, help="Replace what is there; .env keeps its lines.")
def init(folder: Path, *, yes: bool, force: bool, systemd: bool | None, **given: Any) -> None:
    """Set up a bot of your own in DIR (or right here): it asks a few questions and writes the files.

    These are a configuration, first articles, and .env for the tokens, which only you can read. What may wait can be
    left empty. A token that is already in the environment is taken from there, so that scripts can hand it over.

    \b
    supportbot init help-desk
    supportbot init help-desk --platform slack --agents-channel C0123456789 --yes
    supportbot init --yes --team "Example Ltd" --article "Are you open?" "Monday to Friday, 9 to 17."
    supportbot init . --systemd --force
    """
    if not yes and not sys.stdin.isatty():
        raise click.UsageError("nobody is there to answer; give the answers as options, and --yes for the rest")
    _check_free(folder, [CONFIG, ENVIRONMENT, *([UNIT] if systemd else [])], force=force)
    known = _variables(folder)
    given |= {"has_articles": bool(find_files([folder / KNOWLEDGE])[0])}
    if yes:
        answers = interview.from_options(given, known)
    else:
        answers = interview.by_asking(given, known)
        if systemd is None:
            systemd = click.confirm("Write a systemd unit, which keeps it running on a server?", default=False)
    files = _files(folder, answers, wants_unit=bool(systemd))
    _check_free(folder, files, force=force)
    place(folder, files, replace=force)
    (folder / DATA).mkdir(mode=0o700, exist_ok=True)
    config = _loaded(folder, answers)
    _tell(folder, files, config, answers)


def _check_free(folder: Path, names: Mapping[str, Any] | list[str], *, force: bool) -> None:
    there = taken(folder, names)
    if there and not force:
        what = f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already in {folder}"
        raise click.UsageError(f"{what}; choose another folder, or --force to replace (.env keeps its lines)")


def _variables(folder: Path) -> Mapping[str, str]:
    """Read what is set already, in the process and in a ``.env`` that is there."""
    return read_environment(folder)


def _files(folder: Path, answers: Answers, *, wants_unit: bool) -> dict[str, NewFile]:
    before = folder / ENVIRONMENT
    files = files_of(answers, environment=before.read_text("utf-8") if before.is_file() else "")
    if (folder / IGNORED).exists():
        del files[IGNORED]  # somebody else's work; what it lacks is told at the end
    if wants_unit:
        files[UNIT] = unit_of(answers, Service(_program(), folder.resolve(), getpass.getuser()))
    return files


def _program() -> Path:
    """Find the command itself, as a machine would start it."""
    beside = Path(sys.executable).with_name("supportbot")
    found = beside if beside.exists() else Path(shutil.which("supportbot") or sys.argv[0])
    return found.absolute()


def _loaded(folder: Path, answers: Answers) -> Config:
    """Load what was written as a start would; what is left for later is as good as there."""
    later = dict.fromkeys(answers.left, "LATER")
    config = load_config(folder / CONFIG, environment={**later, **os.environ})
    if problems := asyncio.run(mistakes_of_skills(config)):
        raise ConfigurationError(problems)
    return config


def _tell(folder: Path, files: Mapping[str, NewFile], config: Config, answers: Answers) -> None:
    """Say what is there now, what is still to be done, and how it goes on."""
    click.echo(f"\nWritten to {folder}, and it loads, with {len(config.skills)} skills:")
    for name in files:
        click.echo(f"  {name}")
    to_do = [f"put {name}=… into {folder / ENVIRONMENT}" for name in answers.left]
    ignored = (folder / IGNORED).read_text("utf-8", errors="replace").split()
    to_do += [f"add a line {line} to {folder / IGNORED}" for line in (ENVIRONMENT, f"{DATA}/") if line not in ignored]
    if UNIT in files and answers.platform == "console":
        to_do.append(f"serve a platform: a service has no terminal, and ends at once; adapters in {folder / CONFIG}")
    if UNIT in files and getpass.getuser() == "root":
        to_do.append(f"give the service a user of its own: User= in {folder / UNIT}, and the folder to that user")
    if to_do:
        click.echo("\nStill to do:")
    for line in to_do:
        click.echo(f"  {line}")
    click.echo("\nNext:")
    for command, purpose in _next(folder, files, answers):
        click.echo(f"  {command:<58} {purpose}".rstrip())


def _next(folder: Path, files: Mapping[str, NewFile], answers: Answers) -> Iterator[tuple[str, str]]:
    config = folder / CONFIG
    yield f"supportbot kb match --kb {folder / KNOWLEDGE}", "what its articles answer"
    yield f"supportbot chat --config {config}", "talk to it in this terminal"
    if "SLACK_BOT_TOKEN" in answers.left:
        yield f"supportbot slack manifest --config {config}", "for api.slack.com/apps, which then gives the tokens"
    if answers.platform == "discord":
        yield f"supportbot discord invite --config {config}", "the link that brings it to your server"
    yield f"supportbot doctor --config {config}", "see whether anything is missing"
    if answers.platform != "console":
        yield f"supportbot run --config {config}", f"serve {answers.platform.capitalize()}"
    if UNIT in files:
        yield f"sudo cp {folder / UNIT} /etc/systemd/system/", "keep it running,"
        yield "sudo systemctl enable --now supportbot", "also after a restart"
