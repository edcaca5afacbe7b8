"""Reload, for whoever writes a skill: each saved change is loaded beside the old one, tested, and swapped in. ::

saved ─► loaded, under a fresh name ─► its test, in a process of its own ─► started ─► swapped in between two turns
             │ fails                       │ fails                            │ fails
             └─────────────── the old one stays, and the reason is shown ─────┘

Files are looked at now and then, and before each line of a chat, so that what is typed meets what was saved before it.
They are few and known by name; a watcher of whole folders would hear the store's every write and still not tell that.
"""

from __future__ import annotations

import asyncio
import importlib.util
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from supportbot.app import App
from supportbot.config import Config, SkillEntry, load_config
from supportbot.errors import ConfigurationError
from supportbot.plugins import Plugin, entries_in_order, file_of, forget, load_plugin
from supportbot.skills.base import Skill, name_of

LOOK_EVERY = 0.5
"""Seconds between two looks."""
LONGEST_TEST = 60.0
"""Seconds that a skill's test may take."""
LONGEST_START = 20.0
"""Seconds that a skill's import may take, and then its ``@on.start``."""
_PLACE = re.compile(r"^\S.*:\d+: ", re.MULTILINE)
"""How a line begins in which pytest says where a test failed."""
_NO_TESTS = 5
"""What pytest exits with where a file has none."""
_MOST_LINES = 12

Stamps = dict[Path, tuple[int, int]]
"""Each file's time of change and size: when any differs, the skill is loaded again."""


class Reload:
    """Keeps the skills of a running bot as their files are; a companion of the bot."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._app: App
        self._settings = Stamps()
        self._tried: dict[str, Stamps] = {}
        self._looking = asyncio.Lock()
        self._watching: asyncio.Task[None] | None = None
        self._thread = _new_thread()

    async def open(self, app: App) -> None:
        """Note how the files are that the bot was started with."""
        self._app = app
        self._settings = _stamps(_files_of_settings(app.config))
        self._tried = {entry.name: _stamps(_files(entry, app.config)) for entry in app.config.skills}

    async def ready(self) -> None:
        """Begin to look."""
        self._watching = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stop looking."""
        if self._watching:
            self._watching.cancel()
            await asyncio.gather(self._watching, return_exceptions=True)
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await self.look()

    async def ahead_of(self, lines: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Look before each line is handed on."""
        async for line in lines:
            await self.look()
            yield line

    async def look(self) -> None:
        """Take in what was saved since the last look; when this returns, the next turn is decided by it."""
        async with self._looking:
            config = self._settings_again()
            running = {name_of(type(skill)): skill for skill in self._app.skills}
            known = {entry.name: entry for entry in entries_in_order(self._app.config)}
            skills = []
            for entry in entries_in_order(config):
                old = running.get(entry.name)
                stamps = _stamps(_files(entry, config))
                if entry == known.get(entry.name) and stamps == self._tried.get(entry.name, {}):
                    new = old
                else:
                    tests = stamps != self._tried.get(entry.name)
                    self._tried[entry.name] = stamps
                    new = await self._renewed(entry, config, tests=tests) or old
                skills += [new] if new else []
            self._app.config = config
            await self._swap(skills)

    async def _swap(self, skills: list[Skill[Any]]) -> None:
        """Go on with these skills, where they are others than before or in another order."""
        old = self._app.skills
        if [*map(id, skills)] == [*map(id, old)]:
            return
        names = {name_of(type(skill)) for skill in skills}
        for left in [name for name in map(name_of, map(type, old)) if name not in names]:
            self._tell(f"{left}: left out, as the configuration no longer names it")
        await self._app.replace_skills(skills)
        for skill in [skill for skill in old if not any(skill is other for other in skills)]:
            forget(skill)

    # --- one skill ------------------------------------------------------------------------------------------------

    async def _renewed(self, entry: SkillEntry, config: Config, *, tests: bool) -> Skill[Any] | None:
        """Load a skill again, test it and start it; None where the old one stays, and the reason is told."""
        plugin = await self._loaded(entry, config)
        skill, outcome = plugin.skill, ""
        reasons = [reason for reason in (*plugin.mistakes, plugin.failure) if reason]
        if skill and tests and file_of(entry.name, config):
            outcome, reasons = await self._tested(entry, config)
        if skill and not reasons:
            reasons = await self._started(skill, config)
        is_there = entry.name in self._app.bot.handlers.skills
        if reasons or skill is None:
            if skill:
                forget(skill)
            self._tell("\n".join([f"{entry.name}: {'the old one stays' if is_there else 'left out'}", *reasons]))
            return None
        self._tell(f"{entry.name}: loaded{' again' if is_there else ''}{outcome}")
        self._app.failures = [failure for failure in self._app.failures if failure.skill != entry.name]
        self._app.bot.switches.turn_on(entry.name)
        return skill

    async def _loaded(self, entry: SkillEntry, config: Config) -> Plugin:
        _forget_bytecode(_files(entry, config))
        try:
            async with asyncio.timeout(LONGEST_START):
                return await asyncio.get_running_loop().run_in_executor(self._thread, load_plugin, entry, config)
        except TimeoutError:
            self._thread.shutdown(wait=False)  # the import may go on in it for ever; the next one gets another
            self._thread = _new_thread()
            why = f"{file_of(entry.name, config) or entry.name}: its import took longer than {LONGEST_START:g} s"
            return Plugin(entry, failure=why)

    async def _started(self, skill: Skill[Any], config: Config) -> list[str]:
        try:
            async with asyncio.timeout(LONGEST_START):
                return await self._app.start_skill(skill, config)
        except TimeoutError:
            return [f"its @on.start took longer than {LONGEST_START:g} s"]

    async def _tested(self, entry: SkillEntry, config: Config) -> tuple[str, list[str]]:
        """Run a skill's test in a process of its own; returns what to add to the good news, or why it is bad."""
        test = next((path for path in _tests(entry, config) if path.is_file()), None)
        if test is None:
            return "; it has no test", []
        if not all(map(importlib.util.find_spec, ("pytest", "pytest_asyncio"))):
            return "; its test was not run, as pytest and pytest-asyncio are not installed", []
        code, printed = await _run_pytest(test, config.folder)
        if code == _NO_TESTS:
            return f"; {test.name} has no test", []
        if code is None:
            return "", [f"{test}: its test took longer than {LONGEST_TEST:g} s"]
        return ("", _reasons(test, printed)) if code else ("; its test passed", [])

    # --- the configuration ----------------------------------------------------------------------------------------

    def _settings_again(self) -> Config:
        """Read the skills' part of the configuration again, where its file has changed."""
        old = self._app.config
        stamps = _stamps(_files_of_settings(old))
        if old.file is None or stamps == self._settings:
            return old
        self._settings = stamps
        try:
            new = load_config(old.file)
        except ConfigurationError as error:
            self._tell("\n".join([f"{old.file}: the old one stays", *error.problems]))
            return old
        config = msgspec.structs.replace(old, skills=new.skills, skill_paths=new.skill_paths)
        if msgspec.structs.replace(new, storage=old.storage) != config:
            self._tell(f"{new.file}: only skills and skill_paths are read again; the rest is at the next start")
        return config


def _new_thread() -> ThreadPoolExecutor:
    """Make a thread for imports: one that never ends must hold up neither the bot nor its end."""
    return ThreadPoolExecutor(1, thread_name_prefix="reload")


# --- files --------------------------------------------------------------------------------------------------------


def _files_of_settings(config: Config) -> list[Path]:
    return [config.file, config.file.with_name(".env")] if config.file else []


def _files(entry: SkillEntry, config: Config) -> list[Path]:
    """List the files that make up a skill of `skill_paths`: all Python in its folder, if it has one, and its test."""
    file = file_of(entry.name, config)
    if file is None:
        return []
    own = sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" else [file]
    return [*own, *_tests(entry, config)]


def _tests(entry: SkillEntry, config: Config) -> Iterator[Path]:
    """Say where a skill's test may be: beside its file, or beside its folder, or in it."""
    file = file_of(entry.name, config)
    if file:
        yield file.with_name(f"test_{entry.name}.py")
        if file.name == "__init__.py":
            yield file.parent.with_name(f"test_{entry.name}.py")


def _stamps(files: list[Path]) -> Stamps:
    stamps = Stamps()
    for file in files:
        try:
            status = file.stat()
        except OSError:
            continue  # it is not there, or no longer
        stamps[file] = status.st_mtime_ns, status.st_size
    return stamps


def _forget_bytecode(files: list[Path]) -> None:
    """Remove what Python keeps of these files: it takes a change within one second that keeps the size for none."""
    for file in files:
        for kept in (file.parent / "__pycache__").glob(f"{file.stem}.*.pyc"):
            kept.unlink(missing_ok=True)


# --- tests --------------------------------------------------------------------------------------------------------


async def _run_pytest(test: Path, folder: Path) -> tuple[int | None, str]:
    """Run a test file to its end; the exit code is None where it took too long."""
    settings = ("-o", "asyncio_mode=auto", "-o", "asyncio_default_fixture_loop_scope=function")
    options = ("-q", "--tb=line", "--no-header", "-rN", "-p", "no:cacheprovider", *settings)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", *options, str(test)),
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(LONGEST_TEST):
            printed, _ = await process.communicate()
    except TimeoutError:
        return None, ""
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return process.returncode, printed.decode("utf-8", "replace")


def _reasons(test: Path, printed: str) -> list[str]:
    """Take the lines of pytest's output that say where a test failed; the end of it where there are none."""
    lines = [line for line in printed.splitlines() if line.strip()]
    placed = [line for line in lines if _PLACE.match(line)]
    return (placed or [f"{test}: its test failed", *lines])[-_MOST_LINES:]
