"""Ownership: which case does this concern, whose is it now, and who is speaking?"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import msgspec

from supportbot.clock import DAY
from supportbot.desk import tickets
from supportbot.desk.case import Case
from supportbot.desk.ledger import Ledger
from supportbot.domain.address import PLACES, Address, Place, Side
from supportbot.domain.conversation import CONVERSATIONS, Conversation
from supportbot.domain.event import Event, Signal
from supportbot.domain.person import Person
from supportbot.domain.reply import OFFERS, Offer
from supportbot.domain.timeline import Entry
from supportbot.ids import derived

Asked = Literal["", "yielding", "insisting"]


@dataclass(kw_only=True)
class Scene:
    """What a turn begins with: the case, what happened, who acts, and from where."""

    case: Case
    origin: Event | Signal
    person: Person
    here: Address
    side: Side = "requester"
    is_agent: bool = False
    offer: Offer | None = None
    """What the pressed choice belongs to."""
    asked: Asked = ""
    """Whether a question of the bot waits for this person's words."""
    owner: str = "bot"
    """Who owned the conversation when the turn began: what the bot says is judged by it."""

    @cached_property
    def event(self) -> Event:
        """What a person did; only where a person did something."""
        if not isinstance(self.origin, Event):
            raise TypeError("nobody acted in this turn")
        return self.origin


async def scene_of_signal(ledger: Ledger, signal: Signal) -> Scene | None:
    """Take up the conversation that something happened in; None where it is gone."""
    case = await Case.load(ledger, signal.conversation)
    if case is None:
        return None
    conversation = case.conversation
    return Scene(
        case=case,
        origin=signal,
        person=conversation.requester,
        here=conversation.address,
        owner=conversation.owner,
    )


async def scene_of_event(ledger: Ledger, event: Event, *, is_agent: bool) -> Scene:
    """Take up the conversation that a person's deed concerns, or begin one."""
    agents = ledger.rules.agents
    concerned = _for_its_author(ledger, event) if is_agent else event
    in_channel = concerned.address.outside_thread == agents
    offer, pressed = await _offer(ledger, concerned, in_channel=in_channel)
    case = pressed or await _case(ledger, concerned, in_channel=in_channel)
    side: Side = "agents" if in_channel else "requester"
    return Scene(
        case=case,
        origin=event,
        person=event.person,
        here=concerned.address,
        side=side,
        is_agent=is_agent,
        offer=offer,
        owner=case.conversation.owner,
    )


def _for_its_author(ledger: Ledger, event: Event) -> Event:
    """Let an agent's command on somebody else's message concern whoever wrote that, where they wrote it.

    What other bots say, and what is said among agents, is nobody's but the agent's own concern.
    """
    about, rules = event.about, ledger.rules
    if about is None or about.by_bot or about.person.id == event.person.id:
        return event
    if about.address.outside_thread == rules.agents or rules.tenant_of(about.address) != rules.tenant_of(event.address):
        return event
    return msgspec.structs.replace(event, person=about.person, address=about.address, direct=False)


async def _offer(ledger: Ledger, event: Event, *, in_channel: bool) -> tuple[Offer | None, Case | None]:
    """Find what a pressed choice belongs to, and the case that goes on by it; a choice is there for who can see it."""
    if event.kind not in ("press", "form"):
        return None, None
    page = await ledger.store.read(OFFERS, event.choice.rpartition(".")[0], limit=1)
    if not page.items:
        return None, None
    offer = page.items[0]
    if in_channel:
        return offer, None
    pressed = await Case.load(ledger, offer.conversation)
    if pressed is None or not _sees(event, pressed.conversation, ledger.rules.tenant_of(event.address)):
        return None, None
    return offer, None if pressed.conversation.ended_at else pressed


def _sees(event: Event, conversation: Conversation, tenant: str | None) -> bool:
    is_theirs = conversation.requester.id == event.person.id
    return conversation.tenant == tenant and (is_theirs or not (conversation.direct or event.direct))


async def _case(ledger: Ledger, event: Event, *, in_channel: bool) -> Case:
    tenant = ledger.rules.tenant_of(event.address) or ""
    if in_channel:
        return await _agents_own(ledger, event, tenant)
    place = await ledger.get(PLACES, event.address.key)
    known = await Case.load(ledger, place.conversation) if place else None
    is_elsewhere = bool(place and place.address and event.address.is_alone)
    if is_elsewhere and event.opens_topic:
        known = None  # what was begun there before goes on where it is
    if known and (_is_its_thread(known, event) or not await _is_over(known)):
        return known
    return await _begin(ledger, event, tenant, place)


async def _agents_own(ledger: Ledger, event: Event, tenant: str) -> Case:
    """Take up the talk between one agent and the bot in the agents' channel; it is stored only once it matters."""
    name = derived("c", event.address.outside_thread.key, event.person.id)
    stored = await ledger.get(CONVERSATIONS, name)
    in_channel = msgspec.structs.replace(event, address=event.address.outside_thread)
    return Case(ledger, stored or _new(name, ledger, in_channel, tenant))


async def _is_over(case: Case) -> bool:
    conversation = case.conversation
    if conversation.ended_at:
        return True
    quiet = case.ledger.now - conversation.spoke_at
    if quiet < DAY or conversation.owner in ("queue", "agent") or conversation.dialogues or conversation.last_question:
        return False
    return not await tickets.is_any_unsolved(case.ledger, conversation)


def _is_its_thread(case: Case, event: Event) -> bool:
    """Tell whether the case has a thread of its own, with a ticket: what is said there is about it, however old."""
    return bool(event.address.thread and not event.address.is_alone and case.conversation.ticket)


async def _begin(ledger: Ledger, event: Event, tenant: str, place: Place | None) -> Case:
    name = derived("c", event.address.key, event.key)
    case = Case(ledger, _new(name, ledger, event, tenant))
    new_place = Place(id=event.address.key, conversation=name, person=event.person.id)
    ledger.put(PLACES, msgspec.structs.replace(new_place, version=place.version if place else 0))
    case.happened("conversation_began")
    return case


def _new(name: str, ledger: Ledger, event: Event, tenant: str) -> Conversation:
    return Conversation(
        id=name,
        tenant=tenant,
        key=event.address.key,
        address=event.address,
        requester=event.person,
        link="" if event.direct else event.link,
        direct=event.direct,
        began_at=ledger.now,
        spoke_at=ledger.now,
    )


def heard(scene: Scene, said: list[Event]) -> None:
    """Write what the person said into the timeline, message by message, and note when."""
    case = scene.case
    if scene.is_agent and scene.person.id != case.conversation.requester.id:
        return  # an agent's words are noted where it is known what they do
    for event in said:
        if event.kind in ("message", "command") and (event.text or event.files):
            who = event.person
            entry = Entry(
                at=event.at,
                kind="requester",
                who=who.name,
                text=event.text,
                files=event.files,
                id=event.key,
                person=who.id,
            )
            case.note_entry(entry, who)
    owner = case.conversation.owner
    case.update(spoke_at=case.ledger.now, ended_at=0, left_at=0, owner="bot" if owner == "nobody" else owner)
