"""BotHarness: a conversation in memory, through the real pipeline and journal, with a clock that tests move."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec

from supportbot import logs
from supportbot.adapters.console import AGENTS, Console, Role, Show
from supportbot.app import App, open_app
from supportbot.chat_lines import move_clock
from supportbot.clock import Clock, SimulatedClock, milliseconds
from supportbot.config import Config, DeskSettings, SkillEntry, StorageSettings
from supportbot.domain.article import Article
from supportbot.domain.event import Event
from supportbot.domain.schema import SCHEMA
from supportbot.knowledge.base import Knowledge
from supportbot.skills.base import Skill
from supportbot.storage.base import Store
from supportbot.storage.open import open_store

BUILT_IN = ("greeting", "tickets", "handoff", "survey", "help")


class Heard(str):
    """What somebody heard in answer: all of it as one text, with the choices that were offered."""

    __slots__ = ("lines",)

    lines: list[dict[str, Any]]

    def __new__(cls, lines: list[dict[str, Any]]) -> Self:
        """Join the texts of several messages with an empty line between them."""
        heard = super().__new__(cls, "\n\n".join(str(line["text"]) for line in lines))
        heard.lines = lines
        return heard

    @property
    def choices(self) -> list[str]:
        """The labels of the choices, in order."""
        return [choice["label"] for line in self.lines for choice in line.get("choices", [])]

    @property
    def conversation(self) -> str:
        """The conversation of the last message: for a card, what an agent gives as `case` to write in its thread."""
        return str(self.lines[-1]["conversation"])


class _Stage(Console):
    """A console with rooms, in which agents are known wherever they write."""

    def __init__(self, show: Show, clock: Clock) -> None:
        super().__init__(show, clock)
        self.agents: set[str] = set()

    async def is_agent(self, event: Event) -> bool:
        """Know the agents of the test in every room."""
        return event.person.id in self.agents or await super().is_agent(event)


class Topic(NamedTuple):
    """Where something is said among others: a room, the thread of a topic in it, and whether the bot was named."""

    room: str
    thread: str
    mentioned: bool = False
    opens_topic: bool = True


class Party:
    """Somebody in the conversation; what they say returns what they hear in answer."""

    def __init__(self, harness: BotHarness, name: str, role: Role) -> None:
        self._harness = harness
        self.name = name
        self._role = role

    @property
    def hears(self) -> str:
        """Where this party reads: their own DM, or the agents' channel."""
        return AGENTS if self._role == "agent" else self.name

    def _reads(self, room: str) -> tuple[str, ...]:
        return (room, self.name) if room else (self.hears,)

    async def says(
        self,
        text: str,
        *,
        case: str = "",
        room: str = "",
        topic: str = "1",
        mentioned: bool = False,
        opens_topic: bool = True,
        id: str = "",
    ) -> Heard:
        """Write a message; agents give the conversation of a case to write in its thread.

        With a `room` ("#help") it is said there among others, in the thread `topic`; `mentioned` names the bot, and
        without `opens_topic` it is a word in a talk that goes on there.
        """
        place = Topic(room, topic, mentioned, opens_topic) if room else None
        return await self._harness.act(self, text=text, thread=case, place=place, id=id)

    async def presses(self, label: str, *, room: str = "", topic: str = "1") -> Heard:
        """Press the choice with this label, or whose label begins so, that was offered last where this party reads."""
        for line in reversed(self._harness.shown):
            for choice in line.get("choices", []) if line["to"] in self._reads(room) else ():
                if choice["label"].startswith(label):
                    place = Topic(room, topic) if room else None
                    return await self._harness.act(self, press=choice["id"], place=place)
        raise AssertionError(f"nobody offered {self.name} a choice that begins with {label!r}")


class BotHarness:
    """A whole bot in memory: built-in skills, yours in front of them, and a store that serialises everything."""

    def __init__(
        self,
        *skills: Skill[Any],
        articles: Sequence[Article] = (),
        built_in: Sequence[str | Mapping[str, Mapping[str, Any]]] = BUILT_IN,
        texts: Mapping[str, str] | None = None,
        desk: DeskSettings | None = None,
        store: str = "tinydb:memory",
        fails: bool = True,
    ) -> None:
        """Make a harness; `fails` lets a test fail with the skill's own error when a handler raises."""
        entries = ["faq", *built_in] if articles and "faq" not in built_in else built_in
        self._skills = skills
        self._articles = tuple(articles)
        self._fails = fails
        self._errors: list[BaseException] = []
        self._config = Config(
            storage=StorageSettings(url=store),
            skills=tuple(SkillEntry.from_setting(dict(e) if isinstance(e, Mapping) else e) for e in entries),
            texts=dict(texts or {}),
            desk=desk or DeskSettings(),
        )
        self._store: Store | None = None
        self._acts = 0
        self.clock = SimulatedClock()
        self.shown: list[dict[str, Any]] = []
        self.app: App

    async def __aenter__(self) -> Self:
        """Start the bot."""
        logs.configure()
        self._store = await open_store(self._config.storage.url, SCHEMA, takes_work=True, clock=self.clock)
        await self._open()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Stop the bot."""
        await self.app.stop()

    async def _open(self) -> None:
        self._console = _Stage(self.shown.append, self.clock)
        skills = [type(skill)(skill.settings) for skill in self._skills]
        self.app = await open_app(
            self._config,
            self.clock,
            [lambda _: self._console],
            skills=skills,
            store=self._store,
            knowledge=Knowledge(self._articles),
        )
        self.app.bot.running.on_failure = self._errors.append
        self.app.bot.crew.on_failure = self._errors.append
        await self.app.start(watch=False)

    def requester(self, name: str) -> Party:
        """Somebody who needs help and writes to the bot."""
        return Party(self, name, "requester")

    def agent(self, name: str) -> Party:
        """Somebody of the team, in the agents' channel."""
        return Party(self, name, "agent")

    @property
    def agents_channel(self) -> Heard:
        """Everything that the agents' channel has seen."""
        return Heard([line for line in self.shown if line["to"] == AGENTS])

    async def act(
        self,
        party: Party,
        *,
        text: str = "",
        press: str = "",
        thread: str = "",
        place: Topic | None = None,
        id: str = "",
    ) -> Heard:
        """Let a party do something, and everything that follows from it now."""
        before = len(self.shown)
        event = self._event(party, text=text, press=press, thread=thread, place=place, id=id)
        await self.app.bot.receive(event)
        await self.app.bot.crew.idle()
        self._raise_errors()
        where = (place.room, party.name) if place else (party.hears,)  # in a room some lines are for their eyes only
        return Heard([line for line in self.shown[before:] if line["to"] in where])

    async def quickly(self, *messages: tuple[Party, str]) -> list[dict[str, Any]]:
        """Let parties write one after another without waiting for an answer; returns everything that was shown."""
        before = len(self.shown)
        events = [self._event(party, text=text) for party, text in messages]
        await asyncio.gather(*(self.app.bot.receive(event) for event in events))
        await self.app.bot.crew.idle()
        self._raise_errors()
        return self.shown[before:]

    def _event(
        self,
        party: Party,
        *,
        text: str = "",
        press: str = "",
        thread: str = "",
        place: Topic | None = None,
        id: str = "",
    ) -> Event:
        self._acts += 1
        role: Role = "agent" if party.hears == AGENTS else "requester"
        key = id or str(self._acts)
        event = self._console.event(party.name, key=key, role=role, text=text, press=press, thread=thread)
        if role == "agent":
            self._console.agents.add(event.person.id)
        if place:
            there = msgspec.structs.replace(event.address, channel=place.room, thread=place.thread)
            event = msgspec.structs.replace(
                event, address=there, direct=False, mentioned=place.mentioned, opens_topic=place.opens_topic
            )
        return event

    async def advance(self, span: str) -> list[dict[str, Any]]:
        """Let time pass; returns everything that was shown meanwhile."""
        before = len(self.shown)
        await move_clock(self.app, self.clock, milliseconds(span))
        self._raise_errors()
        return self.shown[before:]

    async def restart(self, *skills: Skill[Any]) -> None:
        """Stop the bot and start another one on the same store, as after a deploy; `skills` are the new release's."""
        await self.app.bot.crew.idle()
        self.app.bot.isolation.stop()
        self._skills = skills or self._skills
        await self._open()

    def _raise_errors(self) -> None:
        if self._errors and self._fails:
            error = self._errors[0]
            self._errors.clear()
            raise error
