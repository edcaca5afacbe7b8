"""The card of a ticket: everything an agent needs to take it over, in one message that says how the ticket stands."""

from __future__ import annotations

import msgspec

from supportbot.desk.case import Case
from supportbot.domain.card import CARDS, Card
from supportbot.domain.file import File
from supportbot.domain.markdown import escape, plain, quote, shorten
from supportbot.domain.reply import Choice, Outgoing, Reply
from supportbot.domain.ticket import Ticket
from supportbot.domain.timeline import Entry

_LINES_SHOWN = 8
_FILES_SHOWN = 10
_SPOKEN = ("requester", "pressed", "bot", "agent")


async def handoff(case: Case, ticket: Ticket, others: list[Ticket]) -> Reply:
    """Word the card: who, why, what was said and tried, the ticket and earlier ones."""
    texts, conversation = case.texts, case.conversation
    why = conversation.handoff.reason if conversation.handoff else ""
    lines = [
        texts("agents.card_title", reference=ticket.reference, who=_who(case)),
        texts("agents.card_why", reason=escape(shorten(why, 200))),
        _about(case, ticket),
        *_where(case),
    ]
    if ticket.details:
        lines += [quote(ticket.details), ""]
    said = await _said(case)
    lines += _quoted(case, said)
    if conversation.tried:
        lines.append(texts("agents.card_tried", articles=escape(", ".join(conversation.tried))))
    lines += _earlier(case, ticket, others)
    return Reply("\n".join(lines), files=_files(ticket, said))


def new_ticket(case: Case, ticket: Ticket) -> Reply:
    """Word the card of a ticket that was opened without a handoff."""
    title = case.texts("agents.new_ticket", reference=ticket.reference, who=_who(case))
    lines = [title, _about(case, ticket), *_where(case)]
    if ticket.details:
        lines += [quote(ticket.details), ""]
    return Reply("\n".join(lines), files=ticket.files)


# --- how it stands ------------------------------------------------------------------------------------------------


async def post(case: Case, ticket: Ticket, card: Reply) -> Outgoing:
    """Put a card into the case's thread, with what can be done; a card that was there before points to it."""
    await _leave(case, ticket)
    how, choices = _state(case, ticket)
    posted = case.tell_agents(Reply(f"{card.text}\n{how}", choices, card.files), opens_thread=True)
    if _can_change(case):
        kept = Card(id=posted.id, text=card.text)
        case.ledger.append(CARDS, ticket.id, kept, case.conversation.requester.id, case.conversation.id)
    return posted


async def update(case: Case, ticket: Ticket, *, by: str = "") -> None:
    """Let a ticket's card say how it stands now, where the platform changes messages; `by` is who brought it there."""
    card = await _last(case, ticket)
    if card:
        how, choices = _state(case, await case.ticket(ticket.reference) or ticket, by)
        left = f"{case.texts('agents.card_left', who=case.requester_name)}\n" if case.conversation.left_at else ""
        _change(case, card, Reply(f"{card.text}\n{left}{how}", choices))


async def _leave(case: Case, ticket: Ticket) -> None:
    """Take the buttons off an earlier card of the same ticket."""
    card = await _last(case, ticket)
    if card and card.id != case.ledger.cards.get(ticket.id):  # else it was made in this turn, and is not to be seen
        _change(case, card, Reply(f"{card.text}\n{case.texts('agents.card_again')}"))


def _change(case: Case, card: Card, reply: Reply) -> None:
    """Change a card, once in a turn: only how it stands at the end is of interest."""
    changes = case.ledger.cards
    case.ledger.unsay(changes.get(card.id, ""))
    changes[card.id] = case.change(card.id, reply, address=case.desk, purpose="agents").id


def _can_change(case: Case) -> bool:
    return case.ledger.rules.agents.adapter in case.ledger.rules.editing


async def _last(case: Case, ticket: Ticket) -> Card | None:
    if not _can_change(case):
        return None
    made = case.ledger.staged(CARDS, ticket.id) or (await case.ledger.store.read(CARDS, ticket.id, limit=1)).items
    return made[-1] if made else None


def _state(case: Case, ticket: Ticket, by: str = "") -> tuple[str, list[Choice]]:
    """Word how a ticket stands, and offer what can be done with it now."""
    texts, reference, conversation = case.texts, ticket.reference, case.conversation
    is_here = conversation.handoff is not None and conversation.handoff.ticket == reference
    if ticket.status in ("solved", "closed"):
        key = "agents.card_solved" if ticket.status == "solved" else "agents.card_closed"
        return texts(key, agent=escape(by)), _offer(case, reference, "reopen")
    if conversation.agent and is_here:
        how = texts(_by_relay(case, "agents.card_claimed"), agent=escape(conversation.agent.name), reference=reference)
        return how, [*_offer(case, reference, "release", "solve", "assign", "note"), *canned(case, reference)]
    how = texts(_by_relay(case, "agents.card_what_to_do"), reference=reference)
    return how, _offer(case, reference, "claim", "note", "solve", "close")


def _by_relay(case: Case, key: str) -> str:
    """Choose the words that say how an agent speaks to the requester."""
    rules = case.ledger.rules
    if rules.settings.relay == "reply":
        return f"{key}_reply"
    return f"{key}_mention" if rules.agents.adapter in rules.must_mention() else key


def _offer(case: Case, reference: str, *commands: str) -> list[Choice]:
    offered = [command for command in commands if command in case.ledger.rules.commands]
    return [Choice(case.texts(f"agents.{command}"), command=f"{command} {reference}") for command in offered]


def canned(case: Case, reference: str) -> list[Choice]:
    """Offer the canned replies, as a menu."""
    menu = case.texts("agents.canned")
    names = case.ledger.rules.canned if "canned" in case.ledger.rules.commands else ()
    return [Choice(name, command=f"canned {reference} {name}", menu=menu) for name in names]


# --- what is on it ------------------------------------------------------------------------------------------------


def _who(case: Case) -> str:
    """Name the requester, and who they come from, where that is another company."""
    company = case.conversation.requester.company
    who = case.requester_name
    return case.texts("agents.card_who", who=who, company=escape(shorten(company, 80))) if company else who


def _where(case: Case) -> list[str]:
    link = case.conversation.link
    return [case.texts("agents.card_where", link=link)] if link else []


def _about(case: Case, ticket: Ticket) -> str:
    about = case.texts("agents.card_ticket", subject=escape(ticket.subject))
    return f"{about} ({escape(ticket.category)})" if ticket.category else about


async def _said(case: Case) -> list[Entry]:
    """Read what was said last."""
    return [line for line in as_they_stand(await case.timeline(30)) if not line.text.startswith(("/", "!"))]


def as_they_stand(lines: list[Entry]) -> list[Entry]:
    """Choose what was said, as it stands now: changed by its author since, or taken back."""
    now = {line.id: line for line in lines if line.kind in ("changed", "taken_back")}
    current = [(line, now.get(line.id)) for line in lines if line.kind in _SPOKEN]
    return [
        msgspec.structs.replace(line, text=later.text) if later else line
        for line, later in current
        if not later or later.kind == "changed"
    ]


def _quoted(case: Case, said: list[Entry]) -> list[str]:
    if not said:
        return []
    shown = [quote(f"{_speaker(line)}: {_words(case, line)}") for line in said[-_LINES_SHOWN:]]
    return [case.texts("agents.card_said"), *shown, ""]


def _words(case: Case, line: Entry) -> str:
    said = line.text if line.kind in ("requester", "pressed") else plain(line.text)  # theirs is as they typed it
    return shorten(said, 240) or case.texts("agents.files_only", count=len(line.files))


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
