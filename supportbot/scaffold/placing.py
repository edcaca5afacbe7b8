"""Putting new files in place: all of them or none, and never over what is there without being told."""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_BLANK = re.compile(r"@\{(\w+)\}")


@dataclass(frozen=True)
class NewFile:
    """What a file will hold, and who may read it from its first byte on."""

    content: str
    mode: int = 0o666
    """Less what the process's umask takes away."""


def filled(template: str, values: Mapping[str, str]) -> str:
    """Fill in each ``@{name}`` of a template."""
    return _BLANK.sub(lambda found: values[found[1]], template)


def taken(folder: Path, names: Iterable[str]) -> list[str]:
    """Name those of the files that are there already."""
    return [name for name in names if os.path.lexists(folder / name)]


def place(folder: Path, files: Mapping[str, NewFile], *, replace: bool = False) -> None:
    """Write files into a folder, by their names below it; when anything goes wrong, all is as it was before.

    They are written beside first. A new folder then appears with one rename; in one that is there, each file does, and
    what `replace` lets them replace is kept until the last is in place. Raises FileExistsError.
    """
    is_new = not folder.exists()
    home = folder.parent if is_new else folder
    home.mkdir(parents=True, exist_ok=True)
    beside = home / f".{folder.name}.{secrets.token_hex(4)}.new"
    try:
        for name, file in files.items():
            _write(beside / "new" / name, file)
        if is_new:
            (beside / "new").rename(folder)
        else:
            _move_in(beside, folder, files, replace=replace)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _write(path: Path, file: NewFile) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, file.mode)
    with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as stream:
        stream.write(file.content)


def _check_replaceable(path: Path, *, replace: bool) -> None:
    if not replace:
        raise FileExistsError(errno.EEXIST, "is there already", str(path))
    if path.is_dir() and not path.is_symlink():
        raise IsADirectoryError(errno.EISDIR, "is a folder, and is not replaced", str(path))


def _move_in(beside: Path, folder: Path, names: Collection[str], *, replace: bool) -> None:
    made = [parent for parent in dict.fromkeys((folder / name).parent for name in names) if not parent.exists()]
    try:
        for parent in made:
            parent.mkdir()
        for name in names:
            if os.path.lexists(folder / name):
                _check_replaceable(folder / name, replace=replace)
                (beside / "old" / name).parent.mkdir(parents=True, exist_ok=True)
                (folder / name).rename(beside / "old" / name)
            (beside / "new" / name).rename(folder / name)
    except BaseException:
        for name in names:
            if not (beside / "new" / name).exists():
                (folder / name).unlink()
            if os.path.lexists(beside / "old" / name):
                (beside / "old" / name).rename(folder / name)
        for parent in filter(Path.exists, made):
            parent.rmdir()
        raise
