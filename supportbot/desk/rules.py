"""How this team's desk works: its settings, its channel, its words, and who listens to what happens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from supportbot.config import DeskSettings
from supportbot.domain.address import Address
from supportbot.domain.person import Person
from supportbot.texts import Texts

FindPerson = Callable[[Person, str], Awaitable[Person | None]]


@dataclass(frozen=True)
class Rules:
    """What every desk action needs to know and none may change."""

    settings: DeskSettings
    agents: Address
    """The agents' channel."""
    texts: Texts
    listened: frozenset[str] = field(default_factory=frozenset)
    """The events that some skill listens to; others are not worth a piece of work."""
    commands: frozenset[str] = field(default_factory=frozenset)
    """The commands that some skill takes."""
    reacting: frozenset[str] = field(default_factory=frozenset)
    """The adapters whose platform can mark a message with a reaction."""
    longest_message: int = 20_000
    """Characters of one message that are taken."""
    find_person: FindPerson | None = None
    """Finds the person whom somebody on the same platform names (``@sam``)."""
    tenants: dict[str, str] = field(default_factory=dict)
    """The tenant of each workspace (``slack/T024BE7LD``); empty means that the whole configuration is one."""

    def tenant_of(self, address: Address) -> str | None:
        """Name the tenant that an address belongs to; None is an unlisted workspace, which is refused."""
        if not self.tenants:
            return "main"
        return self.tenants.get(f"{address.adapter}/{address.workspace}")
