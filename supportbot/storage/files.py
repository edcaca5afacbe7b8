"""Kept files: by the SHA-256 of their content, so the same file is kept once and a name can never lead elsewhere."""

from __future__ import annotations

import hashlib
import io
import os
import re
import threading
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import BinaryIO

from supportbot.errors import FileTooLarge
from supportbot.storage.base import LARGEST_FILE, Stored
from supportbot.storage.disk import Disk
from supportbot.storage.refusals import not_readable

_ID = re.compile(r"[0-9a-f]{64}")  # our own pattern on a fixed length


def name_of(content: bytes) -> str:
    """Name a file after its content; FileTooLarge above the size that a store keeps."""
    if len(content) > LARGEST_FILE:
        limit = LARGEST_FILE // 2**20
        raise FileTooLarge(
            f"the file has {len(content) / 2**20:.1f} MB and the store keeps up to {limit} MB; send a link"
        )
    return hashlib.sha256(content).hexdigest()


class Files(ABC):
    """A place for files."""

    @abstractmethod
    def put(self, content: bytes, at: int) -> str:
        """Keep a file, durably, note when it was put last, and return its id."""

    @abstractmethod
    def open(self, id: str) -> BinaryIO | None:
        """Open a kept file, or return None where there is none of that id."""

    @abstractmethod
    def forget(self, ids: Collection[str], put_before: int) -> None:
        """Remove those that were not put at that instant or later."""

    @abstractmethod
    def ids(self) -> Iterator[str]:
        """Name every kept file, in order."""


def dump_files(files: Files) -> Iterator[Stored]:
    """Read every kept file as an item of a dump."""
    for id in files.ids():
        if (file := files.open(id)) is not None:
            with file:
                yield Stored(sort="file", key=id, content=file.read())


def open_kept(files: Files, id: str) -> BinaryIO | None:
    """Open a kept file; StoreFailed where the disk does not give it."""
    try:
        return files.open(id)
    except OSError as error:
        raise not_readable("a kept file", error) from error


class MemoryFiles(Files):
    """Files that end with the process."""

    def __init__(self) -> None:
        self._files: dict[str, bytes] = {}
        self._put_at: dict[str, int] = {}

    def put(self, content: bytes, at: int) -> str:
        id = name_of(content)
        self._files[id] = bytes(content)
        self._put_at[id] = at
        return id

    def open(self, id: str) -> BinaryIO | None:
        content = self._files.get(id)
        return io.BytesIO(content) if content is not None else None

    def forget(self, ids: Collection[str], put_before: int) -> None:
        for id in ids:
            if id in self._files and self._put_at.pop(id) < put_before:
                del self._files[id]

    def ids(self) -> Iterator[str]:
        yield from sorted(self._files)


class FileFolder(Files):
    """A folder of files, as ``ab/abcd…``; it is made with the first file."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self.folder = folder
        self._disk = disk
        self._putting = threading.Lock()
        """Held while a file is written: of the same file twice at once, one would rename what the other writes."""

    def put(self, content: bytes, at: int) -> str:
        id = name_of(content)
        path = self._path(id)
        with self._putting:
            if not path.exists():
                self._write(path, content)
        os.utime(path, ns=(at * 1_000_000, at * 1_000_000))  # the bot's clock, which tests move
        return id

    def _write(self, path: Path, content: bytes) -> None:
        if not self.folder.exists():
            self.folder.mkdir(0o700, parents=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._disk.replace(path, content)
        for folder in (path.parent, self.folder, self.folder.parent):
            self._disk.sync_folder(folder)

    def forget(self, ids: Collection[str], put_before: int) -> None:
        for id in ids:
            path = self._path(id)
            if _ID.fullmatch(id) and path.exists() and path.stat().st_mtime_ns < put_before * 1_000_000:
                path.unlink()
                self._disk.sync_folder(path.parent)

    def open(self, id: str) -> BinaryIO | None:
        if not _ID.fullmatch(id):
            return None
        try:
            return self._path(id).open("rb")
        except FileNotFoundError:
            return None

    def ids(self) -> Iterator[str]:
        for path in sorted(self.folder.glob("??/*")):
            if _ID.fullmatch(path.name):
                yield path.name

    def _path(self, id: str) -> Path:
        return self.folder / id[:2] / id
