"""Live interactions: what people did just now, each of which can be answered by its token for fifteen minutes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Literal

from supportbot.adapters.discord.forms import Page
from supportbot.adapters.discord.incoming import Payload
from supportbot.adapters.discord.members import NAME, WORKSPACE
from supportbot.adapters.discord.rooms import PRIVATE_THREAD
from supportbot.clock import MINUTE, Clock
from supportbot.domain.address import Address
from supportbot.domain.reply import Outgoing

_LIFETIME = 14 * MINUTE
"""A token is good for fifteen."""
_MOST = 2_000

State = Literal["fresh", "thinking", "open", "gone"]
"""Nothing was answered yet; Discord shows that the bot thinks; it was answered; it cannot be answered any more."""


@dataclass(eq=False)
class Live:
    """One thing that somebody did, and how far its answer has come."""

    id: str
    token: str
    application: str
    person: str
    since: int
    is_hidden: bool
    """Others could see the answer, so it is shown to this person only."""
    is_quiet: bool
    """It happened at a message of the bot's: Discord shows nothing where that is only acknowledged."""
    is_apart: bool = False
    """What was used is marked as being apart from where it stands."""
    address: Address | None = None
    page: Page | None = None
    """The page of a form that was sent with it."""
    is_stored: bool = False
    state: State = "fresh"
    unsure: str = ""
    """The id of the message that was given as the first answer, while nobody can tell whether it came."""
    landed: str = ""
    """The id of the message that turned out to have come."""
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def of(cls, payload: Payload, now: int) -> Live:
        """Read an interaction."""
        is_in_server, room = bool(payload.get("guild_id")), payload.get("channel") or {}
        return cls(
            id=str(payload["id"]),
            token=str(payload["token"]),
            application=str(payload["application_id"]),
            person=f"{NAME}/{WORKSPACE}/{user_of(payload)}",
            since=now,
            is_hidden=is_in_server and room.get("type") != PRIVATE_THREAD,
            is_quiet=bool(payload.get("message")),
        )

    @property
    def is_alone(self) -> bool:
        """It happened near a channel, and nobody else is to see what comes of it."""
        return self.address is not None and self.address.is_alone

    @property
    def is_waiting(self) -> bool:
        """Discord waits for an answer, and shows that it does."""
        return self.state in {"fresh", "thinking"}

    def takes(self, outgoing: Outgoing) -> bool:
        """Tell whether a message to this person's address is shown by it; all that must last is shown as ever."""
        if self.state == "gone" or outgoing.purpose in ("relay", "agents"):
            return False
        if self.is_alone:
            return True
        is_owed = self.is_waiting and not self.is_quiet
        if outgoing.only_for:
            return self.is_hidden or is_owed
        return is_owed and outgoing.purpose in (("command",) if self.is_hidden else ("command", "answer"))

    def became(self, state: State) -> None:
        """Note how far it has come."""
        self.state = state
        if state not in ("fresh", "thinking"):
            self.answered.set()


class Living:
    """The live interactions, by the place where they happened."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._all: OrderedDict[str, Live] = OrderedDict()
        self._there: dict[str, list[Live]] = {}

    def get(self, id: str) -> Live | None:
        """Find one that was noted."""
        return self._all.get(id)

    def add(self, live: Live) -> None:
        """Keep one for as long as its token is good."""
        now = self._clock.now()
        while self._all and (len(self._all) >= _MOST or now - next(iter(self._all.values())).since > _LIFETIME):
            self._drop(self._all.popitem(last=False)[1])
        self._all[live.id] = live
        if live.address:
            self._there.setdefault(live.address.key, []).append(live)

    def of(self, outgoing: Outgoing) -> list[Live]:
        """List those at a message's address that may be answered by it, the earliest first."""
        person = outgoing.only_for or (outgoing.form.person if outgoing.form else "")
        now = self._clock.now()
        return [
            live
            for live in self._there.get(outgoing.address.key, ())
            if live.is_stored and live.state != "gone" and now - live.since <= _LIFETIME and person in ("", live.person)
        ]

    def _drop(self, live: Live) -> None:
        place = live.address.key if live.address else ""
        if there := [other for other in self._there.get(place, ()) if other is not live]:
            self._there[place] = there
        else:
            self._there.pop(place, None)


def user_of(payload: Payload) -> str:
    """Tell whose interaction it is; in a server they come as a member."""
    user = (payload.get("member") or {}).get("user") or payload.get("user") or {}
    return str(user.get("id") or "")
