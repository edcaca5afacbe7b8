"""Export: tickets, ratings and conversations as CSV and JSON lines, for other programs; or all about one person.

The columns are stable: new ones come behind the others. Times are ISO 8601 in UTC, "" where something never happened.
"""

from __future__ import annotations

import csv
import re
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import msgspec

from supportbot.clock import as_datetime
from supportbot.data import people
from supportbot.data.people import Someone
from supportbot.domain.attachment import ATTACHMENTS, Attachment
from supportbot.domain.conversation import CONVERSATIONS, Conversation
from supportbot.domain.ticket import TICKETS, Ticket
from supportbot.domain.timeline import TIMELINE, Entry
from supportbot.errors import StoreError, StoreFailed
from supportbot.storage.base import Store, Stored

Row = dict[str, Any]
Progress = Callable[[int], None]

COLUMNS: dict[str, tuple[str, ...]] = {
    "tickets": (
        *("reference", "tenant", "requester_id", "requester", "conversation", "subject", "category", "details"),
        *("status", "priority", "assignee_id", "assignee", "created_at", "changed_at", "first_response_at"),
        *("solved_at", "closed_at", "files"),
    ),
    "ratings": ("reference", "tenant", "requester_id", "requester", "rating", "comment", "asked_at", "rated_at"),
    "conversations": (
        *("conversation", "tenant", "place", "requester_id", "requester", "direct", "owner", "agent_id", "agent"),
        *("began_at", "spoke_at", "ended_at", "tickets"),
    ),
    "transcripts": ("conversation", "at", "kind", "who_id", "who", "text", "ticket", "files"),
}
"""The columns of each file, in their order."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_UNSAFE_IN_NAMES = re.compile(r"[^\w.-]+")  # our own pattern
_LONGEST_NAME = 200
"""Bytes of a file's name; most disks take 255."""


class NotEmpty(StoreError):
    """The folder to export into has something in it, which would be mixed with what is exported."""


def cell(value: Any) -> str:
    """Spell a value for CSV so that no spreadsheet takes it for a formula."""
    text = "" if value is None else ("yes" if value else "no") if isinstance(value, bool) else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


class Tables:
    """The files of an export, each as CSV and as JSON lines; in those a conversation has its transcript with it."""

    def __init__(self, folder: Path) -> None:
        self._files = ExitStack()
        self._csv: dict[str, Any] = {}
        self._json: dict[str, Any] = {}
        self.counts = dict.fromkeys(COLUMNS, 0)
        for name, columns in COLUMNS.items():
            opened = (folder / f"{name}.csv").open("w", encoding="utf-8", newline="")
            self._csv[name] = csv.writer(self._files.enter_context(opened))
            self._csv[name].writerow(columns)
            if name != "transcripts":
                self._json[name] = self._files.enter_context((folder / f"{name}.jsonl").open("wb"))

    def add(self, name: str, row: Row, **more: Any) -> None:
        """Write a row; `more` stands only in the JSON line."""
        self.counts[name] += 1
        self._csv[name].writerow([cell(row[column]) for column in COLUMNS[name]])
        if name in self._json:
            self._json[name].write(msgspec.json.encode({**row, **more}) + b"\n")

    def close(self) -> None:
        """Close the files."""
        self._files.close()


async def export(store: Store, folder: Path, progress: Progress) -> dict[str, int]:
    """Write all tickets, ratings and conversations into an empty folder; returns how many there are of each."""
    return await _export_tables(store, folder, people.records(store), progress)


async def export_person(store: Store, folder: Path, someone: Someone, progress: Progress) -> dict[str, int]:
    """Write everything that is held about one person into an empty folder, for them to read."""
    held = [item async for item in store.of_person(someone.id)]
    counts = await _export_tables(store, folder, _each(held), progress)
    counts["records"] = _write_lines(folder / "records.jsonl", map(_plain, held))
    elsewhere = [line async for line in _elsewhere(store, someone)]
    counts["elsewhere"] = _write_lines(folder / "elsewhere.jsonl", elsewhere)
    counts["files"] = await _write_files(store, folder / "files", held)
    about = {"id": someone.id, "names": list(someone.names), "holds": counts}
    (folder / "about.json").write_bytes(msgspec.json.format(msgspec.json.encode(about), indent=2) + b"\n")
    return counts


def make_folder(folder: Path) -> None:
    """Make the folder of an export, for its owner alone; NotEmpty where there is something in it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise NotEmpty(f"{folder} has something in it; give a folder that is new or empty")
    except OSError as error:
        raise StoreFailed(f"{folder} cannot be written ({error}); give another folder") from error


async def _export_tables(
    store: Store, folder: Path, items: AsyncIterator[Stored], progress: Progress
) -> dict[str, int]:
    count, tables = 0, Tables(folder)
    try:
        async for item in items:
            if item.sort != "document":
                break  # documents come first
            count += 1
            if count % 100 == 0:
                progress(count)
            if item.name == TICKETS.name:
                _add_ticket(tables, msgspec.json.decode(item.value, type=Ticket))
            elif item.name == CONVERSATIONS.name:
                await _add_conversation(store, tables, msgspec.json.decode(item.value, type=Conversation))
    finally:
        tables.close()
    return tables.counts


async def _each(items: Iterable[Stored]) -> AsyncIterator[Stored]:
    for item in items:
        yield item


def _add_ticket(tables: Tables, ticket: Ticket) -> None:
    whose = {"reference": ticket.reference, "tenant": ticket.tenant}
    whose |= {"requester_id": ticket.requester.id, "requester": ticket.requester.name}
    times = ("created_at", "changed_at", "first_response_at", "solved_at", "closed_at")
    row = {
        **whose,
        **{name: getattr(ticket, name) for name in ("conversation", "subject", "category", "details")},
        "status": ticket.status,
        "priority": ticket.priority,
        "assignee_id": ticket.assignee.id if ticket.assignee else "",
        "assignee": ticket.assignee.name if ticket.assignee else "",
        **{name: spelled(getattr(ticket, name)) for name in times},
        "files": " ".join(file.name for file in ticket.files),
    }
    tables.add("tickets", row)
    survey = ticket.survey
    if survey.asked_at or survey.rating:
        rating = {**whose, "rating": survey.rating or "", "comment": survey.comment}
        tables.add("ratings", {**rating, "asked_at": spelled(survey.asked_at), "rated_at": spelled(survey.rated_at)})


async def _add_conversation(store: Store, tables: Tables, conversation: Conversation) -> None:
    lines = [_line(conversation.id, entry) for entry in await _timeline(store, conversation.id)]
    for line in lines:
        tables.add("transcripts", line)
    row = {
        "conversation": conversation.id,
        "tenant": conversation.tenant,
        "place": conversation.address.key,
        "requester_id": conversation.requester.id,
        "requester": conversation.requester.name,
        "direct": conversation.direct,
        "owner": conversation.owner,
        "agent_id": conversation.agent.id if conversation.agent else "",
        "agent": conversation.agent.name if conversation.agent else "",
        **{name: spelled(getattr(conversation, name)) for name in ("began_at", "spoke_at", "ended_at")},
        "tickets": " ".join(conversation.tickets),
    }
    tables.add("conversations", row, transcript=lines)


async def _timeline(store: Store, conversation: str) -> list[Entry]:
    """Read a whole timeline, oldest first."""
    entries: list[Entry] = []
    cursor: str | None = None
    while True:
        page = await store.read(TIMELINE, conversation, limit=500, before=cursor)
        entries += page.items
        cursor = page.next
        if cursor is None:
            return entries[::-1]


def _line(conversation: str, entry: Entry) -> Row:
    files = " ".join(file.name for file in entry.files)
    row = {"conversation": conversation, "at": spelled(entry.at), "kind": entry.kind, "who_id": entry.person}
    return {**row, "who": entry.who, "text": entry.text, "ticket": entry.ticket, "files": files}


def spelled(instant: int) -> str:
    """Spell an instant as ISO 8601 in UTC, "" for never."""
    if not instant:
        return ""
    return as_datetime(instant).isoformat(timespec="milliseconds").replace("+00:00", "Z")


# --- about one person ---------------------------------------------------------------------------------------------


def _plain(item: Stored) -> Row:
    return {"sort": item.sort, "name": item.name, "key": item.key, "value": item.value}


async def _elsewhere(store: Store, someone: Someone) -> AsyncIterator[Row]:
    """Read where else they are: what they said in other people's cases, and which records name them.

    What others said there is not theirs to read.
    """
    wanted = someone.id.encode()
    async for item in people.records(store):
        value = bytes(item.value)
        if item.sort == "entry" and item.name == TIMELINE.name and item.person != someone.id:
            entry = msgspec.json.decode(value, type=Entry)
            if entry.person == someone.id or (not entry.person and entry.who in someone.own_names):
                yield _line(item.key, entry)
        elif item.person != someone.id and wanted in value:
            yield {"sort": item.sort, "name": item.name, "key": item.key}


def _write_lines(path: Path, lines: Iterable[Row]) -> int:
    written = [msgspec.json.encode(line) + b"\n" for line in lines]
    path.write_bytes(b"".join(written))
    return len(written)


async def _write_files(store: Store, folder: Path, held: list[Stored]) -> int:
    """Write the files that they sent under the names that they had, with a number in front."""
    count = 0
    for item in held:
        if item.sort != "document" or item.name != ATTACHMENTS.name:
            continue
        attachment = msgspec.json.decode(item.value, type=Attachment)
        if (kept := await store.open_file(attachment.file)) is not None:
            count += 1
            with kept:
                _write_file(folder, f"{count:03}-{attachment.name}", kept.read())
    return count


def _write_file(folder: Path, name: str, content: bytes) -> None:
    folder.mkdir(exist_ok=True)
    short = _UNSAFE_IN_NAMES.sub("_", name)[:80].encode()[:_LONGEST_NAME].decode(errors="ignore")
    (folder / short).write_bytes(content)
