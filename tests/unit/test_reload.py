"""Reload: a changed skill is swapped into the running bot once it works; else the old one stays, and it is said why."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from supportbot import reload
from supportbot.adapters.console import Console
from supportbot.app import App, open_app
from supportbot.clock import SimulatedClock
from supportbot.config import load_config
from supportbot.reload import Reload
from tests.faults.conversation import TEXTS, Chat, Line

PIZZA = """
from supportbot import Settings, Skill, Turn, match, on, read

class PizzaSettings(Settings):
    size: int = 30

class Pizza(Skill[PizzaSettings]):
    @on.message(match.words("pizza"))
    async def order(self, turn: Turn) -> str:
        topping = await turn.ask("Which topping?")
        return f"{self.settings.size} cm with {topping}"

    @on.message(match.words("oven"))
    async def oven(self, turn: Turn) -> str:
        return "hot"
"""
TEST = """
from pizza import Pizza

async def test_the_oven_is_hot(bot_with):
    bot = await bot_with(Pizza())
    assert await bot.requester("ada").says("oven") == "hot"
"""
YAML = "storage: {url: 'tinydb:memory'}\nskill_paths: [skills]\nskills:\n  - pizza: {size: 40}\n  - help\n"


class Kitchen:
    """A folder with a configuration and skills, and a bot that runs with them and looks when it is told to."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.told: list[str] = []
        self.shown: list[Line] = []
        self.reload = Reload(self.told.append)
        self.app: App
        self._said = 0
        self.write("config.yaml", YAML)
        self.write("skills/pizza.py", PIZZA)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def change(self, old: str, new: str, name: str = "skills/pizza.py") -> None:
        text = (self.folder / name).read_text("utf-8")
        assert old in text
        self.write(name, text.replace(old, new))

    async def open(self) -> None:
        clock = SimulatedClock()
        self.console = Console(self.shown.append, clock)
        self.app = await open_app(load_config(self.folder / "config.yaml"), clock, [lambda _: self.console])
        await self.app.start(watch=False)
        await self.reload.open(self.app)

    async def says(self, text: str = "", press: str = "") -> str:
        """Look, as a chat does before each line, let ada say or press something, and return what she hears."""
        await self.reload.look()
        before = len(self.shown)
        await self.hears(text, press)
        await self.app.bot.crew.idle()
        return "\n".join(line["text"] for line in self.shown[before:])

    async def hears(self, text: str, press: str = "") -> None:
        self._said += 1
        await self.app.bot.receive(self.console.event("ada", key=str(self._said), text=text, press=press))


@pytest.fixture
async def kitchen_with(tmp_path: Path) -> AsyncIterator[Callable[..., Awaitable[Kitchen]]]:
    """Open a kitchen with files that are written before: ``await kitchen_with({"skills/pizza.py": …})``."""
    kitchen = Kitchen(tmp_path)

    async def start(files: dict[str, str] | None = None) -> Kitchen:
        for name, text in (files or {}).items():
            kitchen.write(name, text)
        await kitchen.open()
        return kitchen

    yield start
    await kitchen.reload.close()
    await kitchen.app.stop()


# --- in a process -------------------------------------------------------------------------------------------------


def prepared(folder: Path, test: str = "") -> Kitchen:
    kitchen = Kitchen(folder)
    kitchen.change("tinydb:memory", "tinydb:data", "config.yaml")
    if test:
        kitchen.write("skills/test_pizza.py", test)
    return kitchen


def texts(lines: list[Line]) -> list[str]:
    return [line["text"] for line in lines]


def test_the_next_message_of_a_chat_meets_the_changed_skill_and_a_broken_change_leaves_the_old_one(
    tmp_path: Path,
) -> None:
    kitchen = prepared(tmp_path)
    chat = Chat("--config", tmp_path / "config.yaml", "--reload")
    assert texts(chat.says("ada", "oven")) == ["hot"]
    kitchen.change('"hot"', '"mild"')
    assert texts(chat.says("ada", "oven")) == ["mild"]
    kitchen.change('return "mild"', "return ((")
    assert texts(chat.says("ada", "oven")) == ["mild"]
    assert chat.end() == 0
    assert "pizza: loaded again" in chat.complaints
    assert f"pizza: the old one stays\n{tmp_path / 'skills' / 'pizza.py'}:15: could not be imported" in chat.complaints


def test_a_change_comes_in_only_when_the_skills_test_passes(tmp_path: Path) -> None:
    kitchen = prepared(tmp_path, TEST)
    chat = Chat("--config", tmp_path / "config.yaml", "--reload")
    assert texts(chat.says("ada", "oven")) == ["hot"]
    kitchen.change('"hot"', '"mild"')
    assert texts(chat.says("ada", "oven")) == ["hot"]
    kitchen.change('"hot"', '"mild"', "skills/test_pizza.py")
    assert texts(chat.says("ada", "oven")) == ["mild"]
    assert chat.end() == 0
    place = f"{tmp_path / 'skills' / 'test_pizza.py'}:6: AssertionError"
    assert [line.partition(": assert")[0] for line in chat.complaints.splitlines() if "pizza" in line] == [
        "pizza: the old one stays",
        place,
        "pizza: loaded again; its test passed",
    ]


def test_the_page_about_the_first_skill_shows_what_is_said(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "howto" / "first_skill.md").read_text("utf-8")
    for name, text in re.findall(r"^```(?:python|yaml) (\S+)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text.replace("{limit: 10}", "{days: 3}"), "utf-8")
    passed, failed = re.findall(r"^```text\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    chat = Chat("--config", tmp_path / "config.yaml", "--reload")
    chat.says("ada", "hi")
    for name in ("skills/parcels.py", "skills/test_parcels.py"):
        text = (tmp_path / name).read_text("utf-8")
        (tmp_path / name).write_text(text.replace("it may take", "that takes"), "utf-8")
        chat.says("ada", "hi")
    assert chat.end() == 0
    shown = re.escape(failed.replace("/home/ada/bot", str(tmp_path)) + passed).replace(r"\.\.\.", ".*")
    assert re.fullmatch(shown, chat.complaints)


@pytest.mark.parametrize("command", ["run", "chat"])
def test_a_change_is_taken_in_though_nobody_says_anything(tmp_path: Path, command: str) -> None:
    kitchen = prepared(tmp_path)
    arguments = [sys.executable, "-c", "from supportbot.cli import main; main()", command, "--reload", "--config"]
    with subprocess.Popen(
        [*arguments, str(tmp_path / "config.yaml")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin
        assert process.stdout
        for line in process.stdout:
            if "You are Ada" in line:  # it has started
                kitchen.change('"hot"', '"mild"')
            if "pizza: loaded again" in line:
                break
        process.stdin.close()
    assert process.returncode == 0


# --- dialogues and turns ------------------------------------------------------------------------------------------


async def test_a_waiting_dialogue_goes_on_with_the_new_code(kitchen_with: Any) -> None:
    kitchen = await kitchen_with()
    assert await kitchen.says("pizza") == "Which topping?"
    kitchen.change(" cm with ", " centimetres of ")
    assert await kitchen.says("ham") == "40 centimetres of ham"


async def test_a_waiting_dialogue_whose_steps_changed_is_offered_a_fresh_start(kitchen_with: Any) -> None:
    kitchen = await kitchen_with()
    await kitchen.says("pizza")
    kitchen.change('await turn.ask("Which topping?")', 'await turn.ask("How many?", read.number)')
    assert await kitchen.says("ham") == TEXTS("dialogue.changed_since")
    assert await kitchen.says(press=kitchen.shown[-1]["choices"][0]["id"]) == "How many?"


WAITING = """
import asyncio
from supportbot import Settings, Skill, Turn, match, on

gate, entered, calls = asyncio.Event(), asyncio.Event(), []

class Pizza(Skill[Settings]):
    @on.start
    async def begin(self, start):
        calls.append("old starts")

    @on.stop
    def end(self):
        calls.append("old stops")

    @on.message(match.words("oven"))
    async def oven(self, turn: Turn) -> str:
        calls.append("old answers")
        entered.set()
        await gate.wait()
        calls.append("old has answered")
        return "hot"
"""


async def test_a_turn_that_runs_ends_with_the_old_code_and_only_then_is_the_old_skill_stopped(
    kitchen_with: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kitchen = await kitchen_with({"skills/pizza.py": WAITING, "config.yaml": YAML.replace(": {size: 40}", "")})
    module = sys.modules[type(kitchen.app.skills[0]).__module__]
    await kitchen.hears("oven")
    await module.entered.wait()
    calls = module.calls
    kitchen.change("calls = asyncio.Event(), asyncio.Event(), []", "calls = None, None, sys.calls")
    kitchen.change("import asyncio", "import asyncio, sys")
    kitchen.change("old ", "new ")
    monkeypatch.setattr(sys, "calls", calls, raising=False)
    looking = asyncio.create_task(kitchen.reload.look())
    async with asyncio.timeout(30):
        while "new starts" not in calls:
            await asyncio.sleep(0)
    assert calls == ["old starts", "old answers", "new starts"]
    module.gate.set()
    await looking
    assert calls == ["old starts", "old answers", "new starts", "old has answered", "old stops"]
    await kitchen.app.bot.crew.idle()
    assert kitchen.shown[-1]["text"] == "hot"
    assert module.__name__ not in sys.modules


# --- what counts as a change --------------------------------------------------------------------------------------


async def test_a_file_that_a_skill_imports_in_its_folder_counts_as_its_own(kitchen_with: Any, tmp_path: Path) -> None:
    (tmp_path / "skills" / "pizza.py").unlink()
    kitchen = await kitchen_with(
        {
            "skills/pizza/__init__.py": PIZZA.replace('"hot"', "HEAT") + "\nfrom .heat import HEAT\n",
            "skills/pizza/heat.py": 'HEAT = "hot"',
        }
    )
    assert await kitchen.says("oven") == "hot"
    kitchen.change("hot", "low", "skills/pizza/heat.py")  # as long as before, and in the same second
    assert await kitchen.says("oven") == "low"
    kitchen.change('"low"', "1 / 0", "skills/pizza/heat.py")
    assert await kitchen.says("oven") == "low"
    assert f"{tmp_path / 'skills' / 'pizza' / 'heat.py'}:1: could not be imported" in kitchen.told[-1]


async def test_the_settings_and_the_order_of_the_configuration_are_read_again(kitchen_with: Any) -> None:
    kitchen = await kitchen_with()
    kitchen.write("skills/soup.py", PIZZA.replace("Pizza", "Soup").replace("hot", "soup"))
    kitchen.change("  - pizza: {size: 40}\n  - help\n", "  - soup\n  - pizza: {size: 50}\n", "config.yaml")
    assert await kitchen.says("oven") == "soup"
    assert [type(skill).__name__ for skill in kitchen.app.skills] == ["Soup", "Pizza", "Fallback"]
    assert kitchen.app.skills[1].settings.size == 50
    assert kitchen.told == [
        "soup: loaded; it has no test",
        "pizza: loaded again",
        "help: left out, as the configuration no longer names it",
    ]
    kitchen.change("  - soup\n  - pizza: {size: 50}\n", "  - pizza: {size: 50}\n  - soup\n", "config.yaml")
    assert await kitchen.says("oven") == "hot"


async def test_a_skill_that_did_not_change_keeps_what_it_holds(kitchen_with: Any) -> None:
    kitchen = await kitchen_with({"skills/soup.py": PIZZA.replace("Pizza", "Soup")})
    before = kitchen.app.skills
    kitchen.change("- help", "- help\n  - soup", "config.yaml")
    await kitchen.reload.look()
    assert kitchen.app.skills[:2] == before[:2]


async def test_a_mistake_in_the_configuration_leaves_all_as_it_was(kitchen_with: Any) -> None:
    kitchen = await kitchen_with()
    before = kitchen.app.skills
    kitchen.change("skills:\n", "colour: red\nskills:\n", "config.yaml")
    await kitchen.reload.look()
    assert kitchen.app.skills == before
    assert "colour" in kitchen.told[0]
    kitchen.change("colour: red\n", "", "config.yaml")
    kitchen.change("size: 40", "size: large", "config.yaml")
    await kitchen.reload.look()
    assert kitchen.app.skills == before
    place = f"{kitchen.folder / 'config.yaml'}:4"
    assert kitchen.told[1:] == [
        f"pizza: the old one stays\n{place}: skills[0].pizza.size: 'large' is not a whole number"
    ]


async def test_what_else_changed_in_the_configuration_is_said_to_wait_for_the_next_start(kitchen_with: Any) -> None:
    kitchen = await kitchen_with()
    kitchen.change("skills:\n", "limits: {handler_time: 1s}\nskills:\n", "config.yaml")
    await kitchen.reload.look()
    assert ["at the next start" in told for told in kitchen.told] == [True]


# --- what keeps a change out --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "why"),
    [
        ("raise OSError('no gas')", "could not start: OSError: no gas"),
        ("raise ConfigurationError(['the oven is cold'])", "the oven is cold"),
        ("await __import__('asyncio').Event().wait()", "longer than"),
    ],
)
async def test_a_skill_that_does_not_start_stays_out(
    kitchen_with: Any, monkeypatch: pytest.MonkeyPatch, end: str, why: str
) -> None:
    monkeypatch.setattr(reload, "LONGEST_START", 0.2)
    kitchen = await kitchen_with()
    start = f"\n    @on.start\n    async def begin(self, start):\n        {end}\n"
    kitchen.write("skills/pizza.py", PIZZA.replace('"hot"', '"mild"') + start)
    kitchen.change("import Settings", "import ConfigurationError, Settings")
    assert await kitchen.says("oven") == "hot"
    assert why in kitchen.told[-1]


async def test_an_import_that_never_ends_stays_out_and_the_next_change_comes_in(
    kitchen_with: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kitchen = await kitchen_with()
    monkeypatch.setattr(reload, "LONGEST_START", 0.2)
    monkeypatch.setattr(sys, "never", (never := threading.Event()), raising=False)
    kitchen.write("skills/pizza.py", "import sys\nsys.never.wait()\n" + PIZZA)
    assert await kitchen.says("oven") == "hot"
    assert "its import took longer" in kitchen.told[-1]
    monkeypatch.setattr(reload, "LONGEST_START", 20)
    kitchen.write("skills/pizza.py", PIZZA.replace('"hot"', '"mild"'))
    assert await kitchen.says("oven") == "mild"
    never.set()


async def test_a_test_that_never_ends_keeps_its_skill_out(kitchen_with: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reload, "LONGEST_TEST", 0.5)
    kitchen = await kitchen_with()
    kitchen.write("skills/test_pizza.py", "import threading\nthreading.Event().wait()\n")
    await kitchen.reload.look()
    assert "its test took longer" in kitchen.told[-1]


# --- what comes back ----------------------------------------------------------------------------------------------


async def test_a_skill_that_was_left_out_comes_in_once_it_is_mended(kitchen_with: Any) -> None:
    kitchen = await kitchen_with({"skills/pizza.py": "import not_there\n"})
    assert [failure.skill for failure in kitchen.app.failures] == ["pizza"]
    kitchen.write("skills/pizza.py", PIZZA)
    assert await kitchen.says("oven") == "hot"
    assert kitchen.app.failures == []


async def test_a_skill_that_was_switched_off_is_on_again_when_it_is_changed(kitchen_with: Any) -> None:
    kitchen = await kitchen_with()
    kitchen.app.bot.switches.turn_off("pizza", "pizza.py:1")
    assert await kitchen.says("oven") != "hot"
    kitchen.change('"hot"', '"mild"')
    assert await kitchen.says("oven") == "mild"


async def test_a_new_command_and_a_new_event_are_known_at_once(kitchen_with: Any) -> None:
    kitchen = await kitchen_with()
    more = """
    @on.command("menu", help="what there is")
    async def menu(self, turn: Turn) -> str:
        return "pizza"

    @on.event("conversation_began")
    async def began(self, turn: Turn) -> str:
        return "welcome"
"""
    kitchen.write("skills/pizza.py", PIZZA + more)
    assert await kitchen.says("oven") == "hot\nwelcome"
    assert await kitchen.says("/menu") == "pizza"
    assert "what there is" in await kitchen.says("/help")
