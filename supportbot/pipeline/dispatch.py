"""Dispatch: to whom does a message go? A command, a choice, the open question, the other skills; last the fallback."""

from __future__ import annotations

from typing import Literal

from supportbot.desk import handoffs
from supportbot.dialogue import DEEPEST
from supportbot.domain.dialogue import DIALOGUES, Dialogue
from supportbot.domain.event import Event, Signal
from supportbot.domain.markdown import escape, quote, shorten
from supportbot.domain.reply import FORM, OFFERS, Choice, Offer
from supportbot.pipeline import panels, topics
from supportbot.pipeline.blocks import BLOCKING, Blocks
from supportbot.pipeline.commands import command_in
from supportbot.pipeline.handlers import Handler, Handlers, MessageHandlers
from supportbot.pipeline.ownership import Scene
from supportbot.pipeline.panels import PANEL
from supportbot.pipeline.questions import Questions, is_open
from supportbot.pipeline.rooms import HERE, Rooms
from supportbot.pipeline.running import (
    Call,
    Passed,
    Ran,
    Running,
    Unread,
    answer,
    answer_alone,
    began_with_command,
    who_alone,
)
from supportbot.pipeline.switches import Switches
from supportbot.skills.match import Said

_LONGEST_LABEL = 200
_LONGEST_FIELD = 4_000
"""Characters of a form's field that are given back."""


class Dispatch:
    """Finds the handlers for what a person did, in the order of the configuration."""

    def __init__(self, handlers: Handlers, running: Running, switches: Switches, rooms: Rooms, blocks: Blocks) -> None:
        self._handlers = handlers
        self._rooms = rooms
        self._blocks = blocks
        self._running = running
        self._switches = switches
        self.questions = Questions(handlers, running)

    # --- what a person did ----------------------------------------------------------------------------------------

    async def act(self, scene: Scene) -> bool:
        """Deal with a command, a press or a form, whoever owns the conversation; False where it is none of them."""
        if scene.event.kind == "press":
            await self._press(scene)
            return True
        if scene.event.kind == "form":
            await self._form(scene)
            return True
        name, args = command_in(scene.event.text)
        if name:
            await self._command(scene, name, args)
        return bool(name)

    async def message(self, scene: Scene) -> None:
        """Deal with plain words in a conversation that the bot owns."""
        typed = await typed_choice(scene)
        if typed:
            await self._pressed(scene, typed)
            return
        said = Said(scene.event.text, has_files=bool(scene.event.files))
        waiting = await self.questions.open_for(scene)
        last = None if waiting else await self.questions.last_for(scene)
        if last and last.question and last.question.choices:
            if isinstance(await self.questions.answer(scene, last), Ran):
                return  # one of its choices, typed
            last = None
        scene.asked = "insisting" if waiting else "yielding" if last else ""
        if not scene.asked and _among_people(scene):
            return
        if await self._offer_to(self._handlers.first, said, scene):
            return
        if waiting:
            await self._answer(scene, waiting, said)
        elif await self._others(scene, said):
            return
        elif last is None or not isinstance(await self.questions.answer(scene, last), Ran):
            await self._fall_back(scene)

    async def go_on(self, scene: Scene) -> bool:
        """Answer a dialogue that a command began here, though people speak here; False where none asked last."""
        waiting = await self.questions.open_for(scene)
        if waiting is None or not began_with_command(waiting) or not self._asked_last(scene, waiting):
            return False
        if not _began_here(waiting, scene):
            return False  # what is said in another thread is about the case there
        result = await self.questions.answer(scene, waiting)
        if isinstance(result, Unread):
            self.questions.put_again(scene, waiting, hint=result.hint)
        return True

    async def _answer(self, scene: Scene, waiting: Dialogue, said: Said) -> None:
        result = await self.questions.answer(scene, waiting)
        if not isinstance(result, Unread):
            await self._come_back(scene)
            return
        deep = len(scene.case.conversation.dialogues) >= DEEPEST
        tries = waiting.question.tries if waiting.question else 0
        if not deep and tries == 0 and await self._others(scene, said):
            await self._come_back(scene, only=waiting)
        else:
            self.questions.put_again(scene, waiting, hint=result.hint)

    def _asked_last(self, scene: Scene, waiting: Dialogue) -> bool:
        return scene.case.conversation.last_question == waiting.id

    async def _others(self, scene: Scene, said: Said) -> bool:
        return await self._offer_to(self._handlers.messages, said, scene)

    async def _offer_to(self, handlers: MessageHandlers, said: Said, scene: Scene) -> bool:
        for handler, found in handlers.concerned(said):
            result = await self._running.run(handler, scene, Call(found=found.groups))
            if not isinstance(result, Passed):
                return True
        return False

    async def _fall_back(self, scene: Scene) -> None:
        event = scene.event
        if not event.direct and not event.mentioned:
            return  # people are in the room: what the bot cannot answer is left to them
        for fallback in self._handlers.fallbacks:
            if not isinstance(await self._running.run(fallback, scene, Call()), Passed):
                return
        answer(scene, scene.case.texts("errors.broken"))

    async def _come_back(self, scene: Scene, *, only: Dialogue | None = None) -> None:
        """Put the question of a parked dialogue again, once what came before it has ended."""
        conversation = scene.case.conversation
        in_front = conversation.dialogues[-1] if conversation.dialogues else ""
        if not in_front or conversation.owner != "bot" or conversation.last_question == in_front:
            return
        waiting = await scene.case.ledger.get(DIALOGUES, in_front)
        if waiting and scene.side == "agents" and not _began_here(waiting, scene):
            return
        if waiting and waiting.person.id == scene.person.id and (only is None or waiting.id == only.id):
            self.questions.put_again(scene, waiting)

    # --- commands and choices -------------------------------------------------------------------------------------

    async def _command(self, scene: Scene, name: str, args: str) -> None:
        texts = scene.case.texts
        handler = self._handlers.commands.get(name)
        if name == "cancel":
            await self._cancel(scene)
        elif name == "skills":
            answer(scene, self._skills(scene, args), Call(is_command=True))
        elif name == HERE:
            said = await self._rooms.here(scene, args) if scene.is_agent else texts("errors.refused")
            answer(scene, said, Call(is_command=True))
        elif name in BLOCKING:
            answer_alone(scene, await self._blocks.obey(scene, name, args), Call(is_command=True))
        elif name == PANEL:
            answer(scene, await panels.put_up(scene), Call(is_command=True))
        elif name == topics.SOLVED:
            await topics.solve(scene)
        elif handler is None:
            answer(scene, texts("errors.unknown_command", command=escape(shorten(name, 40))), Call(is_command=True))
        elif not _may(scene, handler):
            key = "errors.refused" if handler.mark.role == "agent" else "errors.for_requesters"
            answer(scene, texts(key), Call(is_command=True))
        else:
            result = await self._running.run(handler, scene, Call(args=args, is_command=True))
            if isinstance(result, Passed):
                answer(scene, texts("errors.broken"), Call(is_command=True))
        await self._come_back(scene)

    async def _press(self, scene: Scene) -> None:
        offer, texts = scene.offer, scene.case.texts
        number = scene.event.choice.rpartition(".")[2]
        is_known = offer and number.isascii() and number.isdigit() and 0 < int(number) <= len(offer.choices)
        if offer is None or not (is_known or number == FORM) or offer.side != scene.side:
            answer(scene, texts("errors.unknown_choice"), Call(is_command=True))
        elif (offer.person and offer.person != scene.person.id) or _is_anothers(scene):
            _refuse(scene)
        elif number == FORM:  # it could not be shown
            dialogue = await self._asked(scene, offer)
            if dialogue:
                self.questions.put_in_words(scene, dialogue)
            else:
                answer(scene, texts("dialogue.already_answered"), Call(is_command=True))
        else:
            await self._pressed(scene, offer.choices[int(number) - 1])

    async def _form(self, scene: Scene) -> None:
        """Deal with a form that was filled in; where its question is no longer open, give back what was written."""
        offer, texts = scene.offer, scene.case.texts
        if offer and offer.person != scene.person.id:
            _refuse(scene)
            return
        dialogue = await self._asked(scene, offer) if offer and offer.side == scene.side else None
        if dialogue is None:
            written = "\n".join(quote(words, at_most=_LONGEST_FIELD) for words in scene.event.fields.values())
            answer(scene, texts("dialogue.form_too_late", fields=written), Call(is_command=True))
            return
        _note_form(scene)
        result = await self.questions.answer(scene, dialogue)
        if isinstance(result, Unread):
            self.questions.put_again(scene, dialogue, hint=result.hint)
        else:
            await self._come_back(scene)

    async def _asked(self, scene: Scene, offer: Offer) -> Dialogue | None:
        """Find the dialogue whose form this is, if it waits for it still, be it that a part was answered in words."""
        dialogue = await scene.case.ledger.get(DIALOGUES, offer.dialogue)
        is_open = dialogue and dialogue.question and len(dialogue.steps) == offer.step
        return dialogue if is_open else None

    async def _pressed(self, scene: Scene, choice: Choice) -> None:
        offer = scene.offer
        if offer is None:
            raise TypeError("no choice was offered")
        if choice.command:
            _note_choice(scene, choice, "chosen")
            await self._command(scene, *command_in("/" + choice.command))
            return
        if offer.dialogue:
            dialogue = await scene.case.ledger.get(DIALOGUES, offer.dialogue)
            if dialogue is None or not is_open(dialogue, offer.step, offer.part):
                answer(scene, scene.case.texts("dialogue.already_answered"), Call(is_command=True))
            elif dialogue.question is None:
                await self.questions.go_on(scene, dialogue, Call(dialogue=dialogue))
            else:
                _note_choice(scene, choice, "pressed")
                await self.questions.answer(scene, dialogue, choice=choice.label)
                await self._come_back(scene)
            return
        _note_choice(scene, choice, "chosen")
        handler = self._handlers.choices.get((offer.skill, choice.to))
        call = Call(value=choice.value, is_command=True)
        if handler is None or isinstance(await self._running.run(handler, scene, call), Passed):
            answer(scene, scene.case.texts("errors.unknown_choice"), call)
        await self._come_back(scene)

    async def _cancel(self, scene: Scene) -> None:
        case, texts = scene.case, scene.case.texts
        waits = case.conversation.owner in ("queue", "agent")
        if case.conversation.dialogues:
            await case.leave_dialogues()
            key = "dialogue.cancelled_still_waiting" if waits else "dialogue.cancelled"
            words = texts(key, reference=case.conversation.ticket)
        elif waits:
            ticket = await handoffs.end_by_requester(case)
            words = texts("handoff.ended", reference=ticket.reference)
        else:
            words = texts("dialogue.nothing_to_cancel")
        answer(scene, words, Call(is_command=True))

    def _skills(self, scene: Scene, args: str) -> str:
        texts = scene.case.texts
        if not scene.is_agent:
            return texts("errors.refused")
        verb, _, name = args.partition(" ")
        if verb == "on" and name.strip() in self._handlers.skills:
            self._switches.turn_on(name.strip())
        lines = [
            texts("agents.skill_on", skill=skill)
            if self._switches.is_on(skill)
            else texts("agents.skill_off", skill=skill, where=self._switches.why_off(skill))
            for skill in self._handlers.skills
        ]
        return "\n".join(lines)

    # --- what happened in the house -------------------------------------------------------------------------------

    async def happened(self, scene: Scene, signal: Signal) -> None:
        """Tell every skill that listens to an event."""
        for handler in self._handlers.events.get(signal.name, ()):
            await self._running.run(handler, scene, Call())

    async def timer(self, scene: Scene, signal: Signal) -> None:
        """Run a handler that its skill scheduled."""
        handler = self._handlers.timers.get((signal.skill, signal.name))
        if handler:
            await self._running.run(handler, scene, Call())


def _note_choice(scene: Scene, choice: Choice, kind: Literal["pressed", "chosen"]) -> None:
    """Write what was pressed into the timeline, as what is typed is: an answer is for whoever takes over to read."""
    if scene.side == "requester" and scene.event.kind == "press":
        who = scene.person
        scene.case.note(kind, who.name, choice.label, id=scene.event.key, person=who.id)


def _note_form(scene: Scene) -> None:
    """Write into the timeline what was written into a form, field by field, as if it were said in turn."""
    if scene.side == "requester":
        who = scene.person
        for name, words in scene.event.fields.items():
            scene.case.note("requester", who.name, words, id=f"{scene.event.key}/{name}", person=who.id)


def _refuse(scene: Scene) -> None:
    """Tell somebody, and nobody else, that a question is not theirs; the one whose it is hears nothing of it."""
    scene.case.answer_at(scene.here, scene.case.texts("dialogue.not_your_question"), only_for=who_alone(scene))


def _is_anothers(scene: Scene) -> bool:
    """Tell whether a bystander presses what was said to somebody else: agents may, as they may speak there."""
    return scene.side == "requester" and scene.case.conversation.requester.id != scene.person.id and not scene.is_agent


def _among_people(scene: Scene) -> bool:
    """Tell whether somebody joins in on another's topic, or an agent speaks: that is between people."""
    event = scene.event
    if event.direct or event.mentioned or not scene.here.thread:
        return False
    return scene.is_agent or scene.person.id != scene.case.conversation.requester.id


def _began_here(dialogue: Dialogue, scene: Scene) -> bool:
    return isinstance(dialogue.origin, Event) and dialogue.origin.address.key == scene.here.key


def _may(scene: Scene, handler: Handler) -> bool:
    role = handler.mark.role
    if role == "agent":
        return scene.is_agent
    return role == "anyone" or scene.side == "requester"


async def typed_choice(scene: Scene) -> Choice | None:
    """Find the choice of the bot's last message whose label was typed; a dialogue's own choices have their reader."""
    conversation, text = scene.case.conversation, scene.event.text.strip().casefold()
    if not conversation.last_offer or not 0 < len(text) <= _LONGEST_LABEL:
        return None
    page = await scene.case.ledger.store.read(OFFERS, conversation.last_offer, limit=1)
    offer = page.items[0] if page.items else None
    if offer is None or offer.dialogue or offer.person not in ("", scene.person.id):
        return None
    scene.offer = offer
    return next((choice for choice in offer.choices if choice.label.casefold() == text), None)
