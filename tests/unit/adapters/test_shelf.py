"""Files that come with a message are fetched once, and kept."""

from __future__ import annotations

import asyncio
import io
from typing import BinaryIO

import pytest

from supportbot.adapters.shelf import Fetched, Shared, Shelf
from supportbot.domain.file import File
from supportbot.errors import FileTooLarge, TryLater


class Kept:
    """Keeps what is not too large."""

    async def put_file(self, content: bytes) -> str:
        if len(content) > 5:
            raise FileTooLarge("too large")
        return f"id-{content.decode()}"

    async def open_file(self, id: str) -> BinaryIO | None:
        return io.BytesIO(id.encode())


class Platform:
    """Has a file, and counts how often it is fetched."""

    def __init__(self, content: bytes | None = b"hello", trouble: Exception | None = None) -> None:
        self.content, self.trouble = content, trouble
        self.fetched = 0
        self.is_ready = asyncio.Event()
        self.is_ready.set()

    async def fetch(self) -> Fetched | None:
        self.fetched += 1
        await self.is_ready.wait()
        if self.trouble:
            raise self.trouble
        return None if self.content is None else Fetched("a\u0000.txt", "text/plain", self.content)


async def test_a_file_is_kept_under_a_clean_name() -> None:
    assert await Shelf(Kept(), 1).keep([Shared("1", Platform().fetch)]) == (
        File("id-hello", "a\ufffd.txt", "text/plain", 5),
    )


@pytest.mark.parametrize(
    "platform", [Platform(None), Platform(b"too large"), Platform(trouble=TryLater(1))], ids=["gone", "large", "away"]
)
async def test_what_cannot_be_had_is_left_out(platform: Platform) -> None:
    platform.is_ready = asyncio.Event()
    platform.is_ready.set()
    assert await Shelf(Kept(), 1).keep([Shared("1", platform.fetch)]) == ()


async def test_what_takes_too_long_is_there_the_next_time() -> None:
    shelf, platform = Shelf(Kept(), 0.01), Platform()
    platform.is_ready.clear()
    with pytest.raises(TimeoutError):
        await shelf.keep([Shared("1", platform.fetch)])
    platform.is_ready.set()
    assert len(await shelf.keep([Shared("1", platform.fetch)])) == 1
    assert platform.fetched == 1
