"""The logs of a TinyDB store: in memory for tests, as JSON-lines files beside the documents for everyone else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from supportbot.storage.disk import Disk
from supportbot.storage.json_lines import JsonLines

Part = tuple[list[bytes], str | None]
"""Some entries as JSON, newest first, and the cursor before the last of them."""


class Kept(NamedTuple):
    """One entry as it is stored, in JSON."""

    key: str
    person: str
    group: str
    entry: bytes


class Logs(ABC):
    """Entries under keys: appended by commits, read newest first, forgotten by key or by what they belong to."""

    @abstractmethod
    def append(self, log: str, key: str, person: str, group: str, entry: bytes) -> None:
        """Add an entry; where there is a disk, it is written with the next flush."""

    @abstractmethod
    def forget(self, log: str, key: str, group: str) -> None:
        """Remove the entries under a key, or those of a group (all of one key are of one); with the next flush."""

    @abstractmethod
    def read(self, log: str, key: str, limit: int, before: str | None) -> Part:
        """Read entries, newest first."""

    @abstractmethod
    def dump(self, log: str) -> Iterator[Kept]:
        """Read every entry, those of one key in order."""

    @abstractmethod
    def of_key(self, log: str, key: str) -> Iterator[Kept]:
        """Read the entries under a key, oldest first."""

    @abstractmethod
    def names(self) -> list[str]:
        """Name the logs that have entries."""


class MemoryLogs(Logs):
    """Logs that end with the process."""

    def __init__(self) -> None:
        self._logs: dict[str, dict[str, list[Kept]]] = {}

    def append(self, log: str, key: str, person: str, group: str, entry: bytes) -> None:
        self._logs.setdefault(log, {}).setdefault(key, []).append(Kept(key, person, group, entry))

    def forget(self, log: str, key: str, group: str) -> None:
        entries = self._logs.get(log, {})
        for under in [key] if key else [name for name, kept in entries.items() if kept[-1].group == group]:
            entries.pop(under, None)

    def read(self, log: str, key: str, limit: int, before: str | None) -> Part:
        entries = self._logs.get(log, {}).get(key, [])
        start, end = _span(len(entries), limit, before)
        return [kept.entry for kept in reversed(entries[start:end])], str(start) if start else None

    def dump(self, log: str) -> Iterator[Kept]:
        for entries in self._logs.get(log, {}).values():
            yield from entries

    def of_key(self, log: str, key: str) -> Iterator[Kept]:
        yield from self._logs.get(log, {}).get(key, [])

    def names(self) -> list[str]:
        return sorted(name for name, entries in self._logs.items() if entries)


class Line(msgspec.Struct, omit_defaults=True):
    """One line of a log's file; `commit` is the number of the write that it belongs to."""

    commit: int
    key: str
    person: str
    entry: msgspec.Raw = msgspec.Raw(b"null")
    group: str = ""
    forgets: bool = False
    """It is no entry: what stands above it under its key, or of its group, is gone."""


_encode = msgspec.json.Encoder().encode
_line = msgspec.json.Decoder(Line).decode


class Places:
    """Where the lines of one file begin, by the hash of their key; a plain number where a key has only one line."""

    def __init__(self) -> None:
        self._of_key: dict[int, int | array[int]] = {}
        self._of_group: dict[int, array[int]] = {}
        """The hash of a group -> those of its keys."""
        self.has_gone = False
        """Something in the file is forgotten."""

    def note(self, line: Line, offset: int) -> None:
        """Take in a line as it stands in the file."""
        if line.forgets:
            self._forget(line)
            return
        key = hash(line.key)
        found = self._of_key.setdefault(key, offset)
        if not isinstance(found, int):
            found.append(offset)
        elif found != offset:
            self._of_key[key] = array("Q", (found, offset))
        if line.group:
            self._of_group.setdefault(hash(line.group), array("q")).append(key)

    def _forget(self, line: Line) -> None:
        self.has_gone = True
        for key in [hash(line.key)] if line.key else self._of_group.pop(hash(line.group), ()):
            self._of_key.pop(key, None)

    def of(self, key: str) -> Sequence[int]:
        """Tell where the lines of a key begin."""
        found = self._of_key.get(hash(key), ())
        return (found,) if isinstance(found, int) else found

    def has(self, line: Line, offset: int) -> bool:
        """Tell whether a line is still an entry: the first of its key that is none of the forgotten, or behind it."""
        found = self.of(line.key)
        return not line.forgets and bool(found) and found[0] <= offset

    def __bool__(self) -> bool:
        return bool(self._of_key)


Written = tuple[str, Line, int]
"""A log, a line that was written to it, and where."""


class FileLogs(Logs):
    """Logs as files, one a log; only where each key's lines begin is held in memory.

    An entry costs about 120 bytes under a key of its own (`offers`, `once`), 20 where a key has twenty, 8 where it has
    very many. A key is known by its hash alone, and compared when a line is read. What is forgotten is so by a line
    that says it; the next start, or `compact`, writes the file anew without both.
    """

    def __init__(self, folder: Path, disk: Disk, commit: int, *, read_only: bool) -> None:
        self._folder = folder
        self._disk = disk
        self._last = commit
        self._read_only = read_only
        self._files: dict[str, JsonLines] = {}
        self._places: dict[str, Places] = {}
        self._staged: list[tuple[str, Line]] = []
        for path in sorted(folder.glob("*.jsonl")):
            self._open(path.stem)
        if not read_only:
            self.compact()

    def _open(self, log: str) -> JsonLines:
        places = Places()

        def keep(offset: int, content: bytes) -> bool:
            line = _line(content)
            if line.commit > self._last:
                return False
            places.note(line, offset)
            return True

        file = JsonLines(self._folder / f"{log}.jsonl", self._disk, self._last, keep, read_only=self._read_only)
        self._files[log], self._places[log] = file, places
        return file

    def compact(self) -> None:
        """Write those files anew in which something is forgotten."""
        for log, places in list(self._places.items()):
            if places.has_gone:
                self._files[log].rewrite([_encode(line) for line in self._lines(log)])
                self._open(log)

    def append(self, log: str, key: str, person: str, group: str, entry: bytes) -> None:
        self._staged.append((log, Line(0, key, person, msgspec.Raw(entry), group)))

    def forget(self, log: str, key: str, group: str) -> None:
        if log in self._files or any(name == log for name, _ in self._staged):
            self._staged.append((log, Line(0, key, "", group=group, forgets=True)))

    def flush(self, commit: int) -> list[Written]:
        """Write what was appended, as part of a numbered write; returns it with its places for `settle`."""
        grouped: dict[str, list[Line]] = {}
        for log, line in self._staged:
            line.commit = commit
            grouped.setdefault(log, []).append(line)
        written = []
        for log, lines in grouped.items():
            file = self._files.get(log) or self._open(log)
            offsets = file.append([_encode(line) for line in lines])
            written += [(log, line, offset) for line, offset in zip(lines, offsets, strict=True)]
        return written

    def settle(self, written: list[Written]) -> None:
        """Let what was written be read: its commit is on the disk."""
        for log, line, offset in written:
            self._last = line.commit
            self._places[log].note(line, offset)
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
        places = self._places.get(log)
        offsets = places.of(key) if places else ()
        if not offsets:
            return [], None
        start, end = _span(len(offsets), limit, before)
        lines = map(_line, self._files[log].read(offsets[start:end][::-1]))
        return [bytes(line.entry) for line in lines if line.key == key], str(start) if start else None

    def dump(self, log: str) -> Iterator[Kept]:
        yield from map(_kept, self._lines(log))

    def of_key(self, log: str, key: str) -> Iterator[Kept]:
        places = self._places.get(log)
        if places:
            lines = map(_line, self._files[log].read(places.of(key)))
            yield from (_kept(line) for line in lines if line.key == key)

    def _lines(self, log: str) -> Iterator[Line]:
        """Read every line that is an entry and not forgotten."""
        offset = 0
        for content in self._files[log].lines() if log in self._files else ():
            line = _line(content)
            if self._places[log].has(line, offset):
                yield line
            offset += len(content)

    def names(self) -> list[str]:
        return sorted(log for log, places in self._places.items() if places)


def _kept(line: Line) -> Kept:
    return Kept(line.key, line.person, line.group, bytes(line.entry))


def _span(length: int, limit: int, before: str | None) -> tuple[int, int]:
    end = length if before is None else min(length, int(before))
    return max(0, end - limit), end
