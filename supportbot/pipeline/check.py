"""Check: would the dialogues that wait go on with the skills of today? Each is run to its question, without effects. ::

store ─► dialogue ─► its handler, with the recorded results ─► where it waits: it goes on
         (nothing is committed, said or done once)          └► elsewhere: it would start afresh, or fail
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Literal

from supportbot.desk.case import Case
from supportbot.desk.ledger import Ledger
from supportbot.desk.rules import Rules
from supportbot.domain.dialogue import DIALOGUES, Dialogue
from supportbot.domain.event import Event
from supportbot.errors import ReplayMismatch
from supportbot.pipeline.handlers import Handler, Handlers
from supportbot.pipeline.isolation import where
from supportbot.pipeline.ownership import Scene
from supportbot.pipeline.questions import Questions
from supportbot.storage.base import Store

Outcome = Literal["goes on", "starts afresh", "fails"]
_AT_ONCE = 200


@dataclass(frozen=True)
class Checked:
    """What would become of one waiting dialogue; where it would not go on also where and why."""

    dialogue: Dialogue
    outcome: Outcome = "goes on"
    where: str = ""
    why: str = ""
    error: BaseException | None = None


@dataclass(frozen=True)
class Check:
    """Looks at waiting dialogues with the skills that are loaded."""

    store: Store
    rules: Rules
    handlers: Handlers
    questions: Questions

    async def all(self, now: int) -> AsyncIterator[Checked]:
        """Look at every dialogue that waits, the oldest first."""
        after: str | None = None
        while True:
            page = await self.store.find(DIALOGUES, "waiting", limit=_AT_ONCE, after=after)
            for dialogue in page.items:
                yield await self.one(dialogue, now)
            after = page.next
            if after is None:
                return

    async def one(self, dialogue: Dialogue, now: int) -> Checked:
        """Look at one dialogue."""
        case = await Case.load(Ledger(self.store, self.rules, now, "check"), dialogue.conversation)
        if case is None:
            return Checked(dialogue, "fails", why="its conversation is gone from the store")
        handler = self.handlers.methods.get((dialogue.skill, dialogue.handler))
        error = await self.questions.rehearse(self._scene(case, dialogue, handler), dialogue)
        if error is None:
            return Checked(dialogue)
        place = where(error, handler.function) if handler else ""
        if isinstance(error, ReplayMismatch):
            return Checked(dialogue, "starts afresh", place, str(error), error)
        return Checked(dialogue, "fails", place, f"{type(error).__name__}: {error}".removesuffix(": "), error)

    def _scene(self, case: Case, dialogue: Dialogue, handler: Handler | None) -> Scene:
        """Stand where the dialogue began; its platform is not asked who is an agent, what they did says it."""
        origin = dialogue.origin
        here = origin.address if isinstance(origin, Event) else case.conversation.address
        is_inside = here.outside_thread == self.rules.agents
        return Scene(
            case=case,
            origin=origin,
            person=dialogue.person,
            here=here,
            side="agents" if is_inside else "requester",
            is_agent=is_inside or (handler is not None and handler.mark.role == "agent"),
            owner=case.conversation.owner,
        )
