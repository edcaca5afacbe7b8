"""Work: something to do now or at a time, kept until it is done, in order under its key."""

from __future__ import annotations

import msgspec

from supportbot.domain.event import Event, Signal
from supportbot.domain.reply import Outgoing
from supportbot.ids import derived

TURNS = "turns"


def outbox(adapter: str) -> str:
    """Name the queue of what goes out through an adapter; only a process that has the adapter claims from it."""
    return f"outbox/{adapter}"


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to do.

    Work of one key (within its queue) runs one at a time, in the order of `due`, then of arrival; one that fails waits
    until `not_before` and keeps its place. `attempt` is how often it was claimed, this time included: it is the fence
    that lets only the newest claim finish it.
    """

    id: str
    queue: str
    key: str
    due: int
    payload: Event | Signal | Outgoing
    group: str = ""
    """What it belongs to beside its key, to find it by: the conversation's id."""
    person: str = ""
    """The id of the person whose words it carries, for export and erasure."""
    seq: int = 0
    """Given by the store: the order of arrival."""
    attempt: int = 0
    not_before: int = 0
    error: str = ""
    """Why the last attempt failed, in one line without anyone's words."""

    @property
    def code(self) -> str:
        """Name it where it may be read by anybody, as in logs: unlike its id, it tells nothing of a person."""
        return derived("w", self.id)


def to_send(outgoing: Outgoing, person: str = "", *, due: int | None = None, group: str = "") -> Work:
    """Let a message wait in the outbox of its address, until `due` (by default when it was made).

    It is found by its conversation, unless `group` says otherwise; `person` is the id of the one whose words it has.
    """
    return Work(
        id=outgoing.id,
        queue=outbox(outgoing.address.adapter),
        key=outgoing.address.key,
        due=outgoing.at if due is None else due,
        payload=outgoing,
        group=group or outgoing.conversation,
        person=person,
    )
