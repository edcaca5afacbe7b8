"""A small schema, and stores of the members with a disk."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from supportbot.domain.event import Signal
from supportbot.domain.record import Index, Kind, Log, Record, Schema
from supportbot.domain.work import Work


class Note(Record, frozen=True, kw_only=True):
    topic: str
    at: int = 0


class Line(msgspec.Struct, frozen=True, kw_only=True):
    text: str


NOTES = Kind("notes", Note, indexes=(Index("topic", ("topic",), order="at"),))
LINES: Log[Line] = Log("lines", Line)


class House:
    """What the tests of one folder share: the schema, its parts, and a way to word things."""

    notes = NOTES
    lines = LINES
    schema = Schema(kinds=(NOTES,), logs=(LINES,))  # type: ignore[arg-type]

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.tinydb = f"tinydb:{folder / 'data'}"
        self.sqlite = f"sqlite:{folder / 'data.sqlite'}"

    def note(self, id: str, **fields: Any) -> Note:
        return Note(id=id, **{"topic": "t", **fields})

    def line(self, text: str) -> Line:
        return Line(text=text)

    def work(self, id: str, key: str = "k") -> Work:
        return Work(id=id, queue="q", key=key, due=0, payload=Signal(name="ring", conversation="c"))


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)
