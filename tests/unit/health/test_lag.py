"""Lag: who holds the event loop is named once, and not again and again."""

from __future__ import annotations

import asyncio
import json
import selectors
import sys
import time
from types import FrameType
from typing import Any

import pytest

from supportbot.health import lag
from supportbot.health.lag import BEAT, DEAD_AFTER, HELD_AFTER, LoopWatch, Seldom, culprit
from supportbot.testing.harness import BotHarness


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    monkeypatch.setattr(lag.log, "warning", lambda event, **fields: lines.append({"event": event, **fields}))
    return lines


def test_a_place_is_told_about_once_a_minute_with_how_often_it_happened() -> None:
    seldom = Seldom()
    assert [seldom.may_tell("a.py:1", now) for now in (0.0, 10.0, 59.0, 60.0, 61.0)] == [1, 0, 0, 3, 0]
    assert seldom.may_tell("b.py:1", 10.0) == 1


def test_a_loop_that_does_not_come_round_is_told_about_once_with_the_line(told: list[dict[str, Any]]) -> None:
    watch = LoopWatch()
    now, here = time.monotonic(), sys._getframe()
    watch.look(now + BEAT, here)
    assert told == []
    line = here.f_lineno + 1
    watch.look(now + BEAT + HELD_AFTER + 1, here)
    watch.look(now + BEAT + HELD_AFTER + 2, here)
    assert [told[0][key] for key in ("event", "where")] == ["the event loop is held", f"{__file__}:{line}"]
    assert len(told) == 1


def test_a_loop_is_alive_until_it_has_not_turned_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = LoopWatch()
    assert watch.is_alive
    later = time.monotonic() + DEAD_AFTER + 1
    monkeypatch.setattr(lag.time, "monotonic", lambda: later)
    assert not watch.is_alive


def test_the_culprit_is_the_line_that_called_the_library() -> None:
    found: list[str] = []

    class Numbers(json.JSONEncoder):
        def default(self, o: object) -> object:
            frame: FrameType | None = sys._getframe().f_back  # the library's own line
            found.append(culprit(frame))
            return None

    json.dumps([object()], cls=Numbers, indent=1)
    assert found[0].startswith(f"{__file__}:")
    assert culprit(None) == ""


async def test_the_loop_beats_and_its_lag_is_counted() -> None:
    async with BotHarness() as bot:
        watch = LoopWatch()
        await watch.open(bot.app)
        while not sum(bot.app.bot.vitals.loop_lag.counts):
            await asyncio.sleep(0.01)
        assert watch.is_alive
        await watch.close()


async def test_a_loop_that_is_really_held_is_told_about(told: list[dict[str, Any]]) -> None:
    async with BotHarness() as bot:
        watch = LoopWatch()
        await watch.open(bot.app)
        selector = selectors.DefaultSelector()
        until = time.monotonic() + 30
        while not told and time.monotonic() < until:
            selector.select(0.05)  # what holds the loop
        selector.close()
        await watch.close()
    assert told[0]["where"].startswith(__file__)
