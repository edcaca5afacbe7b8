"""Tickets: opened in a short dialogue, listed, looked at, added to and closed by the people whose they are."""

from __future__ import annotations

from typing import Any

from supportbot import (
    PASS,
    Choice,
    NotFound,
    Pass,
    Reply,
    Settings,
    Skill,
    Ticket,
    Turn,
    escape,
    match,
    on,
    read,
    shorten,
)

_NOT_SOLVED = (
    "not solved", "isn't solved", "is not solved", "not fixed", "isn't fixed", "is not fixed", "still broken",
    "still not working", "still doesn't work", "still does not work", "still happening", "not resolved",
    "problem is back", "happened again",
)  # fmt: skip
_THANKS = frozenset(
    match.Said(
        "thanks thank you thx ty cheers great perfect awesome wonderful super cool nice danke merci gracias so very "
        "much many a lot again for your the quick fast help support that this it is was works now all good ok okay yes "
        "solved fixed helped team everyone have day bye"
    ).words
)
"""A reply made of these alone says that all is well."""


class TicketSettings(Settings):
    """What a new ticket asks for."""

    categories: tuple[str, ...] = ("Question", "Problem", "Billing", "Something else")
    """The kinds to choose from; empty asks for none."""


class Tickets(Skill[TicketSettings]):
    """Open tickets and look after one's own."""

    @on.command("ticket", help="open a ticket")
    async def open(self, turn: Turn) -> str:
        """Ask for what a ticket needs, taking over what was already said, and open it."""
        about = turn.about
        if about and (turn.is_agent or not self.settings.categories):
            return await self.open_from_message(turn)
        if about and (known := await turn.recall(about.key, about="conversation")):
            return turn.phrase("tickets.from_message_already", reference=known)
        await turn.tickets.check_limits()
        subject, details = (_first_line(about.text), about.text) if about else (turn.args, "")
        return await self._ask_and_open(turn, subject or await turn.knowledge.question(), details)

    @on.command("ticket_about", each="categories")
    async def open_about(self, turn: Turn) -> str:
        """Open a ticket of the category that was said."""
        await turn.tickets.check_limits()
        return await self._ask_and_open(turn, "", "", turn.args if turn.args in self.settings.categories else "")

    async def _ask_and_open(self, turn: Turn, subject: str, details: str, category: str = "") -> str:
        about = turn.about
        intro = turn.phrase("tickets.about", subject=escape(shorten(subject, 300))) if subject else ""
        answers = await turn.ask(intro, self._form(turn, subject, details, category), key="ticket")
        ticket = {"category": category, **answers}
        summary = turn.phrase(
            "tickets.confirm",
            subject=escape(shorten(ticket["subject"], 300)),
            category=f" ({escape(ticket['category'])})" if ticket["category"] else "",
            details=escape(shorten(ticket["details"], 300)),
        )
        if not turn.filled_in and not await turn.confirm(summary, key="confirm"):
            return turn.phrase("tickets.not_opened")
        opened = await turn.open_ticket(**ticket, files=about.files if about else ())
        if about:
            await turn.remember(about.key, opened.reference, about="conversation")
        return turn.phrase("tickets.created", reference=opened.reference)

    def _form(self, turn: Turn, subject: str, details: str, category: str) -> read.Reader[dict[str, Any]]:
        """Ask for what is not known yet; what is known can be changed where there are forms."""
        fields: dict[str, tuple[str, read.Reader[str]] | tuple[str, read.Reader[str], str]] = {
            "subject": (turn.phrase("tickets.ask_subject"), read.line, subject)
        }
        if self.settings.categories and not category:
            fields["category"] = (turn.phrase("tickets.ask_category"), read.choice(*self.settings.categories))
        fields["details"] = (turn.phrase("tickets.ask_details"), read.text, details)
        title = turn.phrase("tickets.open_about", category=category) if category else turn.phrase("tickets.open_one")
        return read.form(title, **fields)

    @on.command("ticket_from_message")
    async def open_from_message(self, turn: Turn) -> str:
        """Open a ticket from a message at once, and only one; an agent opens it for whoever wrote the message."""
        about = turn.about
        if about is None:
            return await self.open(turn)
        if known := await turn.recall(about.key, about="conversation"):
            return turn.phrase("tickets.from_message_already", reference=known)
        subject, words = _first_line(about.text), about.text
        ticket = await turn.open_ticket(subject=subject, details="" if words == subject else words, files=about.files)
        await turn.remember(about.key, ticket.reference, about="conversation")
        if ticket.requester.id == turn.person.id:
            return turn.phrase("tickets.created", reference=ticket.reference)
        return turn.phrase("tickets.created_for", reference=ticket.reference)

    @on.command("tickets", help="your tickets")
    async def mine(self, turn: Turn) -> Reply | str:
        """List the person's own tickets."""
        mine = await turn.tickets.mine()
        if not mine:
            offer = [Choice(turn.phrase("tickets.open_one"), command="ticket")]
            return Reply(turn.phrase("tickets.none"), offer)
        lines = [self._line(turn, ticket) for ticket in mine]
        choices = [Choice(ticket.reference, command=f"status {ticket.reference}") for ticket in mine[:5]]
        return Reply("\n".join([turn.phrase("tickets.list"), *lines]), choices)

    @on.command("status", help="how a ticket stands: `/status T-1042`", role="anyone")
    async def status(self, turn: Turn) -> Reply | str:
        """Show a ticket, with what its requester can do about it."""
        reference, _, rest = turn.args.partition(" ")
        verb, _, words = rest.strip().partition(" ")
        if not reference:
            current = await turn.tickets.current()
            if current is None and turn.is_agent:
                current = await turn.desk.current()
            if current is None:
                return await self.mine(turn)
            reference = current.reference
        try:
            ticket = await turn.tickets.find(reference)
        except NotFound:
            return turn.phrase("tickets.not_found")
        if verb.lower() == "close" and not turn.is_agent:
            return await self._close(turn, ticket)
        if verb.lower() == "add" and not turn.is_agent:
            return await self._add(turn, ticket, words)
        if verb.lower() == "reopen" and not (turn.is_agent or ticket.is_unsolved):
            return await self._reopen(turn, ticket, words or turn.phrase("tickets.not_solved"))
        return self._shown(turn, ticket)

    @on.command("add", help="add to a ticket: `/add T-1042 words`")
    async def add(self, turn: Turn) -> str:
        """Add words to a ticket: those behind its reference, or those that were said last."""
        reference, _, words = turn.args.partition(" ")
        try:
            ticket = await turn.tickets.find(reference)
        except NotFound:
            return turn.phrase("tickets.not_found")
        return await self._add(turn, ticket, words or await turn.knowledge.question())

    @on.choice("close")
    async def close(self, turn: Turn) -> str:
        """Close a ticket whose requester needs no more help."""
        return await self._close(turn, await turn.tickets.find(turn.value))

    @on.choice("add_words")
    async def add_words(self, turn: Turn) -> str:
        """Ask for the words to add."""
        return await self._add(turn, await turn.tickets.find(turn.value), "")

    @on.message(match.anything, first=True)
    async def reply_in_thread(self, turn: Turn) -> str | Pass:
        """Reopen a solved ticket by a reply in its own thread, but not by thanks."""
        if not turn.in_thread or turn.asked or (_is_thanks(turn.text) and not turn.files):
            return PASS
        current = await turn.tickets.current()
        if current is None or current.is_unsolved:
            return PASS
        return await self._reopen(turn, current)

    @on.message(match.words(*_NOT_SOLVED), first=True)
    async def not_solved(self, turn: Turn) -> str | Pass:
        """Reopen the solved ticket when its requester says that it is not solved."""
        if turn.asked == "insisting":
            return PASS
        current = await turn.tickets.current()
        if current is None or current.is_unsolved:
            return PASS
        return await self._reopen(turn, current)

    @on.message(match.pattern(r"\b[Tt]-(\d{1,9})\b"), first=True)
    async def named(self, turn: Turn) -> Reply | str | Pass:
        """Add to a ticket that is named, or show it when nothing else is said; more words reopen a solved one."""
        if turn.asked:
            return PASS
        reference = f"T-{turn.found['1']}"
        try:
            ticket = await turn.tickets.find(reference)
        except NotFound:
            return turn.phrase("tickets.not_found")
        if len(turn.text.split()) <= 2:
            return self._shown(turn, ticket)
        if ticket.status in ("solved", "closed"):
            return await self._reopen(turn, ticket)
        await turn.tickets.add(ticket.reference, turn.text)
        return turn.phrase("tickets.added", reference=ticket.reference)

    # --- how ------------------------------------------------------------------------------------------------------

    async def _add(self, turn: Turn, ticket: Ticket, words: str) -> str:
        if not words:
            words = await turn.ask(turn.phrase("tickets.ask_words", reference=ticket.reference), key="words")
        if not ticket.is_unsolved:
            return await self._reopen(turn, ticket, words)
        await turn.tickets.add(ticket.reference, words)
        return turn.phrase("tickets.added", reference=ticket.reference)

    async def _reopen(self, turn: Turn, ticket: Ticket, words: str = "") -> str:
        await turn.tickets.add(ticket.reference, words or turn.text)
        await turn.tickets.hand_off(ticket.reference, reason=turn.phrase("handoff.reason_reopened"))
        return turn.phrase("tickets.reopened", reference=ticket.reference)

    async def _close(self, turn: Turn, ticket: Ticket) -> str:
        if ticket.status == "closed":
            return turn.phrase("tickets.closed_already", reference=ticket.reference)
        await turn.tickets.close(ticket.reference)
        return turn.phrase("tickets.closed", reference=ticket.reference)

    def _shown(self, turn: Turn, ticket: Ticket) -> Reply:
        lines = [self._line(turn, ticket)]
        if ticket.details:
            lines.append(escape(shorten(ticket.details, 300)))
        if turn.is_agent:
            return Reply("\n".join(lines))
        choices = [Choice(turn.phrase("tickets.add_label"), to="add_words", value=ticket.reference)]
        if ticket.status != "closed":
            choices.append(Choice(turn.phrase("tickets.close_label"), to="close", value=ticket.reference))
        return Reply("\n".join(lines), choices)

    def _line(self, turn: Turn, ticket: Ticket) -> str:
        nobody_has_it = ticket.status == "open" and ticket.assignee is None
        status = turn.phrase(f"tickets.status.{'new' if nobody_has_it else ticket.status}")
        return turn.phrase(
            "tickets.line", reference=ticket.reference, subject=escape(ticket.subject), status=status,
            since=f"{turn.date_of(ticket.created_at):%d %b %Y}",
        )  # fmt: skip


def _first_line(text: str) -> str:
    return shorten(text.strip().partition("\n")[0], 120)


def _is_thanks(text: str) -> bool:
    return "?" not in text and all(word in _THANKS for word in match.Said(text).words)
