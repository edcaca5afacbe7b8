"""Rehearsal: what leads to a question is run once more at once, so that a handler that does not replay fails there."""

from __future__ import annotations

import datetime as dt
import inspect
import random
import sys
import time
from types import FrameType
from typing import Any

from supportbot.bot import Bot
from supportbot.conduct import INSIDE
from supportbot.domain.dialogue import DIALOGUES
from supportbot.errors import SkillError
from supportbot.pipeline.check import Check

_SEEDS = (1, 5)
"""Two states of the module `random` in which every small choice comes out differently."""
_READS = frozenset({time.time, time.time_ns})
_DAYS = frozenset({"now", "today", "utcnow"})
_MOST = 100


class Rehearsal:
    """Remembers which questions were rehearsed; each is rehearsed once."""

    def __init__(self) -> None:
        self._known: set[tuple[str, int]] = set()

    async def run(self, bot: Bot) -> BaseException | None:
        """Rehearse the questions that are new, and tell what keeps one of them from being come to again."""
        check = Check(bot.store, bot.rules, bot.handlers, bot.dispatch.questions)
        waiting = await bot.store.find(DIALOGUES, "waiting", limit=_MOST, newest=True)
        for dialogue in waiting.items:
            if (dialogue.id, dialogue.version) in self._known or dialogue.question is None:
                continue
            self._known.add((dialogue.id, dialogue.version))
            if (dialogue.skill, dialogue.handler) not in bot.handlers.methods:
                continue  # a release without it was deployed; what its people see then is for the test to say
            for seed in _SEEDS:
                with _Otherwise(seed):
                    checked = await check.one(dialogue, bot.clock.now())
                if checked.error:
                    return checked.error
        return None


class _Otherwise:
    """Circumstances that a replay may meet: chance comes out otherwise, and who reads the clock is seen."""

    def __init__(self, seed: int) -> None:
        self._seed = seed

    def __enter__(self) -> None:
        self._chance, self._profile = random.getstate(), sys.getprofile()
        random.seed(self._seed)
        sys.setprofile(_look)

    def __exit__(self, *_: object) -> None:
        sys.setprofile(self._profile)
        random.setstate(self._chance)


def _look(frame: FrameType, event: str, called: Any) -> None:
    conduct = INSIDE.get() if event == "c_call" and _reads_clock(called) else None
    if conduct is None or conduct.function is None:
        return
    if frame.f_code.co_filename == inspect.unwrap(conduct.function).__code__.co_filename:
        conduct.refuse(
            SkillError(
                f"{conduct.handler} took the time from {_spelled(called)} at {frame.f_code.co_filename}:"
                f"{frame.f_lineno}: in a replay it is another, and a test cannot move it; take it from turn.now"
            )
        )


def _spelled(called: Any) -> str:
    return f"time.{called.__name__}" if called in _READS else str(called.__qualname__)


def _reads_clock(called: Any) -> bool:
    owner = getattr(called, "__self__", None)
    if isinstance(owner, type) and issubclass(owner, dt.date):
        return called.__name__ in _DAYS
    return called in _READS
