"""A ticket: one problem that somebody has to solve, its status, and what the requester thought of the solution."""

from __future__ import annotations

from typing import Literal

import msgspec

from supportbot.domain.file import File
from supportbot.domain.person import Person
from supportbot.domain.record import Index, Kind, Record
from supportbot.domain.survey import Survey
from supportbot.errors import IllegalMove

Status = Literal["new", "open", "pending", "on_hold", "solved", "closed"]
Priority = Literal["low", "normal", "high", "urgent"]

MOVES: dict[Status, frozenset[Status]] = {
    "new": frozenset({"open", "pending", "on_hold", "solved", "closed"}),
    "open": frozenset({"pending", "on_hold", "solved", "closed"}),
    "pending": frozenset({"open", "on_hold", "solved", "closed"}),
    "on_hold": frozenset({"open", "pending", "solved", "closed"}),
    "solved": frozenset({"open", "closed"}),
    "closed": frozenset({"open"}),
}
"""Which status may follow which: solved and closed tickets can only be reopened (or, once solved, closed)."""

UNSOLVED: frozenset[Status] = frozenset({"new", "open", "pending", "on_hold"})


class Ticket(Record, frozen=True, kw_only=True):
    """One problem; `id` is ``tenant/T-1042``, `reference` is what people say."""

    tenant: str
    reference: str
    requester: Person
    conversation: str
    subject: str
    category: str = ""
    details: str = ""
    files: tuple[File, ...] = ()
    """What its requester showed: an agent sees it on the card."""
    status: Status = "new"
    priority: Priority = "normal"
    assignee: Person | None = None
    created_at: int = 0
    changed_at: int = 0
    solved_at: int = 0
    closed_at: int = 0
    first_response_at: int = 0
    survey: Survey = Survey()

    def moved(self, status: Status, at: int) -> Ticket:
        """Change the status, if that move is possible, and note when."""
        if status not in MOVES[self.status]:
            raise IllegalMove(f"{self.reference} is {self.status}; it cannot become {status}")
        return msgspec.structs.replace(
            self,
            status=status,
            changed_at=at,
            solved_at=at if status == "solved" else 0 if status in UNSOLVED else self.solved_at,
            closed_at=at if status == "closed" else 0,
        )

    @property
    def is_unsolved(self) -> bool:
        """Somebody still has to do something about it."""
        return self.status in UNSOLVED


TICKETS: Kind[Ticket] = Kind(
    "tickets",
    Ticket,
    indexes=(
        Index("requester", ("tenant", "requester.id"), order="created_at"),
        Index("requester_status", ("tenant", "requester.id", "status"), order="created_at"),
        Index("status", ("tenant", "status"), order="created_at"),
        Index("conversation", ("conversation",), order="created_at"),
    ),
    person="requester.id",
)
