"""Every sentence that the bot says, from ``texts.yaml`` beside this file; a team can say each of them differently."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from string import Formatter
from types import MappingProxyType
from typing import Any

import yaml

from supportbot.errors import ConfigurationError

FILE = Path(__file__).with_name("texts.yaml")


class Texts:
    """The sentences by their key, as ``texts("tickets.created", reference="T-1042")``.

    `overrides` are a team's own; each is checked here: its key exists, and its ``{names}`` are those of the original.
    """

    def __init__(self, overrides: Mapping[str, str] = MappingProxyType({})) -> None:
        found = list(mistakes(overrides))
        if found:
            raise ConfigurationError([f"texts.{key}: {message}" for key, message in found])
        self._texts = {**shipped(), **overrides}

    def __call__(self, key: str, **values: object) -> str:
        """Say a sentence, with its names filled in."""
        try:
            text = self._texts[key]
        except KeyError:
            raise LookupError(f"there is no text {key!r}; add it to {FILE.name} in the package") from None
        try:
            return text.format_map({name: str(value) for name, value in values.items()})
        except KeyError as missing:
            raise LookupError(f"the text {key!r} in {FILE.name} needs a value for {missing}") from None

    def __contains__(self, key: object) -> bool:
        return key in self._texts

    def keys(self) -> tuple[str, ...]:
        """Name every sentence."""
        return tuple(self._texts)


@cache
def shipped() -> Mapping[str, str]:
    """Read the sentences that come with this release."""
    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    return MappingProxyType(dict(_flat(yaml.load(FILE.read_text("utf-8"), loader), "")))  # noqa: S506 - text only


@cache
def audiences() -> Mapping[str, str]:
    """Read who sees the sentences of each section: the comment above it."""
    found, comment = {}, list[str]()
    for line in FILE.read_text("utf-8").splitlines():
        if line.startswith("#"):
            comment.append(line.removeprefix("#").strip())
        elif line and not line[0].isspace():
            found[line.partition(":")[0]] = " ".join(comment)
            comment = []
        elif not line:
            comment = []
    return MappingProxyType(found)


def mistakes(overrides: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Tell what is wrong with a team's own sentences: the key of each, and what to do."""
    for key, text in overrides.items():
        if key not in shipped():
            near = difflib.get_close_matches(key, shipped(), 1)
            yield key, f"there is no such text{f'; did you mean {near[0]}?' if near else ''}"
            continue
        try:
            used = placeholders(text)
        except ValueError as error:
            yield key, f"{error}; write {{name}}, and {{{{ or }}}} for a brace itself"
            continue
        known = placeholders(shipped()[key])
        for name in sorted(used - known):
            yield key, f"unknown placeholder {{{name}}}; known here: {_listed(known)}"


def placeholders(text: str) -> frozenset[str]:
    """Name the ``{names}`` of a sentence; anything but a plain name between braces is a ValueError."""
    names = set()
    for _, name, form, conversion in Formatter().parse(text):
        if name is None:
            continue
        if not name.isidentifier() or form or conversion:
            raise ValueError(f"{{{name}}} is not a plain name")
        names.add(name)
    return frozenset(names)


def _flat(section: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for key, value in section.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", str(value)


def _listed(names: frozenset[str]) -> str:
    return ", ".join(f"{{{name}}}" for name in sorted(names)) or "none"
