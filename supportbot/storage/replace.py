"""Another store in the place of one: prepared beside it, then put there so that a kill leaves the old or the new. ::

    data.restoring              while it is written; a kill leaves it behind, and the next try removes it
    data.restored-STAMP         whole: from this rename on it is the store, whoever opens `data` next moves it there
    data                        the store
    data.before-STAMP           what was there before

An SQLite store has its kept files in a folder beside it, which goes along: ``data.files``.
"""

from __future__ import annotations

import glob
import shutil
from contextlib import suppress
from pathlib import Path

from supportbot.clock import as_datetime
from supportbot.errors import StoreError
from supportbot.storage.base import place_of
from supportbot.storage.disk import Disk
from supportbot.storage.lock import Lock

_FILES = ".files"
_REMAINS = ("-wal", "-shm")


def prepare(url: str) -> str:
    """Name the store to write beside another one; what an earlier try left there is removed."""
    member, place = place_of(url)
    if member not in ("tinydb", "sqlite") or place == "memory":
        raise StoreError(f"{url} is no store on this machine's disk; give one that is, and `supportbot move` it there")
    beside = _beside(Path(place))
    for part in (beside, *(_part(beside, suffix) for suffix in (_FILES, *_REMAINS))):
        _remove(part)
    return f"{member}:{beside}"


def put_in_place(url: str, now: int) -> Path | None:
    """Make the store that was written beside this one the one; returns where the old one is, None where none was.

    StoreInUse where a bot runs on the old one.
    """
    member, name = place_of(url)
    place, stamp = Path(name), f"{as_datetime(now):%Y%m%d-%H%M%S}"
    beside, prepared = _beside(place), place.with_name(f"{place.name}.restored-{stamp}")
    before = place.with_name(f"{place.name}.before-{stamp}")
    if prepared.exists() or before.exists():
        raise StoreError(f"{before} is there already; wait a second, and restore again")
    lock = None
    if place.exists():
        lock = Lock(place / "lock" if member == "tinydb" else _part(place, ".lock"), url)
    try:
        if member == "sqlite":
            _part(beside, _FILES).mkdir(exist_ok=True)  # so that it is known whose `.files` stands in the place
            _part(beside, _FILES).replace(_part(prepared, _FILES))
        beside.replace(prepared)
        Disk().sync_folder(place.parent)
        finish(place)
    finally:
        if lock:
            lock.release()
    return before if before.exists() else None


def finish(place: Path) -> None:
    """Move a store that was made ready for this place there, if a kill kept that from being done."""
    pattern = glob.escape(place.name) + ".restored-????????-??????"
    for prepared in sorted(place.parent.glob(pattern)):
        guard = _part(place, ".restore-lock")
        lock = Lock(guard, str(place))
        try:
            if prepared.exists():
                _switch(place, prepared)
        finally:
            guard.unlink(missing_ok=True)
            lock.release()


def _switch(place: Path, prepared: Path) -> None:
    before = place.with_name(prepared.name.replace(".restored-", ".before-"))
    for suffix in ("", *_REMAINS):
        _move(_part(place, suffix), _part(before, suffix))
    if _part(prepared, _FILES).exists():
        _move(_part(place, _FILES), _part(before, _FILES))
        _move(_part(prepared, _FILES), _part(place, _FILES))
    Disk().sync_folder(place.parent)
    prepared.replace(place)
    Disk().sync_folder(place.parent)


def copies_of(url: str) -> list[Path]:
    """Name what a restore kept beside a store, or left half written when it was killed."""
    place = Path(place_of(url)[1])
    kept = place.parent.glob(f"{glob.escape(place.name)}.before-????????-??????")
    return sorted([*kept, *filter(Path.exists, [_beside(place)])])


def remove(place: Path) -> None:
    """Remove a store that nobody needs, with its files."""
    for part in (place, *(_part(place, suffix) for suffix in (_FILES, *_REMAINS))):
        _remove(part)


def _beside(place: Path) -> Path:
    return _part(place, ".restoring")


def _part(place: Path, suffix: str) -> Path:
    return place.with_name(place.name + suffix)


def _move(source: Path, target: Path) -> None:
    with suppress(FileNotFoundError):
        source.replace(target)


def _remove(part: Path) -> None:
    if part.is_dir():
        shutil.rmtree(part)
    else:
        part.unlink(missing_ok=True)
