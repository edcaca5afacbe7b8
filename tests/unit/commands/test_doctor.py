"""`supportbot doctor`: for people and for scripts, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from supportbot.commands.doctor import doctor


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "bot.yaml"
    file.write_text("storage: {url: sqlite:bot.db}\n", "utf-8")
    return file


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(doctor, list(map(str, arguments)))


def test_warnings_alone_are_no_failure(config: Path) -> None:
    looked = run("--config", config)
    assert looked.exit_code == 0
    assert "warning  knowledge" in looked.output
    assert "→ give the skill faq its sources" in looked.output
    assert looked.output.endswith("0 to mend now.\n")


def test_a_problem_is_exit_code_1(config: Path) -> None:
    config.write_text("desk: {relay: shout}\n", "utf-8")
    looked = run("--config", config)
    assert (looked.exit_code, "bot.yaml:1" in looked.output) == (1, True)


def test_scripts_get_one_object(config: Path) -> None:
    told = json.loads(run("--config", config, "--json").output)
    assert told["ok"] is True
    assert {frozenset(finding) for finding in told["findings"]} == {frozenset({"name", "state", "what", "todo"})}


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    looked = run("--config", tmp_path / "nowhere.yaml")
    assert (looked.exit_code, "nowhere.yaml" in looked.output) == (1, True)


def test_the_data_may_be_elsewhere(config: Path, tmp_path: Path) -> None:
    assert str(tmp_path / "elsewhere" / "bot.db") in run("--config", config, "--data", tmp_path / "elsewhere").output


def test_what_mends_several_mistakes_is_said_once(config: Path) -> None:
    config.write_text("desk: {relay: shout}\ncolour: red\n", "utf-8")
    assert run("--config", config).output.count("→ correct it; nothing starts before") == 1
