"""Blocks: whom the team does not want to hear from is not answered, and nothing of theirs reaches the agents. ::

/block @ada 7d spam ─► a document ─► intake: what she does is taken in and goes no further; once a day she is told
/unblock @ada       ─► it is gone    (her tickets, and an agent's claim, stay as they are meanwhile)

None holds for an agent, whom intake asks the platform about, for whoever manages the place, nor for taking words back.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from supportbot.clock import DAY, Clock, as_datetime, parse_duration
from supportbot.desk import tickets
from supportbot.desk.case import Case
from supportbot.desk.rules import Rules
from supportbot.domain.address import PLACES
from supportbot.domain.block import BLOCKS, Block, block_of
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.event import Event
from supportbot.domain.markdown import escape, shorten
from supportbot.domain.person import Person
from supportbot.domain.reply import Choice, Outgoing, Reply
from supportbot.domain.words import clean_name
from supportbot.domain.work import Work, to_send
from supportbot.errors import Conflict, NotFound
from supportbot.ids import derived
from supportbot.pipeline.commands import command_in
from supportbot.pipeline.ownership import Scene
from supportbot.pipeline.remembered import Remembered
from supportbot.storage.base import Changes, Store

BLOCKING = frozenset({"block", "unblock", "blocked"})
"""What agents say in their channel."""
_AT_ONCE = 50
_LISTED = 20
_BUTTONS = 5
_LONGEST_NAME = 80
_LONGEST_REASON = 300


class Blocks:
    """Knows who is blocked, without asking the store for each message."""

    def __init__(
        self, store: Store, rules: Rules, clock: Clock, *, is_agent: Callable[[Event], Awaitable[bool]]
    ) -> None:
        self._store = store
        self._rules = rules
        self._clock = clock
        self._is_agent = is_agent
        self._known = Remembered(store, clock, BLOCKS)

    # --- whoever is blocked ---------------------------------------------------------------------------------------

    async def of(self, event: Event) -> Block | None:
        """Find the block that keeps away what somebody does."""
        if event.kind == "delete" or event.manages or event.address.outside_thread == self._rules.agents:
            return None
        block = await self._known.get(block_of(self._rules.tenant_of(event.address) or "", event.person.id))
        if block is None or not block.holds(self._clock.now()) or await self._is_agent(event):
            return None
        return block

    async def refuse(self, event: Event, block: Block) -> tuple[Changes, list[Work]]:
        """Tell somebody that they are blocked, where they spoke to the bot and were not told within a day."""
        nothing: tuple[Changes, list[Work]] = Changes(), []
        now = self._clock.now()
        if (block.told_at and now - block.told_at < DAY) or not await self._is_spoken_to(event):
            return nothing
        said = Outgoing(
            id=derived("o", event.key, "blocked"),
            address=event.address,
            conversation="",
            purpose="notice",
            text=self._refusal(block),
            only_for="" if event.direct and not event.address.is_alone else event.person.id,
            at=now,
        )
        changes = Changes(work=[to_send(said, event.person.id)])
        changes.put(BLOCKS, msgspec.structs.replace(block, told_at=now))
        try:
            return changes, await self._store.commit(changes)
        except Conflict:
            return nothing  # they were told this very moment, or the team has changed its mind
        finally:
            self._known.forget(block.id)

    async def _is_spoken_to(self, event: Event) -> bool:
        if event.is_to_bot or command_in(event.text)[0]:
            return True
        return await self._store.get(PLACES, event.address.key) is not None

    def _refusal(self, block: Block) -> str:
        texts = self._rules.texts
        words = texts("blocks.refused_until", until=_spelled(block.until)) if block.until else texts("blocks.refused")
        return texts("blocks.refused_because", words=words, reason=escape(block.reason)) if block.reason else words

    # --- the agents' commands -------------------------------------------------------------------------------------

    async def obey(self, scene: Scene, name: str, args: str) -> Reply | str:
        """Deal with ``/block @ada [7d] [reason]``, ``/unblock @ada`` and ``/blocked``; returns the answer."""
        if not scene.is_agent:
            return scene.case.texts("errors.refused")
        if scene.side != "agents":
            return scene.case.texts("blocks.where")
        if name == "blocked":
            return await self._list(scene)
        return await (self._block(scene, args) if name == "block" else self._unblock(scene, args))

    async def _block(self, scene: Scene, args: str) -> str:
        texts, ledger = scene.case.texts, scene.case.ledger
        person, rest = await self._meant(scene, args)
        if person is None:
            return _nobody(scene, args, "blocks.how")
        who, span = _shown(person), _span(rest)
        if span is None:
            return texts("blocks.how")
        if await self._is_agent(_as_if_done_by(scene, person)):
            return texts("blocks.agent", who=who)
        tenant = scene.case.conversation.tenant
        known = await ledger.get(BLOCKS, block_of(tenant, person.id))
        block = Block(
            id=block_of(tenant, person.id),
            version=known.version if known else 0,
            tenant=tenant,
            person=person,
            by=scene.person,
            at=ledger.now,
            until=ledger.now + span if span else 0,
            reason=shorten(rest.partition(" ")[2] if span else rest, _LONGEST_REASON),
        )
        ledger.put(BLOCKS, block)
        ledger.after.append(lambda: self._known.forget(block.id))
        await self._tell_claimers(scene, block)
        until = texts("blocks.until", until=_spelled(block.until)) if block.until else texts("blocks.for_good")
        return texts("blocks.blocked", who=who, until=until)

    async def _unblock(self, scene: Scene, args: str) -> str:
        texts, ledger = scene.case.texts, scene.case.ledger
        block = await self._blocked(scene, args)
        if block is None:
            return _nobody(scene, args, "blocks.how_not") if not args.strip() else texts("blocks.not_blocked")
        ledger.delete(BLOCKS, block)
        ledger.after.append(lambda: self._known.forget(block.id))
        return texts("blocks.unblocked", who=_shown(block.person))

    async def _list(self, scene: Scene) -> Reply | str:
        texts, now = scene.case.texts, scene.case.ledger.now
        tenant = scene.case.conversation.tenant
        page = await self._store.find(BLOCKS, "tenant", tenant, limit=_AT_ONCE, newest=True)
        blocks = [block for block in page.items if block.holds(now)][:_LISTED]
        if not blocks:
            return texts("blocks.none")
        lines = [texts("blocks.list"), *(self._line(block) for block in blocks)]
        choices = [
            Choice(texts("blocks.unblock", who=shorten(block.person.name, 40)), command=f"unblock {block.person.id}")
            for block in blocks[:_BUTTONS]
        ]
        return Reply("\n".join(lines), choices)

    def _line(self, block: Block) -> str:
        texts = self._rules.texts
        until = texts("blocks.until", until=_spelled(block.until)) if block.until else texts("blocks.for_good")
        line = texts("blocks.line", who=_shown(block.person), until=until, agent=_shown(block.by))
        return texts("blocks.because", words=line, reason=escape(block.reason)) if block.reason else line

    async def _tell_claimers(self, scene: Scene, block: Block) -> None:
        """Tell the agents who have a case of theirs, in its thread: what they say still goes out, nothing comes in."""
        ledger = scene.case.ledger
        here = await ledger.conversation_at(scene.here.key) if scene.here.thread else ""
        theirs = (block.tenant, block.person.id)
        latest = await self._store.find(CONVERSATIONS, "requester", *theirs, limit=_AT_ONCE, newest=True)
        for conversation in latest.items:
            if conversation.owner == "agent" and conversation.id != here:
                line = self._rules.texts("blocks.claimed", who=_shown(block.person), agent=_shown(block.by))
                Case(ledger, conversation).tell_agents(line)

    # --- who is meant ---------------------------------------------------------------------------------------------

    async def _meant(self, scene: Scene, args: str) -> tuple[Person | None, str]:
        """Find whom an agent means: by a ticket of theirs, by a mention, or by the name that others call them."""
        word, _, rest = args.strip().partition(" ")
        if word[:2].upper() == "T-":
            try:
                ticket = await tickets.visible(scene.case, word, to=scene.person, is_agent=True)
            except NotFound:
                return None, rest
            return ticket.requester, rest.strip()
        for person in [*scene.event.named, *await self._of_thread(scene)]:
            said, name = args.strip().removeprefix("@"), person.name
            if said.casefold().startswith(name.casefold()) and not said[len(name) :][:1].strip():
                return person, said[len(name) :].strip()
        find = self._rules.find_person
        return (await find(scene.person, clean_name(word)) if word and find else None), rest.strip()

    async def _of_thread(self, scene: Scene) -> list[Person]:
        """Name the requester of the case whose thread this is."""
        name = await scene.case.ledger.conversation_at(scene.here.key) if scene.here.thread else ""
        case = await Case.load(scene.case.ledger, name) if name else None
        return [case.conversation.requester] if case else []

    async def _blocked(self, scene: Scene, args: str) -> Block | None:
        """Find who of the blocked is meant, who may be known to nobody else any more."""
        named, tenant = args.strip().removeprefix("@").casefold(), scene.case.conversation.tenant
        after: str | None = None
        while named:
            page = await self._store.find(BLOCKS, "tenant", tenant, after=after, newest=True)
            for block in page.items:
                id, name = block.person.id, block.person.name
                if named in (id.casefold(), id.rpartition("/")[2].casefold(), name.casefold()):
                    return await scene.case.ledger.get(BLOCKS, block.id)
            after = page.next
            if after is None:
                break
        person, _ = await self._meant(scene, args)
        return await scene.case.ledger.get(BLOCKS, block_of(tenant, person.id)) if person else None


def _as_if_done_by(scene: Scene, person: Person) -> Event:
    """Word a deed of somebody in no place at all, to ask whether an agent did it."""
    nowhere = msgspec.structs.replace(scene.here, channel="", thread="")
    return Event(key="", kind="command", address=nowhere, person=person, at=scene.case.ledger.now)


def _span(rest: str) -> int | None:
    """Read for how long, 0 where nothing says so; None for what looks like a span of time and is none."""
    word = rest.partition(" ")[0]
    if not word[:1].isdigit():
        return 0
    try:
        return parse_duration(word) or None
    except ValueError:
        return None


def _nobody(scene: Scene, args: str, how: str) -> str:
    texts, word = scene.case.texts, args.strip().partition(" ")[0]
    return texts("blocks.nobody", name=escape(shorten(word, _LONGEST_NAME))) if word else texts(how)


def _shown(person: Person) -> str:
    return escape(shorten(person.name, _LONGEST_NAME))


def _spelled(instant: int) -> str:
    return f"{as_datetime(instant):%d %b %Y %H:%M}"
