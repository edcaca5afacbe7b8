"""The logs of a TinyDB store: in memory for tests, as JSON-lines files beside the documents for everyone else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterator
from pathlib import Path

import msgspec

from supportbot.storage.disk import Disk
from supportbot.storage.json_lines import JsonLines

Part = tuple[list[bytes], str | None]
"""Some entries as JSON, newest first, and the cursor before the last of them."""


class Logs(ABC):
    """Entries under keys: appended by commits, read newest first."""

    @abstractmethod
    def append(self, log: str, key: str, person: str, entry: bytes) -> None:
        """Add an entry; where there is a disk, it is written with the next flush."""

    @abstractmethod
    def read(self, log: str, key: str, limit: int, before: str | None) -> Part:
        """Read entries, newest first."""

    @abstractmethod
    def dump(self, log: str) -> Iterator[tuple[str, str, bytes]]:
        """Read every entry as (key, person, JSON), the entries of one key in order."""

    @abstractmethod
    def names(self) -> list[str]:
        """Name the logs that have entries."""


class MemoryLogs(Logs):
    """Logs that end with the process."""

    def __init__(self) -> None:
        self._logs: dict[str, dict[str, list[tuple[str, bytes]]]] = {}

    def append(self, log: str, key: str, person: str, entry: bytes) -> None:
        self._logs.setdefault(log, {}).setdefault(key, []).append((person, entry))

    def read(self, log: str, key: str, limit: int, before: str | None) -> Part:
        entries = self._logs.get(log, {}).get(key, [])
        start, end = _span(len(entries), limit, before)
        return [entry for _, entry in reversed(entries[start:end])], str(start) if start else None

    def dump(self, log: str) -> Iterator[tuple[str, str, bytes]]:
        for key, entries in self._logs.get(log, {}).items():
            for person, entry in entries:
                yield key, person, entry

    def names(self) -> list[str]:
        return sorted(self._logs)


class Line(msgspec.Struct):
    """One line of a log's file; `commit` is the number of the write that it belongs to."""

    commit: int
    key: str
    person: str
    entry: msgspec.Raw


_encode = msgspec.json.Encoder().encode
_line = msgspec.json.Decoder(Line).decode


Places = dict[int, "int | array[int]"]
"""The hash of a key -> where its lines begin, a plain number where it has only one line."""


def _note(places: Places, key: str, offset: int) -> None:
    found = places.setdefault(hash(key), offset)
    if not isinstance(found, int):
        found.append(offset)
    elif found != offset:
        places[hash(key)] = array("Q", (found, offset))


class FileLogs(Logs):
    """Logs as files, one a log; only where each key's lines begin is held in memory.

    An entry costs about 120 bytes under a key of its own (`offers`, `once`), 20 where a key has twenty, 8 where it has
    very many. A key is known by its hash alone, and compared when a line is read.
    """

    def __init__(self, folder: Path, disk: Disk, commit: int, *, read_only: bool) -> None:
        self._folder = folder
        self._disk = disk
        self._last = commit
        self._read_only = read_only
        self._files: dict[str, JsonLines] = {}
        self._offsets: dict[str, Places] = {}
        self._staged: list[tuple[str, Line]] = []
        for path in sorted(folder.glob("*.jsonl")):
            self._open(path.stem)

    def _open(self, log: str) -> JsonLines:
        offsets: Places = {}

        def keep(offset: int, content: bytes) -> bool:
            line = _line(content)
            if line.commit > self._last:
                return False
            _note(offsets, line.key, offset)
            return True

        file = JsonLines(self._folder / f"{log}.jsonl", self._disk, self._last, keep, read_only=self._read_only)
        self._files[log], self._offsets[log] = file, offsets
        return file

    def append(self, log: str, key: str, person: str, entry: bytes) -> None:
        self._staged.append((log, Line(0, key, person, msgspec.Raw(entry))))

    def flush(self, commit: int) -> list[tuple[str, str, int]]:
        """Write what was appended, as part of a numbered write; returns (log, key, offset) for `settle`."""
        grouped: dict[str, list[Line]] = {}
        for log, line in self._staged:
            line.commit = commit
            grouped.setdefault(log, []).append(line)
        written = []
        for log, lines in grouped.items():
            file = self._files.get(log) or self._open(log)
            offsets = file.append([_encode(line) for line in lines])
            written += [(log, line.key, offset) for line, offset in zip(lines, offsets, strict=True)]
        return written

    def settle(self, written: list[tuple[str, str, int]]) -> None:
        """Let what was written be read: its commit is on the disk."""
        for log, key, offset in written:
            _note(self._offsets[log], key, offset)
        for file in self._files.values():
            file.settle()
        self._staged.clear()

    def undo(self) -> None:
        """Forget what was appended since; what reached the files is cut off by `repair`."""
        self._staged.clear()

    def repair(self) -> None:
        """Cut what a failed write left behind off the files."""
        for file in self._files.values():
            file.repair()

    def read(self, log: str, key: str, limit: int, before: str | None) -> Part:
        found = self._offsets.get(log, {}).get(hash(key))
        if found is None:
            return [], None
        offsets = [found] if isinstance(found, int) else found
        start, end = _span(len(offsets), limit, before)
        lines = map(_line, self._files[log].read(offsets[start:end][::-1]))
        return [bytes(line.entry) for line in lines if line.key == key], str(start) if start else None

    def dump(self, log: str) -> Iterator[tuple[str, str, bytes]]:
        if log in self._files:
            for content in self._files[log].lines():
                line = _line(content)
                yield line.key, line.person, bytes(line.entry)

    def names(self) -> list[str]:
        return sorted(log for log, offsets in self._offsets.items() if offsets)


def _span(length: int, limit: int, before: str | None) -> tuple[int, int]:
    end = length if before is None else min(length, int(before))
    return max(0, end - limit), end
