"""Catching up: what happened while nobody served a platform is dealt with as if it came now, or shown to the agents.

The adapter reads from a while before the last moment that its platform was known to be served, and intake drops what
came in already. What is old by now, or was answered by a person, gets no answer any more: the agents get a list of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from supportbot.adapters.base import Adapter
from supportbot.bot import Bot
from supportbot.clock import MINUTE, SECOND, as_datetime
from supportbot.domain.address import Address
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.event import Event
from supportbot.domain.markdown import escape, shorten
from supportbot.domain.reply import Outgoing
from supportbot.domain.work import Work, to_send
from supportbot.errors import Duplicate
from supportbot.ids import derived
from supportbot.pipeline.unanswered import named
from supportbot.storage.base import Changes

OVERLAP = 10 * MINUTE
"""How long before the last moment that is known the reading begins: clocks differ, and things come late."""
_LINES = 30
"""Messages that one list to the agents has."""
LISTED_IN = 5 * SECOND
"""How long a list waits in the outbox while it grows; if the process dies meanwhile, what it has by then goes out."""
_LONGEST_WORDS = 200
_MOST_PLACES = 500


@dataclass(frozen=True)
class Gap:
    """A time in which an adapter's platform was not served; instants are milliseconds."""

    adapter: Adapter
    since: int
    until: int
    is_told: bool
    """The agents are told of it: nobody had planned it."""


class CatchUp:
    """Deals with what was missed on one platform after the other."""

    def __init__(self, bot: Bot, max_age: int) -> None:
        self._bot = bot
        self._max_age = max_age
        self._runs = 0

    async def run(self, gap: Gap) -> None:
        """Take in what was missed, list what gets no answer, and tell the agents of a stop that nobody planned."""
        self._runs += 1
        accounts, cause = self._bot.crew.accounts, f"catch up {self._runs}"
        done, came_in, late = accounts.watch(cause), 0, list[Event]()
        try:
            async for missed in gap.adapter.missed(gap.since - OVERLAP, await self._places(gap.adapter.name)):
                is_for_bot = await self._bot.concerns(missed.event)
                if missed.is_answered or missed.event.at < self._bot.clock.now() - self._max_age:
                    late += [missed.event] if is_for_bot else []
                else:
                    came_in += await self._bot.receive(missed.event, cause) and is_for_bot
        finally:
            accounts.close(cause)
        listed = await self._list(late)
        if gap.is_told:
            await self._bot.crew.put_off_what_waits()
            await self._tell(gap, came_in + listed, is_done=await done)

    async def _places(self, adapter: str) -> list[Address]:
        """Name where the newest conversations on a platform stand."""
        page = await self._bot.store.find(CONVERSATIONS, "age", limit=_MOST_PLACES, newest=True)
        found = dict.fromkeys(case.address for case in page.items if case.address.adapter == adapter)
        return list(found)

    # --- what is listed -------------------------------------------------------------------------------------------

    async def _list(self, late: Sequence[Event]) -> int:
        """Show the agents what gets no answer, and count it; what came in before is left out."""
        count, lines, name = 0, list[str](), ""
        for event in late:
            if len(lines) == _LINES:
                lines, name = [], ""
            lines.append(self._line(event))
            name = name or derived("o", event.key, "missed")
            words = "\n".join([self._bot.rules.texts("agents.missed"), *lines])
            work = self._to_agents(name, words, after=LISTED_IN)
            changes = Changes(unique=event.key)  # as if it had come in: it is not dealt with again
            changes.add(work)
            changes.reword(work)
            try:
                await self._bot.crew.commit(changes)
                count += 1
            except Duplicate:
                lines.pop()
                name = name if lines else ""
        return count

    def _line(self, event: Event) -> str:
        texts = self._bot.rules.texts
        words = escape(shorten(event.text, _LONGEST_WORDS)) or texts("agents.files_only", count=len(event.files))
        line = texts("agents.missed_line", who=named(event.person, texts), at=_spelled(event.at), text=words)
        return texts("agents.unanswered_link", line=line, link=event.link) if event.link else line

    # --- what is told ---------------------------------------------------------------------------------------------

    async def _tell(self, gap: Gap, count: int, *, is_done: bool) -> None:
        key = "agents.away" if is_done else "agents.away_busy"
        times = {"since": _spelled(gap.since), "until": _spelled(gap.until)}
        texts = self._bot.rules.texts
        words = texts(key, count=count, **times) if count else texts("agents.away_nothing", **times)
        work = self._to_agents(derived("o", gap.adapter.name, "away", str(gap.since)), words)
        self._bot.crew.start(await self._bot.crew.commit(Changes(work=[work])))

    def _to_agents(self, name: str, words: str, *, after: int = 0) -> Work:
        to, due = self._bot.rules.agents, self._bot.clock.now() + after
        said = Outgoing(id=name, address=to, conversation="", purpose="agents", text=words, at=due)
        return to_send(said)


def _spelled(instant: int) -> str:
    return f"{as_datetime(instant):%d %b %H:%M}"
