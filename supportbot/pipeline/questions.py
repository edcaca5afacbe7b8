"""Open questions: an answer goes to the dialogue that waits; an unread one is put again; a parked one comes back."""

from __future__ import annotations

import msgspec

from supportbot.clock import DAY, as_datetime
from supportbot.desk import handoffs, tickets
from supportbot.desk.case import Case
from supportbot.domain.dialogue import DIALOGUES, Dialogue, Question
from supportbot.domain.event import Event, Signal
from supportbot.domain.markdown import escape
from supportbot.domain.reply import OFFERS, Choice, Offer, Reply
from supportbot.domain.ticket import TICKETS
from supportbot.errors import ReplayMismatch
from supportbot.ids import derived
from supportbot.pipeline.commands import command_in
from supportbot.pipeline.handlers import Handler, Handlers
from supportbot.pipeline.ownership import Scene
from supportbot.pipeline.running import Call, Mismatch, Passed, Ran, Result, Running, answer, end_dialogue, way_on
from supportbot.reader import Answer
from supportbot.skills.match import Said

_OFFER_A_PERSON_AT = 2


class Questions:
    """Continues dialogues."""

    def __init__(self, handlers: Handlers, running: Running) -> None:
        self._handlers = handlers
        self._running = running

    async def open_for(self, scene: Scene) -> Dialogue | None:
        """Find the insisting question that this person's words may answer."""
        for name in reversed(scene.case.conversation.dialogues):
            dialogue = await scene.case.ledger.get(DIALOGUES, name)
            if dialogue and dialogue.question and dialogue.person.id == scene.person.id:
                return dialogue
        return None

    async def last_for(self, scene: Scene) -> Dialogue | None:
        """Find the yielding question that is the bot's last message, if this person was asked it."""
        name = scene.case.conversation.last_question
        dialogue = await scene.case.ledger.get(DIALOGUES, name) if name else None
        if dialogue and dialogue.question and dialogue.question.yielding and dialogue.person.id == scene.person.id:
            return dialogue
        return None

    async def answer(self, scene: Scene, dialogue: Dialogue, *, choice: str = "") -> Result:
        """Run the dialogue's handler on with this answer."""
        event, now = scene.event, as_datetime(scene.case.ledger.now)
        given = Answer(text=event.text, files=event.files, choice=choice, fields=event.fields, now=now)
        is_command = bool(choice or event.fields)
        return await self.go_on(scene, dialogue, Call(dialogue=dialogue, answer=given, is_command=is_command))

    async def go_on(self, scene: Scene, dialogue: Dialogue, call: Call) -> Result:
        """Run the dialogue's handler; where it no longer matches, apologise and offer a fresh start or a person."""
        handler = self._handlers.methods.get((dialogue.skill, dialogue.handler))
        case = scene.case
        deadline = dialogue.question.deadline if dialogue.question else ""
        result = await self._again(handler, scene, dialogue, call) if handler else Mismatch()
        if isinstance(result, Passed):  # the skill is switched off
            await to_a_person(case, dialogue)
            answer(scene, case.texts("errors.broken_handed_over", reference=case.conversation.ticket), call)
            return Ran()
        if isinstance(result, Mismatch):
            self._start_again(scene, dialogue)
            return Ran()
        if isinstance(result, Ran) and deadline:
            case.ledger.cancel(deadline)
        return result

    async def _again(self, handler: Handler, scene: Scene, dialogue: Dialogue, call: Call) -> Result:
        return await self._running.run(handler, scene, await self._as_called(handler, scene, dialogue, call))

    async def rehearse(self, scene: Scene, dialogue: Dialogue) -> BaseException | None:
        """Run a dialogue to where it waits, without doing anything; tells what keeps it from coming there."""
        handler = self._handlers.methods.get((dialogue.skill, dialogue.handler))
        if handler is None:
            return ReplayMismatch(
                f"there is no handler {dialogue.skill}.{dialogue.handler} any more; "
                "keep it until its dialogues have ended"
            )
        call = await self._as_called(handler, scene, dialogue, Call(dialogue=dialogue, rehearses=True))
        return await self._running.rehearse(handler, scene, call)

    async def _as_called(self, handler: Handler, scene: Scene, dialogue: Dialogue, call: Call) -> Call:
        """Give the handler what it was called with first: the same arguments, value and groups."""
        origin = dialogue.origin
        if isinstance(origin, Event) and origin.kind == "press":
            name, _, number = origin.choice.rpartition(".")
            offered = await scene.case.ledger.store.read(OFFERS, name, limit=1)
            for choice in offered.items[0].choices[int(number) - 1 : int(number)] if offered.items else ():
                call.args, call.value = command_in("/" + choice.command)[1], choice.value
        elif isinstance(origin, Event):
            call.args = command_in(origin.text)[1]
            call.found = self._handlers.found_by(handler, Said(origin.text, has_files=bool(origin.files)))
        return call

    def _start_again(self, scene: Scene, dialogue: Dialogue) -> None:
        case = scene.case
        end_dialogue(case, dialogue)
        fresh = msgspec.structs.replace(dialogue, steps=(), question=None)
        case.ledger.put(DIALOGUES, fresh)
        choices = (Choice(case.texts("dialogue.start_again")), *way_on(scene))
        offer = _offer_of(fresh, choices)
        data = {"dialogue": dialogue.id, "step": 0}
        name = derived("deadline", dialogue.id, "again")
        case.later(Signal(name="deadline", conversation=case.conversation.id, data=data), after=DAY, id=name)
        case.say(Reply(case.texts("dialogue.changed_since"), choices), offer=offer)

    def put_in_words(self, scene: Scene, dialogue: Dialogue) -> None:
        """Put the first question of a form that cannot be shown; the others follow in turn."""
        if dialogue.question:
            in_words = msgspec.structs.replace(dialogue.question, form=None)
            self.put_again(scene, msgspec.structs.replace(dialogue, question=in_words))

    def put_again(self, scene: Scene, dialogue: Dialogue, *, hint: str = "") -> None:
        """Put an open question again: after a digression, or with a hint; the second time a person is offered."""
        question = dialogue.question
        if question is None:
            return
        case = scene.case
        tries = question.tries + (1 if hint else 0)
        choices = question.choices
        if tries >= _OFFER_A_PERSON_AT:
            choices = (*choices, *way_on(scene)[:1])
            hint = f"{hint}\n{case.texts('dialogue.offer_person')}"
        words = f"{hint}\n{question.text}" if hint else case.texts("dialogue.resumed", question=question.text)
        offer = _offer_of(dialogue, choices)
        if scene.side == "agents":  # in the thread where it was asked
            case.answer_at(scene.here, Reply(words, choices), skill=dialogue.skill, offer=offer, form=question.form)
        else:
            case.say(Reply(words, choices), skill=dialogue.skill, offer=offer, form=question.form)
        case.ledger.put(DIALOGUES, msgspec.structs.replace(dialogue, question=_tried(question, tries)))
        case.update(last_question=dialogue.id)

    async def expire(self, scene: Scene, signal: Signal) -> None:
        """End the waiting for an answer that did not come in time."""
        case = scene.case
        dialogue = await case.ledger.get(DIALOGUES, str(signal.data["dialogue"]))
        if dialogue is None or not is_open(dialogue, signal.data["step"], signal.data.get("part", 0)):
            return
        if dialogue.question and dialogue.question.raises:
            await self.go_on(scene, dialogue, Call(dialogue=dialogue, gave_up=True))
            return
        end_dialogue(case, dialogue)
        case.happened("dialogue_left", skill_left=dialogue.skill, handler=dialogue.handler)
        if dialogue.question and not dialogue.question.yielding:
            if case.conversation.owner in ("queue", "agent"):
                case.tell_agents(case.texts("agents.question_lapsed", who=case.requester_name))
            else:
                case.say(case.texts("dialogue.expired"))

    async def orphaned(self, scene: Scene, signal: Signal) -> None:
        """Hand over a dialogue whose skill was switched off."""
        dialogue = await scene.case.ledger.get(DIALOGUES, str(signal.data["dialogue"]))
        if dialogue and scene.case.conversation.owner == "bot":
            await to_a_person(scene.case, dialogue)
            reference = scene.case.conversation.ticket
            scene.case.say(scene.case.texts("errors.broken_handed_over", reference=reference), purpose="notice")


def _tried(question: Question, tries: int) -> Question:
    return msgspec.structs.replace(question, tries=tries)


async def to_a_person(case: Case, dialogue: Dialogue) -> None:
    """Hand over a dialogue that cannot go on, with the answers that were given."""
    end_dialogue(case, dialogue)
    given = [str(step.result) for step in dialogue.steps if step.kind == "ask" and not step.failed]
    asked = dialogue.origin.text if isinstance(dialogue.origin, Event) else dialogue.skill
    ticket = await tickets.unsolved(case) or await tickets.open_ticket(case, subject=asked or dialogue.skill)
    details = case.texts("agents.answers_given", answers=escape("; ".join(given)) or "-")
    case.ledger.put(TICKETS, msgspec.structs.replace(ticket, details=ticket.details or details))
    await handoffs.hand_off(case, case.texts("agents.reason_skill_off", skill=dialogue.skill))


def is_open(dialogue: Dialogue, step: int, part: int) -> bool:
    """Tell whether the question at this step, or this field of a form, is still the one that waits."""
    return (len(dialogue.steps), _filled(dialogue)) == (step, part)


def _offer_of(dialogue: Dialogue, choices: tuple[Choice, ...]) -> Offer:
    """Say what choices under a dialogue's question do: they answer it where it stands now."""
    return Offer(
        conversation=dialogue.conversation,
        person=dialogue.person.id,
        skill=dialogue.skill,
        choices=choices,
        dialogue=dialogue.id,
        step=len(dialogue.steps),
        part=_filled(dialogue),
    )


def _filled(dialogue: Dialogue) -> int:
    return len(dialogue.question.part) if dialogue.question else 0
