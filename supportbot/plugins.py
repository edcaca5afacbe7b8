"""Plugins: find the skills that the configuration names, load them, and tell what did not work and where."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from supportbot.config import BUILT_IN_SKILLS, Config, SkillEntry, read_settings
from supportbot.errors import ConfigurationError, Problem
from supportbot.skills.base import Skill, name_of, settings_type

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ALWAYS_LAST = "fallback"
GROUP = "supportbot.skills"


@dataclass(frozen=True)
class Failure:
    """A listed skill that was left out, and why: one line with its file and line."""

    skill: str
    why: str


@dataclass
class Loaded:
    """The skills that run, in order, and those that were left out."""

    skills: list[Skill[Any]] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


def load_skills(config: Config) -> Loaded:
    """Load every listed skill; ConfigurationError has every unknown name and every wrong setting."""
    loaded, problems = find_skills(config)
    if problems:
        raise ConfigurationError(problems)
    return loaded


def find_skills(config: Config) -> tuple[Loaded, list[str]]:
    """Load every listed skill that can be loaded, and tell every unknown name and every wrong setting."""
    loaded, problems = Loaded(), list[str]()
    entries = [entry for entry in config.skills if entry.name != ALWAYS_LAST]
    last = [entry for entry in config.skills if entry.name == ALWAYS_LAST] or [SkillEntry(ALWAYS_LAST)]
    for entry in (*entries, *last):
        try:
            skill = _find(entry, config)
            settings = read_settings(entry, settings_type(skill), config.file or Path("the defaults"))
            loaded.skills.append(_made(skill, settings))
        except ConfigurationError as error:
            problems += error.problems
        except _NotImported as error:
            loaded.failures.append(Failure(entry.name, str(error)))
    return loaded, problems


class _NotImported(Exception):
    """A skill's own file failed while it was imported, or its class when it was made."""


def _made(skill: type[Skill[Any]], settings: Any) -> Skill[Any]:
    try:
        return skill(settings)
    except (KeyboardInterrupt, ConfigurationError):
        raise
    except BaseException as error:
        raise _NotImported(_where(error, Path(inspect.getfile(skill)), "could not be made")) from error


def _find(entry: SkillEntry, config: Config) -> type[Skill[Any]]:
    path = _file_of(entry.name, config)
    if path:
        return _skill_in(_import_file(entry.name, path), entry, path, config)
    if entry.name in (*BUILT_IN_SKILLS, ALWAYS_LAST):
        module = importlib.import_module(f"supportbot.skills.{entry.name}")
        return _skill_in(module, entry, Path(str(module.__file__)), config)
    from importlib.metadata import entry_points  # noqa: PLC0415 - 10 ms for what only a stranger's skill needs

    installed = {point.name: point for point in entry_points(group=GROUP)}
    if entry.name in installed:
        return _installed(installed[entry.name])
    raise ConfigurationError([_unknown(entry, config, installed)])


def _file_of(name: str, config: Config) -> Path | None:
    for folder in config.skill_paths:
        for path in (config.resolve(folder) / f"{name}.py", config.resolve(folder) / name / "__init__.py"):
            if path.is_file():
                return path
    return None


def _import_file(name: str, path: Path) -> ModuleType:
    module_name = f"supportbot_skill_{name}"
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise _NotImported(Problem.at(path, None, "this is no Python file"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    try:
        spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        del sys.modules[module_name]
        raise _NotImported(_where(error, path)) from error
    return module


def _where(error: BaseException, path: Path, what: str = "could not be imported") -> Problem:
    line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
    for frame in traceback.extract_tb(error.__traceback__):
        if frame.filename == str(path):
            line = frame.lineno
    return Problem.at(path, line, f"{what}: {type(error).__name__}: {error}")


def _skill_in(module: ModuleType, entry: SkillEntry, path: Path, config: Config) -> type[Skill[Any]]:
    found = [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Skill) and value.__module__ == module.__name__
    ]
    for skill in found:
        if name_of(skill) == entry.name:
            return skill
    names = sorted(map(name_of, found))
    if names:
        mend = f'rename the file to {names[0]}.py, or write `name = "{entry.name}"` in the class'
    else:
        mend = "write a class derived from supportbot.Skill"
    what = f"{entry.path}: {path} holds {', '.join(names) or 'no skill'}, not {entry.name}; {mend}"
    raise ConfigurationError([Problem.at(config.file or path, entry.line, what)])


def _installed(point: EntryPoint) -> type[Skill[Any]]:
    try:
        skill = point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise _NotImported(f"{point.value}: could not be imported: {type(error).__name__}: {error}") from error
    if not (inspect.isclass(skill) and issubclass(skill, Skill)):
        raise _NotImported(f"{point.value}: is no skill; an entry point names a class derived from supportbot.Skill")
    return skill


def _unknown(entry: SkillEntry, config: Config, installed: dict[str, EntryPoint]) -> Problem:
    files = [path.stem for folder in config.skill_paths for path in config.resolve(folder).glob("*.py")]
    known = [*BUILT_IN_SKILLS, *installed, *files]
    near = difflib.get_close_matches(entry.name, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(set(known)))}"
    looked = f" (looked in {', '.join(config.skill_paths)})" if config.skill_paths else ""
    what = f"{entry.path}: there is no skill {entry.name!r}{looked}; {hint}"
    return Problem.at(config.file or "the defaults", entry.line, what)
