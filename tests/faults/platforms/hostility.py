"""What people write to hurt, on its way through every path of a desk, whatever the platform."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

SKILLS = ["greeting", {"faq": {"sources": ["faq.yaml"]}}, "tickets", "handoff", {"survey": {"delay": "0s"}}, "help"]


class Paths:
    """A desk through which words go: Ada's case is claimed by Sam; the victim is to hear of nothing.

    A platform gives the rooms: `team` of the agents, and `room` for everybody.
    """

    team: Any
    room: Any

    def __init__(self, world: Any, marks: Sequence[str], seed: int, **ids: str) -> None:
        """Mix words of `marks`; those in braces stand for the ids."""
        self.world, self.chance = world, random.Random(seed)
        self.ada, self.sam, self.victim = (world.person(name) for name in ("Ada", "Sam", "Victim"))
        self.card: Any = None
        self.ids = {"victim": self.victim.id, **ids}
        self._marks = marks

    def words(self) -> str:
        """Mix some."""
        words = self.chance.choices(self._marks, k=self.chance.randint(1, 6))
        return self.named(self.chance.choice(("", " ", "\n")).join(words))

    def named(self, words: str) -> str:
        """Put the ids into words."""
        for name, id in self.ids.items():
            words = words.replace(f"{{{name}}}", id)
        return words

    async def goes_once(self, words: str) -> None:
        """Send words down one of the paths, as typed and as they are on the wire."""
        exact = self.chance.random() < 0.7
        if not exact:
            words = words.replace("@everybody", "")
        ways = (
            self._asked,
            self._answered,
            self._noted,
            self._replied,
            self._in_a_room,
            self._as_subject,
            self._edited,
        )
        await self.chance.choices(ways, weights=(5, 5, 1, 1, 2, 1, 1))[0](words, exact)

    async def _asked(self, words: str, exact: bool) -> None:
        await self.ada.dm(words, exact=exact)

    async def _answered(self, words: str, exact: bool) -> None:
        await self.sam.writes(self.team, words, thread=self.card, exact=exact)

    async def _noted(self, words: str, exact: bool) -> None:
        await self.sam.writes(self.team, f"// {words}", thread=self.card, exact=exact)

    async def _replied(self, words: str, exact: bool) -> None:
        await self.sam.writes(self.team, f"/reply T-1 {words}", thread=self.card, exact=exact)

    async def _in_a_room(self, words: str, exact: bool) -> None:
        await self.ada.writes(self.room, f"<@{self.world.bot.id}> {words}", exact=True)

    async def _as_subject(self, words: str, exact: bool) -> None:
        await self.ada.writes(self.room, f"<@{self.world.bot.id}> /ticket {words}", exact=True)

    async def _edited(self, words: str, exact: bool) -> None:
        message = await self.ada.dm("hello")
        await self.ada.edits(message, words or "hello", exact=exact)
