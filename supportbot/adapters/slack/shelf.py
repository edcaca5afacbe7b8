"""Files that come with a message in Slack: fetched with the bot's token."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from supportbot.adapters import shelf
from supportbot.adapters.base import Files
from supportbot.adapters.slack.api import Api
from supportbot.domain.file import File

_ASK = "check_file_info"
"""What Slack says in place of a file of another workspace: it is to be asked for."""
_PATIENCE = 2.4
"""Seconds that an acknowledgement waits for files; Slack sends the message again, and then they are here."""


class Shelf:
    """Fetches files, each once, however often their message is delivered."""

    def __init__(self, files: Files) -> None:
        self._shelf = shelf.Shelf(files, _PATIENCE)

    async def keep(self, api: Api, shared: Sequence[dict[str, Any]]) -> tuple[File, ...]:
        """Keep the files of a message; TimeoutError where they take longer than Slack waits."""
        there = [item for item in shared if _is_there(item)]
        return await self._shelf.keep([shelf.Shared(str(item.get("id")), partial(_fetch, api, item)) for item in there])


async def _fetch(api: Api, item: dict[str, Any]) -> shelf.Fetched | None:
    if item.get("file_access") == _ASK:
        item = (await api.read("files.info", file=item.get("id"))).get("file") or {}
    name = str(item.get("name") or item.get("title") or "file")
    media_type = str(item.get("mimetype") or "application/octet-stream")
    content = await api.download(str(item.get("url_private_download") or item.get("url_private") or ""), shelf.LARGEST)
    return shelf.Fetched(name, media_type, content) if content else None  # of empty ones Slack takes none back


def left_out(shared: Sequence[dict[str, Any]], kept: Sequence[File]) -> tuple[str, ...]:
    """Name the files of a message that were not kept."""
    names = [str(item.get("name") or item.get("title") or "file") for item in shared]
    return shelf.not_kept(names, kept) if len(kept) < len(shared) else ()


def _is_there(item: dict[str, Any]) -> bool:
    """Tell a file from the trace of one that was removed."""
    return bool(item.get("url_private") or item.get("url_private_download") or item.get("file_access") == _ASK)
