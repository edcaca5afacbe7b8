"""Completion in the shells themselves: what they offer after a TAB, without any Python."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from supportbot.cli import COMMANDS, supportbot

SHELLS = ("bash", "zsh", "fish")


def script(shell: str) -> str:
    done = CliRunner().invoke(supportbot, ["completion", shell])
    assert done.exit_code == 0
    return done.output


def run(shell: str, lines: str, folder: Path) -> str:
    if not shutil.which(shell):
        pytest.skip(f"{shell} is not there")
    ran = subprocess.run([shell, "-c", lines], capture_output=True, text=True, cwd=folder, check=False)
    assert ran.stderr == ""
    return ran.stdout


def offered(shell: str, line: str, folder: Path) -> set[str]:
    """Ask a shell what it offers at the end of a line; nothing named supportbot can be run there."""
    (folder / "script").write_text(script(shell))
    if shell == "fish":
        return {
            part.split("\t")[0] for part in run(shell, f"source ./script; complete -C '{line}'", folder).splitlines()
        }
    words = " ".join(f"'{word}'" for word in line.split(" "))
    place = f"COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}}-1))"
    asked = f"{place}; _supportbot; printf '%s\\n' \"${{COMPREPLY[@]}}\""
    return set(run(shell, f"source ./script; {asked}", folder).splitlines()) - {""}


LINES = [
    ("supportbot comp", {"completion"}),
    ("supportbot kb m", {"match"}),
    ("supportbot init --platform ", {"console", "slack", "discord"}),
    ("supportbot chat --clock s", {"simulated"}),
    ("supportbot chat --clo", {"--clock"}),
    ("supportbot completion ", {"bash", "zsh", "fish"}),
    ("supportbot chat --config ai", {"ai rules.yaml", "aids.yaml"}),
    ("supportbot init --team ", set()),
]


@pytest.mark.parametrize(("line", "words"), LINES, ids=[line for line, _ in LINES])
@pytest.mark.parametrize("shell", ["bash", "fish"])
def test_a_shell_offers_what_may_follow(tmp_path: Path, shell: str, line: str, words: set[str]) -> None:
    (tmp_path / "ai rules.yaml").touch()
    (tmp_path / "aids.yaml").touch()
    assert {word for word in offered(shell, line, tmp_path) if word not in ("--help", "script")} == words


@pytest.mark.parametrize("shell", SHELLS)
def test_every_shell_can_read_its_script(tmp_path: Path, shell: str) -> None:
    (tmp_path / "script").write_text(script(shell))
    run(shell, f"{shell} -n script", tmp_path)


@pytest.mark.parametrize("shell", SHELLS)
def test_every_command_is_in_the_script_and_python_is_not(shell: str) -> None:
    text = script(shell)
    assert all(name in text for name in COMMANDS)
    assert "$(supportbot" not in text
    assert "_SUPPORTBOT_COMPLETE" not in text
