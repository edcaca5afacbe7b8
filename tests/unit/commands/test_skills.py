"""The command `skills`: what is loaded, from where, in what order, and what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from supportbot.commands.skills import skills

PIZZA = '''
from supportbot import Duration, Secret, Settings, Skill, Turn, match, on

class Oven(Settings):
    key: Secret
    door: str

class PizzaSettings(Settings):
    oven: Oven
    sizes: tuple[int, ...] = (30, 40)
    wait: Duration = Duration("10m")

class Pizza(Skill[PizzaSettings]):
    """Bake what is ordered.

    More is not shown.
    """

    @on.message(match.any_of(match.words("pizza"), match.pattern("calzone+")))
    @on.command("bake", role="agent", help="bake it")
    async def bake(self, turn: Turn) -> str:
        return "done"

    @on.event("ticket_solved")
    async def solved(self, turn: Turn) -> str:
        return "bon appetit"

    @on.start
    async def begin(self, start):
        raise SystemExit("skills are not started")
'''
SETTINGS = "{oven: {key: '${OVEN_KEY}', door: 'side-${DOOR_CODE}'}}"


@pytest.fixture
def shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run the command with this list of skills, beside a file pizza.py and a broken one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OVEN_KEY", "k3y-of-the-oven")
    monkeypatch.setenv("DOOR_CODE", "k0de-of-the-door")
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "pizza.py").write_text(PIZZA, "utf-8")
    (tmp_path / "mine" / "broken.py").write_text("import json\n\njson.loads('{')\n", "utf-8")
    (tmp_path / "mine" / "soup.py").write_text("from supportbot import Skill\n\nclass Soup(Skill): ...\n", "utf-8")

    def run(listed: str, *options: str) -> Result:
        (tmp_path / "bot.yaml").write_text(f"skill_paths: [mine]\nskills:\n{listed}", "utf-8")
        result = CliRunner().invoke(skills, ["--config", "bot.yaml", *options])
        assert "k3y" not in result.output
        assert "k0de" not in result.output
        return result

    return run


def test_it_shows_order_origin_settings_and_what_is_listened_to(shown: Any) -> None:
    result = shown(f"  - help\n  - pizza: {SETTINGS}\n  - soup\n")
    assert result.exit_code == 0
    assert result.output == (
        "The skills of bot.yaml, in the order in which they are asked:\n"
        "\n"
        " 1. help      built in\n"
        "      List what the bot can do.\n"
        "      command /help; message exactly('help', 'what can you do', 'what can you do for me'…\n"
        " 2. pizza     mine/pizza.py\n"
        "      Bake what is ordered.\n"
        "      command /bake; message any_of(words('pizza'), pattern('calzone+')); event ticket_solved\n"
        '      settings oven={"key": "***", "door": "***"}, sizes=[30, 40], wait=10m\n'
        " 3. soup      mine/soup.py\n"
        " 4. fallback  built in\n"
        "      Answer what no other skill took.\n"
        "      settings hand_off_after=3\n"
        "\n"
        "Which are switched off after failures, the running bot tells: /skills in the agents' channel.\n"
    )


def test_what_does_not_work_is_shown_in_its_place_with_the_reason_and_the_exit_code_is_1(
    shown: Any, tmp_path: Path
) -> None:
    result = shown("  - broken\n  - help\n  - nothing\n  - survey: {delay: soon}\n")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[2] == "  ✗ broken    mine/broken.py"
    assert lines[3].startswith(f"      {tmp_path / 'mine' / 'broken.py'}:3: could not be imported: JSONDecodeError: ")
    assert any(line.startswith("      bot.yaml:5: skills[2].nothing: there is no skill 'nothing'") for line in lines)
    assert any(line.startswith("      bot.yaml:6: skills[3].survey.delay: 'soon' is not") for line in lines)
    assert "3 of 5 cannot be loaded." in lines


def test_what_is_there_and_not_in_the_list_is_shown(shown: Any) -> None:
    output = shown("  - help\n").output
    found = output.partition("so they do not run:\n\n")[2]
    assert found.startswith("  -  pizza     mine/pizza.py\n  -  soup      mine/soup.py\n\n")


def test_scripts_get_the_same_as_json(shown: Any, tmp_path: Path) -> None:
    result = shown(f"  - pizza: {SETTINGS}\n  - broken\n", "--json")
    assert result.exit_code == 1
    printed = json.loads(result.output)
    pizza, broken, _ = printed["skills"]
    assert pizza == {
        "name": "pizza",
        "from": "file",
        "place": str(tmp_path / "mine" / "pizza.py"),
        "loaded": True,
        "reasons": [],
        "settings": {"oven": {"key": "***", "door": "***"}, "sizes": [30, 40], "wait": "10m"},
        "handlers": [
            {"method": "bake", "on": "command", "what": "/bake", "role": "agent"},
            {
                "method": "bake",
                "on": "message",
                "what": "any_of(words('pizza'), pattern('calzone+'))",
                "role": "requester",
            },
            {"method": "solved", "on": "event", "what": "ticket_solved", "role": "requester"},
        ],
    }
    assert (broken["loaded"], len(broken["reasons"])) == (False, 1)
    assert printed["not_listed"] == [{"name": "soup", "from": "file", "place": str(tmp_path / "mine" / "soup.py")}]


def test_without_a_configuration_the_defaults_are_shown() -> None:
    result = CliRunner().invoke(skills, [])
    assert result.exit_code == 0
    assert "The skills of the defaults" in result.output
