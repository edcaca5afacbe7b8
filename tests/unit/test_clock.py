from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from supportbot.clock import (
    DAY,
    HOUR,
    MINUTE,
    SECOND,
    SimulatedClock,
    SystemClock,
    as_datetime,
    as_instant,
    milliseconds,
    parse_duration,
)


def test_a_simulated_clock_stands_still_until_it_is_moved() -> None:
    clock = SimulatedClock()
    begin = clock.now()
    assert clock.now() == begin
    clock.move_to(begin + HOUR)
    assert clock.now() == begin + HOUR


def test_a_simulated_clock_never_goes_back() -> None:
    clock = SimulatedClock(start=5_000)
    clock.move_to(4_000)
    assert clock.now() == 5_000


def test_a_simulated_day_begins_on_a_monday_morning() -> None:
    morning = as_datetime(SimulatedClock().now())
    assert (morning.strftime("%A"), morning) == ("Monday", datetime(2026, 1, 5, 9, tzinfo=UTC))


def test_the_system_clock_counts_milliseconds_since_1970() -> None:
    assert as_datetime(SystemClock().now()).year >= 2025


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("0s", 0),
        ("250ms", 250),
        ("90s", 90 * SECOND),
        ("10m", 10 * MINUTE),
        ("1h30m", 90 * MINUTE),
        ("1h 30m", 90 * MINUTE),
        ("1.5h", 90 * MINUTE),
        (" 26H ", 26 * HOUR),
        ("7d", 7 * DAY),
        ("2w", 14 * DAY),
    ],
)
def test_a_span_of_time_is_read(text: str, span: int) -> None:
    assert parse_duration(text) == span


@pytest.mark.parametrize("text", ["", "10", "soon", "3 days", "-5m", "5m later", "m5", "1..5h", "10 minutes"])
def test_what_is_no_span_of_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="is not a span of time; write it like 90s, 10m, 1h30m or 7d"):
        parse_duration(text)


def test_a_span_may_be_given_in_any_form() -> None:
    assert milliseconds(timedelta(minutes=10)) == milliseconds("10m") == milliseconds(600_000) == 600_000


@given(st.integers(0, 4_000_000_000_000))
def test_an_instant_survives_being_shown(instant: int) -> None:
    assert as_instant(as_datetime(instant)) == instant


def test_the_same_moment_in_another_time_zone_is_the_same_instant() -> None:
    moment = datetime(2026, 3, 31, 12, tzinfo=timezone(timedelta(hours=5, minutes=45)))
    assert as_instant(moment) == as_instant(moment.astimezone(UTC))


def test_a_moment_without_a_time_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="give it one"):
        as_instant(datetime(2026, 1, 5))  # noqa: DTZ001 - the mistake itself


@pytest.mark.parametrize("span", ["36501d", "99999999d", "9" * 400 + "w"])
def test_a_span_beyond_a_hundred_years_is_a_slip(span: str) -> None:
    with pytest.raises(ValueError, match=r"is more than 100 years|is not a span of time"):
        parse_duration(span)
