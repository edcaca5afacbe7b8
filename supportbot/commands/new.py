"""The commands that write the first lines of something, so that nobody begins with an empty file."""

from __future__ import annotations

import importlib.util
import keyword
import re
from pathlib import Path

import click
import yaml

from supportbot.config import BUILT_IN_SKILLS
from supportbot.plugins import ALWAYS_LAST
from supportbot.scaffold.placing import NewFile, filled, place, taken
from supportbot.skills.base import Skill, name_of

_TEMPLATES = Path(__file__).parents[1] / "scaffold" / "skill_files"
_CONFIGURATION = "config.yaml"
_SETTINGS = "limit: 10"


@click.group()
def new() -> None:
    """Write the first lines of something of your own."""


@new.command()
@click.argument("name")
@click.option(
    "--in",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The folder of your bot, where its configuration is; without it, this one.",
)
def skill(name: str, folder: Path) -> None:
    """Write a skill with settings and a test that passes.

    It goes into skills/NAME.py and skills/test_NAME.py. Nothing that is there already is changed.

    \b
    supportbot new skill order_status
    supportbot new skill order_status --in my-bot
    """
    name = _checked(name)
    there = taken(folder, (f"skills/{name}.py", f"skills/test_{name}.py", f"skills/{name}"))
    if there:
        raise click.UsageError(f"{' and '.join(there)}: there already, and nothing was changed; choose another name.")
    values = _values(name)
    templates = {f"skills/{name}.py": "skill.py", f"skills/test_{name}.py": "test_skill.py"}
    if _pytest_settings(folder) is None:
        templates["pytest.ini"] = "pytest.ini"
    texts = {file: (_TEMPLATES / f"{template}.txt").read_text("utf-8") for file, template in templates.items()}
    try:
        place(folder, {file: NewFile(filled(text, values)) for file, text in texts.items()})
    except OSError as error:
        raise click.ClickException(f"{error.filename or folder}: cannot be written ({error.strerror}).") from error
    click.echo("\n".join(f"wrote {folder / file}" for file in templates))
    click.echo(_next_steps(name, values["words"], folder))


# --- the name -----------------------------------------------------------------------------------------------------


def _checked(name: str) -> str:
    """Return a skill's name; one that would not work is a mistake that says what would."""
    mend = re.sub(r"\W+", "_", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name), flags=re.ASCII).strip("_").lower()
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
        hint = f"; try {mend}" if re.fullmatch(r"[a-z][a-z0-9_]*", mend) else ""
        raise click.UsageError(f"{name!r} is no name for a skill: small letters, digits and _, a letter first{hint}.")
    if name in (*BUILT_IN_SKILLS, ALWAYS_LAST):
        raise click.UsageError(f"{name} comes with supportbot, and yours would take its place; try my_{name}.")
    if keyword.iskeyword(name) or name.startswith("test_") or importlib.util.find_spec(name):
        raise click.UsageError(f"Python has a use for the name {name} already; try {name.removeprefix('test_')}_skill.")
    return name


def _values(name: str) -> dict[str, str]:
    class_name = "".join(part.capitalize() for part in name.split("_"))
    is_told_by_class = name_of(type(class_name, (Skill,), {})) == name
    words = " ".join(name.split("_"))
    return {
        "name": name,
        "class_name": class_name,
        "title": words.capitalize(),
        "words": words,
        "name_line": "" if is_told_by_class else f'\n    name = "{name}"\n',
    }


# --- what is there, and what comes next ---------------------------------------------------------------------------


def _pytest_settings(folder: Path) -> Path | None:
    """Find the file that pytest takes its settings from in a folder, if any."""
    sections = {"pytest.ini": "[", ".pytest.ini": "[", "pyproject.toml": "[tool.pytest", "tox.ini": "[pytest]",
                "setup.cfg": "[tool:pytest]"}  # fmt: skip
    for above in (folder.resolve(), *folder.resolve().parents):
        for name, section in sections.items():
            file = above / name
            if file.is_file() and section in file.read_text("utf-8", errors="replace"):
                return file
    return None


def _next_steps(name: str, words: str, folder: Path) -> str:
    configuration = folder / _CONFIGURATION
    settings, steps = _pytest_settings(folder), []
    if settings and "asyncio_mode" not in settings.read_text("utf-8", errors="replace"):
        steps.append(f"Let tests be coroutines: asyncio_mode = auto in the section for pytest of {settings}")
    steps.append(f"Run its test:  pytest {folder / 'skills'}")
    steps.append("\n".join(_configuration_lines(name, configuration)))
    steps.append(f'Talk to it:  supportbot chat --config {configuration} --reload  (write "{words}")')
    return "\nNext:\n\n" + "\n\n".join(f"{number}. {step}" for number, step in enumerate(steps, 1))


def _configuration_lines(name: str, configuration: Path) -> list[str]:
    """Say what to write into the configuration, as exactly as what is there allows."""
    there = _read(configuration)
    given = there.get("skill_paths")
    paths = [str(path) for path in given] if isinstance(given, list) else []
    lines = []
    if not any(Path(path) == Path("skills") for path in paths):
        lines.append(f"skill_paths: [{', '.join([*paths, 'skills'])}]")
    lines += ["skills:", f"  - {name}: {{{_SETTINGS}}}"]
    if isinstance(there.get("skills"), list):
        lines[-1] += "    # in front of those that are there"
    else:  # without a list all of these run; a list runs what it names
        lines += [f"  - {other}" for other in BUILT_IN_SKILLS]
    verb = "Have this in" if configuration.exists() else "Write"
    return [f"{verb} {configuration}:", "", *(f"       {line}" for line in lines)]


def _read(configuration: Path) -> dict[str, object]:
    """Read what a configuration says, if there is one; what is wrong in it is told when the bot starts."""
    try:
        found = yaml.safe_load(configuration.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError):
        return {}
    return found if isinstance(found, dict) else {}
