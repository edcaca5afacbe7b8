"""Handoff: a person who wants a person gets one, in one step; and what agents do with the cases that come to them."""

from __future__ import annotations

from supportbot import (
    PASS,
    Choice,
    ClaimedAlready,
    IllegalMove,
    NoAnswer,
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
)

_KIND = r"(?:(?:an?|some|the|your|any|one\s+of\s+your)\s+)?(?:(?:real|live|actual|human|support|service)\s+)*"
_PERSON = r"(?:person|human(?:\s+being)?|someone|somebody|agent|operator|representative|colleague)"
_TEAM = r"(?:team|support|customer\s+(?:service|support|care)|staff|real\s+people)"
_TALK = r"(?:(?:talk|speak|chat)\s+(?:to|with)|connect\s+me\s+(?:to|with)|transfer\s+me\s+to|put\s+me\s+through\s+to)"
_WANT = r"(?:get\s+me|give\s+me|(?:i|we)\s+(?:need|want)|(?:i|we)(?:['’]d|\s+would)\s+like)"
_CAN = r"(?:can|could|would|will)"
_CALL = r"(?:call|contact|ring|get\s+back\s+to)"
_HELP = rf"(?:help|assist|answer|{_CALL}|(?:write|reply|talk|speak)\s+to|look\s+(?:at|into))"
_STOP = r"\s*(?:[.,!?;:)…]|$)"
_OVER = rf"(?:{_STOP}|\s+(?:please|pls|now|instead|here|asap|today|right|directly|personally|rather)\b)"
_ABOUT = r"\s+(?:about|regarding|concerning|because|on|in|at|from|and|who|that|if|with|for|or)\b"
_WISHES = (
    rf"\b{_TALK}\s+{_KIND}(?:{_PERSON}|{_TEAM})(?:{_OVER}|{_ABOUT})",
    rf"\b{_WANT}\s+{_KIND}{_PERSON}(?:{_OVER}|\s+to\s+{_HELP}\b|\s+from\s+(?:support|your|the)\b)",
    rf"\b{_PERSON}\s+(?:(?:here|there|that|who|whom)\s+)*(?:i\s+can|i\s+could|can\s+i|to)\s+{_TALK}{_STOP}",
    rf"\b{_PERSON}\s+(?:(?:here|there|that|who|whom)\s+)*(?:i\s+can|i\s+could|can\s+i|to)\s+(?:talk|speak){_STOP}",
    rf"\b{_CAN}\s+{_KIND}(?:person|human|agent|colleague)\s+(?:please\s+)?{_HELP}\b",
    rf"\b{_CAN}\s+(?:someone|somebody|anyone|anybody)\s+(?:please\s+)?{_CALL}\s+(?:me|us)\b",
)
_NOT = r"(?:don['’]?t|do\s+not|not|no\s+longer|never)"
_NOT_WISHED = rf"\b{_NOT}\s+(?:want|need|have|wish|like)\s+(?:to\s+)?(?:{_TALK}\s+)?{_KIND}{_PERSON}"
_WHOLE = (
    "human", "agent", "person", "operator", "representative", "human please", "agent please", "a human please",
    "real person", "live agent", "customer service", "i need help from a person", "help from a person",
    "is anyone there", "anyone there", "is anybody there", "anybody there", "is somebody there", "is someone there",
    "is there anyone", "is anyone here", "hello is anyone there", "can someone help me", "can anyone help me",
    "can somebody help me", "could someone help me",
)  # fmt: skip
_WISH = match.but_not(match.any_of(*map(match.pattern, _WISHES), match.exactly(*_WHOLE)), match.pattern(_NOT_WISHED))
_LONGEST_WISH = 14
_PATIENCE = "10m"
"""How long an agent who pressed Note or Assign is waited for: what they write later is for the requester again."""


class Handoff(Skill[Settings]):
    """Hand over to a human, and let humans do their work."""

    # --- requesters -----------------------------------------------------------------------------------------------

    @on.command("human", help="talk to a person")
    async def human(self, turn: Turn) -> str:
        """Hand over at once, and say what happens now."""
        return await self._hand_off(turn, turn.args or turn.phrase("handoff.reason_asked"))

    @on.message(_WISH, first=True)
    async def asked_in_words(self, turn: Turn) -> str | Pass:
        """Hand over when somebody asks for a person in words, inside any dialogue too."""
        if turn.in_public or len(turn.text.split()) > _LONGEST_WISH:
            return PASS
        return await self._hand_off(turn, turn.phrase("handoff.reason_asked"))

    async def _hand_off(self, turn: Turn, reason: str) -> str:
        waits = turn.owner
        ticket = await turn.hand_off(reason=reason)
        key = {"queue": "handoff.waiting_already", "agent": "handoff.agent_already"}.get(waits, "handoff.queued")
        return turn.phrase(key, reference=ticket.reference)

    @on.choice("leave_as_ticket")
    async def leave_as_ticket(self, turn: Turn) -> str:
        """Stop waiting; the ticket stays."""
        if turn.owner != "queue":
            return self._waits_no_more(turn)
        await turn.tickets.stop_waiting(turn.value)
        return turn.phrase("handoff.left_as_ticket", reference=turn.value)

    @on.choice("keep_waiting")
    async def keep_waiting(self, turn: Turn) -> str:
        """Go on waiting; the agents are asked again."""
        if turn.owner != "queue":
            return self._waits_no_more(turn)
        await turn.tickets.keep_waiting(turn.value)
        return turn.phrase("handoff.waiting_on", reference=turn.value)

    def _waits_no_more(self, turn: Turn) -> str:
        if turn.owner == "agent":
            return turn.phrase("handoff.agent_already", reference=turn.value)
        return turn.phrase("dialogue.already_answered")

    # --- agents ---------------------------------------------------------------------------------------------------

    @on.command("claim", role="agent", help="take a case: `/claim T-1042`")
    async def claim(self, turn: Turn) -> Reply | str:
        """Take a case; who comes second learns who has it, and may take over."""
        reference, rest = _reference(turn.args)
        take_over = rest.strip().lower() in ("over", "takeover", "take over")
        try:
            ticket = await turn.desk.claim(reference, take_over=take_over)
        except ClaimedAlready as taken:
            words = turn.phrase("agents.claim_lost", agent=escape(taken.agent.name), reference=taken.reference)
            return Reply(words, [Choice(turn.phrase("agents.take_over"), command=f"claim {taken.reference} over")])
        except (NotFound, IllegalMove) as error:
            return self._no(turn, error)
        return turn.phrase("agents.claimed", reference=ticket.reference, agent=escape(turn.person.name))

    @on.command("release", role="agent", help="give a case back: `/release T-1042`, or `/release T-1042 bot`")
    async def release(self, turn: Turn) -> str:
        """Give a case back to the queue or to the bot."""
        reference, rest = _reference(turn.args)
        to_bot = rest.strip().lower() == "bot"
        if rest and rest.strip().lower() not in ("bot", "queue"):
            return turn.phrase("agents.release_how", reference=reference or "T-1042")
        try:
            ticket = await turn.desk.release(reference, to="bot" if to_bot else "queue")
        except (NotFound, IllegalMove) as error:
            return self._no(turn, error)
        return turn.phrase("agents.released_to_bot" if to_bot else "agents.released", reference=ticket.reference)

    @on.command("note", role="agent", help="an internal note: `/note T-1042 words`")
    async def note(self, turn: Turn) -> str | None:
        """Write a note that only agents see; where there are no words yet, the next ones are it."""
        reference, words = _reference(turn.args)
        if not words.strip():
            question = turn.phrase("agents.ask_note", reference=_this(turn, reference))
            form = read.form(turn.phrase("agents.note"), words=(question, read.text))
            try:
                words = (await turn.ask("", form, within=_PATIENCE))["words"]
            except NoAnswer:
                return None
        return await self._do(turn, "agents.noted", turn.desk.note(reference, _unmarked(words)))

    @on.command("assign", role="agent", help="give a case to a colleague: `/assign T-1042 @sam`")
    async def assign(self, turn: Turn) -> str | None:
        """Give a case to a colleague; where none is named yet, the next words name them."""
        reference, who = _reference(turn.args)
        if not who.strip().lstrip("@"):
            question = turn.phrase("agents.ask_assignee", reference=_this(turn, reference))
            form = read.form(turn.phrase("agents.assign"), who=(question, read.line))
            try:
                who = (await turn.ask("", form, within=_PATIENCE))["who"]
            except NoAnswer:
                return None
        return await self._do(
            turn, "agents.assigned", turn.desk.assign(reference, who), agent=escape(who.strip().lstrip("@"))
        )

    @on.command("reply", role="agent", help="say something to the requester: `/reply T-1042 words`")
    async def reply(self, turn: Turn) -> str:
        """Say something to the requester of a case that this agent has claimed."""
        reference, words = _reference(turn.args)
        if not words.strip():
            return turn.phrase("agents.reply_how")
        return await self._do(turn, "agents.replied", turn.desk.reply(reference, words.strip()))

    @on.command("canned", role="agent", help="send a canned reply: `/canned T-1042 name`")
    async def canned(self, turn: Turn) -> Reply | str:
        """Send one of the team's canned replies to the requester, or show which there are."""
        reference, name = _reference(turn.args)
        if not turn.desk.canned:
            return turn.phrase("agents.canned_none")
        if not name:
            menu = turn.phrase("agents.canned")
            named = " ".join(part for part in ("canned", reference) if part)
            choices = [Choice(known, command=f"{named} {known}", menu=menu) for known in turn.desk.canned]
            return Reply(turn.phrase("agents.canned_which"), choices)
        return await self._do(
            turn, "agents.canned_sent", turn.desk.reply_canned(reference, name), name=escape(name.strip())
        )

    @on.command("solve", role="agent", help="solve a case: `/solve T-1042 last words`")
    async def solve(self, turn: Turn) -> str:
        """Solve a case, with a last message to the requester; the survey follows."""
        reference, words = _reference(turn.args)
        return await self._do(turn, "agents.solved", turn.desk.solve(reference, words.strip()))

    @on.command("close", role="agent", help="close a case without a word: `/close T-1042`")
    async def close(self, turn: Turn) -> str:
        """Close a case silently (spam, a duplicate)."""
        return await self._do(turn, "agents.closed", turn.desk.close(_reference(turn.args)[0]))

    @on.command("reopen", role="agent", help="open a case again: `/reopen T-1042`")
    async def reopen(self, turn: Turn) -> str:
        """Open a solved case again, claimed."""
        return await self._do(turn, "agents.reopened", turn.desk.reopen(_reference(turn.args)[0]))

    @on.command("queue", role="agent", help="who is waiting, and what nobody has taken")
    async def queue(self, turn: Turn) -> Reply | str:
        """List who is waiting, longest first, then the tickets that nobody has taken."""
        waiting, untaken = await turn.desk.queue(), await turn.desk.untaken()
        if not (waiting or untaken):
            return turn.phrase("agents.queue_empty")
        lines = [turn.phrase("agents.queue" if waiting else "agents.queue_empty")]
        lines += [self._waiting(turn, ticket, conversation.queued_at) for conversation, ticket in waiting]
        if untaken:
            lines += ["", turn.phrase("agents.untaken")]
            lines += [self._untaken(turn, ticket) for ticket in untaken]
        tickets = [ticket for _, ticket in waiting] + untaken
        choices = [
            Choice(turn.phrase("agents.claim_one", reference=ticket.reference), command=f"claim {ticket.reference}")
            for ticket in tickets[:5]
        ]
        return Reply("\n".join(lines), choices)

    def _untaken(self, turn: Turn, ticket: Ticket) -> str:
        who, subject = escape(ticket.requester.name), escape(ticket.subject)
        since = f"{turn.date_of(ticket.created_at):%d %b}"
        return turn.phrase("agents.untaken_line", reference=ticket.reference, who=who, subject=subject, since=since)

    def _waiting(self, turn: Turn, ticket: Ticket, since: int) -> str:
        minutes = int((turn.now - turn.date_of(since)).total_seconds()) // 60
        who, subject = escape(ticket.requester.name), escape(ticket.subject)
        return turn.phrase("agents.queue_line", reference=ticket.reference, who=who, subject=subject, minutes=minutes)

    async def _do(self, turn: Turn, key: str, action: object, **values: object) -> str:
        try:
            ticket: Ticket = await action  # type: ignore[misc] # a coroutine of one of the desk's actions
        except (NotFound, IllegalMove) as error:
            return self._no(turn, error)
        return turn.phrase(key, reference=ticket.reference, **values)

    def _no(self, turn: Turn, error: NotFound | IllegalMove) -> str:
        key = "agents.not_found" if isinstance(error, NotFound) else "agents.not_possible"
        return turn.phrase(key, reason=escape(str(error)))


def _this(turn: Turn, reference: str) -> str:
    return reference.upper() or turn.phrase("agents.this_case")


def _unmarked(words: str) -> str:
    """Take off the mark of a note, which is one anyway."""
    return words.strip().removeprefix("//").strip() or words.strip()


def _reference(args: str) -> tuple[str, str]:
    """Split a ticket's reference from what follows; without one it is the case whose thread this is.

    What looks like a reference is one, whatever stands around it: words never go to another case by a slip.
    """
    head, *rest = args.split(maxsplit=1) or [""]
    name = head.strip("#[](){}<>:,.;*`'\"")
    if name[:2].upper() == "T-":
        return name, rest[0].strip() if rest else ""
    return "", args.strip()
