"""The command line: every command says in its help what it does and shows an example; no traceback ever reaches it."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Mapping

import click

from supportbot import faults, logs
from supportbot.commands import process
from supportbot.errors import ConfigurationError, StoreError, SupportbotError
from supportbot.pipeline.isolation import LEFT_BEHIND
from supportbot.version import __version__

COMMANDS: Mapping[str, str] = {
    "demo": "talk:demo",
    "chat": "talk:chat",
    "run": "talk:run",
    "kb": "kb:kb",
    "move": "move:move",
}
"""Each command and where it is, below ``supportbot.commands``, in the order of the help."""


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


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="supportbot")
def supportbot() -> None:
    """A support bot for communities and teams: answers, tickets, handoff to a human, and a survey.

    \b
    supportbot demo                       try it in this terminal
    supportbot chat --config bot.yaml     talk to your own bot in this terminal
    supportbot kb match --kb articles/    see what your articles answer
    """


def main() -> None:
    """Run the command line; what went wrong is said in a sentence, and exit code 2 means the caller can mend it."""
    faults.arm_from_environment()
    logs.configure()
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
        supportbot(standalone_mode=False)
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
