"""How a command finds its configuration, and how mistakes in it are told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from supportbot.commands.data import backup
from supportbot.commands.doctor import doctor
from supportbot.commands.options import configured
from supportbot.commands.schema import schema
from supportbot.commands.texts import texts
from supportbot.errors import ConfigurationError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in a folder of the test's own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_configuration_that_lies_here_is_taken(here: Path) -> None:
    (here / "config.yaml").write_text("storage: {url: sqlite:mine.db}\n", "utf-8")
    assert "config.yaml: no mistakes" in CliRunner().invoke(doctor).output


def test_one_that_is_named_wins(here: Path) -> None:
    (here / "config.yaml").write_text("colour: red\n", "utf-8")
    (here / "other.yaml").write_text("storage: {url: sqlite:other.db}\n", "utf-8")
    assert "other.yaml: no mistakes" in CliRunner().invoke(doctor, ["--config", "other.yaml"]).output


def test_a_backup_in_the_folder_of_a_bot_is_never_one_of_an_empty_store(here: Path) -> None:
    (here / "config.yaml").write_text("colour: red\n", "utf-8")
    assert isinstance(CliRunner().invoke(backup, ["monday.backup"]).exception, ConfigurationError)
    assert not (here / "monday.backup").exists()


def test_where_none_lies_here_it_is_the_defaults() -> None:
    assert "the defaults: no mistakes" in CliRunner().invoke(doctor).output


def test_what_helps_to_mend_a_configuration_does_not_fail_with_it(here: Path) -> None:
    (here / "config.yaml").write_text("colour: red\n", "utf-8")
    assert json.loads(CliRunner().invoke(schema).output)["$schema"]
    assert "greeting.hello" in CliRunner().invoke(texts).output


def test_mistakes_are_told_from_the_top_down(here: Path) -> None:
    file = here / "bot.yaml"
    file.write_text("skills:\n  - survey: {delay: soon}\nskill_paths: [nowhere]\ncolour: red\n", "utf-8")
    with pytest.raises(ConfigurationError) as wrong:
        configured(file, None)
    assert [problem.removeprefix(f"{file}:").partition(":")[0] for problem in wrong.value.problems] == ["2", "3", "4"]
