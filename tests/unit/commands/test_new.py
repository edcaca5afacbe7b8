"""The command `new skill`: what it writes works at once, and nothing that was there is changed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from supportbot.cli import supportbot
from supportbot.config import BUILT_IN_SKILLS, load_config
from supportbot.plugins import find_skills
from supportbot.skills.base import name_of


def new_skill(name: str, folder: Path) -> Result:
    return CliRunner().invoke(supportbot, ["new", "skill", name, "--in", str(folder)])


def configuration_in(printed: str) -> str:
    """Take out the lines that are to be written into the configuration."""
    lines = printed.partition("config.yaml:\n\n")[2].partition("\n\n")[0].splitlines()
    return "".join(f"{line.removeprefix('       ')}\n" for line in lines)


@pytest.mark.parametrize("name", ["parcel_status", "order_2"])
def test_the_test_it_writes_passes_and_the_lines_it_prints_load_it(tmp_path: Path, name: str) -> None:
    result = new_skill(name, tmp_path)
    assert result.exit_code == 0
    pytest_run = [sys.executable, "-W", "error", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    ran = subprocess.run(pytest_run, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3 passed" in ran.stdout

    (tmp_path / "config.yaml").write_text(configuration_in(result.output), "utf-8")
    loaded, mistakes = find_skills(load_config(tmp_path / "config.yaml"))
    assert (loaded.failures, mistakes) == ([], [])
    assert [name_of(type(skill)) for skill in loaded.skills] == [name, *BUILT_IN_SKILLS, "fallback"]


def test_what_it_writes_is_as_tidy_as_our_own_code(tmp_path: Path) -> None:
    new_skill("parcel_status", tmp_path)
    new_skill("order_2", tmp_path)
    root = Path(__file__).parents[3]
    for check in (["check", "--ignore", "S101,INP001"], ["format", "--check"]):
        ran = [
            sys.executable,
            "-m",
            "ruff",
            *check,
            "--no-cache",
            "--config",
            str(root / "pyproject.toml"),
            str(tmp_path),
        ]
        finished = subprocess.run(ran, capture_output=True, text=True, check=False)
        if "No module named ruff" in finished.stderr:
            pytest.skip("ruff comes with the dev extra")
        assert finished.returncode == 0, finished.stdout


def test_nothing_that_is_there_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / "skills").mkdir()
    (tmp_path / "skills" / "test_pizza.py").write_text("mine", "utf-8")
    result = new_skill("pizza", tmp_path)
    assert result.exit_code == 2
    assert "test_pizza.py: there already" in result.output
    assert [path.name for path in (tmp_path / "skills").iterdir()] == ["test_pizza.py"]
    assert (tmp_path / "skills" / "test_pizza.py").read_text("utf-8") == "mine"


def test_settings_of_pytest_that_are_there_stay_and_what_they_lack_is_said(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\n", "utf-8")
    output = new_skill("pizza", tmp_path).output
    assert not (tmp_path / "pytest.ini").exists()
    assert f"asyncio_mode = auto in the section for pytest of {tmp_path / 'pyproject.toml'}" in output
    (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\nasyncio_mode = "auto"\n', "utf-8")
    assert "asyncio_mode" not in new_skill("pasta", tmp_path).output


@pytest.mark.parametrize(
    ("there", "lines"),
    [
        ("skills: [help]\nskill_paths: [skills]\n", {"skills": [{"pizza": {"limit": 10}}]}),
        ("skills: [help]\nskill_paths: [own]\n", {"skill_paths": ["own", "skills"]}),
        ("skills: [help]\n", {"skill_paths": ["skills"], "skills": [{"pizza": {"limit": 10}}]}),
        ("storage: {url: 'tinydb:data'}\n", {"skills": [{"pizza": {"limit": 10}}, *BUILT_IN_SKILLS]}),
        ("[not, a mapping", {"skill_paths": ["skills"]}),
    ],
    ids=["all but the name", "other folders", "a list", "no list", "no YAML"],
)
def test_the_lines_fit_what_the_configuration_says_which_stays_as_it_is(
    tmp_path: Path, there: str, lines: dict[str, object]
) -> None:
    (tmp_path / "config.yaml").write_text(there, "utf-8")
    printed = yaml.safe_load(configuration_in(new_skill("pizza", tmp_path).output))
    assert {key: printed.get(key) for key in lines} == lines
    assert (tmp_path / "config.yaml").read_text("utf-8") == there


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("OrderStatus", "order_status"),
        ("order status", "order_status"),
        ("2nd", "small letters"),
        ("../pizza", "pizza"),
        ("greeting", "my_greeting"),
        ("fallback", "my_fallback"),
        ("json", "json_skill"),
        ("class", "class_skill"),
        ("test_pizza", "pizza_skill"),
    ],
)
def test_a_name_that_would_not_work_is_refused_with_one_that_does(tmp_path: Path, name: str, mend: str) -> None:
    result = new_skill(name, tmp_path)
    assert result.exit_code == 2
    assert mend in result.output
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "skills").write_text("", "utf-8")
    result = new_skill("pizza", tmp_path)
    assert result.exit_code == 1
    assert "cannot be written" in result.output
