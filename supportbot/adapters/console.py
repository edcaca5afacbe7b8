"""The console: requesters write to the bot alone, agents in one channel with a thread for each case.

It serves the terminal, the lines of ``chat --json`` and the test kit: `say` takes in what a person did, `show` is
called with each message that goes out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from supportbot.adapters.base import Adapter, Capabilities, Files, Receive, Sent
from supportbot.clock import Clock
from supportbot.domain.address import Address
from supportbot.domain.event import Event
from supportbot.domain.markdown import unescape
from supportbot.domain.person import Person
from supportbot.domain.reply import Outgoing
from supportbot.errors import TryLater

AGENTS = "#agents"
_WORKSPACE = "local"

Role = Literal["requester", "agent"]
Show = Callable[[dict[str, object]], None]


class Console(Adapter):
    """A platform made of lines."""

    name = "console"
    capabilities = Capabilities(idempotent=True, for_strangers=False)

    def __init__(self, show: Show, clock: Clock, *, is_terminal: bool = False) -> None:
        if is_terminal:
            self.capabilities = Capabilities(idempotent=True, for_strangers=False, reactions=True)
        self._word = str if is_terminal else unescape
        self._show = show
        self._names: dict[str, str] = {}
        self._clock = clock

    async def start(self, receive: Receive, files: Files) -> None:
        """Nothing to connect to: whoever runs the console hands the events to the bot."""

    async def stop(self) -> None:
        """Nothing to disconnect from."""

    async def send(self, outgoing: Outgoing) -> Sent:
        """Show a message as one line."""
        line: dict[str, object] = {
            "id": outgoing.id,
            "to": _reader_of(outgoing),
            "text": self._word(outgoing.text),
        }
        if outgoing.author:
            line["from"] = outgoing.author
        if outgoing.choices:
            line["choices"] = [{"id": choice.id, "label": choice.label} for choice in outgoing.choices]
        if outgoing.files:
            line["files"] = [{"id": file.id, "name": file.name, "size": file.size} for file in outgoing.files]
        if outgoing.reaction_to and self.capabilities.reactions:
            line["mark"] = True
        line["conversation"] = outgoing.conversation
        try:
            self._show(line)
        except BrokenPipeError as error:
            raise TryLater(60, "nobody reads the console any more") from error
        return Sent(id=outgoing.id, address=outgoing.address)

    async def find_sent(self, outgoing: Outgoing) -> Sent | None:  # noqa: ARG002 - the contract's
        """Lines carry a stable id, so one more of the same does no harm."""
        return None

    async def is_agent(self, event: Event) -> bool:
        """Whoever runs the console decides who is an agent: they are the ones in the agents' channel."""
        return event.address.channel == AGENTS

    async def find_person(self, workspace: str, named: str) -> Person | None:
        """Find whoever wrote under that name, in capitals or not; the console knows nobody else before they write."""
        who = named.strip().removeprefix("@")
        who = self._names.get(who.casefold(), who)
        return Person.of(self.name, workspace, who) if who else None

    def channel(self, name: str) -> Address:
        """There is one channel, the agents'."""
        return Address(self.name, _WORKSPACE, name or AGENTS)

    def event(
        self, who: str, *, key: str, role: Role = "requester", text: str = "", press: str = "", thread: str = ""
    ) -> Event:
        """Word what a person did as an event."""
        self._names[who.casefold()] = who
        channel = AGENTS if role == "agent" else f"@{who}"
        return Event(
            key=f"console/{role}/{who.replace('%', '%25').replace('/', '%2F')}/{key}",
            kind="press" if press else "message",
            address=Address(self.name, _WORKSPACE, channel, thread if role == "agent" else ""),
            person=Person.of(self.name, _WORKSPACE, who),
            at=self._clock.now(),
            text=text,
            choice=press,
            direct=role == "requester",
        )


def _reader_of(outgoing: Outgoing) -> str:
    if outgoing.only_for:
        return outgoing.only_for.split("/", 2)[2]
    return outgoing.address.channel.removeprefix("@")
