from __future__ import annotations

import ast
import re
from collections.abc import Iterator

import pytest

import supportbot.texts
from supportbot.errors import ConfigurationError
from supportbot.texts import Texts, placeholders, shipped


def test_a_sentence_is_said_with_its_names_filled_in() -> None:
    assert Texts()("tickets.created", reference="T-1042").startswith("Your ticket is T-1042.")


def test_a_team_says_it_differently() -> None:
    texts = Texts({"tickets.created": "Noted: {reference}!", "greeting.hello": "Hello."})
    assert texts("tickets.created", reference="T-7") == "Noted: T-7!"
    assert texts("greeting.hello", name="Ada") == "Hello."
    assert texts("dialogue.yes") == Texts()("dialogue.yes")


def test_every_mistake_in_a_teams_sentences_is_told_at_once() -> None:
    overrides = {"greeting.helo": "Hi", "tickets.created": "{number}", "handoff.claimed": "{agent", "zzz": ""}
    with pytest.raises(ConfigurationError) as caught:
        Texts(overrides)
    assert caught.value.problems == [
        "texts.greeting.helo: there is no such text; did you mean greeting.hello?",
        "texts.tickets.created: unknown placeholder {number}; known here: {reference}",
        "texts.handoff.claimed: expected '}' before end of string; write {name}, and {{ or }} for a brace itself",
        "texts.zzz: there is no such text",
    ]


@pytest.mark.parametrize("override", ["{name.__class__}", "{name[0]}", "{name!r}", "{name:>99999}", "{}", "{0}"])
def test_a_placeholder_is_a_plain_name_and_reaches_into_nothing(override: str) -> None:
    with pytest.raises(ConfigurationError, match="not a plain name"):
        Texts({"greeting.hello": override})


def test_words_that_are_filled_in_are_not_read_as_placeholders() -> None:
    assert "{reference}" in Texts()("tickets.created", reference="{reference}")


def test_a_missing_sentence_names_the_file_to_add_it_to() -> None:
    with pytest.raises(LookupError, match=r"there is no text 'tickets.lost'; add it to texts.yaml"):
        Texts()("tickets.lost")


def test_a_missing_value_names_the_sentence() -> None:
    with pytest.raises(LookupError, match=r"the text 'tickets.created' in texts.yaml needs a value for 'reference'"):
        Texts()("tickets.created")


@pytest.mark.parametrize("key", sorted(shipped()))
def test_every_shipped_sentence_can_be_said(key: str) -> None:
    words = Texts()(key, **{name: name.upper() for name in placeholders(shipped()[key])})
    assert words.strip() == words != ""
    assert "{" not in words


def test_words_that_yaml_likes_to_change_are_sentences_here() -> None:
    assert (Texts()("dialogue.yes"), Texts()("dialogue.no")) == ("Yes", "No")


PACKAGE = supportbot.texts.FILE.parent
SECTIONS = "|".join(sorted({key.split(".")[0] for key in shipped()}))
KEY = re.compile(rf"(?:{SECTIONS})(?:\.[a-z0-9_]+)+")


def _key(node: ast.AST | None) -> str:
    """Read a literal that looks like a sentence's key."""
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, str) and KEY.fullmatch(value) else ""


def _nodes() -> Iterator[tuple[str, ast.AST]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            yield f"{path.relative_to(PACKAGE)}:{getattr(node, 'lineno', 0)}", node


def test_every_sentence_that_the_code_asks_for_exists() -> None:
    missing = [f"{place} {_key(node)}" for place, node in _nodes() if _key(node) and _key(node) not in shipped()]
    assert not missing, "\n".join(["Add these to texts.yaml, in words for those who see them:", *missing])


def test_the_code_gives_every_sentence_the_values_it_names() -> None:
    missing = []
    for place, node in _nodes():
        key = _key(node.args[0]) if isinstance(node, ast.Call) and node.args else ""
        if isinstance(node, ast.Call) and key in shipped():
            given = {keyword.arg for keyword in node.keywords}
            lacking = placeholders(shipped()[key]) - given if None not in given else frozenset[str]()
            missing += [f"{place} {key} needs {name}" for name in sorted(lacking)]
    assert not missing, "\n".join(["Give these values, or take the names out of texts.yaml:", *missing])
