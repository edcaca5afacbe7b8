"""The doctor: every check in turn, none of which keeps the others from being made."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from supportbot.domain.finding import Finding
from supportbot.health.checks.adapters import check_adapters
from supportbot.health.checks.base import Check, Patient, problem
from supportbot.health.checks.configuration import check_configuration
from supportbot.health.checks.machine import check_machine
from supportbot.health.checks.secrets import check_secrets
from supportbot.health.checks.service import check_service
from supportbot.health.checks.store import check_store
from supportbot.logs import masked, places

CHECKS: tuple[Check, ...] = (
    check_machine,
    check_configuration,
    check_secrets,
    check_store,
    check_adapters,
    check_service,
)
_LONGEST_CHECK = 30.0
"""Seconds."""


async def examine(patient: Patient, checks: Sequence[Check] = CHECKS) -> list[Finding]:
    """Make all checks, and give what they found, without secrets."""
    findings = []
    for check in checks:
        findings += [_without_secrets(finding) for finding in await _made(check, patient)]
    return findings


async def _made(check: Check, patient: Patient) -> list[Finding]:
    """Make one check; one that fails or does not end is a finding itself."""
    name, found = getattr(check, "__name__", "check").removeprefix("check_"), list[Finding]()
    try:
        async with asyncio.timeout(_LONGEST_CHECK):
            async for finding in check(patient):
                found.append(finding)  # one by one: what was found before a failure is kept
    except TimeoutError:
        found.append(problem(name, f"this took more than {_LONGEST_CHECK:g} s", "see what it waits for, and try again"))
    except Exception as error:  # noqa: BLE001 - the other checks are made all the same
        place = (places(error.__traceback__) or ["?"])[-1]
        found.append(problem(name, f"this check failed ({type(error).__name__} at {place})", "please report this"))
    return found


def _without_secrets(finding: Finding) -> Finding:
    return msgspec.structs.replace(finding, what=masked(finding.what), todo=masked(finding.todo))
