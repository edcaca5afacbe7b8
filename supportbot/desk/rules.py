"""How this team's desk works: its settings, its channel, its words, and who listens to what happens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

import msgspec

from supportbot.config import DeskSettings, LimitsSettings
from supportbot.domain.address import Address
from supportbot.domain.event import Event
from supportbot.domain.person import Person
from supportbot.texts import Texts

FindPerson = Callable[[Person, str], Awaitable[Person | None]]
FindChannel = Callable[[str], Address | None]
HasLeft = Callable[[Person, Address], Awaitable[bool]]


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
    """The commands that are taken: those of the skills, and the bot's own."""
    signs: Mapping[str, str] = field(default_factory=dict)
    """For adapters: what a command begins with when the bot names one."""
    variants: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """What a command may be called with, where a skill says that: a panel shows each as a button."""
    help_lines: Sequence[tuple[str, str, str]] = ()
    """What the help says of them: the name, the line, who may use it."""
    reacting: frozenset[str] = field(default_factory=frozenset)
    """The adapters whose platform can mark a message with a reaction."""
    editing: frozenset[str] = field(default_factory=frozenset)
    """The adapters whose platform can change a message, and take it away, in place."""
    private_threads: frozenset[str] = field(default_factory=frozenset)
    """The adapters on whose platform a conversation in public can go on in private."""
    panels: frozenset[str] = field(default_factory=frozenset)
    """The adapters on whose platform a message with buttons for everybody can stand in a channel."""
    closing: frozenset[str] = field(default_factory=frozenset)
    """The adapters whose platform can close a thread."""
    must_mention: Callable[[], frozenset[str]] = frozenset
    """Names the adapters that may read, in rooms, only what mentions the bot."""
    menus: frozenset[str] = field(default_factory=frozenset)
    """The adapters whose users choose from a menu among things of one kind."""
    forms: frozenset[str] = field(default_factory=frozenset)
    """The adapters whose platform can show a form."""
    strangers: frozenset[str] = field(default_factory=frozenset)
    """The adapters on which anybody may write, and machines among them."""
    hinting: frozenset[str] = field(default_factory=frozenset)
    """The adapters on which somebody who writes something confidential among people is told so."""
    unanswered_after: Mapping[str, int] = field(default_factory=dict)
    """For adapters: how long a topic in a room waits for a human before the agents are shown it (milliseconds)."""
    limits: LimitsSettings = field(default_factory=LimitsSettings)
    bots: frozenset[str] = field(default_factory=frozenset)
    """The other bots that are answered (``slack/B024BE7LD``)."""
    find_person: FindPerson | None = None
    """Finds the person whom somebody on the same platform names (``@sam``)."""
    knows_members: frozenset[str] = field(default_factory=frozenset)
    """The adapters whose platform says who is still there."""
    has_left: HasLeft | None = None
    """Asks a platform whether somebody is no longer where an address is."""
    find_channel: FindChannel | None = None
    """Finds a channel by its name in the configuration (``slack:C024BE7LD``); None where its platform is not served."""
    canned: Mapping[str, str] = field(default_factory=dict)
    """The canned replies by name."""
    tenants: dict[str, str] = field(default_factory=dict)
    """The tenant of each workspace, as addresses call it (``slack/main``); empty: the whole configuration is one."""

    def case_thread(self, conversation: str) -> Address:
        """Name the thread of a case in the agents' channel, before a platform has named it."""
        return msgspec.structs.replace(self.agents, thread=conversation)

    def tenant_of(self, address: Address) -> str | None:
        """Name the tenant that an address belongs to; None is an unlisted workspace, which is refused."""
        if not self.tenants:
            return "main"
        return self.tenants.get(f"{address.adapter}/{address.workspace}")

    def ignores(self, event: Event) -> bool:
        """Tell whether another bot did something that is none of ours: one that is not listed, or among the agents."""
        if not event.by_bot:
            return False
        adapter, _, bot = event.person.id.split("/", 2)
        return f"{adapter}/{bot}" not in self.bots or event.address.outside_thread == self.agents
