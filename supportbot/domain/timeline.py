"""The timeline of a conversation: what was said and what changed, appended for good."""

from __future__ import annotations

from typing import Literal

import msgspec

from supportbot.domain.file import File
from supportbot.domain.record import Log

EntryKind = Literal[
    "requester", "pressed", "chosen", "bot", "agent", "note", "owner", "ticket", "rating", "withheld", "once",
    "changed", "taken_back",
]  # fmt: skip
"""``pressed`` has the label that answered a question, ``chosen`` that of any other choice; ``once`` the name of what a
skill did in the outside world, with the key of its result in the log of those as `id`; ``changed`` what the message
with the same `id` says now, ``taken_back`` that its author removed it."""


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a timeline; `who` is the name shown to agents, `id` what a platform calls it or "" for none."""

    at: int
    kind: EntryKind
    who: str = ""
    text: str = ""
    files: tuple[File, ...] = ()
    ticket: str = ""
    id: str = ""
    answers: str = ""
    """bot: the `id` of the plain message that it answers, where that was none in a dialogue."""
    person: str = ""
    """The id of whoever said it, where a person did."""


TIMELINE: Log[Entry] = Log("timeline", Entry)
