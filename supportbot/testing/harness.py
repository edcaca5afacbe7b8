"""BotHarness: a conversation in memory, through the real pipeline and journal, with a clock that tests move."""

from __future__ import annotations

import asyncio
import mimetypes
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

import msgspec

from supportbot import logs
from supportbot.adapters.console import AGENTS, Console, Role, Show
from supportbot.app import App, open_app
from supportbot.chat_lines import move_clock
from supportbot.clock import Clock, SimulatedClock, milliseconds
from supportbot.config import (
    AdaptersSettings,
    Config,
    ConsoleSettings,
    DeskSettings,
    LimitsSettings,
    SkillEntry,
    StorageSettings,
    load_config,
)
from supportbot.domain.article import Article
from supportbot.domain.event import Event
from supportbot.domain.file import File
from supportbot.domain.schema import SCHEMA
from supportbot.environment import read_environment
from supportbot.knowledge.base import Knowledge
from supportbot.skills.base import Skill
from supportbot.storage.base import Store
from supportbot.storage.open import open_store
from supportbot.testing.guard import Guard
from supportbot.testing.presets import Presets
from supportbot.testing.rehearsal import Rehearsal

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
    def files(self) -> list[str]:
        """The names of the files that came with it, in order."""
        return [file["name"] for line in self.lines for file in line.get("files", [])]

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

    def __init__(
        self,
        harness: BotHarness,
        name: str,
        role: Role,
        *,
        is_bot: bool = False,
        account_made_at: int = 0,
        member_since: int = 0,
    ) -> None:
        self._harness = harness
        self.name = name
        self._role = role
        self.is_bot = is_bot
        self.account_made_at = account_made_at
        self.member_since = member_since

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
        files: Sequence[tuple[str, bytes]] = (),
        room: str = "",
        topic: str = "1",
        mentioned: bool = False,
        opens_topic: bool = True,
        id: str = "",
    ) -> Heard:
        """Write a message; agents give the conversation of a case to write in its thread.

        `files` come with it: pairs of a name and the bytes, as ``("photo.jpg", b"…")``.
        With a `room` ("#help") it is said there among others, in the thread `topic`; `mentioned` names the bot, and
        without `opens_topic` it is a word in a talk that goes on there.
        """
        place = Topic(room, topic, mentioned, opens_topic) if room else None
        kept = await self._harness.keep_files(files)
        return await self._harness.act(self, text=text, thread=case, files=kept, place=place, id=id)

    async def presses(self, label: str, *, room: str = "", topic: str = "1") -> Heard:
        """Press the choice with this label, or whose label begins so, that was offered last where this party reads."""
        for line in reversed(self._harness.shown):
            for choice in line.get("choices", []) if line["to"] in self._reads(room) else ():
                if choice["label"].startswith(label):
                    place = Topic(room, topic) if room else None
                    return await self._harness.act(self, press=choice["id"], place=place)
        raise AssertionError(f"nobody offered {self.name} a choice that begins with {label!r}")


class BotHarness:
    """A whole bot in memory: built-in skills, yours in front of them, and a store that serialises everything.

    Other bots are answered where `bots` names them, and floods are limited where `limits` says so.
    """

    def __init__(
        self,
        *skills: Skill[Any],
        articles: Sequence[Article] = (),
        built_in: Sequence[str | Mapping[str, Mapping[str, Any]]] = BUILT_IN,
        texts: Mapping[str, str] | None = None,
        desk: DeskSettings | None = None,
        limits: LimitsSettings | None = None,
        bots: Sequence[str] = (),
        store: str = "tinydb:memory",
        config: Path | str | None = None,
        once: Mapping[str, Sequence[Any]] | None = None,
        fails: bool = True,
    ) -> None:
        """Make a harness; `fails` lets a test fail with the skill's own error when a handler raises or misbehaves.

        A `config` file gives the skills with their settings, the texts and the desk's rules in place of `built_in`.
        `once` gives the results of ``turn.once`` by name, each a list in the order they come, so that nothing is done
        outside: ``once={"charge": [{"receipt": 7}, OnceFailed("Timeout", "")]}``.
        """
        self._skills = skills
        self._articles = tuple(articles)
        self._fails = fails
        self.errors: list[BaseException] = []  # what skills did wrong, where the test does not fail with it
        base = configured(Path(config)) if config else _listing(built_in, with_faq=bool(articles))
        self._config = msgspec.structs.replace(
            base,
            storage=StorageSettings(url=store),
            texts={**base.texts, **(texts or {})},
            adapters=AdaptersSettings(console=ConsoleSettings(bots=tuple(bots))),
            desk=desk or msgspec.structs.replace(base.desk, agents_channel="console"),
            limits=limits or base.limits,
        )
        self._presets = None if once is None else Presets(once, self.errors.append)
        self._rehearsal = Rehearsal()
        self._store: Store | None = None
        self._acts = 0
        self.clock = SimulatedClock()
        self.shown: list[dict[str, Any]] = []
        self.app: App

    async def __aenter__(self) -> Self:
        """Start the bot."""
        logs.configure()
        self._guard = Guard(asyncio.get_running_loop())
        self._guard.begin()
        try:
            self._store = await open_store(self._config.storage.url, SCHEMA, takes_work=True, clock=self.clock)
            await self._open()
        except BaseException:
            self._guard.end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        """Stop the bot."""
        await self.app.stop()
        await self._guard.left_running()
        self._guard.end()

    async def _open(self) -> None:
        self._console = _Stage(self.shown.append, self.clock)
        skills = [type(skill)(skill.settings) for skill in self._skills]
        self.app = await open_app(
            self._config,
            self.clock,
            [lambda _: self._console],
            strict=True,
            skills=skills,
            store=self._store,
            knowledge=Knowledge(self._articles),
        )
        self.app.bot.running.on_failure = self.errors.append
        self.app.bot.crew.on_failure = self.errors.append
        if self._presets:
            self.app.bot.running.instead = self._presets.instead
        await self.app.start(watch=False)

    def requester(self, name: str, *, account_age: str = "", member_for: str = "") -> Party:
        """Somebody who needs help and writes to the bot.

        Where the platform is to tell it, `account_age` and `member_for` say how old their account and their membership
        are now (``"2h"``).
        """
        made_at, since = (self.clock.now() - milliseconds(age) if age else 0 for age in (account_age, member_for))
        return Party(self, name, "requester", account_made_at=made_at, member_since=since)

    def agent(self, name: str) -> Party:
        """Somebody of the team, in the agents' channel."""
        return Party(self, name, "agent")

    def bot(self, name: str) -> Party:
        """Another bot or a webhook; it is answered where the harness was given its name in `bots`."""
        return Party(self, name, "requester", is_bot=True)

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
        files: tuple[File, ...] = (),
        place: Topic | None = None,
        id: str = "",
    ) -> Heard:
        """Let a party do something, and everything that follows from it now."""
        before = len(self.shown)
        event = self._event(party, text=text, press=press, thread=thread, files=files, place=place, id=id)
        await self.app.bot.receive(event)
        await self._settle()
        where = (place.room, party.name) if place else (party.hears,)  # in a room some lines are for their eyes only
        return Heard([line for line in self.shown[before:] if line["to"] in where])

    async def keep_files(self, files: Sequence[tuple[str, bytes]]) -> tuple[File, ...]:
        """Keep files in the store, as an adapter does with what comes with a message."""
        kept = []
        for name, content in files:
            media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
            id = await self.app.store.put_file(content)
            kept.append(File(id=id, name=name, media_type=media_type, size=len(content)))
        return tuple(kept)

    async def quickly(self, *messages: tuple[Party, str]) -> list[dict[str, Any]]:
        """Let parties write one after another without waiting for an answer; returns everything that was shown."""
        before = len(self.shown)
        events = [self._event(party, text=text) for party, text in messages]
        await asyncio.gather(*(self.app.bot.receive(event) for event in events))
        await self._settle()
        return self.shown[before:]

    def _event(
        self,
        party: Party,
        *,
        text: str = "",
        press: str = "",
        thread: str = "",
        files: tuple[File, ...] = (),
        place: Topic | None = None,
        id: str = "",
    ) -> Event:
        self._acts += 1
        role: Role = "agent" if party.hears == AGENTS else "requester"
        key = id or str(self._acts)
        event = self._console.event(party.name, key=key, role=role, text=text, press=press, thread=thread)
        event = msgspec.structs.replace(event, files=files)
        event = msgspec.structs.replace(
            event, by_bot=party.is_bot, account_made_at=party.account_made_at, member_since=party.member_since
        )
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
        await self._settle()
        return self.shown[before:]

    async def restart(self, *skills: Skill[Any]) -> None:
        """Stop the bot and start another one on the same store, as after a deploy; `skills` are the new release's."""
        await self.app.bot.crew.idle()
        await self.app.stop(closes_store=False)
        self._skills = skills or self._skills
        await self._open()

    async def _settle(self) -> None:
        """Let everything happen that follows now; then fail with what a skill did that it may not."""
        await self.app.bot.crew.idle()
        left = await self._guard.left_running() if self._fails else None
        if left:
            self.errors.append(left)
        if self._fails and not self.errors and (error := await self._rehearsal.run(self.app.bot)):
            self.errors.append(error)
        if self.errors and self._fails:
            error = self.errors[0]
            self.errors.clear()
            raise error


def _listing(built_in: Sequence[str | Mapping[str, Any]], *, with_faq: bool) -> Config:
    entries = ["faq", *built_in] if with_faq and "faq" not in built_in else built_in
    return Config(skills=tuple(SkillEntry.from_setting(dict(e) if isinstance(e, Mapping) else e) for e in entries))


def configured(file: Path) -> Config:
    """Read a configuration for a test: variables that are not set here (tokens of platforms) stand for nothing."""
    names = re.findall(r"\$\{(\w+)\}", file.read_text("utf-8"))
    known = read_environment(file.parent)
    return load_config(file, environment={**dict.fromkeys(names, "unset"), **known})
