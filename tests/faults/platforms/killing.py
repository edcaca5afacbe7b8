"""``kill -9`` of a running bot under load, whatever the platform: people write without pause, and it dies again."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.faults.platforms.processes import Process, begun, end, spawn
from tests.faults.platforms.skills import CLERK

PEOPLE = 8
SKILLS = {"skills": ["clerk"], "skill_paths": ["skills"]}
"""What a configuration says so that the bot repeats what was said."""


class Killing:
    """People who write to a bot that dies again and again; a platform says what it knows of what they wrote."""

    def __init__(self, world: Any, folder: Path, said: Callable[[Any], Sequence[Any]]) -> None:
        self.world, self.folder, self._said = world, folder, said
        self.chance = random.Random(1)
        self.people = [world.person(f"p{number}") for number in range(PEOPLE)]
        self.written: dict[str, Any] = {}
        self.process: Process | None = None
        self.starts_took: list[float] = []
        (folder / "skills").mkdir()
        (folder / "skills" / "clerk.py").write_text(CLERK, "utf-8")

    # --- what the platform knows ----------------------------------------------------------------------------------

    def has_started(self) -> None:
        """Let the platform do what it does when the bot is back."""

    def note(self, words: str) -> object:
        """Tell what the platform keeps of what was just written."""
        return words

    def happened(self) -> int:
        """Count what has passed between the platform and the bot."""
        return len(self.world.world_log)

    def must_be_answered(self) -> list[str]:
        """List what may not be lost."""
        return list(self.written)

    async def says(self, person: Any, words: str) -> None:
        """Let somebody write to the bot."""
        await person.dm(words)

    def read(self) -> Iterator[Any]:
        """Go through all that the bot said."""
        for person in self.people:
            yield from self._said(person.direct)

    async def all_told(self) -> None:
        """Wait until the bot was told everything."""

    # --- what happens ---------------------------------------------------------------------------------------------

    async def starts(self) -> Process:
        """Start the bot."""
        since = time.monotonic()
        process = self.process = await spawn(self.folder)
        lines = await begun(process)
        assert "started" in lines[-1], "".join(lines)
        self.starts_took.append(time.monotonic() - since)
        self.has_started()
        return process

    async def writes(self, count: int) -> None:
        """Let anybody write something, and somebody else, and so on."""
        for _ in range(count):
            words, person = f"message {len(self.written)}", self.chance.choice(self.people)
            await self.says(person, words)
            self.written[words] = self.note(words)

    async def dies(self) -> None:
        """Start the bot, and kill it: while it starts, or in the middle of its work."""
        if self.chance.random() < 0.15:
            process, calls = await spawn(self.folder), len(self.world.world_log) + self.chance.randint(1, 2)
            self.process = process
            await self.world.until(lambda: len(self.world.world_log) >= calls or None, "the bot calls the platform")
        else:
            process, before = await self.starts(), self.happened()
            await self.writes(self.chance.randint(5, 30))
            goal = before + self.chance.randint(1, 25)
            await self.world.until(lambda: self.happened() >= goal or None, "the bot does something")
            for _ in range(self.chance.randint(0, 30_000)):  # a moment between two things, without a clock
                pass
        await end(process, kill=True)

    async def ends_well(self) -> None:
        """Start the bot a last time, and let it do what is left."""
        process = await self.starts()
        await self.all_told()
        await self.world.until(lambda: None if self.missing() else True, "everything is answered")
        await end(process)

    async def over(self) -> None:
        """Leave no process behind, also where the test failed."""
        if self.process is not None and self.process.returncode is None:
            await end(self.process, kill=True)

    # --- what came of it ------------------------------------------------------------------------------------------

    def answers(self) -> Counter[str]:
        """Count how often each answer stands there, line by line: what waited together is answered together."""
        return Counter(line for message in self.read() for line in message.shown.split("\n") if line)

    def missing(self) -> list[str]:
        """List what was lost."""
        answers = self.answers()
        return [words for words in self.must_be_answered() if words not in answers]

    def check(self) -> None:
        """See that nothing is missing, and nothing there twice."""
        answers = self.answers()
        assert self.missing() == []
        assert {words: count for words, count in answers.items() if count > 1} == {}
        assert answers.keys() <= self.written.keys()
        assert len(answers) > len(self.written) / 2
