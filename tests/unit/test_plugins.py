"""Plugins: skills are found by their names, and what does not work is told with its place while the others run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from supportbot import plugins
from supportbot.config import Config, load_config
from supportbot.plugins import Loaded, find_skills
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


def load_skills(config: Config) -> Loaded:
    loaded, mistakes = find_skills(config)
    assert not mistakes
    return loaded


def names(config: Config) -> list[str]:
    return [name_of(type(skill)) for skill in load_skills(config).skills]


def problems(config: Config) -> list[str]:
    return find_skills(config)[1]


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


# --- installed packages -------------------------------------------------------------------------------------------

PACKAGE = """
from supportbot import Secret, Settings, Skill, Turn, match, on

class WeatherSettings(Settings):
    key: Secret
    place: str = "Bergen"

class Weather(Skill[WeatherSettings]):
    \"\"\"Tell the weather.\"\"\"

    @on.message(match.words("weather"))
    async def tell(self, turn: Turn) -> str:
        return f"Rain in {self.settings.place}; {self.settings.key} and {self.settings!r}"
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install a package with two skills by pip, from a wheel, into a folder of its own."""
    folder = tmp_path_factory.mktemp("packages")
    points = "[supportbot.skills]\nweather = fair_skills.weather:Weather\nbroken = fair_skills.broken:Broken\n"
    files = {
        "fair_skills/__init__.py": "",
        "fair_skills/weather.py": PACKAGE,
        "fair_skills/broken.py": "import json\n\njson.loads('{')\n",
        "fair_skills-1.2.dist-info/METADATA": "Metadata-Version: 2.1\nName: fair-skills\nVersion: 1.2\n",
        "fair_skills-1.2.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "fair_skills-1.2.dist-info/entry_points.txt": points,
    }
    files["fair_skills-1.2.dist-info/RECORD"] = "".join(f"{name},,\n" for name in files)
    wheel = folder / "fair_skills-1.2-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    options = ("--quiet", "--no-index", "--no-deps", "--disable-pip-version-check", "--target", str(folder / "site"))
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(wheel)], check=True)
    return folder / "site"


def supportbot(site: Path, *arguments: str | Path, lines: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command of supportbot where the package is installed."""
    root = Path(plugins.__file__).parents[1]
    return subprocess.run(
        [sys.executable, "-c", "from supportbot.cli import main; main()", *map(str, arguments)],
        input=lines,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{site}"},
        check=False,
    )


def test_an_installed_skill_runs_where_it_is_named_with_its_settings_and_its_secret_is_masked(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEATHER_KEY", "k3y-of-the-weather")
    config = configured(tmp_path, "[weather: {key: '${WEATHER_KEY}', place: Oslo}]").file
    said = supportbot(site, "chat", "--json", "--config", str(config), lines='{"from": "ada", "text": "weather"}\n')
    assert said.returncode == 0, said.stderr
    assert "Rain in Oslo; *** and WeatherSettings(key=Secret(" in said.stdout
    shown = supportbot(site, "skills", "--config", str(config))
    assert "weather   fair-skills 1.2" in shown.stdout
    assert "settings key=***, place=Oslo" in shown.stdout
    assert "k3y" not in said.stdout + said.stderr + shown.stdout + shown.stderr


def test_an_installed_skill_that_nobody_names_does_not_run_and_is_shown(site: Path, tmp_path: Path) -> None:
    config = configured(tmp_path, "[help]").file
    said = supportbot(site, "chat", "--json", "--config", str(config), lines='{"from": "ada", "text": "weather"}\n')
    assert "Rain" not in said.stdout
    listed = json.loads(supportbot(site, "skills", "--json", "--config", str(config)).stdout)
    assert [skill["name"] for skill in listed["skills"]] == ["help", "fallback"]
    assert {"name": "weather", "from": "package", "place": "fair-skills 1.2"} in listed["not_listed"]


def test_an_installed_skill_that_fails_is_told_with_its_file_and_line(site: Path, tmp_path: Path) -> None:
    config = configured(tmp_path, "[broken, help]").file
    shown = supportbot(site, "skills", "--config", str(config))
    assert shown.returncode == 1
    assert f"{site / 'fair_skills' / 'broken.py'}:3: could not be imported: JSONDecodeError" in shown.stdout


def points_at(monkeypatch: pytest.MonkeyPatch, *points: tuple[str, str]) -> None:
    found = [EntryPoint(name, value, plugins.GROUP) for name, value in points]
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: found)


def test_an_entry_point_and_its_skill_have_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points_at(monkeypatch, ("hello", "supportbot.skills.greeting:Greeting"))
    (failure,) = load_skills(configured(tmp_path, "[hello]")).failures
    assert 'name it greeting, or write `name = "hello"` in the class' in failure.why


def test_two_packages_with_a_skill_of_one_name_are_a_mistake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    points_at(monkeypatch, ("hello", "one:Hello"), ("hello", "two:Hello"))
    (problem,) = problems(configured(tmp_path, "[hello]"))
    assert "one:Hello and two:Hello both bring a skill of that name" in problem


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
    points_at(monkeypatch, ("gone", "not_there_at_all:Skill"), ("no_skill", "supportbot.texts:Texts"))
    loaded = load_skills(configured(tmp_path, "[gone, no_skill, greeting]"))
    assert [failure.skill for failure in loaded.failures] == ["gone", "no_skill"]
    assert "not_there_at_all:Skill" in loaded.failures[0].why
    assert "derived from supportbot.Skill" in loaded.failures[1].why


def test_a_skill_whose_init_fails_is_left_out(tmp_path: Path) -> None:
    put(tmp_path, "pizza.py", GOOD + "\n    def __init__(self, settings=None):\n        raise OSError('no oven')\n")
    loaded = load_skills(configured(tmp_path, "[pizza, greeting]"))
    assert [failure.skill for failure in loaded.failures] == ["pizza"]
    assert "no oven" in loaded.failures[0].why


def test_a_secret_in_what_a_skill_raises_is_masked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OVEN_KEY", "k3y-of-the-oven")
    init = "\n    def __init__(self, settings=None):\n        raise OSError(settings.key.reveal())\n"
    put(
        tmp_path,
        "pizza.py",
        GOOD.replace("size: int = 30", "key: Secret").replace("Settings,", "Secret, Settings,") + init,
    )
    (failure,) = load_skills(configured(tmp_path, "[pizza: {key: '${OVEN_KEY}'}]")).failures
    assert "could not be made: OSError: ***" in failure.why


# --- what stands beside a skill -----------------------------------------------------------------------------------


def test_a_skill_that_imports_what_stands_beside_it_is_told_to_become_a_folder(tmp_path: Path) -> None:
    put(tmp_path, "dough.py", "x = 1\n")
    put(tmp_path, "pizza.py", "import dough\n" + GOOD)
    (failure,) = load_skills(configured(tmp_path, "[pizza]")).failures
    assert "make a folder pizza of both" in failure.why
    assert "`from .dough import …`" in failure.why


@pytest.mark.parametrize("line", ["from dough import x", "from pizza.dough import x"])
def test_a_skill_in_a_folder_is_told_how_to_import_from_it(tmp_path: Path, line: str) -> None:
    put(tmp_path, "pizza/dough.py", "x = 1\n")
    put(tmp_path, "pizza/__init__.py", f"{line}\n" + GOOD)
    (failure,) = load_skills(configured(tmp_path, "[pizza]")).failures
    assert "imports within this folder begin with a dot" in failure.why
    put(tmp_path, "pizza/__init__.py", "from .dough import x\n" + GOOD)
    assert names(configured(tmp_path, "[pizza]")) == ["pizza", "fallback"]


def test_skills_that_could_run_and_are_not_named_are_found_without_running_them(tmp_path: Path) -> None:
    put(tmp_path, "pizza.py", GOOD)
    put(tmp_path, "pasta.py", "raise SystemExit\n" + GOOD)
    put(tmp_path, "soup/__init__.py", "import supportbot\nclass Soup(supportbot.Skill): ...\n")
    put(tmp_path, "test_pizza.py", "from supportbot import Skill\nclass Fake(Skill): ...\n")
    put(tmp_path, "dough.py", "x = 1\n")
    put(tmp_path, "broken.py", "def (\n")
    found = plugins.unlisted(configured(tmp_path, "[pizza]"))
    assert [(name, str(origin)) for name, origin in found] == [
        ("pasta", str(tmp_path / "mine" / "pasta.py")),
        ("soup", str(tmp_path / "mine" / "soup" / "__init__.py")),
    ]


def test_a_skill_that_is_loaded_again_stands_beside_the_one_before(tmp_path: Path) -> None:
    put(tmp_path, "pizza.py", GOOD)
    config = configured(tmp_path, "[pizza]")
    first, second = load_skills(config).skills[0], load_skills(config).skills[0]
    assert type(first).__module__ != type(second).__module__
    plugins.forget(first)
    assert type(first).__module__ not in sys.modules
    assert type(second).__module__ in sys.modules
