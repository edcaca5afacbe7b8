"""Vitals: what is counted where it happens."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from supportbot import Settings, Skill, Turn, match, on
from supportbot.adapters.base import Sent
from supportbot.adapters.console import Console
from supportbot.domain.reply import Outgoing
from supportbot.errors import Refused, StoreFailed, TryLater, Unclear
from supportbot.pipeline.isolation import Blocked
from supportbot.storage.base import Changes
from supportbot.testing.harness import BotHarness
from supportbot.vitals import Durations, Vitals


class Shaky(Skill[Settings]):
    """Fail in several ways."""

    @on.message(match.words("break"))
    async def fail(self, turn: Turn) -> str:
        """Fail."""
        raise ValueError(turn.text)

    @on.message(match.words("hold"))
    async def hold(self, turn: Turn) -> str:
        """End as one that was interrupted ends."""
        raise Blocked("held the loop")


@pytest.fixture
async def bot() -> Any:
    async with BotHarness(Shaky(), fails=False) as bot:
        yield bot


def vitals_of(bot: BotHarness) -> Vitals:
    return bot.app.bot.vitals


def test_a_duration_is_counted_in_the_first_bucket_that_holds_it() -> None:
    durations = Durations((0.1, 1.0))
    for seconds in (0.05, 0.1, 0.5, 7.0):
        durations.note(seconds)
    assert durations.counts == [2, 1, 1]
    assert durations.cumulative() == [("0.1", 2), ("1.0", 3), ("+Inf", 4)]
    assert durations.sum == pytest.approx(7.65)


async def test_a_message_is_one_event_one_turn_and_one_delivery(bot: BotHarness) -> None:
    await bot.requester("ada").says("hello", id="m1")
    vitals = vitals_of(bot)
    assert dict(vitals.events) == {"console": 1}
    assert sum(vitals.turns["done"].counts) == 1
    assert dict(vitals.deliveries["console"]) == {"sent": 1}


async def test_a_message_that_comes_again_is_a_duplicate(bot: BotHarness) -> None:
    await bot.requester("ada").says("hello", id="m1")
    await bot.requester("ada").says("hello", id="m1")
    assert (vitals_of(bot).events["console"], vitals_of(bot).duplicates["console"]) == (2, 1)


async def test_failures_blocks_and_switching_off_are_counted_by_skill(bot: BotHarness) -> None:
    for words in ("break", "hold", "break"):
        await bot.requester("ada").says(words)
    vitals = vitals_of(bot)
    assert (vitals.skill_failures["shaky"], vitals.skill_blocks["shaky"]) == (3, 1)
    assert dict(vitals.skills_switched_off) == {"shaky": 1}


@pytest.mark.parametrize(
    ("trouble", "outcome"),
    [(TryLater(5), "put off"), (Unclear("no answer"), "unclear"), (Refused("gone", "channel_not_found"), "refused")],
)
async def test_a_delivery_is_counted_by_its_outcome(
    bot: BotHarness, monkeypatch: pytest.MonkeyPatch, trouble: Exception, outcome: str
) -> None:
    async def troubled(self: Console, outgoing: Outgoing) -> Sent:
        raise trouble

    monkeypatch.setattr(Console, "send", troubled)
    await bot.requester("ada").says("hello")
    assert vitals_of(bot).deliveries["console"][outcome] >= 1
    assert (
        vitals_of(bot).buried["outbox/console"]
        == (outcome == "refused") * vitals_of(bot).deliveries["console"][outcome]
    )


async def test_a_commit_that_the_disk_refuses_is_counted_at_intake(
    bot: BotHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(changes: Changes) -> Any:
        raise StoreFailed("disk full")

    monkeypatch.setattr(bot.app.store, "commit", refuse)
    with pytest.raises(StoreFailed):
        await bot.requester("ada").says("hello")
    assert vitals_of(bot).store_failures == 1


async def test_a_turn_that_fails_is_counted_as_failed(bot: BotHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: Any, **__: Any) -> Any:
        raise OSError

    monkeypatch.setattr(bot.app.bot, "_decide", fail)
    await bot.requester("ada").says("hello")
    assert sum(vitals_of(bot).turns["failed"].counts) == 1


def test_counting_brings_no_library() -> None:
    source = Path(__file__).parents[2] / "supportbot" / "vitals.py"
    assert "prometheus" not in source.read_text("utf-8").replace("as Prometheus reads it", "")
