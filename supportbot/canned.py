"""Canned replies: a team's own file of named texts, which an agent sends with one press; read and checked at the start.

greeting: "Hello {requester}, {agent} here. I have {reference} in front of me."
refund: |
  Your refund is on its way; it takes up to five days.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from supportbot.environment import read_environment
from supportbot.errors import ConfigurationError
from supportbot.texts import placeholders
from supportbot.yaml_lines import Source, read_yaml

NAMES = frozenset({"requester", "agent", "reference", "subject"})
"""What a canned reply can have filled in."""
MOST = 100
"""As many as a menu takes."""
_LONGEST_NAME = 75


def read_canned(place: str) -> tuple[Mapping[str, str], list[str]]:
    """Read the file of canned replies, "" for none; returns them and every mistake, each with its line."""
    if not place:
        return {}, []
    file = Path(place)
    try:
        source = read_yaml(file, read_environment(file.parent))
    except ConfigurationError as error:
        return {}, list(error.problems)
    if problems := source.problems(_mistakes(source)):
        return {}, list(problems)
    return {name.strip(): text.strip() for name, text in (source.data or {}).items()}, []


def _mistakes(source: Source) -> list[tuple[str, str]]:
    data = source.data or {}
    if not isinstance(data, dict):
        return [("", 'not a mapping; write a name and its text, as greeting: "Hello {requester}"')]
    found = [(name, wrong) for name, text in data.items() if (wrong := _wrong_with(name, text))]
    if len(data) > MOST:
        found.append(("", f"{len(data)} canned replies are more than a menu takes; keep {MOST}"))
    return found


def _wrong_with(name: str, text: Any) -> str:
    if not name.strip() or len(name) > _LONGEST_NAME or name.splitlines() != [name]:
        return f"a name is one line of up to {_LONGEST_NAME} characters"
    if not isinstance(text, str) or not text.strip():
        return f"a canned reply is text; put it in quotes, or behind {name}: | on lines of its own"
    try:
        unknown = sorted(placeholders(text) - NAMES)
    except ValueError as error:
        return f"{error}; write {{name}}, and {{{{ or }}}} for a brace itself"
    known = ", ".join(f"{{{known}}}" for known in sorted(NAMES))
    return f"unknown placeholder {{{unknown[0]}}}; known here: {known}" if unknown else ""
