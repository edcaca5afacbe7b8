"""What the bot stands on: Python, the packages, the clock and the time zones."""

from __future__ import annotations

import importlib.metadata
import re
import sys
import zoneinfo
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime

from supportbot.clock import SECOND
from supportbot.domain.finding import Finding
from supportbot.health.checks.base import Patient, counted, ok, problem, warning

_OLDEST_PYTHON = (3, 11)
_RELEASED = datetime(2025, 1, 1, tzinfo=UTC)
"""A clock that says it is earlier has been set back, or has never been set."""
_LATEST = datetime(2100, 1, 1, tzinfo=UTC)
_NEEDED = re.compile(r"([\w.-]+)(?:\[[^]]*\])?\s*(?:>=\s*([\d.]+))?")


async def check_machine(patient: Patient) -> AsyncIterator[Finding]:
    """Look at Python, its packages, the clock and the time zones."""
    release = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info[:2] < _OLDEST_PYTHON:
        yield problem("python", f"this is Python {release}", "install Python 3.11 or later")
    else:
        yield ok("python", f"Python {release}")
    yield _packages()
    yield _clock(patient)
    yield _time_zones()


def _packages() -> Finding:
    try:
        requirements = importlib.metadata.requires("supportbot") or []
    except importlib.metadata.PackageNotFoundError:
        return warning("packages", "supportbot runs from a folder and is not installed", "pip install supportbot")
    needed = [line for line in requirements if "extra ==" not in line]
    if wrong := list(_wrong_packages(needed)):
        return problem("packages", "; ".join(wrong), "pip install --upgrade supportbot")
    return ok("packages", f"supportbot {importlib.metadata.version('supportbot')}, {counted(len(needed), 'package')}")


def _wrong_packages(requirements: list[str]) -> Iterator[str]:
    for line in requirements:
        found = _NEEDED.match(line)
        if found is None:
            continue
        name, oldest = found[1], found[2] or "0"
        try:
            installed = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            yield f"{name} is not installed"
            continue
        if _numbers(installed) < _numbers(oldest):
            yield f"{name} {installed} is too old, {oldest} is needed"


def _numbers(version: str) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", version.partition("+")[0])]


def _clock(patient: Patient) -> Finding:
    now = datetime.fromtimestamp(patient.clock.now() / SECOND, UTC)
    said = f"it is {now:%Y-%m-%d %H:%M} UTC"
    if _RELEASED <= now <= _LATEST:
        return ok("clock", said)
    return problem(
        "clock", f"{said}, by this machine's clock", "set the clock, and let NTP keep it: timedatectl set-ntp true"
    )


def _time_zones() -> Finding:
    try:
        zoneinfo.ZoneInfo("Europe/Berlin")
    except zoneinfo.ZoneInfoNotFoundError:
        return warning("time_zones", "there are no time zones on this machine", "install tzdata (apt or pip)")
    return ok("time_zones", "time zones are there")
