"""A YAML file as plain values and the line of each: what a sentence about a mistake needs.

Only what JSON can say too is read: mappings with text keys, lists, text, numbers, true, false and null (so ``no`` and
``12:30`` stay text). A file that is JSON is read as well. Tags run nothing: they are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import yaml

from supportbot.environment import Unset, fill_in
from supportbot.errors import ConfigurationError, Problem

LARGEST = 1_000_000
"""The most bytes of one file."""
_MOST_VALUES = 50_000  # aliases count each time they are used, so that nine lines cannot become a billion values
_DEEPEST = 40
_SURROGATES = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]  # libyaml where it is there
    """Composes nodes; its own resolvers know the plain words that JSON knows, and no others."""

    yaml_implicit_resolvers: ClassVar[dict[str, list[tuple[str, re.Pattern[str]]]]] = {}


for _kind, _first, _pattern in (
    ("null", ["~", "n", "N", ""], r"^(?:~|null|Null|NULL|)$"),
    ("bool", ["t", "T", "f", "F"], r"^(?:true|True|TRUE|false|False|FALSE)$"),
    ("int", list("-+0123456789"), r"^[-+]?[0-9]{1,300}$"),
    ("float", list("-+.0123456789"), r"^[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?$"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(_pattern), _first)


@dataclass(frozen=True)
class Source:
    """What a file holds; `lines` has the line of each value under its key path, as ``skills[1].faq.sources[0]``."""

    file: Path
    data: Any = None
    lines: Mapping[str, int] = field(default_factory=dict)
    mistakes: Mapping[str, str] = field(default_factory=dict)
    """What is wrong already, by key path: a key given twice, a variable that is not set. Its value is empty."""

    def problems(self, mistakes: Iterable[tuple[str, str]]) -> list[Problem]:
        """Word these mistakes and those of the file itself, in the order of their lines."""
        found = [*dict(mistakes).items(), *self.mistakes.items()]
        return [self.problem(*mistake) for mistake in sorted(found, key=lambda mistake: self._line(mistake[0]) or 0)]

    def problem(self, where: str, message: str) -> Problem:
        """Word a mistake at a key path, with the line of what is nearest around it."""
        return Problem.at(self.file, self._line(where), f"{where}: {message}" if where else message)

    def _line(self, where: str) -> int | None:
        while where and where not in self.lines:
            where = where[: max(where.rfind("."), where.rfind("["), 0)]
        return self.lines.get(where)


def read_yaml(file: Path, environment: Mapping[str, str]) -> Source:
    """Read a file and fill in its ``${NAME}``; what is no YAML at all is a ConfigurationError."""
    node = _composed(file, _text_of(file))
    reading = _Reading(file, environment)
    data = reading.value(node, "", 0) if node is not None else None
    return Source(file, data, reading.lines, reading.mistakes)


def _text_of(file: Path) -> str:
    """Read a file's text, whatever may be wrong with it."""
    try:
        if file.stat().st_size > LARGEST:
            raise ConfigurationError([Problem.at(file, None, "larger than 1 MB; move data into files of its own")])
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigurationError([Problem.at(file, line, "not UTF-8 text; save the file as UTF-8")]) from None
    except OSError as error:
        reason = error.strerror or "no reason given"
        raise ConfigurationError([Problem.at(file, None, f"cannot be read ({reason}); check the path")]) from error
    return _as_yaml(text) if text.lstrip().startswith("{") else text


def _as_yaml(text: str) -> str:
    """Make JSON that YAML's rules refuse readable: tabs, and characters written as two halves."""
    return _SURROGATES.sub(lambda found: msgspec.json.decode(f'"{found[0]}"', type=str), text.replace("\t", " "))


def _composed(file: Path, text: str) -> yaml.Node | None:
    try:
        _check_depth(file, text)
        return yaml.compose(text, _Loader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise ConfigurationError([Problem.at(file, line, f"not YAML: {said}")]) from None
    except yaml.YAMLError as error:  # a character that no YAML holds; its position counts from the start
        line = text.count("\n", 0, getattr(error, "position", 0)) + 1
        raise ConfigurationError([Problem.at(file, line, f"not YAML: {str(error).splitlines()[0]}")]) from None


def _check_depth(file: Path, text: str) -> None:
    """Refuse what is nested too deeply before it is composed: libyaml's recursion would end the whole process."""
    depth = 0
    for event in yaml.parse(text, _Loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST:
            message = f"nested more than {_DEEPEST} deep; close a bracket or move it further out"
            raise ConfigurationError(
                [Problem.at(file, event.start_mark.line + 1 if event.start_mark else None, message)]
            )


class _Reading:
    """One pass over the nodes of a file, which notes lines and mistakes on its way."""

    def __init__(self, file: Path, environment: Mapping[str, str]) -> None:
        self.file = file
        self.environment = environment
        self.lines: dict[str, int] = {}
        self.mistakes: dict[str, str] = {}
        self._values = 0

    def value(self, node: yaml.Node, where: str, depth: int) -> Any:
        """Turn a node into plain values."""
        self._values += 1
        if depth > _DEEPEST or self._values > _MOST_VALUES:
            message = f"more than {_MOST_VALUES:,} values or {_DEEPEST} deep; write out what the aliases stand for"
            raise ConfigurationError([Problem.at(self.file, node.start_mark.line + 1, message)])
        self.lines.setdefault(where, node.start_mark.line + 1)
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        if isinstance(node, yaml.MappingNode) and kind == "map":
            return self._mapping(node, where, depth)
        if isinstance(node, yaml.SequenceNode) and kind == "seq":
            return [self.value(item, f"{where}[{index}]", depth + 1) for index, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and kind in _SCALARS:
            return self._scalar(node, kind, where)
        self.mistakes[where] = f"the tag {node.tag} is not allowed here; write the value plainly"
        return None

    def _mapping(self, node: yaml.MappingNode, where: str, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                line = key_node.start_mark.line + 1
                self.mistakes[where] = f"the key in line {line} is no plain word; put it in quotes"
                continue
            key = str(key_node.value)
            path = f"{where}.{key}" if where else key
            if key in values:
                second = key_node.start_mark.line + 1
                self.mistakes[path] = f"given again in line {second}; remove one of the two"
                continue
            self.lines[path] = key_node.start_mark.line + 1
            values[key] = self.value(value_node, path, depth + 1)
        return values

    def _scalar(self, node: yaml.ScalarNode, kind: str, where: str) -> Any:
        if kind != "str":
            return _SCALARS[kind](node.value)
        if "\0" in node.value:
            self.mistakes[where] = "it holds a NUL character, which no text and no path may; take it out"
            return Unset("")
        try:
            return fill_in(node.value, self.environment)
        except ValueError as error:
            self.mistakes[where] = str(error)
            return Unset("")


_SCALARS: dict[str, Any] = {
    "str": str,
    "int": int,
    "float": float,
    "bool": lambda word: word.lower() == "true",
    "null": lambda _: None,
}
