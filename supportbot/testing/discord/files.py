"""Files: what is attached to messages, at addresses that expire, and the server that gives them out."""

from __future__ import annotations

import mimetypes
from dataclasses import dataclass

from aiohttp import web

from supportbot.clock import DAY
from supportbot.testing.discord.wire import Json, Serials

LIFETIME = DAY
LARGEST = 10 * 1024 * 1024


@dataclass(eq=False)
class File:
    """One file on a message."""

    id: str
    name: str
    data: bytes
    path: str
    description: str = ""

    @property
    def content_type(self) -> str:
        return mimetypes.guess_type(self.name)[0] or "application/octet-stream"


class Files:
    """All files, and where they are fetched: an address is good for a day of the simulator's clock."""

    def __init__(self, serials: Serials) -> None:
        self.site = ""
        self._serials = serials
        self._files: dict[str, File] = {}

    def add(self, channel_id: str, name: str, data: bytes, description: str = "") -> File:
        """Keep a file."""
        id = self._serials.id()
        file = File(id, name, data, f"attachments/{channel_id}/{id}/{name}", description)
        self._files[id] = file
        return file

    def get(self, id: str) -> File | None:
        """Find a file."""
        return self._files.get(id)

    def record(self, file: File, *, ephemeral: bool = False) -> Json:
        """Describe a file as messages do, with an address that is good from now on for a day."""
        expires = (self._serials.clock.now() + LIFETIME) // 1000
        address = f"{self.site}/{file.path}?ex={expires:x}&is=0&hm=simulated"
        record: Json = {
            "id": file.id,
            "filename": file.name,
            "size": len(file.data),
            "url": address,
            "proxy_url": address,
            "content_type": file.content_type,
        }
        if file.description:
            record["description"] = file.description
        return {**record, "ephemeral": True} if ephemeral else record

    async def download(self, request: web.Request) -> web.Response:
        """Give out the bytes, as long as the address is good."""
        file = self._files.get(request.match_info["id"])
        try:
            expires = int(request.query.get("ex", ""), 16) * 1000
        except ValueError:
            expires = 0
        if file is None or file.name != request.match_info["name"] or self._serials.clock.now() > expires:
            return web.Response(status=404, text="This content is no longer available.")
        return web.Response(body=file.data, content_type=file.content_type)
