"""Unanswered topics: what the bot left to people, and none of them answered in time, is shown to the agents.

No conversation is kept for it: the line to the agents waits in the outbox from the beginning, under an id that follows
from the thread, and is taken back as soon as somebody else, or the bot, says something there.
"""

from __future__ import annotations

from supportbot.clock import HOUR, MINUTE, SECOND
from supportbot.desk.ledger import Ledger
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.event import Event
from supportbot.domain.markdown import escape, quote, shorten
from supportbot.domain.person import Person
from supportbot.domain.reply import Outgoing
from supportbot.domain.work import outbox
from supportbot.ids import derived
from supportbot.pipeline.ownership import Scene
from supportbot.pipeline.rooms import Rooms
from supportbot.recent import Recent
from supportbot.texts import Texts

_MOST_KNOWN = 5_000
_LONGEST_QUOTE = 300


class Unanswered:
    """Plans the lines, and takes them back."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._authors = Recent[str, str](_MOST_KNOWN)
        """Who opened the topic of a thread that a line is planned for; "" where none is."""

    async def note(self, scene: Scene) -> None:
        """Look at what became of something that was said among people."""
        event, ledger = scene.event, scene.case.ledger
        span = ledger.rules.unanswered_after.get(event.address.adapter)
        if not span or event.direct or scene.side == "agents" or not event.address.thread:
            return
        name = derived("o", event.address.key, "unanswered")
        if ledger.outgoing or ledger.has_put(CONVERSATIONS) or _is_taken_back(event):
            ledger.cancel(name)
        elif event.kind != "message" or event.by_bot:
            return
        elif not event.opens_topic:
            if event.person.id != await self._author(ledger, event):
                ledger.cancel(name)
        elif not scene.is_agent and await self._rooms.mode(event.address, event.room) == "always":
            line = _line(name, event, ledger, span)
            ledger.send_later(line, event.person, event.at + span, group=event.address.key)
            ledger.after.append(lambda: self._authors.update({event.address.key: event.person.id}))

    async def _author(self, ledger: Ledger, event: Event) -> str:
        """Name who opened a topic for which a line waits; looked up once where this process did not plan it."""
        key = event.address.key
        if key not in self._authors:
            waiting = await ledger.store.pending(outbox(ledger.rules.agents.adapter), group=key, limit=1)
            self._authors[key] = waiting[0].person if waiting else ""
        return self._authors[key]


def _is_taken_back(event: Event) -> bool:
    return event.kind == "delete" and event.opens_topic


def named(person: Person, texts: Texts) -> str:
    """Name somebody, and who they come from, where that is another company."""
    who = escape(shorten(person.name, 80))
    return texts("agents.card_who", who=who, company=escape(shorten(person.company, 80))) if person.company else who


def _worded(span: int) -> str:
    """Word a span in the largest unit that it is a whole number of."""
    for length, unit in ((HOUR, "h"), (MINUTE, "min")):
        if span % length == 0:
            return f"{span // length} {unit}"
    return f"{span / SECOND:g} s"


def _line(name: str, event: Event, ledger: Ledger, span: int) -> Outgoing:
    texts, person = ledger.rules.texts, event.person
    who = named(person, texts)
    line = texts("agents.unanswered", who=who, after=_worded(span))
    if event.link:
        line = texts("agents.unanswered_link", line=line, link=event.link)
    return Outgoing(
        id=name,
        address=ledger.rules.agents,
        conversation="",
        purpose="agents",
        text=f"{line}\n{quote(event.text, at_most=_LONGEST_QUOTE)}",
        at=event.at + span,
    )
