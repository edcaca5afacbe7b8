"""Loops: a machine that answers the bot is answered three times in a row, and no more. ::

another bot, listed     says something ─► 1 ─► says something ─► 2 ─► says something ─► 3 ─► silence; agents learn it
an echo, a responder    sends the same ─► 1 ─► sends the same ─► 2 ─► sends the same ─► a last line, then silence

An echo sends back what the bot said, and nobody types that. Who says the same again and again may be a person, so that
counts only where strangers write, and only within a minute: a script in the console is always answered.

A human's word begins anew. The count is kept with the conversation, in each turn's commit: a restart forgets nothing.
"""

from __future__ import annotations

import re
import zlib
from typing import Self

from supportbot.clock import MINUTE
from supportbot.desk.case import Case
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.dialogue import DIALOGUES
from supportbot.domain.markdown import escape, shorten
from supportbot.pipeline.commands import command_in
from supportbot.pipeline.ownership import Scene

MOST_HOPS = 3
"""How many times in a row the bot answers a machine."""
ANSWERS_WITHIN = 10 * MINUTE
"""What comes later than this is no answer of a machine: a bot has news, or somebody quotes the bot."""
REPEATS_WITHIN = MINUTE
"""What somebody says again later than this they ask again."""

_LATEST = 5
"""Topics of a bot that are looked at: several may have begun in the same instant."""
_LONGEST = 500
_BETWEEN = re.compile(r"[\W_]+")
"""What is no letter and no digit: formatting adds some of it, and platforms take some away."""


class Loop:
    """One thing said by a person or another bot, seen as a possible round in a circle; made before it is dealt with."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._heard = _heard(scene)
        self._is_repeated = _is_repeated(scene, self._heard)
        self.hops = scene.case.conversation.hops

    @classmethod
    async def seen(cls, scene: Scene) -> Self:
        """Look at what was said; a bot's new topic goes on with the count of its last one."""
        loop, case = cls(scene), scene.case
        if scene.event.by_bot and not case.conversation.version:
            by_requester = (case.conversation.tenant, scene.person.id)
            page = await case.ledger.store.find(CONVERSATIONS, "requester", *by_requester, limit=_LATEST, newest=True)
            lately = [last for last in page.items if case.ledger.now - last.spoke_at < ANSWERS_WITHIN]
            loop.hops = max((last.hops for last in lately), default=0)
        return loop

    @property
    def is_over(self) -> bool:
        """Whoever it is was answered often enough: nothing more is said."""
        return (self._scene.event.by_bot or self._is_repeated) and self.hops >= MOST_HOPS

    @property
    def needs_last_word(self) -> bool:
        """It may be a person who sends the same again and again: before the silence they are told why."""
        return self._is_repeated and self.hops == MOST_HOPS - 1

    def fall_silent(self) -> None:
        """Keep nothing of what another bot goes on to say; the agents learn of it, once."""
        case, who = self._scene.case, self._scene.person
        if not self._scene.event.by_bot:
            return
        if self.hops > MOST_HOPS:
            case.ledger.forget()
            return
        case.update(hops=MOST_HOPS + 1)
        line = case.texts("agents.loop", who=escape(shorten(who.name, 80)))
        case.answer_at(case.ledger.rules.agents, line)

    async def count(self) -> None:
        """Note what was said on both sides, and whether it was one more answer to a machine."""
        scene, case = self._scene, self._scene.case
        if not case.ledger.has_put(CONVERSATIONS):
            return  # said among people and not for the bot: nothing is kept
        said = _said(case)
        if scene.event.by_bot:
            case.update(hops=self.hops + bool(said))
            return
        heard, before = self._heard, case.conversation
        goes_round = before.said in (said, heard) or self.needs_last_word
        if heard != before.said and await self._is_answer():
            goes_round = False
        case.update(heard=heard, said=said, hops=self.hops + 1 if self._is_repeated and said and goes_round else 0)

    async def _is_answer(self) -> bool:
        """Tell whether a dialogue took the words and went on, though its next question may be worded as the last."""
        case = self._scene.case
        if not (case.conversation.last_question and case.ledger.has_put(DIALOGUES)):
            return False
        dialogue = await case.ledger.get(DIALOGUES, case.conversation.last_question)
        return bool(dialogue and dialogue.question and not dialogue.question.tries)


def _is_repeated(scene: Scene, heard: int) -> bool:
    """Tell whether somebody sends back what the bot said, or once more what they said themselves."""
    before, ledger = scene.case.conversation, scene.case.ledger
    since = ledger.now - before.spoke_at
    if not heard or since >= ANSWERS_WITHIN:
        return False
    may_be_machine = since < REPEATS_WITHIN and scene.here.adapter in ledger.rules.strangers
    return heard == before.said or (may_be_machine and heard == before.heard)


def _heard(scene: Scene) -> int:
    """Sum up plain words to the bot; commands and presses are a person's, and may be given as often as they like."""
    event = scene.event
    if event.by_bot or event.kind != "message" or scene.owner in ("queue", "agent") or command_in(event.text)[0]:
        return 0
    return _checksum(event.text)


def _said(case: Case) -> int:
    """Sum up what this turn says to the requester's side, 0 where it says nothing."""
    agents = case.ledger.rules.agents
    return _checksum("\n".join(out.text for out in case.ledger.outgoing if out.address.outside_thread != agents))


def _checksum(text: str) -> int:
    """Sum up words, however they are formatted, written large or broken into lines."""
    words = _BETWEEN.sub("", text[:_LONGEST].casefold())
    return zlib.crc32(words.encode("utf-8", "replace"))
