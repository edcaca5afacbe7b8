"""Files that come with a message: fetched and kept in the store before anything else happens, each once."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import NamedTuple

from supportbot.adapters.base import Files
from supportbot.domain.file import File
from supportbot.domain.words import clean_name
from supportbot.errors import AdapterError, FileTooLarge

LARGEST = 25 * 1024 * 1024
_MOST_FILES = 10
_MOST_WAITING = 1_000
_LONGEST_NAME = 200


class Fetched(NamedTuple):
    """A file as the platform gave it."""

    name: str
    media_type: str
    content: bytes


class Shared(NamedTuple):
    """A file of a message under the platform's id, and how it is fetched: None where it is too large or gone."""

    id: str
    fetch: Callable[[], Awaitable[Fetched | None]]


class Shelf:
    """Fetches files, each once, however often their message is delivered."""

    def __init__(self, files: Files, patience: float) -> None:
        """Keep files in `files`; nobody waits longer than `patience` (seconds) for those of one message."""
        self._files = files
        self._patience = patience
        self._fetching: dict[str, asyncio.Task[File | None]] = {}

    async def keep(self, shared: Sequence[Shared]) -> tuple[File, ...]:
        """Keep the files of a message; TimeoutError where they take too long: the next time they are here."""
        tasks = [self._task(item) for item in shared[:_MOST_FILES]]
        if not tasks:
            return ()
        _, late = await asyncio.wait(tasks, timeout=self._patience)
        if late:
            raise TimeoutError("the files of a message are still being fetched")
        for item in shared:
            self._fetching.pop(item.id, None)  # also those that failed: next time they are fetched again
        return tuple(file for task in tasks if (file := task.result()))

    def _task(self, item: Shared) -> asyncio.Task[File | None]:
        if item.id not in self._fetching:
            self._fetching[item.id] = asyncio.create_task(self._fetch(item))
            while len(self._fetching) > _MOST_WAITING:
                self._fetching.pop(next(iter(self._fetching)))  # the platform gave up telling of it
        return self._fetching[item.id]

    async def _fetch(self, item: Shared) -> File | None:
        """Fetch one file; one that is too large or gone is left out, and its name is all that is said of it."""
        try:
            fetched = await item.fetch()
            if fetched is None:
                return None
            name, content = clean_name(fetched.name)[:_LONGEST_NAME], fetched.content
            return File(await self._files.put_file(content), name, fetched.media_type, len(content))
        except (AdapterError, FileTooLarge):
            return None


def not_kept(names: Iterable[str], kept: Sequence[File]) -> tuple[str, ...]:
    """Tell which of the files of a message, by their names, are not among those that were kept."""
    there = Counter(clean_name(name)[:_LONGEST_NAME] for name in names)
    return tuple((there - Counter(file.name for file in kept)).elements())
