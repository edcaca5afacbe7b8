"""The store: where it is, whether it opens, who has it, and what waits in it."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

from supportbot.clock import SECOND
from supportbot.config import AdaptersSettings, Config
from supportbot.domain.dialogue import DIALOGUES
from supportbot.domain.finding import Finding
from supportbot.domain.schema import SCHEMA
from supportbot.domain.work import TURNS, outbox
from supportbot.errors import StoreError, StoreInUse
from supportbot.health.checks.base import Patient, counted, ok, problem, warning
from supportbot.health.look import MOST_COUNTED, STUCK_AFTER, waiting_in
from supportbot.storage.base import Store, place_of
from supportbot.storage.open import open_store

MEGABYTE = 2**20
_LITTLE_SPACE = 200 * MEGABYTE
_SOME_SPACE = 1024 * MEGABYTE
_CLOCK_MAY_DIFFER = 60
"""Seconds."""


async def check_store(patient: Patient) -> AsyncIterator[Finding]:
    """Look at the place of the store, then into it; a store that a running bot keeps to itself is left alone."""
    if patient.config is None:
        return
    url = patient.config.storage.url
    member, place = place_of(url)
    if url == "tinydb:memory":
        yield warning("store.place", "all is kept in memory and gone at the end", "set storage.url to sqlite:FILE")
        return
    if member != "postgresql":
        found, is_there = _place(Path(place), patient)
        for finding in found:
            yield finding
        if not is_there:
            return
    async for finding in _inside(patient, patient.config):
        yield finding


# --- the place ----------------------------------------------------------------------------------------------------


def _place(path: Path, patient: Patient) -> tuple[list[Finding], bool]:
    """Look at a file or folder from outside; tells also whether it is there."""
    found, size = [], sum(_sizes(path))
    there = next(above for above in (path, *path.absolute().parents) if above.exists())
    folder = there if there.is_dir() else there.parent
    if not all(os.access(place, os.W_OK) for place in (there, folder)):
        todo = f"run as its owner, or give it to this user: chown -R it: {path}"
        found.append(problem("store.place", f"{path} cannot be written by this user", todo))
    elif not path.exists():
        found.append(ok("store.place", f"{path} is not there yet; the first start makes it"))
    else:
        found.append(ok("store.place", f"{path} can be written, and holds {size / MEGABYTE:,.1f} MB"))
        if _time_of(path) - patient.clock.now() / SECOND > _CLOCK_MAY_DIFFER:
            what = f"{path} was written later than it is now: the clock has been set back"
            found.append(warning("store.clock", what, "let NTP keep the clock; what is due waits until then"))
    return [*found, _space(folder, size)], path.exists()


def _space(folder: Path, size: int) -> Finding:
    free = shutil.disk_usage(folder).free
    said = f"{free / MEGABYTE:,.0f} MB are free where the data is"
    if free < _LITTLE_SPACE:
        return problem("store.disk", said, "make room now: a full disk stops the bot from taking messages")
    if free < max(_SOME_SPACE, 2 * size):
        return warning("store.disk", said, "make room; a backup or a move needs as much again as the store")
    return ok("store.disk", said)


def _sizes(path: Path) -> Iterator[int]:
    beside = path.parent.glob(f"{path.name}*") if not path.is_dir() else [path]
    for part in beside:
        files = part.rglob("*") if part.is_dir() else [part]
        yield from (file.stat().st_size for file in files if file.is_file())


def _time_of(path: Path) -> float:
    file = path / "documents.json" if path.is_dir() else path
    return file.stat().st_mtime if file.exists() else 0.0


# --- who has it ---------------------------------------------------------------------------------------------------


async def _is_running(url: str) -> bool:
    """Tell whether a bot takes the work of a store.

    Its lock is tried only where the process that wrote it is there: a bot that starts just now is not to be refused.
    """
    if not _is_alive(_writer_of(url)):
        return False
    try:
        store = await open_store(url, SCHEMA, read_only=True, alone=True)
    except StoreInUse:
        return True
    await store.close()
    return False


def _writer_of(url: str) -> int:
    lock = Path(f"{place_of(url)[1]}.lock")
    words = lock.read_text("ascii", "replace").strip() if lock.is_file() else ""
    return int(words) if words.isdigit() else 0


def _is_alive(process: int) -> bool:
    if not process:
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


# --- inside -------------------------------------------------------------------------------------------------------


async def _inside(patient: Patient, config: Config) -> AsyncIterator[Finding]:
    url = config.storage.url
    try:
        store = await open_store(url, SCHEMA, read_only=True, clock=patient.clock)
    except StoreInUse as error:
        yield ok(
            "store.open", f"a running bot keeps it to itself ({str(error).partition(';')[0]}); nothing inside was read"
        )
        return
    except StoreError as error:
        yield problem("store.open", str(error), "until then the bot does not start")
        return
    try:
        is_running = await _is_running(url)
        yield ok("store.open", f"it opens, and {'a' if is_running else 'no'} bot runs on it")
        if store.warning:
            yield warning("store.size", store.warning, "climb to the next store")
        yield await _dead_letters(store)
        yield await _dialogues(store, config)
        async for finding in _work(store, config, patient.clock.now(), is_running=is_running):
            yield finding
    except StoreError as error:
        yield problem("store.read", str(error), "restore a backup if the disk is well")
    finally:
        await store.close()


async def _dead_letters(store: Store) -> Finding:
    dead = await store.buried(limit=MOST_COUNTED)
    if not dead:
        return ok("dead_letters", "no dead letters")
    many = counted(len(dead), "dead letter", most=MOST_COUNTED)
    todo = "`supportbot retry` lists them; when the cause is mended, `supportbot retry --all` runs them again"
    return warning("dead_letters", f"{many}, the newest failed with {dead[-1].error or 'no reason'}", todo)


async def _dialogues(store: Store, config: Config) -> Finding:
    count = 0
    for entry in config.skills:
        after: str | None = None
        while count < MOST_COUNTED:
            page = await store.find(DIALOGUES, "skill", entry.name, limit=200, after=after)
            count += len(page.items)
            after = page.next
            if after is None:
                break
    return ok("dialogues", f"{counted(count, 'dialogue waits', 'dialogues wait', most=MOST_COUNTED)} for an answer")


async def _work(store: Store, config: Config, now: int, *, is_running: bool) -> AsyncIterator[Finding]:
    queues = [TURNS, *map(outbox, config.adapters.given)]
    for queue in queues:
        waiting = await waiting_in(store, queue, now)
        name = f"work.{queue}"
        many = counted(waiting.count, "piece waits", "pieces wait", most=MOST_COUNTED)
        said = f"{queue}: {many}{f', the oldest for {waiting.age // SECOND:,} s' if waiting.count else ''}"
        if is_running and waiting.age > STUCK_AFTER:
            yield problem(name, said, "see the log for this queue; if its platform is well, restart the bot")
        else:
            yield ok(name, said)
    for adapter in AdaptersSettings.__struct_fields__:
        if outbox(adapter) not in queues and await store.pending(outbox(adapter), limit=1):
            what = f"messages wait to go out through {adapter}, which is not configured"
            yield warning(
                f"work.{outbox(adapter)}", what, f"configure adapters.{adapter} once more, until they are out"
            )
