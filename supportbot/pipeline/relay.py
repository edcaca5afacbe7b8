"""Relay: between a requester and the agent who has the case, words go across; the skills stay out of it."""

from __future__ import annotations

from collections.abc import Sequence

from supportbot.desk import handoffs, tickets, waiting
from supportbot.desk.case import Case
from supportbot.domain.event import Event
from supportbot.domain.markdown import escape, quote
from supportbot.domain.reply import Reply
from supportbot.domain.ticket import TICKETS
from supportbot.pipeline.commands import has_note_inside, looks_like_command, note_in
from supportbot.pipeline.ownership import Scene


async def from_requester(scene: Scene, said: Sequence[Event]) -> None:
    """Show a requester's words to the agents; the requester sees that they were taken.

    `said` are the messages that the scene's event was joined of.
    """
    case, event = scene.case, scene.event
    words = as_said(case, event.person.name, event.text, len(event.files))
    if names := _left_out(said):
        words = f"{words}\n{case.texts('agents.files_left', names=names)}"
    told = case.tell_agents(Reply(words, files=event.files))
    case.relayed(told, "requester", event.person, tuple(one.key for one in said))
    if case.conversation.owner == "agent":
        waiting.watch_claim(case)
    ticket = await case.ticket()
    if ticket and ticket.status == "pending":
        case.ledger.put(TICKETS, ticket.moved("open", case.ledger.now))
    _take_visibly(scene)


def tell_left_out(scene: Scene, said: Sequence[Event]) -> None:
    """Tell a requester which files of theirs were not taken over; in a talk among people nobody is told."""
    event, case = scene.event, scene.case
    is_heard = event.direct or event.mentioned or scene.owner in ("queue", "agent")
    if is_heard and not event.by_bot and (names := _left_out(said)):
        case.answer_at(scene.here, case.texts("errors.files_left", names=names))


def _left_out(said: Sequence[Event]) -> str:
    return escape(", ".join(name for event in said for name in event.left_out))


def as_said(case: Case, name: str, text: str, files: int = 0) -> str:
    """Show words on the speaker's line; several lines are quoted, so that none of them can pass for the bot's."""
    who = escape(name)
    if len(text.strip().splitlines()) > 1:
        return case.texts("agents.requester_says_lines", who=who, text=quote(text, at_most=len(text)))
    words = escape(text) or case.texts("agents.files_only", count=files)
    return case.texts("agents.requester_says", who=who, text=words)


def _take_visibly(scene: Scene) -> None:
    case, handoff = scene.case, scene.case.conversation.handoff
    if scene.here.adapter in case.ledger.rules.reacting:
        case.mark(scene.event.key, "taken", case.texts("handoff.taken"), at=scene.here)
    elif handoff and case.ledger.now - handoff.heard_at >= waiting.WAITING_LINE_AFTER:
        case.say(_waiting_line(case, handoff.ticket), purpose="notice")
        waiting.heard(case)


def _waiting_line(case: Case, reference: str) -> str:
    agent = case.conversation.agent
    if agent is None:
        return case.texts("handoff.waiting_line", reference=reference)
    return case.texts("handoff.taken_line", reference=reference, agent=escape(handoffs.public_name(case, agent)))


async def from_agent(scene: Scene) -> None:
    """Decide what an agent's plain words in the agents' channel are: to the requester, a note, or talk among agents."""
    ledger = scene.case.ledger
    name = await ledger.conversation_at(scene.here.key) if scene.here.thread else ""
    case = await Case.load(ledger, name) if name else None
    if case is None:
        if scene.here.thread:
            scene.case.answer_at(scene.here, scene.case.texts("agents.unknown_thread"))
        return  # agents talk among themselves in their channel: not for the bot
    if not scene.is_agent:
        case.answer_at(scene.here, case.texts("errors.refused"))
    elif not scene.event.text.strip() and not scene.event.files:
        case.answer_at(scene.here, case.texts("errors.empty_message"))
    elif note_in(scene.event.text) is not None or not _has_it(scene, case):
        note(case, scene, scene.event.text)
    elif slip := slip_in(case, scene.event.text):
        case.answer_at(scene.here, slip)
    elif case.ledger.rules.settings.relay == "reply":
        note(case, scene, scene.event.text)
    else:
        await _relay(scene, case)
    scene.case = case  # what was said is about that: the files that came with it belong there


async def _relay(scene: Scene, case: Case) -> None:
    event, ticket = scene.event, await handoffs.ticket_of(case)
    await handoffs.reply(case, ticket, scene.person, event.text, files=event.files, said=event.key)
    case.mark(event.key, "sent", case.texts("agents.relayed", who=case.requester_name), at=scene.here)
    if names := _left_out([event]):
        case.answer_at(scene.here, case.texts("agents.files_not_sent", who=case.requester_name, names=names))


def slip_in(case: Case, words: str) -> str:
    """Tell an agent why words do not go to a requester that were hardly meant for them; "" where nothing is wrong."""
    if looks_like_command(words):
        return case.texts("agents.not_sent_command", reference=case.conversation.ticket)
    return case.texts("agents.not_sent_mixed") if has_note_inside(words) else ""


def _has_it(scene: Scene, case: Case) -> bool:
    agent = case.conversation.agent
    return agent is not None and agent.id == scene.person.id


def note(case: Case, scene: Scene, words: str) -> None:
    """Keep an agent's words as an internal note, and mark in the thread that the requester did not see them."""
    marked = note_in(words)
    said = words.strip() if marked is None else marked
    case.note("note", scene.person.name, said, files=scene.event.files, person=scene.person.id)
    key = "agents.noted_unclaimed" if marked is None and not _has_it(scene, case) else "agents.noted"
    line = case.texts(key, reference=case.conversation.ticket, who=case.requester_name)
    case.mark(scene.event.target or scene.event.key, "noted", line, at=scene.here)


async def claim_by_speaking(scene: Scene) -> None:
    """Give the case to an agent who wrote in the requester's own thread; the bot stays out from then on."""
    case = scene.case
    conversation = case.conversation
    if conversation.tickets and not await tickets.is_any_unsolved(case.ledger, conversation):
        case.note("agent", scene.person.name, scene.event.text, id=scene.event.key, person=scene.person.id)
        return  # all is done here: a last word claims nothing
    ticket = await handoffs.ticket_of(case)
    if case.conversation.agent is None or case.conversation.agent.id != scene.person.id:
        await handoffs.give_to(case, ticket, scene.person)
        await case.open_desk()
        case.update(stays=True)
        line = case.texts("agents.claimed_by_speaking", reference=ticket.reference, agent=escape(scene.person.name))
        case.tell_agents(line, opens_thread=True)
    handoffs.answered(case, await handoffs.ticket_of(case))
    case.note("agent", scene.person.name, scene.event.text, id=scene.event.key, person=scene.person.id)


async def unread(scene: Scene) -> None:
    """Tell somebody whose words the platform keeps from the bot how to speak, where the bot has a part in the thread.

    To claim what they answer themselves, an agent's words need not be read.
    """
    case, texts = scene.case, scene.case.texts
    if scene.side == "agents":
        if scene.is_agent and await case.ledger.conversation_at(scene.here.key):
            case.answer_at(scene.here, texts("agents.unread"))
    elif scene.person.id == case.conversation.requester.id and case.is_stored:
        case.answer_at(scene.here, texts("errors.unread"))
    elif scene.is_agent and case.is_stored:
        await claim_by_speaking(scene)
    else:
        case.ledger.forget()
