"""Plugins: find the skills that the configuration names, load them, and tell what did not work and where."""

from __future__ import annotations

import ast
import difflib
import importlib
import importlib.util
import inspect
import itertools
import os
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, ModuleType
from typing import TYPE_CHECKING, Any, Literal

from supportbot.config import BUILT_IN_SKILLS, Config, SkillEntry, read_settings
from supportbot.errors import ConfigurationError, Problem
from supportbot.logs import masked
from supportbot.pipeline.isolation import watched
from supportbot.skills.base import Skill, name_of, settings_type

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

ALWAYS_LAST = "fallback"
GROUP = "supportbot.skills"
LONGEST_IMPORT = 20.0
"""Seconds that importing a skill may take; on a Unix main thread it is interrupted there."""
_MODULE = "supportbot_skill_"
"""What the modules of skills in ``skill_paths`` are named, before the skill's own name."""


@dataclass(frozen=True)
class Origin:
    """Where a skill comes from."""

    kind: Literal["built in", "package", "file"]
    package: str = ""
    """The installed package, with its version."""
    file: Path | None = None
    """Its file in one of `skill_paths`; for a folder its ``__init__.py``."""

    def __str__(self) -> str:
        return str(self.file or self.package or self.kind)


@dataclass(frozen=True)
class Plugin:
    """What became of one entry of the list: a skill, or why there is none."""

    entry: SkillEntry
    origin: Origin | None = None
    """None where nothing of that name was found."""
    skill: Skill[Any] | None = None
    mistakes: tuple[str, ...] = ()
    """What is wrong in the configuration: they stop the start."""
    failure: str = ""
    """Why its own code could not be loaded, with file and line: it is left out, and the others run."""


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


def find_skills(config: Config) -> tuple[Loaded, list[str]]:
    """Load every listed skill that can be loaded, and tell every unknown name and every wrong setting."""
    loaded, problems = Loaded(), list[str]()
    for entry in entries_in_order(config):
        plugin = load_plugin(entry, config)
        problems += plugin.mistakes
        if plugin.failure:
            loaded.failures.append(Failure(entry.name, plugin.failure))
        if plugin.skill:
            loaded.skills.append(plugin.skill)
    return loaded, problems


def entries_in_order(config: Config) -> list[SkillEntry]:
    """List the entries in the order in which the skills are asked; the fallback is always there, last."""
    entries = [entry for entry in config.skills if entry.name != ALWAYS_LAST]
    last = [entry for entry in config.skills if entry.name == ALWAYS_LAST] or [SkillEntry(ALWAYS_LAST)]
    return [*entries, *last]


def load_plugin(entry: SkillEntry, config: Config) -> Plugin:
    """Load what one entry names; a skill in `skill_paths` is loaded anew, beside any that was loaded before."""
    origin = None
    try:
        origin, load = _found(entry, config)
        skill = load()
        settings = read_settings(entry, settings_type(skill), config.file or Path("the defaults"))
        return Plugin(entry, origin, _made(skill, settings))
    except ConfigurationError as error:
        return Plugin(entry, origin, mistakes=tuple(error.problems))
    except _NotLoaded as error:
        return Plugin(entry, origin, failure=str(error))


def forget(skill: Skill[Any]) -> None:
    """Forget the modules of a skill of `skill_paths` that was replaced."""
    module = type(skill).__module__
    if module.startswith(_MODULE):
        _forget_module(module)


def unlisted(config: Config) -> list[tuple[str, Origin]]:
    """Find the skills that could run and that the configuration does not name; none of their code is run."""
    named = {entry.name for entry in config.skills}
    files = [(name, Origin("file", file=path)) for name, path in _files(config) if _has_skill(path)]
    packages = [(point.name, _origin_of(point)) for point in _entry_points()]
    return [(name, origin) for name, origin in (*files, *packages) if name not in named]


# --- finding ------------------------------------------------------------------------------------------------------


class _NotLoaded(Exception):
    """A skill's own code failed while it was imported, or its class when it was made."""


Load = Callable[[], type[Skill[Any]]]


def _found(entry: SkillEntry, config: Config) -> tuple[Origin, Load]:
    """Find what an entry names, and how to load it: a file, else a built-in skill, else an installed package's."""
    path = file_of(entry.name, config)
    if path:
        return Origin("file", file=path), lambda: _skill_in(_import_file(entry.name, path), entry, path, config)
    if entry.name in (*BUILT_IN_SKILLS, ALWAYS_LAST):
        module = importlib.import_module(f"supportbot.skills.{entry.name}")
        return Origin("built in"), lambda: _skill_in(module, entry, Path(str(module.__file__)), config)
    points = [point for point in _entry_points() if point.name == entry.name]
    if not points:
        raise ConfigurationError([_unknown(entry, config)])
    if len(points) > 1:
        brought = " and ".join(sorted(map(str, map(_origin_of, points))))
        what = f"{entry.path}: {brought} both bring a skill of that name; uninstall one of them"
        raise ConfigurationError([Problem.at(config.file or "the defaults", entry.line, what)])
    return _origin_of(points[0]), lambda: _installed(points[0])


def file_of(name: str, config: Config) -> Path | None:
    """Find the file of a skill in `skill_paths`; in a folder of its own that is ``__init__.py``."""
    return next((path for found, path in _files(config) if found == name), None)


def _files(config: Config) -> Iterator[tuple[str, Path]]:
    for place in config.skill_paths:
        folder = config.resolve(place)
        for path in (*sorted(folder.glob("*.py")), *sorted(folder.glob("*/__init__.py"))):
            if path.is_file():  # and no folder of such a name, nor a link that leads nowhere
                yield (path.parent.name if path.name == "__init__.py" else path.stem), path


def _entry_points() -> list[EntryPoint]:
    from importlib.metadata import entry_points  # noqa: PLC0415 - 10 ms for what only a stranger's skill needs

    return list(entry_points(group=GROUP))


def _origin_of(point: EntryPoint) -> Origin:
    return Origin("package", package=f"{point.dist.name} {point.dist.version}" if point.dist else point.value)


def _has_skill(path: Path) -> bool:
    """Tell whether a file has a class derived from Skill, by reading it only; a test's stand-in does not count."""
    if path.name.startswith("test_") or path.name == "conftest.py":
        return False
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return False
    bases = [base for node in tree.body if isinstance(node, ast.ClassDef) for base in node.bases]
    return any(ast.unparse(base).partition("[")[0].rpartition(".")[2] == "Skill" for base in bases)


def _unknown(entry: SkillEntry, config: Config) -> Problem:
    known = [*BUILT_IN_SKILLS, *(point.name for point in _entry_points())]
    known += [name for name, path in _files(config) if _has_skill(path)]
    near = difflib.get_close_matches(entry.name, known, 1)
    hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(sorted(set(known)))}"
    looked = f" (looked in {', '.join(config.skill_paths)})" if config.skill_paths else ""
    what = f"{entry.path}: there is no skill {entry.name!r}{looked}; {hint}"
    return Problem.at(config.file or "the defaults", entry.line, what)


# --- loading ------------------------------------------------------------------------------------------------------


def _made(skill: type[Skill[Any]], settings: Any) -> Skill[Any]:
    try:
        return skill(settings)
    except (KeyboardInterrupt, ConfigurationError):
        raise
    except BaseException as error:
        path = Path(inspect.getfile(skill))
        why = _where(error, path, lambda frame: frame.f_code.co_filename == str(path), "could not be made")
        raise _NotLoaded(why) from error


def _import_file(name: str, path: Path) -> ModuleType:
    names = itertools.chain([_MODULE + name], (f"{_MODULE}{number}_{name}" for number in itertools.count(2)))
    module_name = next(fresh for fresh in names if fresh not in sys.modules)
    spec = importlib.util.spec_from_file_location(module_name, path)
    if spec is None or spec.loader is None:
        raise _NotLoaded(Problem.at(path, None, "this is no Python file"))
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module
    process = os.getpid()
    try:
        with watched(LONGEST_IMPORT):
            spec.loader.exec_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        _forget_module(module_name)
        why = _where(error, path, lambda frame: is_of(path, frame.f_code.co_filename))
        raise _NotLoaded(why + _hint(error, name, path)) from error
    finally:
        if os.getpid() != process:
            os._exit(0)  # a copy of the process that the skill made: only the first one goes on as the bot
    return module


def is_of(path: Path, file: str) -> bool:
    """Tell whether a file is a skill's own: its only one, or one in its folder."""
    return file == str(path) or (path.name == "__init__.py" and Path(file).is_relative_to(path.parent))


def _forget_module(name: str) -> None:
    for module in [other for other in list(sys.modules) if _is_from(other, name)]:
        del sys.modules[module]


def _where(
    error: BaseException, path: Path, is_own: Callable[[FrameType], bool], what: str = "could not be imported"
) -> str:
    """Say what went wrong, with the last line of the skill's own code that led there."""
    place, line = str(path), None
    for frame, number in traceback.walk_tb(error.__traceback__):
        if is_own(frame):
            place, line = frame.f_code.co_filename, number
    told = str(error)
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        place, line, told = error.filename, error.lineno, error.msg
    elif isinstance(error, SyntaxError):
        line = line or 1  # no Python text at all
    return Problem.at(place, line, masked(f"{what}: {type(error).__name__}: {told}"))


def _hint(error: BaseException, name: str, path: Path) -> str:
    """Say how to import what stands beside a skill's file: its test finds that by its plain name, the bot does not."""
    missing = (error.name or "") if isinstance(error, ModuleNotFoundError) else ""
    if path.name == "__init__.py" and (missing == name or _is_beside(path, missing)):
        return "; imports within this folder begin with a dot, as `from .name import …`"
    if _is_beside(path, missing):
        return f"; make a folder {name} of both, this as its __init__.py, and write `from .{missing} import …`"
    return ""


def _is_beside(path: Path, module: str) -> bool:
    return bool(module) and path.with_name(f"{module}.py").is_file()


def _skill_in(module: ModuleType, entry: SkillEntry, path: Path, config: Config) -> type[Skill[Any]]:
    found = [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Skill) and _is_from(value.__module__, module.__name__)
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


def _is_from(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def _installed(point: EntryPoint) -> type[Skill[Any]]:
    top = point.module.partition(".")[0]
    try:
        with watched(LONGEST_IMPORT):
            skill = point.load()
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        own = _where(error, Path(point.value), lambda frame: _is_from(frame.f_globals.get("__name__", ""), top))
        raise _NotLoaded(own) from error
    if not (inspect.isclass(skill) and issubclass(skill, Skill)):
        raise _NotLoaded(f"{point.value}: is no skill; an entry point names a class derived from supportbot.Skill")
    if name_of(skill) != point.name:
        mend = f'name it {name_of(skill)}, or write `name = "{point.name}"` in the class'
        raise _NotLoaded(f"{point.value}: its entry point is {point.name}, but the skill is {name_of(skill)}; {mend}")
    return skill
