"""Plugins: skills are found by their names, and what does not work is told with its place while the others run."""

from __future__ import annotations

from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from supportbot import plugins
from supportbot.config import Config, load_config
from supportbot.errors import ConfigurationError
from supportbot.plugins import load_skills
from supportbot.skills.base import name_of

GOOD = """
from supportbot import Settings, Skill, Turn, match, on

class PizzaSettings(Settings):
    size: int = 30

class Pizza(Skill[PizzaSettings]):
    @on.message(match.words("pizza"))
    async def pizza(self, turn: Turn) -> str:
        return f"{self.settings.size} cm"
"""


def configured(folder: Path, skills: str) -> Config:
    """Write and read a configuration whose skills are these."""
    file = folder / "config.yaml"
    file.write_text(f"skill_paths: [mine]\nskills: {skills}\n", "utf-8")
    (folder / "mine").mkdir(exist_ok=True)
    return load_config(file)


def put(folder: Path, name: str, text: str) -> Path:
    path = folder / "mine" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    return path


def names(config: Config) -> list[str]:
    return [name_of(type(skill)) for skill in load_skills(config).skills]


def problems(config: Config) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_skills(config)
    return caught.value.problems


# --- what is found ------------------------------------------------------------------------------------------------


def test_skills_are_loaded_in_their_order_and_the_fallback_is_always_there_last(tmp_path: Path) -> None:
    assert names(configured(tmp_path, "[help, greeting]")) == ["help", "greeting", "fallback"]
    assert names(configured(tmp_path, "[fallback, greeting]")) == ["greeting", "fallback"]
    assert names(configured(tmp_path, "[]")) == ["fallback"]


@pytest.mark.parametrize("name", ["pizza.py", "pizza/__init__.py"])
def test_a_file_or_a_folder_in_skill_paths_is_found_by_its_name_and_gets_its_settings(
    tmp_path: Path, name: str
) -> None:
    put(tmp_path, name, GOOD)
    skill, _ = load_skills(configured(tmp_path, "[pizza: {size: 40}]")).skills
    assert skill.settings.size == 40


def test_a_skill_of_ones_own_may_stand_in_for_a_built_in_one(tmp_path: Path) -> None:
    put(tmp_path, "greeting.py", GOOD.replace("class Pizza(", "class Greeting("))
    skill, _ = load_skills(configured(tmp_path, "[greeting]")).skills
    assert type(skill).__module__ != "supportbot.skills.greeting"


def test_a_skills_name_is_its_classs_in_snake_case_unless_it_says_otherwise(tmp_path: Path) -> None:
    put(tmp_path, "order_status.py", GOOD.replace("class Pizza(", "class OrderStatus("))
    put(
        tmp_path,
        "other.py",
        GOOD.replace("class Pizza(Skill[PizzaSettings]):", "class X(Skill[PizzaSettings]):\n    name = 'other'"),
    )
    assert names(configured(tmp_path, "[order_status, other]")) == ["order_status", "other", "fallback"]


def test_an_installed_skill_is_found_by_its_entry_point(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    point = EntryPoint("hello", "supportbot.skills.greeting:Greeting", plugins.GROUP)
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [point])
    assert len(load_skills(configured(tmp_path, "[hello]")).skills) == 2


# --- what is wrong ------------------------------------------------------------------------------------------------


def test_an_unknown_skill_is_named_with_its_line_and_what_may_be_meant(tmp_path: Path) -> None:
    (problem,) = problems(configured(tmp_path, "[greting]"))
    assert problem.startswith(f"{tmp_path / 'config.yaml'}:2: ")
    assert "'greting'" in problem
    assert "did you mean greeting?" in problem


def test_every_mistake_is_told_at_once(tmp_path: Path) -> None:
    put(tmp_path, "pizza.py", GOOD)
    found = problems(configured(tmp_path, "[greting, pizza: {size: large, crust: thin}, nothing_like_it]"))
    assert len(found) == 4
    assert any("size" in problem for problem in found)
    assert any("crust" in problem for problem in found)


def test_a_file_without_a_skill_of_its_name_is_a_mistake_that_says_what_it_has(tmp_path: Path) -> None:
    put(tmp_path, "pasta.py", GOOD)
    (problem,) = problems(configured(tmp_path, "[pasta]"))
    assert "holds pizza, not pasta" in problem
    assert "pizza" in problem


BROKEN = {
    "raises": ("x = 1\nraise RuntimeError('no key')\n", 2, "RuntimeError: no key"),
    "is no Python": ("x = 1\ny = 2\ndef (:\n", 3, "SyntaxError"),
    "imports what is not there": ("import not_there_at_all\n", 1, "not_there_at_all"),
    "exits": ("import sys\n\nsys.exit(3)\n", 3, "SystemExit"),
    "fails in what it calls": ("import json\njson.loads('{')\n", 2, "JSONDecodeError"),
}


@pytest.mark.parametrize(("text", "line", "what"), BROKEN.values(), ids=BROKEN)
def test_a_skill_whose_file_fails_is_left_out_with_its_line_and_the_others_run(
    tmp_path: Path, text: str, line: int, what: str
) -> None:
    path = put(tmp_path, "pizza.py", text)
    loaded = load_skills(configured(tmp_path, "[pizza, greeting]"))
    assert [name_of(type(skill)) for skill in loaded.skills] == ["greeting", "fallback"]
    (failure,) = loaded.failures
    assert failure.skill == "pizza"
    assert failure.why.startswith(f"{path}:{line}: could not be imported: ")
    assert what in failure.why


def test_an_installed_skill_that_fails_is_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        EntryPoint("gone", "not_there_at_all:Skill", plugins.GROUP),
        EntryPoint("no_skill", "supportbot.texts:Texts", plugins.GROUP),
    ]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: points)
    loaded = load_skills(configured(tmp_path, "[gone, no_skill, greeting]"))
    assert [failure.skill for failure in loaded.failures] == ["gone", "no_skill"]
    assert "not_there_at_all:Skill" in loaded.failures[0].why
    assert "derived from supportbot.Skill" in loaded.failures[1].why


def test_a_skill_whose_init_fails_is_left_out(tmp_path: Path) -> None:
    put(tmp_path, "pizza.py", GOOD + "\n    def __init__(self, settings=None):\n        raise OSError('no oven')\n")
    loaded = load_skills(configured(tmp_path, "[pizza, greeting]"))
    assert [failure.skill for failure in loaded.failures] == ["pizza"]
    assert "no oven" in loaded.failures[0].why
