"""Actions: buttons that do the same for whoever presses them, however old they are: their id says all of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

COMMAND = "command:"
"""What the id of a button begins with that stands for a command; its line follows, as in ``command:status T-1042``."""
ASK = "ask"
"""The id of a button that lets somebody ask a question, where the platform has forms."""
LABELS: Mapping[str, str] = MappingProxyType(
    {"ticket": "tickets.open_one", "tickets": "greeting.tickets", "human": "handoff.talk_to_person"}
)
"""What the buttons of the main commands are called: the keys of their texts."""
