"""Moments, as people write them: what is read, and what is not guessed."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import msgspec
import pytest

from supportbot import read
from supportbot.errors import SkillError
from supportbot.reader import Answer, Unreadable

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)  # a Monday, at ten in Berlin
MOMENT = read.moment("Europe/Berlin")


def moment(text: str, now: datetime = NOW) -> datetime:
    """Read it, through a dialogue's journal."""
    return msgspec.convert(msgspec.to_builtins(MOMENT.read(Answer(text=text, now=now))), MOMENT.type)


@pytest.mark.parametrize(
    ("text", "day", "hour", "minute"),
    [
        ("tomorrow at 3 pm", 6, 15, 0), ("tomorrow 15:00", 6, 15, 0), ("morgen um 15 Uhr", 6, 15, 0),
        ("3pm", 5, 15, 0), ("3:30 p.m.", 5, 15, 30), ("15 Uhr 30", 5, 15, 30), ("9:30", 6, 9, 30),
        ("12 am", 6, 0, 0), ("12 pm", 5, 12, 0), ("noon please", 5, 12, 0), ("Friday 9 a.m., thanks", 9, 9, 0),
        ("the day after tomorrow at noon", 7, 12, 0), ("Mon, 12 Jan, 10:15", 12, 10, 15),
        ("2026-01-24 15:00", 24, 15, 0), ("24 Jan 15:00", 24, 15, 0), ("12.1. 10:15", 12, 10, 15),
        ("today 8:00", 5, 8, 0), ("in 20 minutes", 5, 10, 20), ("in an hour", 5, 11, 0), ("in half an hour", 5, 10, 30),
        ("call me tomorrow at 3pm on +49 170 1234567", 6, 15, 0), ("１５:００", 5, 15, 0),
    ],
)  # fmt: skip
def test_a_moment_is_read_however_it_is_written(text: str, day: int, hour: int, minute: int) -> None:
    assert moment(text) == datetime(2026, 1, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    "text",
    ["", "3", "at 3", "tomorrow", "soon", "3-4 pm", "13:00-14:00", "between 3 and 4 pm", "after 3 pm", "before 10:00",
     "not 10:00", "10:00 or 11:00", "in 5 minutes or in an hour", "on the 24th at 3pm", "next week at 3pm", "24:00",
     "13 pm", "10:75", "+49 170 1234567", "tomorrow or friday at 10:00", "tomorrow in an hour at 3pm", "30 Feb 10:00"],
)  # fmt: skip
def test_what_may_not_be_one_moment_is_not_guessed(text: str) -> None:
    with pytest.raises(Unreadable) as caught:
        moment(text)
    assert caught.value.hint_key == "dialogue.hint.moment"


def test_days_are_those_of_the_time_zone() -> None:
    late = datetime(2026, 1, 5, 23, 30, tzinfo=UTC)  # half past midnight in Berlin, on the sixth
    assert moment("tomorrow at noon", late) == datetime(2026, 1, 7, 12, tzinfo=BERLIN)


def test_a_moment_beyond_the_change_of_the_clocks_is_on_the_clocks_of_that_day() -> None:
    assert moment("30 March at 10:00") == datetime(2026, 3, 30, 8, tzinfo=UTC)
    before = datetime(2026, 3, 29, 0, 30, tzinfo=UTC)
    assert moment("in an hour", before) == datetime(2026, 3, 29, 1, 30, tzinfo=UTC)


def test_an_hour_that_the_clocks_skip_is_none_and_of_one_that_comes_twice_it_is_the_first() -> None:
    with pytest.raises(Unreadable):
        moment("29 March 02:30")
    assert moment("25 October 02:30") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "../etc/passwd", "Europe"])
def test_a_time_zone_that_is_none_is_told_when_the_reader_is_made(zone: str) -> None:
    with pytest.raises(SkillError, match="no such time zone; write it like Europe/Berlin"):
        read.moment(zone)
