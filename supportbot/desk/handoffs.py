"""Handoffs: from the bot to the queue, to an agent, and back; exactly one owner at any time."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from supportbot.desk import cards, closing, leavers, tickets, waiting
from supportbot.desk.case import Case
from supportbot.domain.conversation import ClaimedAlready, Handoff
from supportbot.domain.file import File
from supportbot.domain.markdown import escape
from supportbot.domain.person import Person
from supportbot.domain.reply import Choice, Reply
from supportbot.domain.ticket import TICKETS, Status, Ticket
from supportbot.domain.timeline import TIMELINE
from supportbot.errors import IllegalMove, NotFound


async def hand_off(case: Case, reason: str, *, keep: str = "") -> Ticket:
    """Put the case into the agents' queue, with a ticket and a card; a case that waits or is claimed stays as it is.

    `keep` is the dialogue that asks for it and goes on; all others are left.
    """
    conversation, now = case.conversation, case.ledger.now
    ticket = await tickets.unsolved(case)
    if conversation.owner in ("queue", "agent") and ticket:
        return ticket
    await case.leave_dialogues(keep=keep)
    if ticket is None:
        subject = conversation.question or await _last_words(case, reason) or reason
        ticket = await tickets.open_ticket(case, subject=subject)
    elif ticket.assignee:
        case.ledger.put(TICKETS, msgspec.structs.replace(ticket, assignee=None, changed_at=now))  # anybody may take it
    await case.take_place()
    case.update(
        queued_at=now,
        misses=0,
        handoff=Handoff(ticket=ticket.reference, reason=reason, asked_at=now, heard_at=now),
    )
    await case.open_desk()
    case.ledger.unsay(case.ledger.cards.get(ticket.id, ""))  # opened in this very turn: one card says all of it
    await cards.post(case, ticket, await cards.handoff(case, ticket, await tickets.of_requester(case, limit=4)))
    await case.own("queue")  # what it withholds is shown behind the card, which opens the thread
    waiting.watch_queue(case)
    case.happened("handed_off", reference=ticket.reference, reason=reason)
    return ticket


async def _last_words(case: Case, reason: str = "") -> str:
    """Find what the requester said last that tells what it is about: no command but ``/ticket``, and not the wish."""
    requester = case.conversation.requester.id
    lines = cards.as_they_stand(await case.timeline())
    said = [line for line in lines if line.kind == "requester" and line.person == requester]
    if reason == case.texts("handoff.reason_asked"):
        wish = case.ledger.staged(TIMELINE, case.conversation.id)
        said = [line for line in said if line not in wish] or said
    told = [words for line in said if (words := _told(line.text))]
    return told[-1] if told else ""


def _told(text: str) -> str:
    if text[:8].lower() in ("/ticket ", "!ticket "):
        return text[8:].strip()
    return "" if text.startswith(("/", "!")) else text


async def claim(case: Case, ticket: Ticket, agent: Person, *, take_over: bool = False) -> Ticket:
    """Give the case to an agent; exactly one wins, ClaimedAlready tells the others who has it."""
    conversation = case.conversation
    _must_be_unsolved(ticket)
    if conversation.owner == "agent" and conversation.agent:
        if conversation.agent.id == agent.id:
            return _assigned(case, ticket, agent)
        if not take_over:
            raise ClaimedAlready(conversation.agent, ticket.reference)
        case.tell_agents(case.texts("agents.taken_over", reference=ticket.reference, agent=escape(agent.name)))
    await give_to(case, ticket, agent)
    case.say(case.texts("handoff.claimed", agent=escape(public_name(case, agent))), purpose="notice")
    return ticket


async def give_to(case: Case, ticket: Ticket, agent: Person) -> None:
    """Make an agent the owner, without a word to anyone."""
    now = case.ledger.now
    if case.conversation.owner != "agent":
        await case.leave_dialogues()
    await case.take_place()
    await case.own("agent", agent)
    handoff = case.conversation.handoff or Handoff(ticket=ticket.reference, reason="", asked_at=now)
    claimed = msgspec.structs.replace(handoff, ticket=ticket.reference, claimed_at=now, agent_spoke_at=0, heard_at=now)
    case.update(handoff=claimed, ticket=ticket.reference)
    ticket = _assigned(case, ticket, agent)
    waiting.stop_watching(case)
    waiting.watch_claim(case)
    leavers.look_for(case)
    await cards.update(case, ticket)
    case.happened("claimed", reference=ticket.reference, agent=agent.id)


def _assigned(case: Case, ticket: Ticket, agent: Person) -> Ticket:
    now = case.ledger.now
    assigned = msgspec.structs.replace(ticket, assignee=agent, changed_at=now)
    assigned = assigned.moved("open", now) if assigned.status == "new" else assigned
    case.ledger.put(TICKETS, assigned)
    return assigned


async def release(case: Case, ticket: Ticket, *, by: Person, to_bot: bool = False) -> Ticket:
    """Give the case back, to the queue or to the bot, and tell the requester; the claimer sees who did it for them."""
    _must_be_cared_for(case, ticket)
    claimer = case.conversation.agent
    if case.conversation.owner == "queue" and not to_bot:
        raise IllegalMove(f"{ticket.reference} is in the queue already")
    if claimer and claimer.id != by.id:
        case.tell_agents(case.texts("agents.released_by", reference=ticket.reference, agent=escape(by.name)))
    waiting.stop_watching(case)
    case.ledger.put(TICKETS, msgspec.structs.replace(ticket, assignee=None, changed_at=case.ledger.now))
    if to_bot:
        await case.own("bot")
        case.update(handoff=None, queued_at=0)
        await cards.update(case, ticket)
        case.say(case.texts("handoff.back_to_bot", reference=ticket.reference), purpose="notice")
        return ticket
    await requeue(case)
    case.say(case.texts("handoff.requeued"), purpose="notice")
    return ticket


async def requeue(case: Case) -> None:
    """Put a claimed case back into the queue, where it was before."""
    now = case.ledger.now
    if case.conversation.owner != "queue":
        await case.own("queue")
    handoff = case.conversation.handoff
    if handoff:
        case.update(handoff=msgspec.structs.replace(handoff, claimed_at=0, agent_spoke_at=0, heard_at=now))
    case.update(queued_at=case.conversation.queued_at or now)
    if ticket := await case.ticket():
        await cards.update(case, ticket)
    waiting.watch_queue(case)


async def assign(case: Case, ticket: Ticket, agent: Person) -> Ticket:
    """Give the case to a named agent, whoever has it now."""
    _must_be_unsolved(ticket)
    if case.conversation.agent is None or case.conversation.agent.id != agent.id:
        await give_to(case, ticket, agent)
        case.say(case.texts("handoff.assigned", agent=escape(public_name(case, agent))), purpose="notice")
    return ticket


async def reply(
    case: Case, ticket: Ticket, agent: Person, words: str, *, files: Sequence[File] = (), said: str = ""
) -> Ticket:
    """Show an agent's words to the requester, under the agent's or the team's name; only the claimer may.

    `said` is the event key of the message that has the words: a later change of it is followed.
    """
    _must_have_it(case, ticket, agent)
    return _relay(case, ticket, agent, Reply(as_said(case, words, files), files=tuple(files)), said)


async def reply_canned(case: Case, ticket: Ticket, agent: Person, name: str) -> Ticket:
    """Say one of the team's canned replies to the requester; the agents see what was said."""
    canned = {known.casefold(): text for known, text in case.ledger.rules.canned.items()}
    if name.strip().casefold() not in canned:
        raise NotFound(f"no canned reply is called {name}")
    _must_have_it(case, ticket, agent)
    words = canned[name.strip().casefold()].format(
        requester=case.requester_name,
        agent=escape(public_name(case, agent)),
        reference=ticket.reference,
        subject=escape(ticket.subject),
    )
    return _relay(case, ticket, agent, Reply(words))


def _must_have_it(case: Case, ticket: Ticket, agent: Person) -> None:
    if case.conversation.agent is None or case.conversation.agent.id != agent.id:
        raise IllegalMove(f"claim {ticket.reference} first")


def as_said(case: Case, words: str, files: Sequence[File] = ()) -> str:
    """Word what an agent said as the requester sees it; files alone are named."""
    if words.strip() or not files:
        return escape(words)
    return case.texts("handoff.files_only", names=escape(", ".join(file.name for file in files)))


def public_name(case: Case, agent: Person) -> str:
    """Name an agent as requesters may know them: by name, or as the team."""
    return case.texts("handoff.team_name") if case.ledger.rules.settings.anonymous else agent.name


def _relay(case: Case, ticket: Ticket, agent: Person, reply: Reply, said: str = "") -> Ticket:
    who = public_name(case, agent)
    sent = case.say(reply, purpose="relay", author=who)
    if said:
        case.relayed(sent, "agents", Person(agent.id, who), (said,))
    return answered(case, ticket)


async def solve(case: Case, ticket: Ticket, by: Person, last_words: str = "", *, said: str = "") -> Ticket:
    """Solve a ticket with a word to the requester; the bot takes the conversation back if it was about that."""
    _must_be_unsolved(ticket)
    if last_words:
        ticket = _relay(case, ticket, by, Reply(escape(last_words)), said)
    moved = await tickets.move(case, ticket, "solved", by=by.name)
    await _end(case, ticket)
    case.say(await closing.last_word(case, ticket), purpose="notice")
    return moved


async def close(case: Case, ticket: Ticket, by: Person) -> Ticket:
    """Close a ticket without a word to the requester (spam, a duplicate)."""
    moved = await tickets.move(case, ticket, "closed", by=by.name)
    await _end(case, ticket)
    await tickets.end_if_last(case)
    return moved


async def end_by_requester(case: Case) -> Ticket:
    """End the waiting or the talk because the requester wants to.

    The ticket counts as solved; where nobody had spoken to them yet there is nothing to rate, and it is closed.
    """
    ticket = await _ticket(case)
    moved = ticket
    if ticket.is_unsolved:
        status: Status = "solved" if ticket.first_response_at else "closed"
        moved = await tickets.move(case, ticket, status, by=case.conversation.requester.name)
    await _end(case, ticket)
    case.tell_agents(case.texts("agents.ended_by_requester", reference=ticket.reference, who=case.requester_name))
    return moved


async def close_for_requester(case: Case, ticket: Ticket) -> None:
    """Close a ticket because its requester needs no more help, waiting for a person included."""
    if _is_cared_for(case, ticket):
        ticket = await end_by_requester(case)
    if ticket.status != "closed":
        await tickets.close_for_requester(case, ticket)
    await tickets.end_if_last(case)


async def leave_as_ticket(case: Case) -> Ticket:
    """Stop waiting in the chat; the ticket stays open and in the agents' list."""
    ticket = await _ticket(case)
    await _end(case, ticket)
    await cards.update(case, ticket)
    case.tell_agents(case.texts("agents.left_as_ticket", reference=ticket.reference, who=case.requester_name))
    return ticket


async def _end(case: Case, ticket: Ticket) -> None:
    """Give the conversation back to the bot, unless people are busy with another of its tickets."""
    if not _is_cared_for(case, ticket):
        return
    waiting.stop_watching(case)
    if case.conversation.owner in ("queue", "agent"):
        await case.own("bot")
    case.update(handoff=None, queued_at=0)


def _is_cared_for(case: Case, ticket: Ticket) -> bool:
    handoff = case.conversation.handoff
    return handoff is not None and handoff.ticket == ticket.reference


def _must_be_cared_for(case: Case, ticket: Ticket) -> None:
    if not _is_cared_for(case, ticket):
        raise IllegalMove(f"nobody has {ticket.reference} now")


def _must_be_unsolved(ticket: Ticket) -> None:
    if not ticket.is_unsolved:
        raise IllegalMove(f"{ticket.reference} is {ticket.status} already; /reopen {ticket.reference} opens it again")


def answered(case: Case, ticket: Ticket) -> Ticket:
    """Note that an agent spoke to the requester now."""
    now = case.ledger.now
    changed = msgspec.structs.replace(ticket, first_response_at=ticket.first_response_at or now, changed_at=now)
    case.ledger.put(TICKETS, changed)
    handoff = case.conversation.handoff
    if handoff:
        case.update(handoff=msgspec.structs.replace(handoff, agent_spoke_at=now, heard_at=now))
    for what in ("silent", "lapse"):  # the next word of the requester begins the waiting anew
        case.ledger.cancel(f"{what}-{case.conversation.id}")
    return changed


async def ticket_of(case: Case) -> Ticket:
    """Find the unsolved ticket that a case is about, or open one for what was said."""
    ticket = await tickets.unsolved(case)
    if ticket:
        return ticket
    return await tickets.open_ticket(case, subject=case.conversation.question or await _last_words(case))


async def _ticket(case: Case) -> Ticket:
    ticket = await case.ticket()
    if ticket is None:
        raise NotFound("this case has no ticket")
    return ticket


async def lapse_claim(case: Case) -> None:
    """Put a case whose claimer stayed silent back into the queue."""
    handoff, ticket = case.conversation.handoff, await case.ticket()
    spoke_since = handoff and handoff.agent_spoke_at > case.ledger.now - waiting.LAPSE_AFTER_REMINDER
    if case.conversation.owner == "agent" and handoff and ticket and not spoke_since:
        case.ledger.put(TICKETS, msgspec.structs.replace(ticket, assignee=None, changed_at=case.ledger.now))
        await requeue(case)
        choice = Choice(case.texts("agents.claim"), command=f"claim {ticket.reference}")
        case.tell_agents(Reply(case.texts("agents.lapsed", reference=ticket.reference), [choice]))
        case.say(case.texts("handoff.requeued"), purpose="notice")
