"""The keys of what happened already, for 30 days: what makes a second delivery of the same event change nothing.

A key may hold a person's name, as an event's does, so every store keeps only a hash of it.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path

import msgspec

from supportbot.clock import DAY
from supportbot.storage.disk import Disk
from supportbot.storage.json_lines import JsonLines

REMEMBERED = 30 * DAY


def hashed(key: str) -> str:
    """Spell a key as it is stored: 128 bits of BLAKE2b."""
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


class UniqueKeys(ABC):
    """A set of hashed keys with the time each came."""

    @abstractmethod
    def __contains__(self, key: str) -> bool: ...

    @abstractmethod
    def add(self, key: str, at: int) -> None:
        """Remember a key; where there is a disk, it is written with the next flush."""

    @abstractmethod
    def dump(self) -> Iterator[tuple[str, int]]:
        """Read every hashed key and when it came."""


class MemoryKeys(UniqueKeys):
    """Keys that end with the process."""

    def __init__(self) -> None:
        self._keys: dict[str, int] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._keys

    def add(self, key: str, at: int) -> None:
        self._keys[key] = at

    def dump(self) -> Iterator[tuple[str, int]]:
        yield from self._keys.items()


class Line(msgspec.Struct, omit_defaults=True):
    """One line of the file; `commit` is the number of the write that it belongs to."""

    commit: int
    at: int
    hash: str = ""
    key: str = ""
    """The key itself, as format 1 wrote it."""

    @property
    def hashed(self) -> str:
        """The key's hash, whichever format wrote the line."""
        return self.hash or hashed(self.key)


_encode = msgspec.json.Encoder().encode
_line = msgspec.json.Decoder(Line).decode


class FileKeys(UniqueKeys):
    """Keys in a file of their own; memory has only a 64-bit hash of each (one false match in 30 million years of
    a busy bot), and what is older than 30 days is dropped when the store is opened."""

    def __init__(self, path: Path, disk: Disk, commit: int, now: int, *, read_only: bool) -> None:
        self._seen: set[int] = set()
        self._staged: list[Line] = []
        old = 0

        def keep(_offset: int, content: bytes) -> bool:
            nonlocal old
            line = _line(content)
            if line.commit > commit:
                return False
            if line.at < now - REMEMBERED:
                old += 1
            else:
                old += not line.hash
                self._seen.add(hash(line.hashed))
            return True

        self._file = JsonLines(path, disk, commit, keep, read_only=read_only)
        if old and not read_only:
            lines = [_line(line) for line in self._file.lines()]
            recent = [Line(line.commit, line.at, line.hashed) for line in lines if line.at >= now - REMEMBERED]
            self._file.rewrite([_encode(line) for line in recent])

    def __contains__(self, key: str) -> bool:
        return hash(key) in self._seen

    def add(self, key: str, at: int) -> None:
        self._seen.add(hash(key))
        self._staged.append(Line(0, at, key))

    def flush(self, commit: int) -> None:
        """Write the new keys, as part of a numbered write."""
        for line in self._staged:
            line.commit = commit
        if self._staged:
            self._file.append([_encode(line) for line in self._staged])

    def settle(self) -> None:
        """Keep the new keys: their commit is on the disk."""
        self._file.settle()
        self._staged.clear()

    def undo(self) -> None:
        """Forget the new keys; what reached the file is cut off by `repair`."""
        self._seen.difference_update(hash(line.hash) for line in self._staged)
        self._staged.clear()

    def repair(self) -> None:
        """Cut what a failed write left behind off the file."""
        self._file.repair()

    def dump(self) -> Iterator[tuple[str, int]]:
        for content in self._file.lines():
            line = _line(content)
            yield line.hashed, line.at
