"""A turn: what a handler holds while it deals with one thing that happened: a dozen verbs and three nouns."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any, TypeVar, overload

from supportbot import open_question, opening
from supportbot.asking import Asking
from supportbot.clock import as_datetime, as_instant, milliseconds
from supportbot.conduct import caller, verb
from supportbot.desk import memories
from supportbot.desk.ledger import words_of
from supportbot.dialogue import Suspended, result_of
from supportbot.domain.event import Event, Said, Signal
from supportbot.domain.file import File
from supportbot.domain.person import Person
from supportbot.domain.reply import Choice, Reply, checked
from supportbot.domain.ticket import TICKETS, Priority, Ticket
from supportbot.errors import SkillError
from supportbot.ids import derived
from supportbot.once import do_once
from supportbot.open_question import Span
from supportbot.reader import Reader, one_of, yes_or_no
from supportbot.reader import text as any_text
from supportbot.speaking import speak
from supportbot.turn_desk import TurnDesk
from supportbot.turn_knowledge import TurnKnowledge
from supportbot.turn_tickets import TurnTickets

T = TypeVar("T")


class Turn:
    """One thing that happened, and everything a handler may do about it.

    What a handler returns is what the bot says; what it calls here is what the bot does. In a dialogue every call is a
    step that is done once: a handler that is run again gets the recorded results.
    """

    filled_in: bool = False
    """What was asked last was a form, and it was sent as one: whoever did that has seen and confirmed all of it."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._case = asking.case
        self._ledger = asking.case.ledger
        self._journal = asking.journal
        self.conduct = asking.conduct
        self._now = asking.dialogue.began_at if asking.dialogue else self._ledger.now
        self._named = 0
        self.spoke = False

    # --- what happened --------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The words that began this turn, "" where nobody spoke."""
        return words_of(self._asking.origin)

    @property
    def files(self) -> tuple[File, ...]:
        """The files that came with the words."""
        return origin.files if isinstance(origin := self._asking.origin, Event) else ()

    @property
    def args(self) -> str:
        """What stands behind a command: ``T-1042`` for ``/status T-1042``."""
        return self._asking.args

    @property
    def value(self) -> str:
        """The value of the choice that was pressed."""
        return self._asking.value

    @property
    def about(self) -> Said | None:
        """The message that a command was called on, by a shortcut or an emoji; None where there is none."""
        return origin.about if isinstance(origin := self._asking.origin, Event) else None

    @property
    def found(self) -> dict[str, str]:
        """What the matcher's pattern found, by group name or number."""
        return self._asking.found

    @property
    def data(self) -> dict[str, Any]:
        """What came with an event or a timer."""
        origin = self._asking.origin
        return origin.data if isinstance(origin, Signal) else {}

    @property
    def person(self) -> Person:
        """Who acts; in a turn that nobody began, the conversation's requester."""
        return self._asking.person

    @property
    def is_agent(self) -> bool:
        """The person who acts is an agent, checked now."""
        return self._asking.is_agent

    @property
    def in_public(self) -> bool:
        """Others are in the room and nobody spoke to the bot."""
        origin = self._asking.origin
        return isinstance(origin, Event) and not (origin.direct or origin.mentioned or origin.kind != "message")

    @property
    def in_thread(self) -> bool:
        """Said in a thread of its own, where a topic stays together."""
        return bool(self._asking.here.thread)

    @property
    def asked(self) -> str:
        """Whether a question of the bot waits for these words: "insisting" or "yielding" as it was asked, "" for no."""
        return self._asking.asked

    @property
    def owner(self) -> str:
        """Who owned the conversation when the turn began: bot, queue, agent or nobody."""
        return self._asking.owner

    @property
    def conversation_id(self) -> str:
        """The id of the conversation that this turn belongs to."""
        return self._case.conversation.id

    @property
    def now(self) -> datetime:
        """The time, aware UTC: of the beginning or of the last answer, so that it is the same in a replay."""
        return as_datetime(self._now)

    @cached_property
    def random(self) -> random.Random:
        """Chance that comes out the same when the handler is run again."""
        return random.Random(self._asking.dialogue_id)

    @cached_property
    def tickets(self) -> TurnTickets:
        """The requester's tickets."""
        return TurnTickets(self._case, self._asking)

    @cached_property
    def desk(self) -> TurnDesk:
        """What agents do."""
        return TurnDesk(self._case, self._asking)

    @cached_property
    def knowledge(self) -> TurnKnowledge:
        """The articles."""
        return TurnKnowledge(self._case, self._asking)

    @property
    def commands(self) -> Sequence[tuple[str, str, str]]:
        """Every command of the loaded skills: name, what it does, who may use it."""
        return self._asking.commands

    def way_on(self) -> list[Choice]:
        """Offer what helps when the bot cannot: a person, or a ticket, as far as the loaded skills have them."""
        return self._case.way_on()

    def date_of(self, instant: int) -> datetime:
        """Show an instant of a record (milliseconds since 1970 UTC) as an aware datetime."""
        return as_datetime(instant)

    def phrase(self, key: str, **values: object) -> str:
        """Word one of the bot's sentences from the texts that a team can change."""
        return self._case.texts(key, **values)

    def new_id(self, prefix: str = "x") -> str:
        """Name something; the same name comes again when the handler is run again."""
        self._named += 1
        return derived(prefix, self._asking.dialogue_id, str(self._named))

    # --- verbs: talking -------------------------------------------------------------------------------------------

    @verb
    async def say(self, reply: Reply | str) -> None:
        """Say something now, before the handler goes on."""

        async def do() -> None:
            self._speak(reply)

        await self._journal.step("say", "", None, do)

    @overload
    async def ask(
        self,
        question: Reply | str,
        *,
        key: str = "",
        within: Span | None = None,
        yielding: bool = False,
        unless_said: bool = False,
    ) -> str: ...

    @overload
    async def ask(
        self,
        question: Reply | str,
        reader: Reader[T],
        *,
        key: str = "",
        within: Span | None = None,
        yielding: bool = False,
        unless_said: bool = False,
    ) -> T: ...

    @verb
    async def ask(
        self,
        question: Reply | str,
        reader: Reader[Any] = any_text,
        *,
        key: str = "",
        within: Span | None = None,
        yielding: bool = False,
        unless_said: bool = False,
    ) -> Any:
        """Ask and wait for the answer, over any number of restarts.

        `within` raises NoAnswer after that time; without it the dialogue ends kindly after a day. A `yielding`
        question insists on nothing: other skills hear the answer first, and it lapses when the bot says something else.
        With `unless_said` nothing is asked where the reader finds its value in what began the turn.
        """
        choices = tuple(Choice(option) for option in reader.options)
        reply = Reply(question, choices) if isinstance(question, str) else question
        if unless_said:
            open_question.take_what_was_said(self._asking, reader)
        return await self._ask(reply, reader, key or reader.name, within, yielding=yielding)

    @verb
    async def confirm(self, question: str, *, key: str = "", within: Span | None = None) -> bool:
        """Ask for a yes or a no."""
        yes, no = self.phrase("dialogue.yes"), self.phrase("dialogue.no")
        reader = yes_or_no(yes, no, self.phrase("dialogue.yes_words"), self.phrase("dialogue.no_words"))
        reply = Reply(question, (Choice(yes), Choice(no)))
        return await self._ask(reply, reader, key or reader.name, within)  # type: ignore[no-any-return]

    @verb
    async def choose(
        self,
        question: str,
        options: Sequence[str] | dict[str, str],
        *,
        key: str = "",
        within: Span | None = None,
        yielding: bool = False,
    ) -> str:
        """Ask for one of several options, shown as choices; a mapping gives a value for each label."""
        values = options if isinstance(options, dict) else {label: label for label in options}
        reply = Reply(question, tuple(Choice(label) for label in values))
        reader = one_of(values)
        return await self._ask(reply, reader, key or reader.name, within, yielding=yielding)  # type: ignore[no-any-return]

    async def _ask(
        self, reply: Reply, reader: Reader[Any], name: str, within: Span | None, *, yielding: bool = False
    ) -> Any:
        if self.conduct.suspended_at:
            raise self.conduct.went_on()
        known = self._journal.recall("ask", name) or open_question.answered(self._asking, reader, name)
        if known is None:
            self.conduct.suspended_at = caller()
            await open_question.wait(self._asking, reply, reader, name, within, yielding=yielding)
            raise Suspended
        self._now, self.filled_in = known.at, known.whole
        return result_of(known, reader.type)

    # --- verbs: doing ---------------------------------------------------------------------------------------------

    @verb
    async def once(self, do: Callable[[str], Awaitable[T]], *, key: str = "", type: Any = Any) -> T:
        """Do something in the outside world, and remember what came of it before the handler goes on.

        `do` gets an idempotency key to hand on, since a kill inside it runs it again. Its result must be made of what
        JSON has, or of `type`. What it raises comes out as OnceFailed, now and at each replay.
        """
        name = key or getattr(do, "__name__", "once")
        known = self._journal.recall("once", name)
        if known is None:
            if self._ledger.is_joined:  # one step has one key, however the messages come to be joined after a kill
                self._ledger.must_part, self.conduct.suspended_at = True, caller()
                raise Suspended
            place = f"{self._asking.dialogue_id}/{self._journal.position}"
            deed, here = self._asking.instead(name, do), self.conversation_id
            known = await do_once(self._ledger.store, place, name, deed, person=self.person, conversation=here)
            self._case.note("once", self._asking.skill, name, id=place)
            self._journal.record(known)
        return result_of(known, type)  # type: ignore[no-any-return] # the caller says what it is

    @verb
    async def open_ticket(
        self,
        *,
        subject: str,
        category: str = "",
        details: str = "",
        files: Sequence[File] = (),
        priority: Priority = "normal",
    ) -> Ticket:
        """Open a ticket for the requester; its `reference` is what people say, `files` what they showed."""

        async def do() -> str:
            return await opening.open_ticket(
                self._asking, subject=subject, category=category, details=details, files=files, priority=priority
            )

        return await self._ticket(await self._journal.step("open_ticket", "", str, do))

    @verb
    async def hand_off(self, *, reason: str) -> Ticket:
        """Hand the conversation over to a human; every handoff has a ticket, which is returned."""

        async def do() -> str:
            return await opening.hand_off(self._asking, self._case, reason)

        return await self._ticket(await self._journal.step("hand_off", "", str, do))

    async def _ticket(self, id: str) -> Ticket:
        ticket = await self._ledger.get(TICKETS, id)
        if ticket is None:
            raise SkillError(f"ticket {id} is gone from the store")
        return ticket

    @verb
    async def remember(self, key: str, value: Any, *, about: memories.Scope = "person") -> None:
        """Keep a value (made of what JSON has) for later turns of this skill; None forgets it."""

        async def do() -> None:
            await memories.keep(self._ledger, self._asking.skill, self._about(about), key, value)

        await self._journal.step("remember", key, None, do)

    @verb
    async def recall(self, key: str, default: Any = None, *, about: memories.Scope = "person") -> Any:
        """Read what this skill remembered."""

        async def do() -> Any:
            return await memories.read(self._ledger, self._asking.skill, self._about(about), key, default)

        return await self._journal.step("recall", key, Any, do)

    def _about(self, scope: memories.Scope) -> memories.About:
        return memories.about(scope, self._case.conversation, self.person)

    @verb
    async def schedule(
        self,
        handler: Callable[..., Any],
        *,
        after: Span | int = 0,
        at: datetime | None = None,
        key: str = "",
        **data: Any,
    ) -> str:
        """Let one of the skill's own handlers, marked ``@on.timer``, run later in this conversation.

        `after` is a span (``"10m"``, a timedelta, or milliseconds), `at` an aware datetime in its place; the handler
        finds `data` in ``turn.data``. With a `key` it waits only once in this conversation. Returns the id that
        `cancel` takes.
        """
        name = handler.__name__

        async def do() -> str:
            id = derived("timer", self.conversation_id, self._asking.skill, name, key) if key else ""
            signal = Signal(name=name, conversation=self.conversation_id, skill=self._asking.skill, data=data)
            span = as_instant(at) - self._ledger.now if at else milliseconds(after)
            return self._case.later(signal, after=span, id=id)

        return await self._journal.step("schedule", key or name, str, do)

    @verb
    async def cancel(self, scheduled: str) -> None:
        """Let something scheduled not happen; where it has happened, nothing changes."""

        async def do() -> None:
            self._ledger.cancel(scheduled)

        await self._journal.step("cancel", "", None, do)

    # --- how ------------------------------------------------------------------------------------------------------

    def _speak(self, reply: Reply | str) -> None:
        self.spoke = True
        speak(self._asking, checked(reply))

    def close(self) -> None:
        """End the turn: whatever of the handler goes on, its verbs do nothing any more."""
        self._journal.is_closed = True
        self.conduct.close()

    async def finish(self, said: Reply | str | None) -> None:
        """Say what the handler returned; called once, when it has ended."""
        if said is not None:
            self._speak(said)
