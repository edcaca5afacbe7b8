"""A file that someone sent, by reference: the bytes are with the store, under the hash of their content."""

from __future__ import annotations

import msgspec


class File(msgspec.Struct, frozen=True):
    """A stored file; `size` in bytes, `media_type` as sniffed, not as claimed."""

    id: str
    name: str
    media_type: str = "application/octet-stream"
    size: int = 0
