"""Finds the moments that a line names, as people write them: a day and a time of day, or a span from now.

The patterns here are our own, take linear time and run on short lines only; `re` compiles each when it is first used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

from supportbot.skills.dates import dates_in
from supportbot.skills.numerals import NAMED
from supportbot.skills.said import words_of

_ALONE = r"(?<![\w.:/–-])"
_TIMES = (
    rf"{_ALONE}(?P<hour>\d{{1,2}})(?:[:.](?P<minute>\d\d))? ?(?P<half>a\.?m\b\.?|p\.?m\b\.?)",
    rf"{_ALONE}(?P<hour>\d{{1,2}}):(?P<minute>\d\d)(?![\w:–-])(?: ?(?:uhr|h)\b)?",
    rf"{_ALONE}(?P<hour>\d{{1,2}}) ?(?:uhr|h)(?: ?(?P<minute>\d\d))?(?![\w–-])",
    r"(?<!after)(?<!after )\b(?P<noon>noon|midday)\b",
)
_SPAN = r"\bin (?P<count>\w+) (?P<unit>minutes?|mins?|hours?|minuten?|stunden?)\b"
_BOUND = r"\b(?:between|before|until|till|not|never|ago|after(?= \d)|bis|zwischen|vor|nach|nicht)\b"
_NOON = 12
_BESIDE = frozenset(
    words_of(
        "at around about please thanks call me back a phone ring you can could would like to i need want get for "
        "oclock yes ok okay sure let us say hi hello um gegen bitte ja"
    )
)
"""Words beside a time that name no day, however it is read."""


def moments_in(line: str, now: datetime) -> set[datetime]:
    """Read every moment that is named, in the time zone of `now`; raises ValueError for what no clock shows.

    A time without a day is the next one. "3" and "at 3" are no times, since they have two halves of the day to be in;
    neither is "after 3 pm", which leaves the evening open.
    """
    if re.search(_BOUND, line, flags=re.IGNORECASE):
        raise ValueError("a bound, not a moment")
    times, rest = _times_in(line)
    spans = set(_spans_in(line))
    if spans and not times:
        return {(now.astimezone(UTC) + span).astimezone(now.tzinfo) for span in spans}
    days = dates_in(rest, now.date())
    if spans or (not days and not _BESIDE.issuperset(words_of(rest))):
        raise ValueError("a time, and a day that was not understood")
    return {_moment(day, at, now) for at in times for day in days or {_next(at, now)}}


def _times_in(line: str) -> tuple[set[time], str]:
    """Read every time of day, and give the line without them."""
    times: set[time] = set()

    def take(match: re.Match[str]) -> str:
        times.add(_time(match.groupdict()))
        return " "

    for pattern in _TIMES:
        line = re.sub(pattern, take, line, flags=re.IGNORECASE)
    return times, line


def _time(found: dict[str, str | None]) -> time:
    if found.get("noon"):
        return time(_NOON)
    hour, minute, half = int(found["hour"] or 0), int(found["minute"] or 0), found.get("half")
    if half:
        if not 1 <= hour <= _NOON:
            raise ValueError("no such hour before or after noon")
        hour = hour % _NOON + (_NOON if half[0] in "pP" else 0)
    return time(hour, minute)


def _spans_in(line: str) -> Iterator[timedelta]:
    if re.search(r"\bin half an hour\b", line, flags=re.IGNORECASE):
        yield timedelta(minutes=30)
    for match in re.finditer(_SPAN, line, flags=re.IGNORECASE):
        word, is_hours = match["count"].lower(), match["unit"][0] in "hHsS"
        count = int(word[:6]) if word.isdecimal() else 1 if word in {"a", "an", "einer"} else NAMED.get(word)
        if count is not None:
            yield timedelta(hours=count) if is_hours else timedelta(minutes=count)


def _next(at: time, now: datetime) -> date:
    return now.date() if at > now.time() else now.date() + timedelta(days=1)


def _moment(day: date, at: time, now: datetime) -> datetime:
    """Find the moment on the clocks there; of an hour that comes twice, the first."""
    moment = datetime.combine(day, at, now.tzinfo)
    if moment.astimezone(UTC).astimezone(now.tzinfo).time() != at:
        raise ValueError("the clocks skip that time")
    return moment
