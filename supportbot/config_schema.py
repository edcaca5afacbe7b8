"""The schema of the configuration file, for editors and validators: JSON Schema, draft-07, made from the types.

It says a little less than the bot does: it knows each key, its kind, its default and what it is for, and nothing of
keys that depend on each other. Wherever the bot reads text, a number or a word, it allows ``${NAME}`` as well.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from functools import cache
from itertools import pairwise
from types import MappingProxyType
from typing import Any, get_args

import msgspec

from supportbot.config import ConfigFile, SkillEntry
from supportbot.settings import Settings, schema_of_own_type
from supportbot.texts import shipped

DIALECT = "http://json-schema.org/draft-07/schema#"
"""What the YAML servers of editors read."""
_VARIABLE = {"type": "string", "pattern": r"\$\{[A-Za-z_]\w*\}"}
_ROOT = "ConfigFile"


def json_schema(skills: Mapping[str, type[Settings]] = MappingProxyType({})) -> dict[str, Any]:
    """Describe the configuration file; `skills` are those whose settings are described as well, by name."""
    types: list[type[Any]] = [ConfigFile, *dict.fromkeys(skills.values())]
    refs, definitions = msgspec.json.schema_components(
        types, schema_hook=schema_of_own_type, ref_template="#/definitions/{name}"
    )
    for struct in dict.fromkeys(_structs(types)):
        _describe(struct, definitions.get(struct.__name__, {}))
    root = definitions.pop(_ROOT)
    root["properties"]["texts"] |= _texts()
    settings = dict(zip(types, refs, strict=True))
    named = {name: _or_nothing(settings[type]) for name, type in skills.items()}
    root["properties"]["skills"]["items"] = _entry(named)
    return {"$schema": DIALECT, **root, "title": "supportbot configuration", "definitions": definitions}


def keys(section: type[msgspec.Struct], where: str = "") -> Iterator[tuple[str, Any]]:
    """Name every key below a section by its path, as ``adapters.slack.port``, with its default as YAML says it.

    A section is named without a default: its keys have theirs.
    """
    for field in msgspec.structs.fields(section):
        path = f"{where}.{field.encode_name}".removeprefix(".")
        inner = _struct_in(field.type)
        if inner:
            yield path, None
            yield from keys(inner, path)
        else:
            yield path, default_of(field)


def default_of(field: Any) -> Any:
    """Tell a field's default as a file would write it; None where it has none, or is to be left out."""
    default = field.default
    if field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    if default is msgspec.NODEFAULT or isinstance(default, msgspec.Struct):
        return None
    return _written(default)


def _written(value: Any) -> Any:
    if isinstance(value, SkillEntry):
        return {value.name: value.settings} if value.settings else value.name
    if isinstance(value, list | tuple):
        return [_written(item) for item in value]
    return str(value) if _own_type_in(type(value)) else value


# --- what each section and key is for -----------------------------------------------------------------------------


def _structs(types: list[type[Any]]) -> Iterator[type[msgspec.Struct]]:
    """Name every section that types hold, themselves included."""
    for type in types:
        yield type
        inner = [_struct_in(field.type) for field in msgspec.structs.fields(type)]
        yield from _structs([struct for struct in inner if struct])


def _struct_in(type: Any) -> Any:
    """Find the section that a key holds, as ``SlackSettings | None`` does; None where it is none."""
    return next((part for part in (type, *get_args(type)) if isinstance(part, msgspec.StructMeta)), None)


def _own_type_in(type: Any) -> Any:
    """Find the type of our own that a key holds, as a span of time: how it is written is not seen by its kind."""
    return next((part for part in (type, *get_args(type)) if hasattr(part, "setting_schema")), None)


def _describe(struct: type[msgspec.Struct], schema: dict[str, Any]) -> None:
    words = documented(struct)
    schema["description"] = _plain_words(inspect.getdoc(struct) or "")
    for field in msgspec.structs.fields(struct):
        known = schema.get("properties", {}).get(field.encode_name)
        if known is not None:
            schema["properties"][field.encode_name] = _property(field, known, words.get(field.name, ""))


def _property(field: Any, schema: dict[str, Any], words: str) -> dict[str, Any]:
    section = _struct_in(field.type)
    schema = {key: value for key, value in schema.items() if key != "default"}
    described = _or_nothing({"$ref": _ref(schema)}) if section else _with_variables(schema)
    about = words or (section.__doc__ if section else "") or ""
    form = "" if section or (about and not _own_type_in(field.type)) else _form(schema)
    described["description"] = _plain_words(f"{about} ({form})" if about and form else about or form)
    default = default_of(field)
    return described if default is None else {**described, "default": default}


def _ref(schema: dict[str, Any]) -> str:
    return str(schema["$ref"] if "$ref" in schema else schema["anyOf"][0]["$ref"])


def _form(schema: dict[str, Any]) -> str:
    """Tell how a value is written, in the words of its type."""
    inner = schema.get("anyOf", [{}])[0]
    return str(schema.get("description") or inner.get("description") or "")


def _or_nothing(schema: dict[str, Any]) -> dict[str, Any]:
    """Allow a section without anything below it, which is as good as left out."""
    return {"anyOf": [schema, {"type": "null"}]}


def _with_variables(schema: dict[str, Any]) -> dict[str, Any]:
    """Allow ``${NAME}`` wherever one value stands."""
    kind, pattern = schema.get("type"), schema.get("pattern")
    if "anyOf" in schema:
        return {**schema, "anyOf": [_with_variables(option) for option in schema["anyOf"]]}
    if "enum" in schema:
        return {"anyOf": [schema, _VARIABLE]}
    if kind in ("integer", "number", "boolean"):
        return {**schema, **_VARIABLE, "type": [kind, "string"]}
    if pattern and pattern != _VARIABLE["pattern"]:
        return {**schema, "pattern": f"{pattern}|{_VARIABLE['pattern']}"}
    return {**schema, "items": _with_variables(schema["items"])} if kind == "array" else schema


def _entry(named: dict[str, Any]) -> dict[str, Any]:
    """Describe one entry in the list of skills; a name that is not known here may be a skill of one's own."""
    name = {"anyOf": [{"enum": sorted(named)}, {"type": "string", "pattern": r"^[a-z][a-z0-9_]*$"}, _VARIABLE]}
    settings = {"type": "object", "properties": named, "minProperties": 1, "maxProperties": 1}
    return {"description": SkillEntry.setting_schema()["description"], "anyOf": [name, settings]}


def _texts() -> dict[str, Any]:
    sentences = {key: {"type": "string", "description": text} for key, text in shipped().items()}
    return {"properties": sentences, "additionalProperties": False}


@cache
def documented(struct: type[Any]) -> Mapping[str, str]:
    """Read the strings that stand below the attributes of a class: what each of them is for."""
    words: dict[str, str] = {}
    for owner in reversed(struct.__mro__):
        try:
            tree = ast.parse(textwrap.dedent(inspect.getsource(owner)))
        except (OSError, TypeError, SyntaxError):
            continue  # made without a source file: it simply has no words
        body = getattr(tree.body[0], "body", [])
        for node, below in pairwise(body):
            is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and is_text:
                words[node.target.id] = inspect.cleandoc(str(below.value.value))
    return words


def _plain_words(text: str) -> str:
    return " ".join(text.replace("``", "`").split())
