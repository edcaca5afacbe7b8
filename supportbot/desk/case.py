"""A case in hand: one conversation within a turn's ledger, and how to speak, note and plan in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from supportbot.desk.ledger import Ledger
from supportbot.domain.action import LABELS
from supportbot.domain.address import PLACES, Address, Place, Side
from supportbot.domain.conversation import CONVERSATIONS, Conversation, Owner
from supportbot.domain.dialogue import DIALOGUES, Dialogue
from supportbot.domain.event import Signal
from supportbot.domain.form import Form
from supportbot.domain.markdown import escape, shorten, with_sign
from supportbot.domain.person import Person
from supportbot.domain.reply import (
    FORM,
    OFFERS,
    RELAYED,
    Button,
    Choice,
    Mark,
    Offer,
    Outgoing,
    Purpose,
    Relayed,
    Reply,
    relayed_under,
)
from supportbot.domain.ticket import TICKETS, Ticket
from supportbot.domain.timeline import TIMELINE, Entry, EntryKind
from supportbot.domain.work import outbox
from supportbot.errors import IllegalMove

ASKED_TO_WAIT = "asked to wait"
"""Why a message was put off that the platform did not take: nobody has seen it."""


class Case:
    """One conversation as a turn sees and changes it."""

    def __init__(self, ledger: Ledger, conversation: Conversation) -> None:
        self.ledger = ledger
        self.texts = ledger.rules.texts
        self._id = conversation.id
        ledger.hold(CONVERSATIONS, conversation)

    @property
    def conversation(self) -> Conversation:
        """The conversation as this turn left it."""
        return self.ledger.held(CONVERSATIONS, self._id)

    @classmethod
    async def load(cls, ledger: Ledger, conversation_id: str) -> Case | None:
        """Take up a stored conversation."""
        conversation = await ledger.get(CONVERSATIONS, conversation_id)
        return cls(ledger, conversation) if conversation else None

    def update(self, **fields: Any) -> None:
        """Change fields of the conversation."""
        self.ledger.put(CONVERSATIONS, msgspec.structs.replace(self.conversation, **fields))

    # --- speaking -------------------------------------------------------------------------------------------------

    def say(
        self,
        reply: Reply | str,
        *,
        purpose: Purpose = "answer",
        skill: str = "",
        author: str = "",
        only_for: str = "",
        offer: Offer | None = None,
        form: Form | None = None,
        answers: str = "",
    ) -> Outgoing:
        """Say something to the requester, where they are now.

        Where a dialogue asks, `offer` is what its choices do, and `form` what can be filled in. `answers` is the event
        key of the plain message that it answers.
        """
        conversation, aside = self.conversation, self._aside()
        if only_for != aside:
            aside = "" if only_for else aside
        elif aside:
            only_for = ""  # aside they are alone, and it lasts
        more: dict[str, Any] = {"author": author, "only_for": only_for, "aside": aside}
        outgoing = self._post(reply, conversation.address, purpose, skill, offer=offer, form=form, **more)
        kind: EntryKind = "agent" if author else "bot"
        entry = Entry(
            at=outgoing.at,
            kind=kind,
            who=author,
            text=outgoing.text,
            files=outgoing.files,
            id=outgoing.id,
            answers=answers,
        )
        self.note_entry(entry, conversation.requester)
        self.update(
            last_question="", last_offer=outgoing.id if outgoing.choices else ""
        )  # in any case: a change of owner meanwhile is met as a conflict
        return outgoing

    def _aside(self) -> str:
        """Name the requester where it is time to go aside with them: they have a ticket, and it began in public."""
        conversation = self.conversation
        place = conversation.address
        is_public = (not conversation.direct or place.is_alone) and not conversation.stays
        can_go = place.adapter in self.ledger.rules.private_threads and place.key == conversation.key
        return conversation.requester.id if can_go and is_public and conversation.ticket else ""

    def relayed(self, sent: Outgoing, side: Side, author: Person, said: tuple[str, ...]) -> None:
        """Remember what somebody's words became on the other side, so that a later change of them is followed.

        `author` has the name that the other side knows, `said` the event keys of the messages with the words.
        """
        entry = Relayed(
            id=sent.id,
            address=sent.address,
            conversation=self._id,
            side=side,
            person=author.id,
            who=author.name,
            said=said,
            files=len(sent.files),
        )
        for key in said:
            self.ledger.append(RELAYED, relayed_under(key), entry, author.id, self._id)

    def tell_agents(
        self, reply: Reply | str, *, opens_thread: bool = False, instead: Address | None = None
    ) -> Outgoing:
        """Say something in the case's thread in the agents' channel, or `instead` somewhere else where agents read."""
        return self._post(reply, instead or self.desk, "agents", opens_thread=opens_thread)

    def change(self, id: str, reply: Reply | str, *, address: Address, purpose: Purpose, author: str = "") -> Outgoing:
        """Replace a message, under our id, that was sent to an address before."""
        return self._post(reply, address, purpose, author=author, edits=id)

    def take_away(self, id: str, *, address: Address, purpose: Purpose) -> Outgoing:
        """Remove a message, under our id, that was sent to an address before."""
        return self._post("", address, purpose, edits=id, removes=True)

    def tell(self, address: Address, words: str, *, purpose: Purpose) -> Outgoing:
        """Say something at an address, of which no timeline needs to know."""
        return self._post(words, address, purpose)

    def mark(self, key: str, mark: Mark, words: str, *, at: Address) -> Outgoing:
        """Mark the message of an event key, which stands at an address; where nothing can be marked, say the words."""
        return self._post(words, at, "command", reaction_to=key, mark=mark)

    def answer_at(
        self,
        address: Address,
        reply: Reply | str,
        *,
        skill: str = "",
        about: str = "",
        only_for: str = "",
        offer: Offer | None = None,
        form: Form | None = None,
    ) -> Outgoing:
        """Answer someone at the address where they wrote; `about` is another conversation that it belongs to."""
        return self._post(reply, address, "command", skill, about=about, only_for=only_for, offer=offer, form=form)

    def _post(
        self,
        reply: Reply | str,
        address: Address,
        purpose: Purpose,
        skill: str = "",
        *,
        offer: Offer | None = None,
        form: Form | None = None,
        about: str = "",
        only_for: str = "",
        **more: Any,
    ) -> Outgoing:
        """Put a message into the outbox; `more` are further fields of an Outgoing."""
        reply = Reply(reply) if isinstance(reply, str) else reply
        conversation, rules, name = self.conversation, self.ledger.rules, self.ledger.new_id("o")
        outgoing = Outgoing(
            id=name,
            address=address,
            conversation=about or conversation.id,
            purpose=purpose,
            text=with_sign(reply.text, rules.signs.get(address.adapter, "/"), rules.commands),
            choices=_buttons(name, reply.choices, has_menus=address.adapter in rules.menus),
            files=tuple(reply.files),
            only_for=only_for,
            form=msgspec.structs.replace(form, id=f"{name}.{FORM}") if form else None,
            at=self.ledger.now,
            **more,
        )
        if reply.choices or form:
            plain = Offer(conversation=conversation.id, person=only_for, skill=skill, choices=tuple(reply.choices))
            side: Side = "agents" if address.outside_thread == rules.agents else "requester"
            kept = msgspec.structs.replace(offer or plain, side=side)
            self.ledger.append(OFFERS, name, kept, self.conversation.requester.id, kept.conversation)
        self.ledger.send(outgoing, conversation.requester)
        return outgoing

    # --- noting ---------------------------------------------------------------------------------------------------

    def note(self, kind: EntryKind, who: str, text: str, **more: Any) -> None:
        """Add a line to the conversation's timeline."""
        self.note_entry(Entry(at=self.ledger.now, kind=kind, who=who, text=text, **more), self.conversation.requester)

    def note_entry(self, entry: Entry, person: Person) -> None:
        """Add a line with a person's own words to the conversation's timeline."""
        self.ledger.append(TIMELINE, self._id, entry, person.id)

    async def timeline(self, limit: int = 12) -> list[Entry]:
        """Read the last lines of the timeline, oldest first, with those of this turn."""
        stored = await self.ledger.store.read(TIMELINE, self.conversation.id, limit=limit)
        return [*reversed(stored.items), *self.ledger.staged(TIMELINE, self.conversation.id)][-limit:]

    # --- who owns it ----------------------------------------------------------------------------------------------

    async def own(self, owner: Owner, agent: Person | None = None) -> None:
        """Give the conversation to another owner; the bot's unsent words are withheld and shown to the agents."""
        before = self.conversation
        self.ledger.put(CONVERSATIONS, before.owned_by(owner, agent))
        self.note("owner", agent.name if agent else "", owner)
        if before.owner == "bot":
            await self._withhold()

    async def _withhold(self) -> None:
        queue = outbox(self.conversation.address.adapter)
        for work in await self.ledger.store.pending(queue, group=self.conversation.id):
            unsent = work.payload
            waits = not work.attempt or (work.error == ASKED_TO_WAIT and work.not_before > self.ledger.now)
            if isinstance(unsent, Outgoing) and unsent.purpose == "answer" and waits:
                self.ledger.withdrawn.append(work)
                self.note("withheld", "", unsent.text, id=unsent.id)
                self.tell_agents(self.texts("agents.withheld", text=shorten(unsent.text, 600)))

    async def leave_dialogues(self, *, keep: str = "") -> None:
        """End the dialogues that wait in this conversation, except the one that runs now."""
        for name in self.conversation.dialogues:
            dialogue = await self.ledger.get(DIALOGUES, name)
            if dialogue and name != keep:
                self.leave(dialogue)
        self.update(dialogues=tuple(name for name in self.conversation.dialogues if name == keep))

    def leave(self, dialogue: Dialogue) -> None:
        """End a dialogue that waits in this conversation."""
        self.ledger.delete(DIALOGUES, dialogue)
        if dialogue.question and dialogue.question.deadline:
            self.ledger.cancel(dialogue.question.deadline)
        self.happened("dialogue_left", skill_left=dialogue.skill, handler=dialogue.handler)
        self.update(dialogues=tuple(name for name in self.conversation.dialogues if name != dialogue.id))

    # --- planning -------------------------------------------------------------------------------------------------

    def happened(self, name: str, **data: Any) -> None:
        """Tell the skills that listen, in a turn of its own after this one."""
        if name in self.ledger.rules.listened:
            self.later(Signal(name=name, conversation=self.conversation.id, data=data), after=0)

    def later(self, signal: Signal, *, after: int, id: str = "") -> str:
        """Let a signal come to this conversation after so many milliseconds."""
        if not self.conversation.version:
            self.update()  # what is to happen in it needs it stored
        return self.ledger.later(signal, self.conversation.key, self.ledger.now + after, id)

    # --- what belongs to it ---------------------------------------------------------------------------------------

    @property
    def desk(self) -> Address:
        """The case's thread in the agents' channel."""
        return self.ledger.rules.case_thread(self.conversation.id)

    async def take_place(self) -> None:
        """Make the requester's address lead to this conversation again, where a later one began there meanwhile."""
        place = await self.ledger.get(PLACES, self.conversation.address.key)
        if place and place.conversation != self.conversation.id:
            later = await Case.load(self.ledger, place.conversation)
            if later and later.conversation.owner in ("queue", "agent"):
                raise IllegalMove(f"people are busy with {later.conversation.ticket} of the same person")
            self.ledger.put(PLACES, msgspec.structs.replace(place, conversation=self.conversation.id))
        if self.conversation.ended_at:
            self.update(ended_at=0)

    async def open_desk(self) -> None:
        """Make the thread in the agents' channel lead to this conversation."""
        if not await self.ledger.conversation_at(self.desk.key):
            place = Place(id=self.desk.key, conversation=self.conversation.id, side="agents")
            self.ledger.put(PLACES, place)

    def way_on(self) -> list[Choice]:
        """Offer what helps when the bot cannot: a person, or a ticket, where a skill takes them."""
        ways = [(command, LABELS[command]) for command in ("human", "ticket")]
        offered = self.ledger.rules.commands
        return [Choice(self.texts(key), command=command) for command, key in ways if command in offered]

    async def ticket(self, reference: str = "") -> Ticket | None:
        """Read a ticket of this tenant, by default the one that the case is about."""
        name = reference or self.conversation.ticket
        return await self.ledger.get(TICKETS, f"{self.conversation.tenant}/{name}") if name else None

    @property
    def is_stored(self) -> bool:
        """It was stored before this turn, and the turn has not dropped it."""
        held = self.ledger.find_held(CONVERSATIONS, self._id)
        return held is not None and held.version > 0

    @property
    def has_open_question(self) -> bool:
        """A question of the bot waits here, or was the last thing that it said."""
        return bool(self.conversation.dialogues or self.conversation.last_question)

    @property
    def requester_name(self) -> str:
        """The requester's name, fit for a reply."""
        return escape(shorten(self.conversation.requester.name, 80))


def _buttons(name: str, choices: Sequence[Choice], *, has_menus: bool) -> tuple[Button, ...]:
    """Make what can be pressed of choices, under the name of the message that offers them."""
    menus = [choice.menu or (choice.among if has_menus else "") for choice in choices]
    named = enumerate(zip(choices, menus, strict=True), 1)
    return tuple([Button(f"{name}.{number}", choice.label, menu) for number, (choice, menu) in named])
