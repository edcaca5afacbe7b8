"""Kept files: by the SHA-256 of their content, so the same file is kept once and a name can never lead elsewhere."""

from __future__ import annotations

import hashlib
import io
import re
from abc import ABC, abstractmethod
from collections.abc import Iterator
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
    def put(self, content: bytes) -> str:
        """Keep a file, durably, and return its id."""

    @abstractmethod
    def open(self, id: str) -> BinaryIO | None:
        """Open a kept file, or return None where there is none of that id."""

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

    def put(self, content: bytes) -> str:
        id = name_of(content)
        self._files[id] = bytes(content)
        return id

    def open(self, id: str) -> BinaryIO | None:
        content = self._files.get(id)
        return io.BytesIO(content) if content is not None else None

    def ids(self) -> Iterator[str]:
        yield from sorted(self._files)


class FileFolder(Files):
    """A folder of files, as ``ab/abcd…``; it is made with the first file."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self._folder = folder
        self._disk = disk

    def put(self, content: bytes) -> str:
        id = name_of(content)
        path = self._path(id)
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._disk.replace(path, content)
            for folder in (path.parent, self._folder, self._folder.parent):
                self._disk.sync_folder(folder)
        return id

    def open(self, id: str) -> BinaryIO | None:
        if not _ID.fullmatch(id):
            return None
        try:
            return self._path(id).open("rb")
        except FileNotFoundError:
            return None

    def ids(self) -> Iterator[str]:
        for path in sorted(self._folder.glob("??/*")):
            if _ID.fullmatch(path.name):
                yield path.name

    def _path(self, id: str) -> Path:
        return self._folder / id[:2] / id
