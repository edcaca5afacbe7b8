"""The timeline of a conversation: what was said and what changed, appended for good."""

from __future__ import annotations

from typing import Literal

import msgspec

from supportbot.domain.record import Log

EntryKind = Literal["requester", "bot", "agent", "note", "owner", "ticket", "rating", "withheld"]


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a timeline; `who` is the name shown to agents, `id` what a platform calls it or "" for none."""

    at: int
    kind: EntryKind
    who: str = ""
    text: str = ""
    ticket: str = ""
    id: str = ""
    person: str = ""
    """The id of whoever said it, where a person did."""


TIMELINE: Log[Entry] = Log("timeline", Entry)
