"""Finds the days that a line names, as people write them, seen from a given day.

The patterns here are our own, take linear time and run on short lines only; `re` compiles each when it is first used.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from supportbot.skills.numerals import NAMED
from supportbot.skills.said import words_of

_YEAR_FIRST = r"(?<![\d./-])(\d{4})([./-])(\d{1,2})\2(\d{1,2})(?!\d)"
_DAY_FIRST = r"(?<![\d./-])(\d{1,2})([./-])(\d{1,2})(?:\2(\d{4}|\d{2})?)?(?!\d)"
_DAY = r"(\d{1,2})(?:st|nd|rd|th|er|o)?"
_FROM_NOW = r" (?P<ahead>in|dans|en) (?P<count>\w+) (?P<unit>\w+) | (?P<back>\w+) (?P<past>days?|weeks?) ago "

_MONTHS = {
    name: month
    for month, names in enumerate(
        (
            "january jan januar janvier enero",
            "february feb februar février fevrier febrero",
            "march mar märz maerz mars marzo",
            "april apr avril abril",
            "may mai mayo",
            "june jun juni juin junio",
            "july jul juli juillet julio",
            "august aug août aout agosto",
            "september sep sept septembre septiembre",
            "october oct oktober okt octobre octubre",
            "november nov novembre noviembre",
            "december dec dezember dez décembre decembre diciembre",
        ),
        1,
    )
    for name in names.split()
}
_WEEKDAYS = {
    name: weekday
    for weekday, names in enumerate(
        (
            "monday montag lundi lunes",
            "tuesday dienstag mardi martes",
            "wednesday mittwoch mercredi miércoles miercoles",
            "thursday donnerstag jeudi jueves",
            "friday freitag vendredi viernes",
            "saturday samstag sonnabend samedi sábado sabado",
            "sunday sonntag dimanche domingo",
        )
    )
    for name in names.split()
}
_SHORT_WEEKDAYS = {
    "mon": 0,
    "tue": 1,
    "tues": 1,
    "wed": 2,
    "thu": 3,
    "thur": 3,
    "thurs": 3,
    "fri": 4,
    "sat": 5,
    "sun": 6,
}
_NAMED_DAYS = {
    "today": 0, "heute": 0, "aujourdhui": 0, "hoy": 0,
    "tomorrow": 1, "morgen": 1, "demain": 1, "mañana": 1, "manana": 1,
    "yesterday": -1, "gestern": -1, "hier": -1, "ayer": -1,
    "overmorrow": 2, "übermorgen": 2, "vorgestern": -2,
}  # fmt: skip
_DAYS_IN = {
    **dict.fromkeys(words_of("day days tag tage tagen jour jours día dia días dias"), 1),
    **dict.fromkeys(words_of("week weeks woche wochen semaine semaines semana semanas"), 7),
}
_LAST = frozenset({"last", "letzten", "letzter"})


def dates_in(line: str, today: date) -> set[date]:
    """Read every day that is named; raises ValueError or OverflowError for a day that no calendar has."""
    words = words_of(line)
    days = {*_in_digits(line, today), *_by_month(words, today), *_from_today(words, today)}
    weekdays = set(_by_weekday(words, today))
    if days and weekdays and {day.weekday() for day in days} != {day.weekday() for day in weekdays}:
        raise ValueError("a date and another weekday")
    return days or weekdays  # "Tuesday, 24 Nov" names one day


def _in_digits(line: str, today: date) -> Iterator[date]:
    for match in re.finditer(_YEAR_FIRST, line):
        yield date(int(match[1]), int(match[3]), int(match[4]))
    for match in re.finditer(_DAY_FIRST, line):
        day, mark, month, year = int(match[1]), match[2], int(match[3]), match[4]
        if mark == "-" and not year:
            continue  # "3-4 days"
        if month > 12 and mark != ".":  # 11/24/2026 can only have its month first
            day, month = month, day
        yield _full_year(year, month, day) if year else _coming(month, day, today)


def _full_year(year: str, month: int, day: int) -> date:
    return date(int(year) + (2000 if len(year) == 2 else 0), month, day)


def _coming(month: int, day: int, today: date) -> date:
    """Find the next day of that name, today included; the 29th of February may be eight years away."""
    date(2000, month, day)  # a leap year has every day there is
    for year in range(today.year, today.year + 9):
        try:
            found = date(year, month, day)
        except ValueError:
            continue
        if found >= today:
            return found
    raise ValueError("no such day soon")


def _by_month(words: list[str], today: date) -> Iterator[date]:
    words = [word for word in words if word not in {"of", "de", "the"}]
    for at, word in enumerate(words):
        if word not in _MONTHS:
            continue
        before = re.fullmatch(_DAY, words[at - 1]) if at else None
        after = words[at + 1 : at + 3]
        day = before
        if day is None and after:
            day = re.fullmatch(_DAY, after.pop(0))
        if day is None:
            continue
        year = after[0] if after and after[0].isdecimal() else ""
        if year and len(year) != 4:
            raise ValueError("a year, an hour or another day")
        month = _MONTHS[word]
        yield _full_year(year, month, int(day[1])) if year else _coming(month, int(day[1]), today)


def _from_today(words: list[str], today: date) -> Iterator[date]:
    spaced = f" {' '.join(words)} ".replace(" day after tomorrow ", " overmorrow ")
    for word in spaced.split():
        if word in _NAMED_DAYS:
            yield today + timedelta(days=_NAMED_DAYS[word])
    for match in re.finditer(_FROM_NOW, spaced):
        days = _DAYS_IN.get(match["unit"] or match["past"])
        count = _count(match["count"] or match["back"])
        if days and count is not None:
            yield today + timedelta(days=days * (count if match["ahead"] else -count))


def _count(word: str) -> int | None:
    if word.isdecimal():
        return int(word[:8])
    return 1 if word in {"a", "an", "einem", "einer", "un", "une", "una"} else NAMED.get(word)


def _by_weekday(words: list[str], today: date) -> Iterator[date]:
    for at, word in enumerate(words):
        weekday = _WEEKDAYS.get(word)
        if weekday is None and len(words) <= 2:  # "sat" and "sun" are words of other sentences too
            weekday = _SHORT_WEEKDAYS.get(word)
        if weekday is None:
            continue
        ahead = (weekday - today.weekday() - 1) % 7 + 1
        back = (today.weekday() - weekday - 1) % 7 + 1
        yield today + timedelta(days=-back if at and words[at - 1] in _LAST else ahead)
