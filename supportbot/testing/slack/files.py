"""Files: uploaded in Slack's three steps or by a person, kept, described and handed out again."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePath

from supportbot.testing.slack.wire import Json, Refused, Serials, seconds
from supportbot.testing.slack.workspaces import User, Workspace


@dataclass(eq=False)
class File:
    """One file: announced with its length, complete when its bytes came and it was shared."""

    id: str
    name: str
    owner: User
    created: str
    site: str
    """Where files are uploaded to and fetched from."""
    announced: int
    title: str = ""
    data: bytes = b""
    complete: bool = False
    channels: list[str] = field(default_factory=list)
    hidden: bool = False
    """Whether events only name it, so that ``files.info`` must be asked, as with files of other workspaces."""

    @property
    def url(self) -> str:
        """Where the bytes are, for who brings a token."""
        return f"{self.site}/files-pri/{self.owner.workspace.id}-{self.id}/{self.name}"

    @property
    def upload_url(self) -> str:
        return f"{self.site}/upload/v1/{self.id}"

    def record(self, *, whole: bool = False) -> Json:
        """Describe the file as events and ``files.info`` do."""
        if self.hidden and not whole:
            return {
                "id": self.id,
                "created": 0,
                "timestamp": 0,
                "mode": "file_access",
                "file_access": "check_file_info",
            }
        kind = PurePath(self.name).suffix.lstrip(".").lower()
        return {
            "id": self.id,
            "created": seconds(self.created),
            "timestamp": seconds(self.created),
            "name": self.name,
            "title": self.title or self.name,
            "mimetype": mimetypes.guess_type(self.name)[0] or "application/octet-stream",
            "filetype": kind or "binary",
            "pretty_type": kind.upper() or "Binary",
            "user": self.owner.id,
            "user_team": self.owner.workspace.id,
            "size": len(self.data),
            "mode": "hosted",
            "is_external": False,
            "is_public": False,
            "file_access": "visible",
            "url_private": self.url,
            "url_private_download": self.url,
            "permalink": f"https://{self.owner.workspace.domain}.slack.com/files/{self.owner.id}/{self.id}/{self.name}",
            "channels": self.channels,
        }


class Files:
    """All files of the world."""

    def __init__(self, serials: Serials, open_to: Callable[[str, Workspace], bool]) -> None:
        """Make it; `open_to` tells whether people of a workspace can be in a channel."""
        self._serials = serials
        self._open_to = open_to
        self._files: dict[str, File] = {}
        self.site = ""

    def announce(self, owner: User, name: str, length: int) -> File:
        """Take note of a file to come."""
        safe = PurePath(name).name or "file"
        file = File(self._serials.id("F", safe), safe, owner, self._serials.timestamp(), self.site, length)
        self._files[file.id] = file
        return file

    def find(self, id: str, workspace: Workspace | None = None) -> File:
        """Find a complete file, or refuse; what was shared in no channel of a workspace is not found there either."""
        file = self._files.get(id)
        if file is None or not file.complete or file.data is None:
            raise Refused("file_not_found")
        if workspace is not None and not self._is_seen_in(file, workspace):
            raise Refused("file_not_found")
        return file

    def _is_seen_in(self, file: File, workspace: Workspace) -> bool:
        return file.owner.workspace is workspace or any(self._open_to(room, workspace) for room in file.channels)

    def forget(self, file: File) -> None:
        """Delete a file."""
        del self._files[file.id]

    def receive(self, id: str, data: bytes) -> bool:
        """Take the bytes of an announced file; say whether they are as many as was announced."""
        file = self._files.get(id)
        if file is None or file.complete or len(data) != file.announced:
            return False
        file.data = data
        return True

    def finish(self, id: str, title: str) -> File:
        """Complete an upload, or refuse."""
        file = self._files.get(id)
        if file is None or len(file.data) != file.announced:
            raise Refused("file_not_found")
        file.title, file.complete = title, True
        return file
