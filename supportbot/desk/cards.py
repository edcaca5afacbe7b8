"""The card of a handoff: everything an agent needs to take over, in one message."""

from __future__ import annotations

from supportbot.desk.case import Case
from supportbot.domain.file import File
from supportbot.domain.markdown import escape, plain, quote, shorten
from supportbot.domain.reply import Choice, Reply
from supportbot.domain.ticket import Ticket
from supportbot.domain.timeline import Entry

_LINES_SHOWN = 8
_FILES_SHOWN = 10
_SPOKEN = ("requester", "pressed", "bot", "agent")


async def handoff(case: Case, ticket: Ticket, others: list[Ticket]) -> Reply:
    """Word the card: who, why, what was said and tried, the ticket and earlier ones, what to do."""
    texts, conversation = case.texts, case.conversation
    why = conversation.handoff.reason if conversation.handoff else ""
    lines = [
        texts("agents.card_title", reference=ticket.reference, who=case.requester_name),
        texts("agents.card_why", reason=escape(shorten(why, 200))),
        _about(case, ticket),
    ]
    if ticket.details:
        lines += [quote(ticket.details), ""]
    said = await _said(case)
    lines += _quoted(case, said)
    if conversation.tried:
        lines.append(texts("agents.card_tried", articles=escape(", ".join(conversation.tried))))
    lines += _earlier(case, ticket, others)
    lines.append(_what_to_do(case, ticket))
    choices = [Choice(texts("agents.claim"), command=f"claim {ticket.reference}")]
    return Reply("\n".join(lines), choices, _files(ticket, said))


def new_ticket(case: Case, ticket: Ticket) -> Reply:
    """Word the card of a ticket that was opened without a handoff."""
    texts = case.texts
    lines = [
        texts("agents.new_ticket", reference=ticket.reference, who=case.requester_name),
        _about(case, ticket),
    ]
    if ticket.details:
        lines += [quote(ticket.details), ""]
    lines.append(_what_to_do(case, ticket))
    return Reply("\n".join(lines), [Choice(texts("agents.claim"), command=f"claim {ticket.reference}")], ticket.files)


def _what_to_do(case: Case, ticket: Ticket) -> str:
    speaks = "agents.card_what_to_do"
    key = speaks if case.ledger.rules.settings.relay == "claim" else "agents.card_what_to_do_reply"
    return case.texts(key, reference=ticket.reference)


def _about(case: Case, ticket: Ticket) -> str:
    about = case.texts("agents.card_ticket", subject=escape(ticket.subject))
    return f"{about} ({escape(ticket.category)})" if ticket.category else about


async def _said(case: Case) -> list[Entry]:
    return [line for line in await case.timeline(30) if line.kind in _SPOKEN and not line.text.startswith(("/", "!"))]


def _quoted(case: Case, said: list[Entry]) -> list[str]:
    if not said:
        return []
    shown = [quote(f"{_speaker(line)}: {_words(case, line)}") for line in said[-_LINES_SHOWN:]]
    return [case.texts("agents.card_said"), *shown, ""]


def _words(case: Case, line: Entry) -> str:
    return shorten(plain(line.text), 240) or case.texts("agents.files_only", count=len(line.files))


def _files(ticket: Ticket, said: list[Entry]) -> tuple[File, ...]:
    """Collect what the requester showed, each file once, the last ones where they are many."""
    shown = [*(file for line in said for file in line.files), *ticket.files]
    return tuple({file.id: file for file in shown}.values())[-_FILES_SHOWN:]


def _speaker(line: Entry) -> str:
    return "bot" if line.kind == "bot" else shorten(line.who, 80)


def _earlier(case: Case, ticket: Ticket, others: list[Ticket]) -> list[str]:
    earlier = [other for other in others if other.reference != ticket.reference][:3]
    if not earlier:
        return []
    listed = "; ".join(f"{other.reference} {escape(shorten(other.subject, 60))} ({other.status})" for other in earlier)
    return [case.texts("agents.card_earlier", tickets=listed)]
