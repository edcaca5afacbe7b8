"""What README.md and docs/ show is run here, and the words of the docs are held to the code.

The blocks of a page share one folder and are taken in their order; a block is one of these::

    console           commands after "$ ", below each what it prints; "..." is anything, "Ada › hi" is typed by Ada
    yaml NAME         a file of that name; a configuration is loaded, articles (in articles/) and questions are read
    python [NAME]     a file of that name, if it has one; it is executed, and its test functions are run
"""

from __future__ import annotations

import inspect
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest

import supportbot
from supportbot import Choice, Person, Reply, Ticket, Turn, match, on, read
from supportbot.canned import read_canned
from supportbot.config import ConfigFile, load_config
from supportbot.domain.event import EVENTS
from supportbot.knowledge.questions import read_questions
from supportbot.knowledge.sources import read_sources
from supportbot.skills.base import Start
from supportbot.testing.harness import BotHarness, Heard, Party
from supportbot.turn_desk import TurnDesk
from supportbot.turn_knowledge import TurnKnowledge
from supportbot.turn_tickets import TurnTickets

ROOT = Path(__file__).parent.parent
PAGES = (
    "README.md",
    "docs/quickstart.md",
    "docs/howto/configuration.md",
    "docs/howto/discord.md",
    "docs/howto/first_skill.md",
    "docs/howto/knowledge.md",
    "docs/howto/operating.md",
    "docs/howto/privacy.md",
    "docs/howto/slack.md",
    "docs/howto/testing_a_skill.md",
    "docs/howto/testing_against_discord.md",
    "docs/howto/testing_against_slack.md",
    "docs/plugin_api.md",
    "docs/why.md",
)
SETUP = "python3.11 -m venv .venv && .venv/bin/pip install -q -c constraints.txt "
EXAMPLE = ROOT / "skills_examples" / "refunds"
EXAMPLES = sorted(place.parent.name for place in (ROOT / "skills_examples").glob("*/config.yaml"))

BLOCK = re.compile(r"^```(?P<kind>\w+) ?(?P<name>\S*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
TYPED = re.compile(r"^(?:Ada|Sam(?: \(#agents(?:, T-\d+)?\))?) › (.*)$", re.MULTILINE)


class Block(NamedTuple):
    """One block of a page."""

    kind: str
    name: str
    text: str


def page(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def blocks(name: str) -> list[Block]:
    return [Block(*found) for found in BLOCK.findall(page(name))]


# --- what the pages show ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PAGES)
async def test_everything_that_a_page_shows_works(
    name, tmp_path, bot_with, slack_world, discord_world, monkeypatch
) -> None:
    for folder in (tmp_path / "skills", tmp_path):
        monkeypatch.syspath_prepend(str(folder))
    for block in blocks(name):
        if block.name:
            place = tmp_path / block.name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(block.text, "utf-8")
        if block.kind == "console":
            run_commands(block.text, tmp_path)
        elif block.kind == "yaml":
            load_yaml(block, tmp_path)
        elif block.kind == "python":
            worlds = {"slack_world": slack_world, "discord_world": discord_world}
            await execute(block, tmp_path, {"bot_with": bot_with, "monkeypatch": monkeypatch, **worlds})
        else:
            assert block.kind in ("sh", "text"), f"{name}: nothing runs a block marked {block.kind}"


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_conversation_that_an_example_shows_is_true(name, tmp_path) -> None:
    folder = tmp_path / name
    shutil.copytree(ROOT / "skills_examples" / name, folder)
    shown = blocks(f"skills_examples/{name}/README.md")
    assert "console" in {block.kind for block in shown}, "show what somebody says to it, and what it answers"
    for block in shown:
        if block.kind == "console":
            run_commands(block.text, folder)
        elif block.kind == "python":
            assert block.text in (folder / f"test_{name}.py").read_text("utf-8"), "it is a part of the example's test"


def run_commands(text: str, folder: Path) -> None:
    for command, shown in re.findall(r"^\$ (.*(?:\n> .*)*)\n((?:(?!\$ ).*\n)*)", text, re.MULTILINE):
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        ran = subprocess.run(
            ["bash", "-c", command.replace("\n> ", "\n")],
            cwd=folder,
            env={"PATH": path, "HOME": str(folder), "COLUMNS": "80", "PYTHONUTF8": "1"},
            input="".join(f"{typed}\n" for typed in TYPED.findall(shown)),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        printed = ran.stdout
        assert agrees(shown, printed), f"$ {command}\nprinted:\n{printed}\nbut the page shows:\n{shown}"


def agrees(shown: str, printed: str) -> bool:
    expected = re.escape(trimmed(shown)).replace(r"\.\.\.", r"[\s\S]*?")
    return re.fullmatch(expected, trimmed(printed)) is not None


def trimmed(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def load_yaml(block: Block, folder: Path) -> None:
    place = folder / (block.name or "config.yaml")
    place.write_text(block.text, "utf-8")
    if place.parent.name == "articles":
        assert read_sources([place])
        return
    if place.name == "questions.yaml":
        assert read_questions(place)
        return
    if place.name == "replies.yaml":
        replies, wrong = read_canned(str(place))
        assert replies
        assert not wrong
        return
    (folder / "articles").mkdir(exist_ok=True)
    (folder / "skills").mkdir(exist_ok=True)
    load_config(
        place, environment=dict(zip(("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "ACME_BOT_TOKEN"), "xyz", strict=True))
    )


async def execute(block: Block, folder: Path, fixtures: dict[str, Any]) -> None:
    name = Path(block.name).stem or "block"
    namespace: dict[str, Any] = {"__name__": name}
    exec(compile(block.text, str(folder / (block.name or "block.py")), "exec", dont_inherit=True), namespace)
    for function in [value for key, value in namespace.items() if key.startswith("test_")]:
        await function(*(fixtures[name] for name in inspect.signature(function).parameters))


def test_the_first_two_blocks_of_the_readme_set_everything_up() -> None:
    first, second = blocks("README.md")[:2]
    assert first.text == f"{SETUP}. && .venv/bin/supportbot demo\n"
    assert second.text == f'{SETUP}-e ".[test]" && .venv/bin/pytest -n auto\n'


def test_every_other_setup_is_the_one_of_the_readme() -> None:
    setups = [block.text for name in PAGES for block in blocks(name) if block.kind == "sh"]
    assert all(setup.startswith(SETUP) for setup in setups)


def test_no_page_is_left_out() -> None:
    pages = {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert pages <= {*PAGES, "docs/faq_quality.md", "docs/glossary.md", "docs/matchers_and_readers.md", "docs/plan.md"}


def test_the_example_of_the_readme_is_the_one_that_is_shipped() -> None:
    shown = {block.name: block.text for block in blocks("README.md") if block.kind == "python"}
    assert class_source(shown["refunds.py"]) == class_source((EXAMPLE / "refunds.py").read_text("utf-8"))
    tests = (EXAMPLE / "test_refunds.py").read_text("utf-8")
    function = shown["test_refunds.py"].partition("async def ")[2].strip()
    assert function in tests


def class_source(text: str) -> str:
    return text.partition("class Refunds(")[2].strip()


@pytest.mark.parametrize(
    "name",
    [*PAGES, "docs/faq_quality.md", "docs/glossary.md", "docs/matchers_and_readers.md", "CONTRIBUTING.md"],
)
def test_every_link_within_the_project_leads_somewhere(name) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)", page(name))
    missing = [link for link in links if not ((ROOT / name).parent / link).exists()]
    assert not missing


# --- the page of the plugin API ------------------------------------------------------------------------------------

NOUNS: dict[str, Any] = {
    "turn": Turn,
    "turn.tickets": TurnTickets,
    "turn.desk": TurnDesk,
    "turn.knowledge": TurnKnowledge,
    "match": match,
    "read": read,
    "on": on,
    "bot": BotHarness,
    "ada": Party,
    "heard": Heard,
    "start": Start,
}
"""How the page spells what has names, and what it is."""
NOT_FOR_AUTHORS = {"turn.close", "turn.finish", "bot.act", "bot.keep_files", "heard.lines"}
"""What the engine itself calls."""
OTHERS = {
    "BaseException",
    "BotHarness",
    "DeprecationWarning",
    "Exception",
    "False",
    "NAME",
    "None",
    "True",
    "ValueError",
}
"""Names with a capital that are no part of the face."""


def names_of(place: str) -> set[str]:
    thing = NOUNS[place]
    if place in ("match", "read"):
        return {f"{place}.{name}" for name in thing.__all__ if name[0].islower()}
    if place == "on":
        return {f"on.{name}" for name, value in inspect.getmembers(on, inspect.isfunction) if _is_of(on, name, value)}
    own = set(vars(thing)) | set(getattr(thing, "__annotations__", {}))
    return {f"{place}.{name}" for name in own if name[0] != "_"} - NOT_FOR_AUTHORS


def _is_of(module: Any, name: str, value: Any) -> bool:
    return name[0] != "_" and value.__module__ == module.__name__


def spans(text: str) -> list[str]:
    return re.findall(r"`([^`\n]+)`", BLOCK.sub("", text))


def api_page() -> str:
    return page("docs/plugin_api.md")


def named_on_the_page() -> set[str]:
    places = "|".join(re.escape(place) for place in sorted(NOUNS, key=len, reverse=True))
    found = re.findall(rf"(?<![\w.@/])@?({places})\.([a-z]\w*)", "\n".join(spans(api_page())))
    return {f"{place}.{name}" for place, name in found}


@pytest.mark.parametrize("place", NOUNS)
def test_the_page_has_every_name_of_the_plugin_api(place) -> None:
    assert names_of(place) <= named_on_the_page(), f"docs/plugin_api.md lacks {names_of(place) - named_on_the_page()}"


def test_every_name_on_the_page_is_there() -> None:
    there = {name for place in NOUNS for name in names_of(place)}
    assert named_on_the_page() <= there, f"docs/plugin_api.md names {named_on_the_page() - there}, which is not there"


def test_the_page_has_all_that_the_face_offers_and_nothing_else() -> None:
    words = set(re.findall(r"(?<![\w.])[A-Za-z_]\w*", "\n".join(spans(api_page()))))
    assert set(supportbot.__all__) <= words, set(supportbot.__all__) - words
    capitals = {word for word in words if re.fullmatch(r"[A-Z][A-Z]+|[A-Z][a-z]\w*", word)}
    assert capitals <= set(supportbot.__all__) | OTHERS, capitals - set(supportbot.__all__) - OTHERS


def signatures() -> Iterator[tuple[str, str]]:
    for place in NOUNS:
        for name, arguments in re.findall(rf"^\| `@?{re.escape(place)}\.(\w+)\(([^`]*)\)`", api_page(), re.MULTILINE):
            yield f"{place}.{name}", arguments


@pytest.mark.parametrize(("name", "arguments"), list(signatures()))
def test_the_page_shows_the_arguments_that_there_are(name, arguments) -> None:
    place, _, method = name.rpartition(".")
    function = getattr(NOUNS[place], method)
    there = [parameter for parameter in inspect.signature(function).parameters if parameter not in ("self", "function")]
    assert re.findall(r"(\w+)(?==|,|$)", arguments.replace(" ", "")) == there


def test_the_page_has_every_event_and_what_belongs_to_it() -> None:
    section = api_page().partition("## Events")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|", section, re.MULTILINE)
    shown = {name: set(re.findall(r"`(\w+)`", data)) for name, data in rows}
    assert set(shown) == set(EVENTS)
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "supportbot").rglob("*.py"))
    for name, arguments in re.findall(r"\.happened\(f?\"([\w{}]+)\"((?:, \w+=[\w.]+)*)\)", sources):
        for event in [name] if name in EVENTS else ["ticket_solved", "ticket_reopened", "ticket_closed"]:
            assert shown[event] == set(re.findall(r"(\w+)=", arguments)), event


# --- the glossary --------------------------------------------------------------------------------------------------


def never_words() -> dict[str, str]:
    rows = re.findall(r"^\| \*\*([^|]+)\*\* \|[^|]*\| ?([^|]*)\|$", page("docs/glossary.md"), re.MULTILINE)
    return {never.strip(): word for word, nevers in rows for never in nevers.split(",") if never.strip()}


def public_names() -> set[str]:
    names = set(supportbot.__all__) | {name.rpartition(".")[2] for place in NOUNS for name in names_of(place)}
    for place, owner in NOUNS.items():
        for name in names_of(place):
            thing = getattr(owner, name.rpartition(".")[2], None)
            names |= set(inspect.signature(thing).parameters) if inspect.isfunction(thing) else set()
    for struct in (Choice, Person, Reply, Ticket):
        names |= set(struct.__struct_fields__)
    return names | set(keys_of(ConfigFile))


def keys_of(section: type[msgspec.Struct]) -> Iterator[str]:
    for field in msgspec.structs.fields(section):
        yield field.name
        parts = [field.type, *getattr(field.type, "__args__", ())]
        for part in parts:
            if isinstance(part, type) and issubclass(part, msgspec.Struct):
                yield from keys_of(part)


def test_public_names_use_the_words_of_the_glossary() -> None:
    nevers = never_words()
    assert len(nevers) > 20
    wrong = {
        name: nevers[part]
        for name in public_names()
        for part in re.findall(r"[a-z]+", re.sub(r"([A-Z])", r"_\1", name).lower())
        if part in nevers
    }
    assert not wrong, f"use the glossary's words: {wrong}"
