"""BotHarness: a conversation in memory, through the real pipeline and journal, with a clock that tests move."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from supportbot import logs
from supportbot.adapters.console import AGENTS, Console, Role
from supportbot.app import App, open_app
from supportbot.chat_lines import move_clock
from supportbot.clock import SimulatedClock, milliseconds
from supportbot.config import Config, SkillEntry, StorageSettings
from supportbot.domain.article import Article
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

    async def says(self, text: str, *, case: str = "", id: str = "") -> Heard:
        """Write a message; agents give the conversation of a case to write in its thread."""
        return await self._harness.act(self, text=text, thread=case, id=id)

    async def presses(self, label: str) -> Heard:
        """Press the choice with this label, or whose label begins so, that was offered last."""
        for line in reversed(self._harness.shown):
            for choice in line.get("choices", []) if line["to"] == self.hears else ():
                if choice["label"].startswith(label):
                    return await self._harness.act(self, press=choice["id"])
        raise AssertionError(f"nobody offered {self.name} a choice that begins with {label!r}")


class BotHarness:
    """A whole bot in memory: built-in skills, yours in front of them, and a store that serialises everything."""

    def __init__(
        self,
        *skills: Skill[Any],
        articles: Sequence[Article] = (),
        built_in: Sequence[str | Mapping[str, Mapping[str, Any]]] = (
            "greeting",
            "tickets",
            "handoff",
            "survey",
            "help",
        ),
        texts: Mapping[str, str] | None = None,
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
        self._console = Console(self.shown.append, self.clock)
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

    async def act(self, party: Party, *, text: str = "", press: str = "", thread: str = "", id: str = "") -> Heard:
        """Let a party do something, and everything that follows from it now."""
        self._acts += 1
        before = len(self.shown)
        role: Role = "agent" if party.hears == AGENTS else "requester"
        key = id or str(self._acts)
        event = self._console.event(party.name, key=key, role=role, text=text, press=press, thread=thread)
        await self.app.bot.receive(event)
        await self.app.bot.crew.idle()
        self._raise_errors()
        return Heard([line for line in self.shown[before:] if line["to"] == party.hears])

    async def advance(self, span: str) -> list[dict[str, Any]]:
        """Let time pass; returns everything that was shown meanwhile."""
        before = len(self.shown)
        await move_clock(self.app, self.clock, milliseconds(span))
        self._raise_errors()
        return self.shown[before:]

    async def restart(self) -> None:
        """Stop the bot and start another one on the same store, as after a deploy."""
        await self.app.bot.crew.idle()
        self.app.bot.isolation.stop()
        await self._open()

    def _raise_errors(self) -> None:
        if self._errors and self._fails:
            error = self._errors[0]
            self._errors.clear()
            raise error
