"""The shape of the house, held by reading the source: each test is one rule, and its message says what to do."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "supportbot"
FACE = "supportbot"

ORDER: tuple[tuple[str, ...], ...] = (
    ("errors", "clock", "ids", "logs", "version", "faults", "vitals", "recent"),
    ("domain",),
    (
        "environment",
        "yaml_lines",
        "settings",
        "patterns",
        "contacts",
        "tokens",
        "confidential",
        "texts",
        "adapter_settings",
        "desk_settings",
        "config",
        "config_schema",
        "canned",
    ),
    ("storage", "adapters", "knowledge", "samples"),
    ("desk",),
    ("data",),
    (
        "reader",
        "conduct",
        "dialogue",
        "asking",
        "once",
        "opening",
        "open_question",
        "speaking",
        "turn",
        "turn_desk",
        "turn_knowledge",
        "turn_tickets",
    ),
    ("skills", ""),  # the face stands beside the skills: both offer what is below
    ("pipeline", "plugins"),
    ("bot", "catch_up", "presence"),
    ("app",),
    ("reload",),
    ("health",),
    ("chat_lines", "scaffold", "terminal"),
    ("testing",),
    ("commands",),
    ("cli", "__main__"),
)
"""The rooms from the ground up; those of one storey may use each other, except that families stay apart."""

FAMILIES: dict[str, frozenset[str]] = {
    "storage": frozenset({"base", "open", "move", "replace", "format"}),
    "adapters": frozenset({"base", "open"}),
    "knowledge": frozenset({"base", "sources", "completion", "match_lines", "watch", "lint", "questions", "outcome"}),
    "skills": frozenset({"base", "match", "read"}),
}
"""What others may import of a family; its members are chosen by the configuration."""

CONSOLE = frozenset({"chat_lines", "terminal", "commands.dialogues", "commands.talk", "testing.harness"})
"""The faces of the console: they feed its adapter by hand, so they alone know it by name."""

PLATFORMS = {"commands.slack": "adapters.slack.manifest", "commands.discord": "adapters.discord.invite"}
"""Commands that are about one platform, and what they show of it."""

LONGEST_MODULE = 400
LONGEST_FUNCTION = 40
LONG_MODULES: dict[str, str] = {}
"""Modules that are allowed to be longer: the path below supportbot/, and the reason."""
LONG_FUNCTIONS: dict[str, str] = {}
"""Functions that are allowed to be longer: ``path.py:name``, and the reason."""

HEAVY = (
    "slack_sdk",
    "slack_bolt",
    "discord",
    "psycopg",
    "numpy",
    "onnxruntime",
    "tokenizers",
    "tinydb",
    "aiohttp",
    "prometheus_client",
    "jsonschema",
    "rich",
    "hypothesis",
)


@dataclass(frozen=True)
class Module:
    """One file of the package: its dotted name below it ("" is the face), its tree and its lines."""

    path: Path
    name: str
    tree: ast.Module
    lines: int

    @property
    def room(self) -> str:
        return self.name.partition(".")[0]

    @property
    def place(self) -> str:
        return self.path.relative_to(PACKAGE).as_posix()


@cache
def modules() -> tuple[Module, ...]:
    found = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        text = path.read_text("utf-8")
        found.append(Module(path, name, ast.parse(text, str(path)), text.count("\n")))
    return tuple(found)


@cache
def names() -> frozenset[str]:
    return frozenset(module.name for module in modules())


def imports(module: Module) -> Iterator[tuple[int, str]]:
    """Name what a module imports of the project, wherever the import stands; "" is the face."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == FACE:
                    yield node.lineno, alias.name.removeprefix(FACE).removeprefix(".")
        elif isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").split(".")[0] == FACE:
            base = (node.module or "").removeprefix(FACE).removeprefix(".")
            for alias in node.names:
                below = f"{base}.{alias.name}".removeprefix(".")
                yield node.lineno, below if below in names() else base


def storey(room: str) -> int:
    return next((level for level, rooms in enumerate(ORDER) if room in rooms), -1)


def listed(offences: list[str], rule: str) -> str:
    return "\n".join([rule, *offences])


def test_every_room_has_its_place_in_the_order() -> None:
    rooms = {module.room for module in modules()}
    offences = sorted(room for room in rooms if storey(room) < 0)
    assert not offences, listed(offences, "Give each of these its place in ORDER, as low as its imports allow:")


def test_imports_point_down() -> None:
    offences = [
        f"{module.place}:{line} imports {target or 'the face'}"
        for module in modules()
        for line, target in imports(module)
        if storey(target.partition(".")[0]) > storey(module.room) >= 0
    ]
    assert not offences, listed(offences, "Imports only point down; move the thing down, or pass it in from above:")


def test_imports_are_absolute() -> None:
    offences = [
        f"{module.place}:{node.lineno}"
        for module in modules()
        for node in ast.walk(module.tree)
        if isinstance(node, ast.ImportFrom) and node.level
    ]
    assert not offences, listed(offences, "Write the whole name, as `from supportbot.desk import tickets`:")


def test_families_of_one_storey_do_not_know_each_other() -> None:
    offences = [
        f"{module.place}:{line} imports {target}"
        for module in modules()
        for line, target in imports(module)
        if module.room in FAMILIES
        and (room := target.partition(".")[0]) in FAMILIES
        and room != module.room
        and storey(room) == storey(module.room)
    ]
    assert not offences, listed(offences, "Storage, adapters and knowledge stay apart; bring them together above:")


def test_members_of_a_family_are_imported_through_the_configuration_only() -> None:
    offences = []
    for module in modules():
        for line, target in imports(module):
            room, _, member = target.partition(".")
            if module.name in CONSOLE and target.startswith("adapters.console"):
                continue
            if target == PLATFORMS.get(module.name):
                continue
            outside = module.room != room and not (room == "skills" and module.name == "")
            if outside and member and member.split(".")[0] not in FAMILIES.get(room, {member.split(".")[0]}):
                offences.append(f"{module.place}:{line} imports {target}")
    assert not offences, listed(offences, f"Import what a family offers to others ({FAMILIES}), not a member:")


def test_the_contract_of_a_family_does_not_know_its_members() -> None:
    offences = [
        f"{module.place}:{line} imports {target}"
        for module in modules()
        if module.name in {"storage.base", "adapters.base", "skills.base"}
        for line, target in imports(module)
        if target.startswith(f"{module.room}.") and target.split(".")[1] in _members(module.room)
    ]
    assert not offences, listed(offences, "A contract stands alone; let the member import it:")


def _members(room: str) -> set[str]:
    members = {
        "storage": {
            name.split(".")[1] for name in (module.name for module in modules()) if name.startswith("storage.")
        },
        "adapters": {"console", "slack", "discord", "web"},
        "skills": {module.name.split(".")[1] for module in modules() if _is_built_in_skill(module)},
    }
    return members[room]


def _is_built_in_skill(module: Module) -> bool:
    """A skill is where a class names Skill as its base; the contract itself is none."""
    if module.room != "skills" or module.name == "skills.base":
        return False
    bases = [base for node in ast.walk(module.tree) if isinstance(node, ast.ClassDef) for base in node.bases]
    return any(ast.unparse(base).split("[")[0] == "Skill" for base in bases)


def test_built_in_skills_import_only_the_face() -> None:
    offences = [
        f"{module.place}:{line} imports {target}"
        for module in modules()
        if _is_built_in_skill(module)
        for line, target in imports(module)
        if target
    ]
    assert not offences, listed(offences, "A built-in skill imports from supportbot itself, as a stranger's would:")


def test_an_init_file_defines_nothing() -> None:
    offences = [
        f"{module.place}:{node.lineno}"
        for module in modules()
        if module.path.name == "__init__.py"
        for node in module.tree.body
        if not _only_names_things(node)
    ]
    assert not offences, listed(offences, "An __init__.py holds a docstring, imports and __all__; give this a file:")


def _only_names_things(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign):
        return [ast.unparse(target) for target in node.targets] == ["__all__"]
    docstring = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    return docstring or isinstance(node, ast.Import | ast.ImportFrom)


def test_no_module_is_longer_than_its_ceiling() -> None:
    offences = [
        f"{module.place} has {module.lines} lines"
        for module in modules()
        if module.lines > LONGEST_MODULE and module.place not in LONG_MODULES
    ]
    assert not offences, listed(offences, f"Split by noun what is over {LONGEST_MODULE} lines, or give a reason:")


def test_no_function_is_longer_than_its_ceiling() -> None:
    offences = [
        f"{place} has {length} lines"
        for place, length in _function_lengths()
        if length > LONGEST_FUNCTION and place not in LONG_FUNCTIONS
    ]
    assert not offences, listed(offences, f"Split what is over {LONGEST_FUNCTION} lines, or give a reason:")


def _function_lengths() -> Iterator[tuple[str, int]]:
    for module in modules():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f"{module.place}:{node.name}", (node.end_lineno or node.lineno) - node.lineno + 1


def test_exceptions_from_the_ceilings_are_still_needed() -> None:
    long = {module.place for module in modules() if module.lines > LONGEST_MODULE}
    long |= {place for place, length in _function_lengths() if length > LONGEST_FUNCTION}
    offences = sorted((LONG_MODULES.keys() | LONG_FUNCTIONS.keys()) - long)
    assert not offences, listed(offences, "These are short again; take them off the list:")


def test_every_file_is_named_after_its_noun() -> None:
    vague = {"utils", "util", "helpers", "helper", "common", "core", "misc"}
    offences = [module.place for module in modules() if vague & set(module.name.split("."))]
    assert not offences, listed(offences, "Name each file after what it holds:")


def test_no_imports_run_in_a_circle() -> None:
    graph = {module.name: {target for _, target in imports(module)} - {module.name} for module in modules()}
    circle = _circle(graph)
    assert not circle, f"Cut this circle of imports where it hurts least: {' -> '.join(circle)}"


def _circle(graph: dict[str, set[str]]) -> list[str]:
    done: set[str] = set()

    def walk(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for target in sorted(graph.get(name, ())):
            if found := walk(target, [*path, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(graph) if (found := walk(name, []))), [])


def test_the_face_loads_no_heavy_library() -> None:
    script = f"import supportbot, sys; print(*(name for name in {HEAVY!r} if name in sys.modules))"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False)
    assert ran.returncode == 0, ran.stderr
    assert not ran.stdout.split(), f"import these where they are used, when they are configured: {ran.stdout}"


def test_no_file_names_a_place_of_one_machine() -> None:
    machine = re.compile(r"(?<![\w.:/-])/(?:work|root|tmp/studio)/")
    offences = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in _text_files()
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1)
        if machine.search(line)
    ]
    assert not offences, listed(offences, "Take the path from an argument, or from where the file itself is:")


def _text_files() -> Iterator[Path]:
    endings = {".py", ".md", ".yaml", ".yml", ".toml", ".txt", ".sql", ".json", ".jsonl", ".sh", ".cfg", ".html", ""}
    skipped = {"build", "dist", "supportbot-data", "__pycache__"}
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = any(part.startswith(".") and part != ".ci" for part in parts[:-1])
        if path.is_file() and path.suffix in endings and not hidden and not skipped & set(parts):
            yield path
