"""The writer: a job that is patient is part of the next transaction, and is done all the same where none comes."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from supportbot.storage.sqlite_writer import Writer

LONG = 3_600.0
"""Seconds of patience that no test waits for."""


class Watched(sqlite3.Connection):
    """Counts its transactions."""

    commits = 0

    def execute(self, sql: str, *parameters: Any) -> sqlite3.Cursor:
        self.commits += sql == "COMMIT"
        return super().execute(sql, *parameters)


@pytest.fixture
async def connection(tmp_path: Path) -> AsyncIterator[Watched]:
    connection = sqlite3.connect(
        tmp_path / "data.sqlite", isolation_level=None, check_same_thread=False, factory=Watched
    )
    connection.execute("CREATE TABLE said (word TEXT)")
    yield connection
    connection.close()


def say(word: str) -> Any:
    return lambda db: db.execute("INSERT INTO said VALUES (?)", (word,)).rowcount


async def test_a_patient_job_is_part_of_the_next_transaction(connection: Watched) -> None:
    writer = Writer(connection, lambda _: None, "here")
    patient = asyncio.create_task(writer.run(say("later"), LONG))
    await asyncio.sleep(0)

    await writer.run(say("now"))

    assert await patient == 1
    assert connection.commits == 1
    await writer.finish()


async def test_a_patient_job_is_done_after_a_while_where_nothing_comes(connection: Watched) -> None:
    writer = Writer(connection, lambda _: None, "here")

    assert await asyncio.wait_for(writer.run(say("later"), 0.001), 10) == 1
    assert await asyncio.wait_for(writer.run(say("later still"), 0.001), 10) == 1

    assert connection.commits == 2
    await writer.finish()


async def test_a_patient_job_is_done_before_the_end(connection: Watched) -> None:
    writer = Writer(connection, lambda _: None, "here")
    patient = asyncio.create_task(writer.run(say("later"), LONG))
    await asyncio.sleep(0)

    await writer.finish()

    assert await patient == 1
    assert connection.execute("SELECT word FROM said").fetchall() == [("later",)]
