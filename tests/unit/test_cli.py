"""The face of the command line: help that teaches, mistakes told in a sentence, and never a traceback."""

from __future__ import annotations

import inspect
import json
import os
import platform
import random
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import pytest

import supportbot
from supportbot.cli import COMMANDS
from supportbot.cli import supportbot as group
from supportbot.version import __version__

ROOT = Path(supportbot.__file__).parents[1]
MAIN = "from supportbot.cli import main; main()"


def run(*arguments: str, script: str = MAIN, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", script, *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        check=False,
    )


class Place(NamedTuple):
    """A command, and how it is reached."""

    path: tuple[str, ...]
    command: click.Command
    context: click.Context


def places(command: click.Command, context: click.Context, path: tuple[str, ...] = ()) -> Iterator[Place]:
    yield Place(path, command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None, f"{name} is in the table and nowhere else"
            yield from places(inner, click.Context(inner, parent=context, info_name=name), (*path, name))


ALL = list(places(group, click.Context(group, info_name="supportbot")))
CALLED = [place for place in ALL if not isinstance(place.command, click.Group)]


def named(found: list[Place]) -> list[str]:
    return [" ".join(place.path) or "supportbot" for place in found]


# --- help ---------------------------------------------------------------------------------------------------------


def examples(command: click.Command) -> list[list[str]]:
    """Take the example lines out of a command's help: what follows `supportbot` on each."""
    line = re.compile(r"^(?:[^\n#]*?(?:<\(|\| |; |=\S+ ))?supportbot ([^\n|)>]*)", re.MULTILINE)
    found = line.findall(inspect.cleandoc(command.help or ""))
    return [shlex.split(re.split(r"\s{3,}| <", line)[0]) for line in found]


@pytest.mark.parametrize("place", CALLED, ids=named(CALLED))
def test_the_help_of_each_command_teaches_with_an_example_that_can_be_typed(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = examples(place.command)
    own = [words[len(place.path) :] for words in shown if tuple(words[: len(place.path)]) == place.path]
    assert own, f"show an example below \\b in the help of supportbot {' '.join(place.path)}"
    monkeypatch.setattr(click.Path, "convert", lambda _path, value, *_: value)  # the example's files are not here
    for words in own:
        place.command.make_context(place.path[-1], words, parent=place.context.parent)


@pytest.mark.parametrize("place", ALL, ids=named(ALL))
def test_the_help_says_in_a_sentence_what_it_is_about_and_what_each_option_does(place: Place) -> None:
    assert (place.command.help or "").partition("\n")[0].rstrip()[-1:] in ".:"
    for part in place.command.params:
        assert not isinstance(part, click.Option) or part.help, f"{part.name} says nothing"


def test_every_example_in_the_first_help_is_a_command() -> None:
    for words in examples(group):
        assert words[0] in (*COMMANDS, "COMMAND")


def test_the_version_says_what_a_report_needs() -> None:
    said = run("--version").stdout
    assert said.startswith(f"supportbot {__version__}\n")
    assert platform.python_version() in said
    assert platform.machine() in said


# --- mistakes of the caller ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "meant"),
    [(["shat"], "chat"), (["complete"], "completion"), (["inti"], "init"), (["kb", "macth"], "match")],
)
def test_the_nearest_command_is_named_when_there_is_none_of_that_name(words: list[str], meant: str) -> None:
    done = run(*words)
    assert done.returncode == 2
    assert f"No such command '{words[-1]}'" in done.stderr
    assert meant in done.stderr.partition("No such command")[2]


def test_the_nearest_option_is_named_too() -> None:
    done = run("chat", "--jsn")
    assert (done.returncode, "--json" in done.stderr) == (2, True)


WORDS = ("", " ", "-", "--", "---", "--=", "-x", "--no-such", "no-such", "/dev/null/x", "a" * 5000, "%s %n",
         "${HOME}", "$(id)", "🚀", "\udcff", "-1", "1e999", "null", "{}", "tinydb:", "sqlite:", ":", "tinydb:/dev/null",
         "postgresql://", "x:y", "config.yaml", "broken.yaml", ".", "*", "\n", "--help=", "--version=1")  # fmt: skip
RUN_ALL = """
import contextlib, io, json, os, signal, sys
from supportbot import cli
os.chdir(sys.argv[1])
cases = json.load(open("cases.json"))
def late(*_):
    raise TimeoutError
signal.signal(signal.SIGALRM, late)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
told = []
for words in cases:
    sys.argv = ["supportbot", *words]
    said = io.TextIOWrapper(io.BytesIO(), "utf-8", "backslashreplace")
    signal.alarm(20)
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            code = cli._exit_code()
    except SystemExit as end:
        code = end.code
    except BaseException as error:
        code = repr(error)
    signal.alarm(0)
    said.flush()
    told.append([words, code, said.buffer.getvalue().decode("utf-8", "replace")])
json.dump(told, open("told.json", "w"))
"""


ENDING = {("init",), ("texts",), ("schema",), ("move",), ("completion",), ("kb", "match"), ("skills",), ("export",)}
"""Commands that end whatever they are given, so that words which may happen to fit can be tried on them."""


def odd_calls(seed: int, count: int) -> Iterator[list[str]]:
    """Make up calls of all commands; those that would go on for ever have a word that cannot be right."""
    chance = random.Random(seed)
    for _ in range(count):
        place = chance.choice(ALL)
        known = [name for part in place.command.params for name in part.opts if name.startswith("-")]
        words = [chance.choice([*WORDS, *known]) for _ in range(chance.randint(0, 4))]
        yield [*place.path, *words, *([] if place.path in ENDING else ["--no-such"])]


@pytest.mark.parametrize("count", [300, pytest.param(10_000, marks=pytest.mark.full)])
def test_no_call_ends_in_a_traceback(tmp_path: Path, count: int) -> None:
    (tmp_path / "broken.yaml").write_text("desk: {relai: [}", "utf-8")
    (tmp_path / "cases.json").write_text(json.dumps(list(odd_calls(7, count))), "utf-8")
    done = run(str(tmp_path), script=RUN_ALL)
    assert done.returncode == 0, done.stderr
    for words, code, said in json.loads((tmp_path / "told.json").read_text("utf-8")):
        assert code in (0, 1, 2), (words, code)
        assert code == 0 or said.strip(), (words, "says nothing")
        assert "Traceback" not in said, words
        assert "This is a mistake in supportbot" not in said, (words, said)


@pytest.mark.parametrize(
    "words",
    [
        ["chat", "--config", "broken.yaml"],
        ["chat", "--config", "."],
        ["chat", "--config", ""],
        ["schema", "--config", "gone.yaml"],
        ["texts", "--config", "broken.yaml"],
        ["kb", "match", "--kb", "gone"],
        ["move", "nonsense", "sqlite:a.db"],
        ["move", "sqlite:gone.db", "sqlite:a.db"],
        ["move", "tinydb:gone", "x"],
        ["init", "broken.yaml", "--yes"],
        ["init", "broken.yaml/x", "--yes"],
        ["completion", "csh"],
        ["completion"],
    ],
    ids=" ".join,
)
def test_a_place_that_does_not_fit_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    (tmp_path / "broken.yaml").write_text("desk: {relai: [}", "utf-8")
    monkeypatch.chdir(tmp_path)
    done = run(*words)
    assert done.returncode in (1, 2)
    assert "Traceback" not in done.stderr
    assert "This is a mistake in supportbot" not in done.stderr
    assert done.stderr.strip()


# --- mistakes of our own, and interrupts --------------------------------------------------------------------------

BROKEN = """
import click
from supportbot import cli
from supportbot.commands import move
def broken(**_):
    raise {error}
move.move.callback = broken
cli.main()
"""


def test_a_mistake_of_our_own_is_a_sentence_with_its_place_and_nobodys_words() -> None:
    done = run("move", "a", "b", script=BROKEN.format(error="KeyError('xoxb-secret')"))
    assert done.returncode == 1
    first, second = done.stderr.splitlines()
    assert re.fullmatch(
        rf"This is a mistake in supportbot {__version__}, not yours: KeyError at [\w/]+\.py:\d+\.", first
    )
    assert "Please report that line" in second
    assert "SUPPORTBOT_TRACE=1" in second
    assert "xoxb-secret" not in done.stderr


def test_its_trace_is_shown_to_who_asks_for_it() -> None:
    done = run("move", "a", "b", script=BROKEN.format(error="KeyError('k')"), SUPPORTBOT_TRACE="1")
    assert (done.returncode, "Traceback" in done.stderr) == (1, True)
    assert "With SUPPORTBOT_TRACE=1" not in done.stderr


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        ("KeyboardInterrupt", 130, ""),
        ("EOFError", 1, "\nThe input ended before everything was answered.\n"),
        ("click.Abort", 1, ""),
        ("click.exceptions.Exit(3)", 3, ""),
        ("PermissionError(13, 'Permission denied', 'a.db')", 1, "a.db: Permission denied\n"),
        ("OSError(28, 'No space left on device')", 1, "No space left on device\n"),
    ],
)
def test_what_is_nobodys_mistake_ends_quietly(error: str, code: int, said: str) -> None:
    done = run("move", "a", "b", script=BROKEN.format(error=error))
    assert (done.returncode, done.stderr.strip("\n")) == (code, said.strip("\n"))


def test_the_command_line_itself_loads_nothing_heavy() -> None:
    script = "import sys, supportbot.cli; print(*sys.modules)"
    loaded = set(run(script=script).stdout.split())
    assert not {"rich", "numpy", "tinydb", "slack_sdk", "discord", "jsonschema", "hypothesis"} & loaded
