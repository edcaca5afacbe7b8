"""Running one handler: what it says and does is kept, or, when it fails, undone and apologised for."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from supportbot.asking import Asking
from supportbot.desk.case import Case
from supportbot.dialogue import Journal, NotRead, Suspended
from supportbot.domain.dialogue import DIALOGUES, Dialogue
from supportbot.domain.event import Event, Signal
from supportbot.domain.reply import Choice, Reply
from supportbot.errors import (
    Conflict,
    Duplicate,
    IllegalMove,
    LostClaim,
    NoAnswer,
    NotAllowed,
    NotFound,
    ReplayMismatch,
    SkillError,
    StoreError,
    Unavailable,
)
from supportbot.faults import fault_point
from supportbot.knowledge.base import Knowledge
from supportbot.logs import log
from supportbot.pipeline.commands import command_in
from supportbot.pipeline.handlers import Handler, Handlers
from supportbot.pipeline.isolation import Blocked, Isolation, where, withdraw_cancellation
from supportbot.pipeline.ownership import Scene
from supportbot.pipeline.switches import Switches
from supportbot.reader import Answer
from supportbot.skills.base import Pass
from supportbot.turn import Turn

_LONGEST_REASON = 500
"""Characters of the house's own sentence about a misuse; what anybody else's error says is not logged."""

_WORDS_FOR: dict[type[BaseException], str] = {
    NotFound: "tickets.not_found",
    NotAllowed: "errors.refused",
    IllegalMove: "errors.not_possible",
    NoAnswer: "dialogue.expired",
}
"""What a handler may let out on purpose, and how it is said."""

_STORE = ("supportbot.storage.", "supportbot.faults")
"""Where the store's trouble comes from, or, in a test, a fault that stands in for it."""

_AT_ONCE = 200
"""How many waiting dialogues are read at once."""

SlowNotice = Callable[[Scene], Awaitable[None]]


@dataclass(frozen=True)
class Passed:
    """The handler said: not mine."""


@dataclass(frozen=True)
class Ran:
    """The handler took it: it ended, waits for an answer, or failed and was apologised for."""


@dataclass(frozen=True)
class Unread:
    """The answer held no value for the open question; nothing has happened."""

    hint: str


@dataclass(frozen=True)
class Mismatch:
    """The handler no longer matches the journal of its dialogue; nothing has happened."""


Result = Passed | Ran | Unread | Mismatch


@dataclass(kw_only=True)
class Call:
    """What a handler is called with, beside the scene."""

    dialogue: Dialogue | None = None
    answer: Answer | None = None
    gave_up: bool = False
    is_command: bool = False
    args: str = ""
    value: str = ""
    found: dict[str, str] = field(default_factory=dict)


class Running:
    """Runs handlers in isolation; a failure stays with the skill that failed."""

    def __init__(
        self, handlers: Handlers, isolation: Isolation, switches: Switches, knowledge: Knowledge, slow: SlowNotice
    ) -> None:
        self._isolation = isolation
        self._switches = switches
        self._knowledge = knowledge
        self._slow = slow
        self._commands = handlers.help_lines()
        self.on_failure: Callable[[BaseException], None] = lambda _: None
        """Hears of each failure of a skill; the test kit lets the test fail with it."""
        self.is_stopping: Callable[[], bool] = lambda: False
        """Tells whether running work is cut off; else a cancellation is a skill's own doing."""

    async def run(self, handler: Handler, scene: Scene, call: Call) -> Result:
        """Run a handler to its end, its next question or its failure."""
        if not self._switches.is_on(handler.skill):
            return Passed()
        self._switches.asked(handler.skill, scene.person.id)
        ledger = scene.case.ledger
        saved = ledger.save()
        asking = self._asking(handler, scene, call)
        turn = Turn(asking)
        try:
            fault_point("turn.before_handler")
            result = await self._result(handler, scene, turn, asking)
            ledger.check()
            return result
        except NotRead as error:
            ledger.restore(saved)
            return Unread(scene.case.texts(error.hint_key, **error.values))
        except ReplayMismatch as error:
            ledger.restore(saved)
            log.warning("dialogue no longer matches", skill=handler.skill, reason=str(error))
            self.on_failure(error)
            return Mismatch()
        except BaseException as error:  # the border: whatever a skill raises stays with the skill
            if _is_of_store(error) or (isinstance(error, asyncio.CancelledError) and self.is_stopping()):
                raise
            ledger.restore(saved)
            if isinstance(error, asyncio.CancelledError):
                error = SkillError(f"{handler} cancelled itself")
            await self._excuse(handler, scene, call, error)
        finally:
            turn.close()
            fault_point("turn.after_handler")
        return Ran()

    async def _result(self, handler: Handler, scene: Scene, turn: Turn, asking: Asking) -> Result:
        try:
            said = await self._isolation.call(handler, turn, lambda: self._slow(scene))
        except Suspended:
            return Ran()
        finally:
            if not self.is_stopping():
                await withdraw_cancellation()
        _check_use(handler, turn)
        return await self._ended(handler, scene, turn, asking, said)

    def _asking(self, handler: Handler, scene: Scene, call: Call) -> Asking:
        dialogue = call.dialogue
        return Asking(
            case=scene.case,
            origin=dialogue.origin if dialogue else scene.origin,
            person=dialogue.person if dialogue else scene.person,
            here=scene.here,
            skill=handler.skill,
            handler=handler.name,
            kind=handler.mark.kind,
            knowledge=self._knowledge,
            journal=Journal(str(handler), dialogue.steps if dialogue else ()),
            dialogue=dialogue,
            answer=call.answer,
            part=dialogue.question.part if dialogue and dialogue.question else {},
            gave_up=call.gave_up,
            is_agent=scene.is_agent,
            owner=scene.owner,
            asked=scene.asked,
            is_command=call.is_command or (dialogue is not None and began_with_command(dialogue)),
            args=call.args,
            value=call.value,
            found=call.found,
            commands=self._commands,
        )

    async def _ended(self, handler: Handler, scene: Scene, turn: Turn, asking: Asking, said: Any) -> Result:
        asking.journal.finish()
        if isinstance(said, Pass):
            if asking.journal.fresh or asking.dialogue:
                raise SkillError(f"{handler} returned PASS after it had used a verb; decide before doing anything")
            return Passed()
        if not (said is None or isinstance(said, str | Reply)):
            raise SkillError(
                f"{handler} returned {type(said).__name__}; a handler returns a str, a Reply, PASS or None"
            )
        if asking.dialogue:
            end_dialogue(scene.case, asking.dialogue)
        if said is None and not turn.spoke and isinstance(scene.origin, Event) and not turn.in_public:
            said = _default_words(scene.case, asking.journal)
        await turn.finish(said)
        return Ran()

    # --- when it did not end well ---------------------------------------------------------------------------------

    async def _excuse(self, handler: Handler, scene: Scene, call: Call, error: BaseException) -> None:
        """Tell what the handler let out on purpose from what went wrong in it."""
        texts = scene.case.texts
        words = _WORDS_FOR.get(type(error), "")
        if isinstance(error, Unavailable):
            end_dialogue(scene.case, call.dialogue)
            answer(scene, Reply(texts("errors.unavailable"), way_on(scene)), call)
        elif words:
            end_dialogue(scene.case, call.dialogue)
            answer(scene, texts(words), call)
        else:
            await self._apologise(handler, scene, call, error)

    async def _apologise(self, handler: Handler, scene: Scene, call: Call, error: BaseException) -> None:
        place = where(error, handler.function)
        reason = str(error)[:_LONGEST_REASON] if isinstance(error, SkillError | Blocked) else ""
        name = type(error).__name__
        log.error("skill failed", skill=handler.skill, handler=handler.name, where=place, error=name, reason=reason)
        self.on_failure(error)
        end_dialogue(scene.case, call.dialogue)
        if isinstance(scene.origin, Event):
            answer(scene, Reply(scene.case.texts("errors.broken"), way_on(scene)), call)
        after, skill, person = scene.case.ledger.after, handler.skill, scene.person.id
        after.append(lambda: self._switches.failed(skill, person))
        if self._switches.would_switch_off(skill, person):
            after.append(lambda: self._turn_off(skill, place))
            line = scene.case.texts("agents.skill_off", skill=handler.skill, where=place)
            scene.case.answer_at(scene.case.ledger.rules.agents, line)
            await self._orphan(handler.skill, scene.case)

    def _turn_off(self, skill: str, place: str) -> None:
        log.error("skill switched off", skill=skill, where=place)
        self._switches.turn_off(skill, place)

    async def _orphan(self, skill: str, case: Case) -> None:
        """Send the skill's waiting dialogues to a person."""
        after: str | None = None
        while True:
            waiting = await case.ledger.store.find(DIALOGUES, "skill", skill, limit=_AT_ONCE, after=after)
            for dialogue in waiting.items:
                other = await Case.load(case.ledger, dialogue.conversation)
                if other and dialogue.question and not dialogue.question.yielding:
                    data = {"dialogue": dialogue.id}
                    other.later(Signal(name="skill_off", conversation=dialogue.conversation, data=data), after=0)
            after = waiting.next
            if after is None:
                return


def _is_of_store(error: BaseException) -> bool:
    """Tell the store's own trouble, for which the work is tried again, from what a skill raised in its name.

    No verb commits the turn or settles work, so what a commit meets with never comes out of a handler rightly.
    """
    if not isinstance(error, StoreError) or isinstance(error, Conflict | Duplicate | LostClaim):
        return False
    modules = [str(frame.f_globals.get("__name__", "")) for frame, _ in traceback.walk_tb(error.__traceback__)]
    own = [module for module in modules if module.startswith("supportbot.")]
    return bool(own) and own[-1].startswith(_STORE)


def _check_use(handler: Handler, turn: Turn) -> None:
    """Raise what a handler did with its turn that it may not, though it went on to its end."""
    if turn.suspended_at:
        raise SkillError(
            f"{handler} went on after its question at {turn.suspended_at}: a bare `except` or `finally` "
            "swallowed the suspension; catch Exception instead"
        )
    if turn.misuse:
        raise turn.misuse


def _default_words(case: Case, journal: Journal) -> str:
    for step in reversed(journal.steps):
        if step.kind == "hand_off":
            return case.texts("handoff.queued", reference=case.conversation.ticket)
        if step.kind == "open_ticket":
            return case.texts("tickets.created", reference=case.conversation.ticket)
    return case.texts("errors.done")


def answer(scene: Scene, reply: Reply | str, call: Call | None = None) -> None:
    """Say something of the house's own to whoever acts, where they are."""
    if scene.here.key == scene.case.conversation.address.key:
        scene.case.say(reply, purpose="command" if call and call.is_command else "answer")
    else:
        scene.case.answer_at(scene.here, reply)


def way_on(scene: Scene) -> list[Choice]:
    """Offer what helps when the bot cannot: a person, or a ticket."""
    if scene.side == "agents":
        return []
    return scene.case.way_on()


def began_with_command(dialogue: Dialogue) -> bool:
    """Tell whether a command or a press began this dialogue: its words pass, whoever owns the conversation."""
    origin = dialogue.origin
    return isinstance(origin, Event) and (origin.kind == "press" or bool(command_in(origin.text)[0]))


def end_dialogue(case: Case, dialogue: Dialogue | None) -> None:
    """Remove a dialogue that has ended."""
    if dialogue is None:
        return
    if dialogue.question and dialogue.question.deadline:
        case.ledger.cancel(dialogue.question.deadline)
    case.ledger.delete(DIALOGUES, dialogue)
    conversation = case.conversation
    case.update(
        dialogues=tuple(name for name in conversation.dialogues if name != dialogue.id),
        last_question="" if conversation.last_question == dialogue.id else conversation.last_question,
    )
