"""A JSON-lines file that only grows, and whose end is never half a line: torn or unwanted tails are cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from supportbot.errors import StoreUnreadable
from supportbot.storage.disk import Disk

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError)


class Numbered(msgspec.Struct):
    """What every line has: the number of the write that it belongs to."""

    commit: int


_numbered = msgspec.json.Decoder(Numbered).decode


class JsonLines:
    """One file; `keep` looks at each stored line when it is opened and says where the good part ends.

    `last` is the number of the last write that counts. A kill leaves nothing behind but lines of the write after it,
    whole or torn; anything else behind the good part means damage, and is refused rather than cut off.

    {"commit": 7, …}\n
    {"commit": 8, …}\n     <- the last commit that the documents know
    {"commit": 9, …}\n     <- past it: `keep` says no, cut off
    {"comm                 <- torn: cut off
    """

    def __init__(
        self, path: Path, disk: Disk, last: int, keep: Callable[[int, bytes], bool], *, read_only: bool = False
    ) -> None:
        self._path = path
        self._disk = disk
        self._last = last
        self._good = self._scan(keep)
        self._end = path.stat().st_size if path.exists() else 0
        if not read_only:
            self.repair()

    def _scan(self, keep: Callable[[int, bytes], bool]) -> int:
        """Find where the good lines end."""
        good = 0
        if not self._path.exists():
            return good
        with self._path.open("rb") as file:
            for line in file:
                try:
                    if not line.endswith(b"\n") or not keep(good, line):
                        break
                except UNREADABLE:
                    break
                good += len(line)
            file.seek(good)
            for line in file:
                self._check_unwanted(line, good)
        return good

    def _check_unwanted(self, line: bytes, good: int) -> None:
        """Refuse to cut off what no kill can have left behind."""
        try:
            commit = _numbered(line).commit
        except UNREADABLE:
            return
        place = f"{self._path} is damaged behind byte {good}" if commit <= self._last else ""
        if commit > self._last + 1:
            place = f"{self._path} has lines of later writes than documents.json beside it"
        if place and line.endswith(b"\n"):
            raise StoreUnreadable(f"{place}; nothing was changed; restore the whole folder from a backup")

    def append(self, lines: list[bytes]) -> list[int]:
        """Write lines at the end, durably, and tell where each begins; they count once `settle` is called."""
        is_new = not self._path.exists()
        offsets, content = [], bytearray()
        for line in lines:
            offsets.append(self._end + len(content))
            content += line + b"\n"
        try:
            self._disk.append(self._path, bytes(content))
            if is_new:
                self._disk.sync_folder(self._path.parent)
        except OSError:
            self._end = -1  # nobody knows how much of it arrived
            raise
        self._end += len(content)
        return offsets

    def settle(self) -> None:
        """Count what was appended as good."""
        self._good = self._end

    def repair(self) -> None:
        """Cut off what was appended and never settled."""
        if self._end != self._good:
            self._disk.truncate(self._path, self._good)
            self._end = self._good

    def rewrite(self, lines: list[bytes]) -> None:
        """Put other lines in the place of the good ones, at once: nothing waits to be settled."""
        content = b"".join(line + b"\n" for line in lines)
        self._disk.replace(self._path, content)
        self._disk.sync_folder(self._path.parent)
        self._good = self._end = len(content)

    def read(self, offsets: Iterable[int]) -> Iterator[bytes]:
        """Read the lines that begin at these places."""
        with self._path.open("rb") as file:
            for offset in offsets:
                file.seek(offset)
                yield file.readline()

    def lines(self) -> Iterator[bytes]:
        """Read every good line."""
        if self._good:
            with self._path.open("rb") as file:
                while file.tell() < self._good:
                    yield file.readline()
