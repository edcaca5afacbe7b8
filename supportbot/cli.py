"""The command line: every command says in its help what it does and shows an example; no traceback ever reaches it."""

from __future__ import annotations

import importlib
import os
import platform
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path

import click

from supportbot import faults, logs
from supportbot.commands import process
from supportbot.errors import BadToken, ConfigurationError, StoreError, SupportbotError
from supportbot.pipeline.isolation import LEFT_BEHIND
from supportbot.version import __version__

COMMANDS: Mapping[str, str] = {
    "demo": "talk:demo",
    "init": "init:init",
    "chat": "talk:chat",
    "run": "talk:run",
    "new": "new:new",
    "skills": "skills:skills",
    "kb": "kb:kb",
    "texts": "texts:texts",
    "schema": "schema:schema",
    "dialogues": "dialogues:dialogues",
    "capture": "capture:capture",
    "doctor": "doctor:doctor",
    "slack": "slack:slack",
    "discord": "discord:discord",
    "retry": "retry:retry",
    "backup": "data:backup",
    "restore": "data:restore",
    "export": "data:export",
    "erase": "data:erase",
    "move": "move:move",
    "completion": "completion:completion",
}
"""Each command and where it is, below ``supportbot.commands``, in the order of the help."""

TRACE = "SUPPORTBOT_TRACE"
"""The variable that shows where in the code a mistake of our own was made."""
_HOME = Path(__file__).parent
_INTERRUPTED = 130
"""What a shell expects of a program that Ctrl-C ended."""


class Commands(click.Group):
    """A group whose commands are imported when they are called, so that none pays for the others."""

    def list_commands(self, _context: click.Context) -> list[str]:
        """Name the commands, in the order that a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, _context: click.Context, name: str) -> click.Command | None:
        """Import a command."""
        module, _, attribute = COMMANDS.get(name, "").partition(":")
        if not attribute:
            return None
        found = getattr(importlib.import_module(f"supportbot.commands.{module}"), attribute)
        assert isinstance(found, click.Command)  # noqa: S101 - the table above is held by a test
        return found

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called; for one that is not there, the nearest is named."""
        try:
            return super().resolve_command(context, arguments)
        except click.exceptions.NoSuchCommand as error:
            raise click.exceptions.NoSuchCommand(
                error.command_name, possibilities=list(COMMANDS), ctx=context
            ) from None


def _show_version(context: click.Context, _option: click.Parameter, wanted: bool) -> None:
    """Say all that a report needs: the release, and what it runs on."""
    if wanted and not context.resilient_parsing:
        click.echo(f"supportbot {__version__}")
        click.echo(f"Python {platform.python_version()}, {platform.system()} {platform.release()} {platform.machine()}")
        context.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--version", is_flag=True, expose_value=False, is_eager=True, callback=_show_version,
              help="Say which release this is, and what it runs on.")  # fmt: skip
def supportbot() -> None:
    """A support bot for communities and teams: answers, tickets, handoff to a human, and a survey.

    \b
    supportbot demo                           try it in this terminal
    supportbot init help-desk                 set up a bot of your own
    supportbot chat --config config.yaml      talk to it in this terminal
    supportbot kb match --kb knowledge        see what your articles answer
    supportbot COMMAND --help                 what a command does, with examples
    """


def main() -> None:
    """Run the command line; what went wrong is said in a sentence, and exit code 2 means the caller can mend it."""
    faults.arm_from_environment()
    logs.configure()
    logs.tame()
    code = _exit_code()
    threads = [thread for thread in threading.enumerate() if not thread.daemon]
    if threads != [threading.main_thread()] or process.STUCK or LEFT_BEHIND:
        # Something of a skill still runs, and cannot be stopped; all is stored, so it is not waited for.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    sys.exit(code)


def _exit_code() -> int:
    try:
        result = supportbot(standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.Exit as end:
        return end.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the last flush has somewhere to go
        return 0
    except (click.Abort, KeyboardInterrupt, SupportbotError, OSError) as error:
        return _told(error)
    except Exception as error:  # noqa: BLE001 - the last border: whatever it was, a person reads a sentence
        return _told_as_ours(error)


def _told(error: click.Abort | KeyboardInterrupt | SupportbotError | OSError) -> int:
    """Say what went wrong outside of our own code; tells the exit code."""
    if isinstance(error, KeyboardInterrupt) or isinstance(error.__context__, KeyboardInterrupt):
        return _INTERRUPTED
    if isinstance(error, click.Abort):  # what click makes of an interrupt, of an input that ends, and of a "no"
        if isinstance(error.__context__, EOFError):
            click.echo("The input ended before everything was answered.", err=True)
        return 1
    if isinstance(error, ConfigurationError):
        for problem in error.problems:
            click.echo(logs.masked(problem), err=True)
        return 2
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        click.echo(f"{where}{error.strerror or type(error).__name__}", err=True)
        return 1
    click.echo(logs.masked(str(error)), err=True)
    return 2 if isinstance(error, (StoreError, BadToken)) else 1


def _told_as_ours(error: Exception) -> int:
    """Say that this is a mistake of ours, and how to report it; the error's own words may be secret, so they wait."""
    if os.environ.get(TRACE):
        traceback.print_exception(error)
    trace = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in trace if Path(frame.filename).is_relative_to(_HOME)][-1]
    what = f"{type(error).__name__} at {Path(ours.filename).relative_to(_HOME)}:{ours.lineno}"
    click.echo(f"This is a mistake in supportbot {__version__}, not yours: {what}.", err=True)
    hint = "" if os.environ.get(TRACE) else f" With {TRACE}=1 before the command, it shows where it came from."
    click.echo(f"Please report that line and what you ran to where you got supportbot from.{hint}", err=True)
    return 1
