"""Files that come with a message: fetched with the bot's token and kept in the store, before anything else happens."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from supportbot.adapters.base import Files
from supportbot.adapters.slack.api import Api
from supportbot.domain.file import File
from supportbot.domain.words import clean_name
from supportbot.errors import AdapterError, FileTooLarge

LARGEST = 25 * 1024 * 1024
_MOST_FILES = 10
_MOST_WAITING = 1_000
_ASK = "check_file_info"
"""What Slack says in place of a file of another workspace: it is to be asked for."""
_PATIENCE = 2.4
"""Seconds that an acknowledgement waits for files; Slack sends the message again, and then they are here."""


class Shelf:
    """Fetches files, each once, however often their message is delivered."""

    def __init__(self, files: Files) -> None:
        self._files = files
        self._fetching: dict[str, asyncio.Task[File | None]] = {}

    async def keep(self, api: Api, shared: Sequence[dict[str, Any]]) -> tuple[File, ...]:
        """Keep the files of a message; TimeoutError where they take longer than Slack waits."""
        found = [item for item in shared if _is_there(item)]
        tasks = [self._task(api, item) for item in found[:_MOST_FILES]]
        if not tasks:
            return ()
        _, late = await asyncio.wait(tasks, timeout=_PATIENCE)
        if late:
            raise TimeoutError("the files of a message are still being fetched")
        for item in found:
            self._fetching.pop(str(item.get("id")), None)  # also those that failed: next time they are fetched again
        return tuple(file for task in tasks if (file := task.result()))

    def _task(self, api: Api, item: dict[str, Any]) -> asyncio.Task[File | None]:
        name = str(item.get("id"))
        if name not in self._fetching:
            self._fetching[name] = asyncio.create_task(self._fetch(api, item))
            while len(self._fetching) > _MOST_WAITING:
                self._fetching.pop(next(iter(self._fetching)))  # Slack gave up telling of it
        return self._fetching[name]

    async def _fetch(self, api: Api, item: dict[str, Any]) -> File | None:
        """Fetch one file; one that is too large or gone is left out, and its name is all that is said of it."""
        try:
            if item.get("file_access") == _ASK:
                item = (await api.read("files.info", file=item.get("id"))).get("file") or {}
            name = clean_name(str(item.get("name") or item.get("title") or "file"))[:200]
            media_type = str(item.get("mimetype") or "application/octet-stream")
            url = str(item.get("url_private_download") or item.get("url_private") or "")
            content = await api.download(url, LARGEST)
            if content is None:
                return None
            return File(await self._files.put_file(content), name, media_type, len(content))
        except (AdapterError, FileTooLarge):
            return None


def _is_there(item: dict[str, Any]) -> bool:
    """Tell a file from the trace of one that was removed."""
    return bool(item.get("url_private") or item.get("url_private_download") or item.get("file_access") == _ASK)
