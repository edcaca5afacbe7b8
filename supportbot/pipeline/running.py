"""Running one handler: what it says and does is kept, or, when it fails, undone and apologised for."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from supportbot.asking import Asking, Deed, as_given
from supportbot.conduct import Conduct
from supportbot.desk import limits
from supportbot.desk.case import Case
from supportbot.dialogue import Journal, NotRead, Suspended
from supportbot.domain.dialogue import DIALOGUES, Dialogue
from supportbot.domain.event import Event, Signal
from supportbot.domain.reply import Choice, Reply
from supportbot.errors import (
    Conflict,
    Duplicate,
    IllegalMove,
    LimitReached,
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
from supportbot.pipeline.handlers import Handler
from supportbot.pipeline.isolation import Blocked, Isolation, where, withdraw_cancellation
from supportbot.pipeline.ownership import Scene
from supportbot.pipeline.switches import Switches
from supportbot.reader import Answer
from supportbot.skills.base import Pass
from supportbot.turn import Turn
from supportbot.vitals import Vitals

_WORDED_HERE = {
    f"supportbot.{name}" for name in ("turn", "conduct", "dialogue", "pipeline.running", "pipeline.isolation")
}
"""Where the house words a misuse itself; what any other error says may be somebody's words, and is not logged."""

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
    rehearses: bool = False
    """It is only to be seen whether the dialogue comes to where it waits: nothing new is done."""
    is_command: bool = False
    args: str = ""
    value: str = ""
    found: dict[str, str] = field(default_factory=dict)


class Running:
    """Runs handlers in isolation; a failure stays with the skill that failed."""

    def __init__(
        self,
        isolation: Isolation,
        switches: Switches,
        knowledge: Knowledge,
        slow: SlowNotice,
        vitals: Vitals | None = None,
    ) -> None:
        self._isolation = isolation
        self._switches = switches
        self._knowledge = knowledge
        self._slow = slow
        self._vitals = vitals or Vitals()
        self.on_failure: Callable[[BaseException], None] = lambda _: None
        """Hears of each failure of a skill; the test kit lets the test fail with it."""
        self.instead: Callable[[str, Deed], Deed] = as_given
        """Finds what ``turn.once`` does; the test kit brings results that a test gives."""
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
            place = where(error, handler.function)  # its text has the keys of steps, which may be made of words
            log.warning("dialogue no longer matches", skill=handler.skill, handler=handler.name, where=place)
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

    async def rehearse(self, handler: Handler, scene: Scene, call: Call) -> BaseException | None:
        """Run a waiting dialogue to where it would do something new; tells what keeps it from coming there.

        What it leaves in the scene's ledger is not for a commit.
        """
        asking = self._asking(handler, scene, call)
        turn = Turn(asking)
        try:
            await self._result(handler, scene, turn, asking)
        except (KeyboardInterrupt, asyncio.CancelledError):
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it raises is what is asked for
            return error
        finally:
            turn.close()
        return None

    async def _result(self, handler: Handler, scene: Scene, turn: Turn, asking: Asking) -> Result:
        conduct = asking.conduct
        try:
            said = await self._isolation.call(handler, turn, lambda: self._slow(scene))
        except Suspended:
            conduct.check(has_ended=False)
            return Ran()
        except BaseExceptionGroup as group:
            conduct.check(has_ended=False)
            conduct.check_group(group, Suspended)
            raise
        finally:
            if not self.is_stopping():
                await withdraw_cancellation()
        conduct.check(has_ended=True)
        return await self._ended(handler, scene, turn, asking, said)

    def _asking(self, handler: Handler, scene: Scene, call: Call) -> Asking:
        dialogue, conduct = call.dialogue, Conduct(str(handler))
        question = dialogue.question if dialogue else None
        return Asking(
            conduct=conduct,
            case=scene.case,
            origin=dialogue.origin if dialogue else scene.origin,
            person=dialogue.person if dialogue else scene.person,
            here=scene.here,
            skill=handler.skill,
            handler=handler.name,
            kind=handler.mark.kind,
            knowledge=self._knowledge,
            journal=Journal(
                conduct,
                dialogue.steps if dialogue else (),
                open_question=question.name if question else "",
                rehearses=call.rehearses,
            ),
            dialogue=dialogue,
            answer=call.answer,
            part=question.part if question else {},
            gave_up=call.gave_up,
            is_agent=scene.is_agent,
            owner=scene.owner,
            asked=scene.asked,
            is_command=call.is_command or (dialogue is not None and began_with_command(dialogue)),
            args=call.args,
            value=call.value,
            found=call.found,
            instead=self.instead,
            commands=scene.case.ledger.rules.help_lines,
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
            place, cause = where(error, handler.function), type(error.__cause__ or error).__name__
            log.warning("a service is unavailable", skill=handler.skill, where=place, error=cause)
            end_dialogue(scene.case, call.dialogue)
            answer(scene, Reply(texts("errors.unavailable"), way_on(scene)), call)
        elif isinstance(error, LimitReached):
            end_dialogue(scene.case, call.dialogue)
            answer_alone(scene, limits.refusal(texts, error), call)
        elif words:
            end_dialogue(scene.case, call.dialogue)
            answer(scene, texts(words), call)
        else:
            await self._apologise(handler, scene, call, error)

    async def _apologise(self, handler: Handler, scene: Scene, call: Call, error: BaseException) -> None:
        place = where(error, handler.function)
        name, reason = type(error).__name__, _reason(error)
        log.error("skill failed", skill=handler.skill, handler=handler.name, where=place, error=name, reason=reason)
        self.on_failure(error)
        end_dialogue(scene.case, call.dialogue)
        if isinstance(scene.origin, Event):
            answer(scene, Reply(scene.case.texts("errors.broken"), way_on(scene)), call)
        after, skill, person = scene.case.ledger.after, handler.skill, scene.person.id
        after.append(lambda: self._switches.failed(skill, person))
        after.append(lambda: self._count(skill, error))
        if self._switches.would_switch_off(skill, person):
            after.append(lambda: self._turn_off(skill, place))
            line = scene.case.texts("agents.skill_off", skill=handler.skill, where=place)
            scene.case.answer_at(scene.case.ledger.rules.agents, line)
            await self._orphan(handler.skill, scene.case)

    def _count(self, skill: str, error: BaseException) -> None:
        self._vitals.skill_failures[skill] += 1
        if isinstance(error, Blocked):
            self._vitals.skill_blocks[skill] += 1

    def _turn_off(self, skill: str, place: str) -> None:
        log.error("skill switched off", skill=skill, where=place)
        self._vitals.skills_switched_off[skill] += 1
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


def _reason(error: BaseException) -> str | None:
    """Tell the house's own sentence about a misuse, to be logged."""
    if not isinstance(error, SkillError | Blocked):
        return None
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return str(error) if not frames or frames[-1].f_globals.get("__name__") in _WORDED_HERE else None


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


def answer_alone(scene: Scene, words: Reply | str, call: Call | None = None) -> None:
    """Say something of the house's own to whoever acts, and to nobody else in the room."""
    if only_for := who_alone(scene):
        scene.case.answer_at(scene.here, words, only_for=only_for)
    else:
        answer(scene, words, call)


def who_alone(scene: Scene) -> str:
    """Name whoever acts, where others would see what is for them alone; "" where nobody else does."""
    is_direct = scene.origin.direct if isinstance(scene.origin, Event) else scene.case.conversation.direct
    is_among_themselves = (is_direct and not scene.here.is_alone) or scene.side == "agents"
    return "" if is_among_themselves else scene.person.id


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
