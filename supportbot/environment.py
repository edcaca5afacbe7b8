"""Where secrets come from: the process environment, and a ``.env`` file beside the configuration."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from supportbot.errors import ConfigurationError, Problem

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LINE = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*)")
_REFERENCE = re.compile(r"\$(\$?)\{([^}]*)\}?")
_LARGEST = 1_000_000


class FromEnvironment(str):
    """Text that the environment had a part in: it may be secret, so no message shows it."""

    __slots__ = ()


class Unset(FromEnvironment):
    """What stands for a value whose variable is missing: that is told already, and nothing more is to be said of it."""

    __slots__ = ()


def plain(value: Any) -> Any:
    """Take the marks off texts that are to be used: what is stored and sent is text and nothing more."""
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return str(value) if isinstance(value, FromEnvironment) else value


def read_environment(folder: Path, process: Mapping[str, str] | None = None) -> dict[str, str]:
    """Read ``.env`` in a folder, under the variables of the process, which win."""
    file = folder / ".env"
    return {**(_read_file(file) if file.is_file() else {}), **(os.environ if process is None else process)}


def names_in(text: str) -> list[str]:
    """Name the variables that a text takes from the environment."""
    return [name for escaped, name in _REFERENCE.findall(text) if not escaped and _NAME.fullmatch(name)]


def fill_in(text: str, environment: Mapping[str, str]) -> str:
    """Replace each ``${NAME}`` by its value; ``$${NAME}`` stands for the characters themselves.

    What is missing is a ValueError whose text names all that are.
    """
    if "${" not in text:
        return text
    names = [name for escaped, name in _REFERENCE.findall(text) if not escaped]
    wrong = [name for name in names if not _NAME.fullmatch(name)]
    if wrong:
        raise ValueError("${…} holds no name; write it as ${NAME}, of letters, digits and _, or $${ for the characters")
    unset = [name for name in dict.fromkeys(names) if name not in environment]
    if unset:
        verb = "is" if len(unset) == 1 else "are"
        raise ValueError(f"{', '.join(unset)} {verb} not set; put a line {unset[0]}=… into .env beside this file")
    filled = _REFERENCE.sub(lambda found: found[0][1:] if found[1] else environment[found[2]], text)
    return FromEnvironment(filled) if names else filled


def _read_file(file: Path) -> dict[str, str]:
    values, problems = {}, []
    for number, line in enumerate(_text_of(file).splitlines(), 1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        found = _LINE.fullmatch(stripped)
        if found:
            values[found[1]] = _unquoted(found[2])
        else:
            problems.append(Problem.at(file, number, "not a variable; write it as NAME=value"))
    if problems:
        raise ConfigurationError(problems)
    return values


def _text_of(file: Path) -> str:
    try:
        if file.stat().st_size > _LARGEST:
            raise ConfigurationError([Problem.at(file, None, "larger than 1 MB; keep only NAME=value lines in it")])
        return file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ConfigurationError([Problem.at(file, None, "not UTF-8 text; save it as UTF-8")]) from None
    except OSError as error:
        raise ConfigurationError([Problem.at(file, None, f"cannot be read ({error.strerror})")]) from error


def _unquoted(value: str) -> str:
    if value[:1] in {"'", '"'}:
        end = value.find(value[0], 1)
        return value[1:end] if end > 0 else value
    return re.split(r"\s#", value, maxsplit=1)[0].strip()
