"""Relay: between a requester and the agent who has the case, words go across; the skills stay out of it."""

from __future__ import annotations

from supportbot.desk import handoffs
from supportbot.desk.case import Case
from supportbot.domain.event import Event
from supportbot.domain.markdown import escape, quote
from supportbot.domain.reply import Reply
from supportbot.domain.ticket import TICKETS
from supportbot.pipeline.commands import has_note_inside, looks_like_command, note_in
from supportbot.pipeline.ownership import Scene


async def from_requester(scene: Scene) -> None:
    """Show a requester's words to the agents; the requester sees that they were taken."""
    case, event = scene.case, scene.event
    case.tell_agents(Reply(_as_said(case, event), files=event.files))
    if case.conversation.owner == "agent":
        handoffs.watch_claim(case)
    ticket = await case.ticket()
    if ticket and ticket.status == "pending":
        case.ledger.put(TICKETS, ticket.moved("open", case.ledger.now))
    _take_visibly(scene)


def _as_said(case: Case, event: Event) -> str:
    """Show words on the speaker's line; several lines are quoted, so that none of them can pass for the bot's."""
    who = escape(event.person.name)
    if len(event.text.strip().splitlines()) > 1:
        words = quote(event.text, at_most=len(event.text))
        return case.texts("agents.requester_says_lines", who=who, text=words)
    words = escape(event.text) or case.texts("agents.files_only", count=len(event.files))
    return case.texts("agents.requester_says", who=who, text=words)


def _take_visibly(scene: Scene) -> None:
    case, handoff = scene.case, scene.case.conversation.handoff
    if scene.here.adapter in case.ledger.rules.reacting:
        case.answer_at(scene.here, case.texts("handoff.taken"), react=scene.event.key)
    elif handoff and case.ledger.now - handoff.heard_at >= handoffs.WAITING_LINE_AFTER:
        case.say(_waiting_line(case, handoff.ticket), purpose="notice")
        handoffs.heard(case)


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
    elif not scene.event.text.strip():
        case.answer_at(scene.here, case.texts("errors.empty_message"))
    elif note_in(scene.event.text) is not None or not _has_it(scene, case):
        note(case, scene, scene.event.text)
    elif looks_like_command(scene.event.text):
        case.answer_at(scene.here, case.texts("agents.not_sent_command", reference=case.conversation.ticket))
    elif has_note_inside(scene.event.text):
        case.answer_at(scene.here, case.texts("agents.not_sent_mixed"))
    elif case.ledger.rules.settings.relay == "reply":
        note(case, scene, scene.event.text)
    else:
        await handoffs.reply(case, await handoffs.ticket_of(case), scene.person, scene.event.text)
        case.answer_at(scene.here, case.texts("agents.relayed", who=case.requester_name), react=scene.event.key)


def _has_it(scene: Scene, case: Case) -> bool:
    agent = case.conversation.agent
    return agent is not None and agent.id == scene.person.id


def note(case: Case, scene: Scene, words: str) -> None:
    """Keep an agent's words as an internal note, and mark in the thread that the requester did not see them."""
    marked = note_in(words)
    case.note("note", scene.person.name, words.strip() if marked is None else marked)
    key = "agents.noted_unclaimed" if marked is None and not _has_it(scene, case) else "agents.noted"
    line = case.texts(key, reference=case.conversation.ticket, who=case.requester_name)
    case.answer_at(scene.here, line, react=scene.event.key)


async def claim_by_speaking(scene: Scene) -> None:
    """Give the case to an agent who wrote in the requester's own thread; the bot stays out from then on."""
    case = scene.case
    if case.conversation.tickets and not await _has_unsolved(case):
        case.note("agent", scene.person.name, scene.event.text, id=scene.event.key, person=scene.person.id)
        return  # all is done here: a last word claims nothing
    ticket = await handoffs.ticket_of(case)
    if case.conversation.agent is None or case.conversation.agent.id != scene.person.id:
        await handoffs.give_to(case, ticket, scene.person)
        await case.open_desk()
        case.tell_agents(
            case.texts("agents.claimed_by_speaking", reference=ticket.reference, agent=escape(scene.person.name))
        )
    handoffs.answered(case, await handoffs.ticket_of(case))
    case.note("agent", scene.person.name, scene.event.text, id=scene.event.key, person=scene.person.id)


async def _has_unsolved(case: Case) -> bool:
    for reference in case.conversation.tickets:
        ticket = await case.ticket(reference)
        if ticket and ticket.is_unsolved:
            return True
    return False
