"""The few things a store asks of the disk, in one place, so that a test can make each of them fail."""

from __future__ import annotations

import os
from pathlib import Path


class Disk:
    """Writes files so that a kill leaves the old content or the new, never a mixture."""

    def replace(self, path: Path, content: bytes) -> None:
        """Put new content in a file's place: written beside it, synced, renamed over it."""
        beside = path.with_name(path.name + ".new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            self.write(descriptor, content)
            self.sync(descriptor)
        finally:
            os.close(descriptor)
        self.rename(beside, path)

    def append(self, path: Path, content: bytes) -> None:
        """Add to the end of a file and sync it."""
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            self.write(descriptor, content)
            self.sync(descriptor)
        finally:
            os.close(descriptor)

    def truncate(self, path: Path, length: int) -> None:
        """Cut a file back to a length, durably; a file that is not there has no length to cut."""
        if not path.exists():
            return
        descriptor = os.open(path, os.O_WRONLY)
        try:
            os.ftruncate(descriptor, length)
            self.sync(descriptor)
        finally:
            os.close(descriptor)

    def write(self, descriptor: int, content: bytes) -> None:
        """Write all of it, however many calls that takes."""
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]

    def sync(self, descriptor: int) -> None:
        """Wait until the file's content is on the disk."""
        os.fsync(descriptor)

    def rename(self, source: Path, target: Path) -> None:
        """Move a file over another one, at once for every reader."""
        source.replace(target)

    def sync_folder(self, folder: Path) -> None:
        """Wait until the folder's names are on the disk; without it a rename may be undone by a power cut."""
        if os.name == "nt":
            return  # Windows cannot open a folder, and orders its renames by itself
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            self.sync(descriptor)
        finally:
            os.close(descriptor)
