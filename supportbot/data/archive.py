"""An archive: everything of a store in one file, which is whole or refused, and can become a store of any member.

It is gzip of JSON lines: a header, one line an item as `dump` reads it, a footer with their count and a checksum. ::

    {"archive":1,"format":2,"release":"0.1.0","member":"sqlite","at":"2026-01-05T09:00:00Z"}
    {"sort":"document","name":"tickets","key":"main/T-1042",…}
    {"items":1,"counts":{"document tickets":1},"checksum":"…"}
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, BinaryIO, NamedTuple, TypeVar

import msgspec

from supportbot.clock import Clock, as_datetime
from supportbot.domain.schema import SCHEMA
from supportbot.domain.work import Work
from supportbot.errors import StoreError, StoreFailed, StoreInUse
from supportbot.storage.base import Store, Stored, place_of
from supportbot.storage.format import FORMAT
from supportbot.storage.move import Source, move
from supportbot.storage.open import open_store
from supportbot.storage.replace import prepare, put_in_place, remove
from supportbot.version import __version__

ARCHIVE = 1
"""The form of the file; count it up with any change that an earlier release could not read."""
_BEGINNING = b'{"archive":'
_TELL_EVERY = 500
_LONGEST_LINE = 2**28
"""Bytes; more than any record has, so that a file made to burst the memory does not."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
"""How kinds and logs are called; a store may name a file of its own after them."""

T = TypeVar("T")
Progress = Callable[[int], None]


class Damaged(StoreError):
    """The file is no archive, or not as it was written."""


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """The first line: what wrote the archive, from which member, and when."""

    archive: int
    format: int
    release: str
    member: str
    at: str


class Footer(msgspec.Struct, frozen=True, kw_only=True):
    """The last line: how much is above it, by sort and name, and a checksum of the lines."""

    items: int
    counts: dict[str, int]
    checksum: str


class _Document(msgspec.Struct):
    """What a document of any release has."""

    id: str
    version: int


_Count = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]
_VALUES: dict[str, Any] = {
    "document": _Document,
    "entry": dict[str, Any],
    "work": Work,
    "buried": Work,
    "number": _Count,
    "unique": _Count,
    "file": None,
}
"""What the value of an item is, by its sort."""


class Restored(NamedTuple):
    """How much was put back, and where the store is that was there before."""

    items: int
    before: Path | None


def _silent(_count: int) -> None:
    """Tell nobody."""


# --- writing ------------------------------------------------------------------------------------------------------


async def write(source: Source, path: Path, *, member: str, now: int, progress: Progress = _silent) -> Footer:
    """Save everything in a file: written beside it, synced and renamed, so that half an archive never has its name.

    An earlier archive is replaced; StoreError where the file is something else, the store itself say.
    """
    if _is_something_else(path):
        raise StoreError(f"{path} is there already and is no backup; give another name")
    try:
        with _beside(path) as file, gzip.GzipFile("", "wb", 6, file, mtime=now / 1000) as lines:
            footer = await _write_lines(source, lines, member, now, progress)
    except OSError as error:
        raise StoreFailed(f"{path} cannot be written ({error}); the backup was not made") from error
    return footer


def _is_something_else(path: Path) -> bool:
    if not path.is_file():
        return path.exists()  # a folder, or a device such as /dev/null
    if not path.stat().st_size:
        return False
    try:
        with gzip.open(path, "rb") as lines:
            return lines.read(len(_BEGINNING)) != _BEGINNING
    except (OSError, EOFError, zlib.error):
        return True


@contextmanager
def _beside(path: Path) -> Iterator[BinaryIO]:
    """Open a file beside a path, for its owner alone, and move it there once it is written well."""
    beside = path.with_name(path.name + ".new")
    try:
        beside.touch(0o600)
        with beside.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


async def _write_lines(source: Source, lines: gzip.GzipFile, member: str, now: int, progress: Progress) -> Footer:
    encode, digest, counts = msgspec.json.Encoder().encode, hashlib.blake2b(digest_size=32), Counter[str]()

    def add(line: bytes) -> None:
        digest.update(line + b"\n")
        lines.write(line + b"\n")

    header = Header(archive=ARCHIVE, format=FORMAT, release=__version__, member=member, at=_spelled(now))
    add(encode(header))
    async for item in source.dump():
        add(encode(item))
        counts[_sort(item)] += 1
        if counts.total() % _TELL_EVERY == 0:
            progress(counts.total())
    footer = Footer(items=counts.total(), counts=dict(sorted(counts.items())), checksum=digest.hexdigest())
    lines.write(encode(footer) + b"\n")
    return footer


def _spelled(now: int) -> str:
    return as_datetime(now).isoformat(timespec="seconds").replace("+00:00", "Z")


def _sort(item: Stored) -> str:
    return f"{item.sort} {item.name}" if item.sort in ("document", "entry") else item.sort


# --- reading ------------------------------------------------------------------------------------------------------


class Archive:
    """A file that `write` made, to be read as a store is."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def check(self, progress: Progress = _silent) -> Header:
        """Read all of it; Damaged says what is wrong, where it is not what was written, whole."""
        digest, counts = hashlib.blake2b(digest_size=32), Counter[str]()
        lines = self._lines()
        first = next(lines, b"")
        header = self._header(first)
        digest.update(first)
        footer: Footer | None = None
        for line in lines:
            if footer is not None:
                raise Damaged(f"{self.path} goes on behind its last line; it was changed, so use another copy")
            if line.startswith(b'{"items":'):
                footer = self._read(line, Footer)
                continue
            digest.update(line)
            counts[_sort(self._item(line))] += 1
            if counts.total() % _TELL_EVERY == 0:
                progress(counts.total())
        if footer is None:
            raise Damaged(f"{self.path} ends before its last line: it was cut off; use another copy")
        if (footer.items, footer.counts, footer.checksum) != (counts.total(), dict(counts), digest.hexdigest()):
            raise Damaged(f"{self.path} is not as it was written: its checksum does not fit; use another copy")
        return header

    async def dump(self) -> AsyncIterator[Stored]:
        """Read every item, in the order in which the store had them."""
        lines = self._lines()
        next(lines)
        for line in lines:
            if not line.startswith(b'{"items":'):
                yield self._item(line)

    def _header(self, line: bytes) -> Header:
        if not line.startswith(_BEGINNING):
            raise Damaged(f"{self.path} is no backup of supportbot; give a file that `supportbot backup` wrote")
        header = self._read(line, Header)
        if header.archive > ARCHIVE or header.format > FORMAT:
            raise Damaged(f"{self.path} was written by the newer release {header.release}; install that one first")
        return header

    def _item(self, line: bytes) -> Stored:
        """Read an item; a checksum tells nothing of who made the file, so no store is given what it would not write."""
        item = self._read(line, Stored)
        is_named = item.sort not in ("document", "entry") or _NAME.fullmatch(item.name)
        if item.sort not in _VALUES or not is_named:
            raise Damaged(f"{self.path} has a line that no store has written; use another copy")
        self._read(bytes(item.value), _VALUES[item.sort])
        return item

    def _read(self, line: bytes, type: type[T]) -> T:
        try:
            return msgspec.json.decode(line, type=type)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Damaged(f"{self.path} has a line that cannot be read ({error}); use another copy") from error

    def _lines(self) -> Iterator[bytes]:
        try:
            with gzip.open(self.path, "rb") as lines:
                while line := lines.readline(_LONGEST_LINE):
                    if len(line) == _LONGEST_LINE:
                        raise Damaged(f"{self.path} has a line that is longer than any record; use another copy")
                    yield line
        except FileNotFoundError as error:
            raise Damaged(f"{self.path} is not there; give a file that `supportbot backup` wrote") from error
        except EOFError as error:
            raise Damaged(f"{self.path} ends in the middle: it was cut off; use another copy") from error
        except gzip.BadGzipFile as error:
            raise Damaged(f"{self.path} is no backup of supportbot, or it was changed ({error})") from error
        except (zlib.error, OSError) as error:
            raise Damaged(f"{self.path} cannot be read ({error}); use another copy") from error


# --- restoring ----------------------------------------------------------------------------------------------------


async def restore(
    archive: Archive,
    url: str,
    clock: Clock,
    *,
    replace: bool = False,
    progress: Progress = _silent,
    checked: Callable[[int, int], None] | None = None,
) -> Restored:
    """Make a store of a checked archive: written beside the place, read back, and only then put there.

    StoreInUse where a bot runs on the store, StoreError where it has data in it and is not to be replaced. The store
    that was there is kept beside.
    """
    beside = prepare(url)
    has_data = await _has_data(url, clock, replace=replace)
    if has_data and not replace:
        raise StoreError(f"{url} has data in it; with --replace it is kept beside, and the backup takes its place")
    try:
        store = await open_store(beside, SCHEMA, clock=clock)
        try:
            report = await move(archive, store, progress, checked)
        finally:
            await store.close()
    except BaseException:
        remove(Path(place_of(beside)[1]))
        raise
    try:
        before = put_in_place(url, clock.now())
    except OSError as error:
        raise StoreFailed(
            f"the restored store cannot take the place of {url} ({error}); nothing was changed"
        ) from error
    if before and not has_data:
        remove(before)
        before = None
    return Restored(report.total, before)


async def _has_data(url: str, clock: Clock, *, replace: bool) -> bool:
    """Tell whether there is anything in the store; one that cannot be read any more counts as data."""
    if not _is_there(url):
        return False
    try:
        store = await open_store(url, SCHEMA, takes_work=True, clock=clock)
    except StoreInUse:
        raise
    except StoreError:
        if replace:
            return True
        raise
    try:
        return await _has_items(store)
    finally:
        await store.close()


def _is_there(url: str) -> bool:
    return Path(place_of(url)[1]).exists()


async def _has_items(store: Store) -> bool:
    try:
        async for _ in store.dump():
            return True
    except StoreError:
        return True
    return False
