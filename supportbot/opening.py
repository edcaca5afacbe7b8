"""Opening: what a handler opens for its requester, within the limits; what agents open for somebody has none."""

from __future__ import annotations

from collections.abc import Sequence

from supportbot.asking import Asking
from supportbot.desk import handoffs, limits, tickets
from supportbot.desk.case import Case
from supportbot.domain.file import File
from supportbot.domain.ticket import Priority


async def check(asking: Asking) -> None:
    """Raise LimitReached where no ticket may be opened now."""
    await _check(asking, asking.case)


async def open_ticket(
    asking: Asking, *, subject: str, category: str, details: str, files: Sequence[File], priority: Priority
) -> str:
    """Open a ticket and show it to the agents; returns its id."""
    await check(asking)
    ticket = await tickets.open_ticket(
        asking.case, subject=subject, category=category, details=details, files=files, priority=priority
    )
    await limits.note(asking.case)
    await tickets.announce(asking.case, ticket)
    return ticket.id


async def hand_off(asking: Asking, case: Case, reason: str) -> str:
    """Put a case into the agents' queue, with the ticket that it has or a new one; returns the ticket's id."""
    is_new = await tickets.unsolved(case) is None
    if is_new:
        await _check(asking, case)
    ticket = await handoffs.hand_off(case, reason, keep=asking.dialogue_id)
    if is_new:
        await limits.note(case)
    return ticket.id


async def _check(asking: Asking, case: Case) -> None:
    if not asking.is_agent:
        await limits.check(case, asking.origin)
