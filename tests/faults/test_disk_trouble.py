"""A disk in trouble under the whole bot: no lie is told, nothing is half done, and it recovers without a restart."""

from __future__ import annotations

import errno
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from supportbot import faults
from supportbot.chat_lines import ChatLines
from supportbot.clock import Clock
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.record import Schema
from supportbot.domain.ticket import TICKETS
from supportbot.domain.timeline import TIMELINE
from supportbot.errors import StoreFailed
from supportbot.pipeline import crew
from supportbot.storage import sqlite, tinydb_folder
from supportbot.storage.base import Store
from supportbot.testing import harness
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts
from tests.faults.test_store_disk import BrokenConnection, BrokenDisk

BotWith = Callable[..., Awaitable[BotHarness]]
TEXTS = Texts()
POINTS = ("intake.before_store", "turn.before_commit", "delivery.after_send")
"""Where the disk breaks: while a message comes in, while its turn is committed, while its answer is marked as sent."""
NUMBERS = {"full": errno.ENOSPC, "broken": errno.EIO, "read-only": errno.EROFS}


class Disk:
    """The disk under the store of a test: it can break and be repaired."""

    def __init__(self, member: str, folder: Path) -> None:
        self.member, self.folder, self.tiny = member, folder, BrokenDisk()

    async def open(self, url: str, schema: Schema, *, takes_work: bool, clock: Clock) -> Store:
        """Open the store that stands on this disk."""
        if self.member == "tinydb":
            return tinydb_folder.open_folder(self.folder / "data", schema, clock, takes_work=takes_work, disk=self.tiny)
        place = self.folder / "data.sqlite"
        return sqlite.open_file(place, schema, clock, takes_work=takes_work, factory=BrokenConnection)

    def break_down(self, number: int = errno.ENOSPC) -> None:
        """Refuse every change from now on."""
        self.tiny.fail_after(0, number)
        BrokenConnection.refusal = "database or disk is full"

    def repair(self) -> None:
        """Take changes again."""
        self.tiny.repair()
        BrokenConnection.refusal = ""


@pytest.fixture(params=["tinydb", "sqlite"])
async def disk(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Disk]:
    disk = Disk(request.param, tmp_path)
    monkeypatch.setattr(harness, "open_store", disk.open)
    monkeypatch.setattr(crew, "STORE_PAUSE", 0.0)
    yield disk
    faults.disarm()
    disk.repair()


async def tries(bot: BotHarness, words: str, *, id: str) -> bool:
    """Let Ada write; tells whether her message was acknowledged. What follows is waited for as far as it goes."""
    try:
        await bot.app.bot.receive(bot._console.event("ada", key=id, text=words))
    except StoreFailed:
        return False
    finally:
        with suppress(StoreFailed):
            await bot.app.bot.crew.idle()
    return True


async def kept(bot: BotHarness) -> tuple[int, list[str]]:
    """Count Ada's tickets, and read what was said in her conversation."""
    tickets = await bot.app.store.find(TICKETS, "requester", "main", "console/local/ada")
    found = await bot.app.store.find(CONVERSATIONS, "requester", "main", "console/local/ada")
    entries = [e for c in found.items for e in (await bot.app.store.read(TIMELINE, c.id)).items]
    return len(tickets.items), [entry.text for entry in entries if entry.kind == "requester"]


def answers(bot: BotHarness) -> list[str]:
    """Read what Ada was told, each message once; a number that was drawn for nothing leaves a gap."""
    assert all(len(set(texts)) == 1 for texts in seen(bot).values())
    return [re.sub(r"T-\d+", "T-…", texts[0]) for texts in seen(bot).values()]


QUEUED = TEXTS("handoff.queued", reference="T-…")


def seen(bot: BotHarness) -> dict[str, list[str]]:
    """Read what Ada saw, by the id of the message: the same id again is the same message."""
    lines: dict[str, list[str]] = {}
    for line in bot.shown:
        if line["to"] == "ada":
            lines.setdefault(line["id"], []).append(line["text"])
    return lines


@pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS)
@pytest.mark.parametrize("point", POINTS)
async def test_a_disk_that_breaks_under_a_message_loses_nothing_and_says_nothing_false(
    bot_with: BotWith, disk: Disk, point: str, number: int
) -> None:
    bot = await bot_with(fails=False)
    faults.arm(point, lambda: disk.break_down(number))
    acknowledged = await tries(bot, "/human the printer burns", id="m1")
    assert acknowledged == (point != "intake.before_store")
    said = list(seen(bot).values())
    assert len(said) == (1 if point == "delivery.after_send" else 0)
    assert not await tries(bot, "hello", id="m2")
    faults.disarm()
    disk.repair()
    assert await tries(bot, "/human the printer burns", id="m1")
    assert await tries(bot, "are you there?", id="m2")
    await bot.advance("4m")
    assert answers(bot) == [QUEUED]
    assert await kept(bot) == (1, ["are you there?", "/human the printer burns"])
    assert await bot.app.store.pending("turns") != []  # the handoff's own timers
    assert await bot.app.store.pending("outbox/console") == []


@pytest.mark.parametrize("operations", range(1, 26))
async def test_a_disk_that_fills_up_at_any_moment_is_recovered_from_without_a_restart(
    bot_with: BotWith, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, operations: int
) -> None:
    disk = Disk("tinydb", tmp_path)
    monkeypatch.setattr(harness, "open_store", disk.open)
    monkeypatch.setattr(crew, "STORE_PAUSE", 0.0)
    bot = await bot_with(fails=False)
    disk.tiny.fail_after(operations, errno.ENOSPC, short=operations % 2 == 0)
    await tries(bot, "/human the printer burns", id="m1")
    disk.repair()
    await tries(bot, "/human the printer burns", id="m1")
    await bot.advance("4m")
    assert answers(bot) == [QUEUED]
    assert await kept(bot) == (1, ["/human the printer burns"])
    assert len({line["id"] for line in bot.agents_channel.lines}) == 1


async def test_what_was_stored_before_can_be_read_while_the_disk_refuses(bot_with: BotWith, disk: Disk) -> None:
    bot = await bot_with(fails=False)
    assert await tries(bot, "/human the printer burns", id="m1")
    disk.break_down()
    assert not await tries(bot, "hello", id="m2")
    assert await kept(bot) == (1, ["/human the printer burns"])


async def test_chat_says_which_line_could_not_be_stored_and_goes_on(bot_with: BotWith, disk: Disk) -> None:
    bot = await bot_with(fails=False)
    written: list[dict[str, Any]] = []
    lines = ChatLines(bot.app, bot._console, written.append)
    hello = msgspec.json.encode({"from": "ada", "text": "hello", "id": "m1"})

    async def typed() -> AsyncIterator[bytes]:
        disk.break_down()
        yield hello
        disk.repair()
        yield hello

    await lines.serve(typed())
    assert [line["done"] for line in written] == [1, 2]
    assert "error" in written[0]
    assert "error" not in written[1]
    assert len(seen(bot)) == 1


async def test_a_disk_that_stays_broken_for_hours_buries_nothing(bot_with: BotWith, disk: Disk) -> None:
    bot = await bot_with(fails=False)
    faults.arm("turn.before_commit", disk.break_down)
    assert await tries(bot, "/human the printer burns", id="m1")
    for _ in range(10):
        bot.clock.move_to(bot.clock.now() + 3_600_000)
        with suppress(StoreFailed):
            await bot.app.bot.crew.idle()
    faults.disarm()
    disk.repair()
    await bot.advance("1m")
    assert await bot.app.store.buried() == []
    assert answers(bot) == [QUEUED]
