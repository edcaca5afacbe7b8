"""The schema that editors get, and the example configuration: both say what the types say, and nothing less."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from supportbot.config import Config, ConfigFile, Settings, load_config
from supportbot.config_schema import DIALECT, documented, json_schema, keys
from supportbot.plugins import find_skills
from supportbot.skills.base import name_of, settings_type
from supportbot.texts import shipped
from supportbot.yaml_lines import read_yaml

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "config.example.yaml"
COMMENTED = re.compile(r"^(\s*)# (\s*(?:- )?[a-z_]+:(?: .*)?)$")
"""A key that is commented out: small letters and a colon, where a sentence begins with a capital."""
NAMES = re.findall(r"\$\{([A-Z_]{6,})\}", EXAMPLE.read_text("utf-8"))
VARIABLES = dict.fromkeys(NAMES, "stand-in")


def skills() -> dict[str, type[Settings]]:
    return {name_of(type(skill)): settings_type(type(skill)) for skill in find_skills(Config())[0].skills}


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft7Validator:
    schema = json_schema(skills())
    jsonschema.Draft7Validator.check_schema(schema)
    return jsonschema.Draft7Validator(schema)


# --- the example --------------------------------------------------------------------------------------------------


@pytest.fixture
def everything(tmp_path: Path) -> Path:
    """The example, with all that is commented out switched on."""
    lines = [COMMENTED.sub(r"\1\2", line) for line in EXAMPLE.read_text("utf-8").splitlines()]
    file = tmp_path / "config.yaml"
    file.write_text("\n".join(lines), "utf-8")
    return file


def at(data: Any, path: str) -> Any:
    for key in path.split("."):
        data = data[key]
    return data


def test_the_example_loads_as_it_is_and_changes_no_default() -> None:
    example, defaults = load_config(EXAMPLE, environment={}), Config()
    for name in set(ConfigFile.__struct_fields__) - {"storage", "skills", "texts"}:
        assert getattr(example, name) == getattr(defaults, name), name
    assert [entry.name for entry in example.skills] == [entry.name for entry in defaults.skills]


def test_the_example_loads_with_everything_in_it_switched_on(everything: Path) -> None:
    config = load_config(everything, environment=VARIABLES)
    assert config.adapters.given == ("console", "slack", "discord")
    assert find_skills(config)[1] == []


@pytest.mark.parametrize(("path", "default"), list(keys(ConfigFile)))
def test_the_example_has_every_key_with_its_default(everything: Path, path: str, default: Any) -> None:
    data = read_yaml(everything, VARIABLES).data
    try:
        shown = at(data, path)
    except (KeyError, TypeError):
        pytest.fail(f"give {path} its line in config.example.yaml, commented out where it is off by default")
    if default is not None and path not in {"skills", "texts"}:
        assert shown == default


@pytest.mark.parametrize(("skill", "type"), list(skills().items()))
def test_the_example_has_every_setting_of_the_built_in_skills_with_its_default(
    everything: Path, skill: str, type: Any
) -> None:
    entries = [entry for entry in read_yaml(everything, VARIABLES).data["skills"] if isinstance(entry, dict)]
    given = {name: settings for entry in entries for name, settings in entry.items()}
    assert given.get(skill, {}) == dict(keys(type))


# --- the schema ---------------------------------------------------------------------------------------------------


def test_the_schema_accepts_the_example_and_all_of_it_switched_on(
    validator: jsonschema.Draft7Validator, everything: Path
) -> None:
    for file in (EXAMPLE, everything):
        assert list(validator.iter_errors(yaml.safe_load(file.read_text("utf-8")))) == []


@pytest.mark.parametrize(
    "good",
    [
        {},
        {"desk": None, "adapters": {"console": None}},
        {"adapters": {"slack": {"bot_token": "${T}", "port": "${PORT}", "mode": "${MODE}"}}},
        {"storage": {"url": "${DATABASE_URL}"}, "limits": {"message_characters": "${MOST}"}},
        {"skills": ["faq", "my_own", {"faq": None}, {"my_own": {"anything": 1}}]},
        {"texts": {"greeting.hello": "Hi"}, "desk": {"close_after": 0}},
    ],
)
def test_the_schema_accepts_what_the_bot_accepts(validator: jsonschema.Draft7Validator, good: Any) -> None:
    assert list(validator.iter_errors(good)) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"tabs": 1},
        {"desk": {"relay": "sometimes"}},
        {"desk": {"agent_channel": "console"}},
        {"adapters": {"slack": {"bot_token": "xoxb-1"}}},
        {"adapters": {"slack": {}}},
        {"adapters": {"slack": {"bot_token": "${T}", "port": 0}}},
        {"storage": {"url": "mysql:bot"}},
        {"limits": {"message_characters": "many"}},
        {"skills": [{"faq": {"source": ["a"]}}]},
        {"skills": [{"faq": None, "help": None}]},
        {"skills": ["Greeting"]},
        {"texts": {"greeting.helo": "Hi"}},
    ],
)
def test_the_schema_refuses_what_the_bot_refuses(validator: jsonschema.Draft7Validator, wrong: Any) -> None:
    assert list(validator.iter_errors(wrong))


def properties(schema: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, definition in [("", schema), *schema["definitions"].items()]:
        for key, described in definition["properties"].items():
            yield f"{name}.{key}".strip("."), described


def test_the_schema_says_what_every_key_is_for() -> None:
    silent = [name for name, described in properties(json_schema(skills())) if not described.get("description")]
    assert not silent, f"write a string below each of these attributes: what it is for: {silent}"


def test_the_schema_has_the_defaults_as_a_file_would_say_them() -> None:
    schema = json_schema(skills())
    desk = schema["definitions"]["DeskSettings"]["properties"]
    assert (desk["close_after"]["default"], desk["anonymous"]["default"]) == ("3d", False)
    assert schema["properties"]["skills"]["default"] == [entry.name for entry in Config().skills]


def test_the_schema_is_of_the_draft_that_editors_read_and_refers_to_nothing_outside() -> None:
    text = msgspec.json.encode(json_schema(skills())).decode()
    assert f'"$schema":"{DIALECT}"' in text
    assert "$defs" not in text
    assert set(re.findall(r'"\$ref":"([^"]*)/', text)) == {"#/definitions"}


def test_the_schema_names_every_sentence() -> None:
    assert set(json_schema()["properties"]["texts"]["properties"]) == set(shipped())


def test_a_string_below_an_attribute_is_what_it_is_for() -> None:
    words = documented(
        settings_type(next(type(s) for s in find_skills(Config())[0].skills if name_of(type(s)) == "survey"))
    )
    assert words["delay"] == "How long after solving; ``0s`` is at once."
