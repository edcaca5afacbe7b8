"""The app: a configuration becomes a running bot."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from supportbot.adapters.base import Adapter
from supportbot.bot import Bot
from supportbot.canned import read_canned
from supportbot.catch_up import CatchUp
from supportbot.clock import SECOND, Clock
from supportbot.config import Config, SkillEntry
from supportbot.data.retention import Retention
from supportbot.desk.closing import is_settled
from supportbot.desk.rules import Rules
from supportbot.domain.address import Address
from supportbot.domain.person import Person
from supportbot.domain.schema import SCHEMA
from supportbot.errors import ConfigurationError, Problem, StoreError, StoreFailed, StoreUnreadable
from supportbot.knowledge.base import Knowledge
from supportbot.knowledge.completion import questions
from supportbot.knowledge.watch import wait_for_change
from supportbot.logs import log, masked
from supportbot.pipeline.handlers import Handler, Handlers
from supportbot.pipeline.isolation import where
from supportbot.pipeline.typists import Typists
from supportbot.plugins import Failure, Loaded, find_skills
from supportbot.presence import Presence
from supportbot.skills.base import Skill, Start, name_of
from supportbot.storage.base import Store, place_of
from supportbot.storage.open import open_store
from supportbot.texts import Texts
from supportbot.version import __version__

STOP_GRACE = 8.0
"""Seconds that running work gets to finish when the bot stops; the rest is done at the next start."""
_TIDY_EVERY = 3600.0

MakeAdapter = Callable[[Clock], Adapter]
Phase = Literal["starting", "running", "stopping"]


class Companion(Protocol):
    """What runs beside the bot and looks after it: a health server, say, or whoever tells the system how it is."""

    async def open(self, app: App) -> None:
        """Begin, before the bot starts; a ConfigurationError stops the start."""

    async def ready(self) -> None:
        """Hear that the bot has started."""

    async def close(self) -> None:
        """End, once the bot begins to stop; called also where `open` failed or never was."""


@dataclass
class App:
    """A bot with everything it was made of."""

    config: Config
    bot: Bot
    store: Store
    clock: Clock
    adapters: dict[str, Adapter]
    skills: list[Skill[Any]]
    knowledge: Knowledge
    failures: list[Failure]
    companions: Sequence[Companion] = ()
    phase: Phase = "starting"
    retention: Retention = field(init=False)
    presence: Presence = field(init=False)
    _background: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        catch_up = CatchUp(self.bot, self.config.catch_up.max_age)
        self.presence = Presence(self.adapters, self.store, self.clock, catch_up)
        self.retention = Retention(self.store, self.clock, self.config.retention.conversations)

    async def start(self, *, watch: bool = True) -> None:
        """Finish what an earlier process left, connect the adapters, and watch for what falls due."""
        for companion in self.companions:
            await companion.open(self)
        self.bot.isolation.start()
        connected = await self.presence.connect()
        await self.bot.crew.idle()
        await self.presence.start(connected, self.bot.receive, watch=watch)
        await self.bot.keep_panels_current()
        if watch:
            self._do_beside(self.bot.crew.keep_watch())
            self._do_beside(self._look_after())
            self._do_beside(self._keep_tidy())
        self.phase = "running"
        names, (member, _) = list(self.bot.handlers.skills), place_of(self.config.storage.url)
        log.info("started", release=__version__, adapters=list(self.adapters), store=member, skills=names)
        for companion in self.companions:
            await companion.ready()

    @property
    def down(self) -> dict[str, str]:
        """The adapters that are not up, and why."""
        return self.presence.down

    def _do_beside(self, work: Coroutine[Any, Any, None]) -> None:
        self._background.add(asyncio.create_task(work))

    async def stop(self, grace: float = STOP_GRACE, *, closes_store: bool = True) -> None:
        """Stop taking in, let what runs finish within so many seconds, and close the store; nothing stored is lost.

        Without `closes_store` another bot may go on with it.
        """
        self.phase = "stopping"
        log.info("stopping")
        for companion in self.companions:
            await companion.close()
        await self.presence.stop_receiving()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.bot.crew.stop(grace)
        await self.presence.stop()
        await _stop_skills(self.bot.handlers)
        self.bot.isolation.stop()
        if closes_store:
            await self.store.close()
        log.info("stopped")

    async def start_skill(self, skill: Skill[Any], config: Config) -> list[str]:
        """Start a skill that is to be taken in; returns what keeps it from starting."""
        loaded = Loaded([skill])
        problems = await _start_skills(loaded, config, Start(folder=config.folder, knowledge=self.knowledge))
        return [*problems, *(failure.why for failure in loaded.failures)]

    async def replace_skills(self, skills: Sequence[Skill[Any]]) -> None:
        """Go on with these skills, which are started: turns that begin from now on are theirs.

        Those that are no longer among them are stopped when the turns that run have ended.
        """
        left = [skill for skill in self.skills if not any(skill is staying for staying in skills)]
        self.skills = list(skills)
        self.bot.replace_skills(Handlers(skills, time_limit=self.config.limits.handler_time / SECOND))
        await self.bot.keep_panels_current()
        await self.bot.crew.finish(STOP_GRACE)
        await _stop_skills(Handlers(left))

    async def _keep_tidy(self) -> None:
        """Remove every day what was kept long enough."""
        while True:
            try:
                await self.retention.daily()
            except StoreError as error:
                log.error("what is too old could not be removed", error=type(error).__name__)
            await asyncio.sleep(_TIDY_EVERY)

    async def _look_after(self) -> None:
        """Read changed articles again, and say it when the store has grown out of its member."""
        known: list[str] = []
        warned = bool(self.store.warning)
        while True:
            await wait_for_change(self.knowledge.paths)
            if self.store.warning and not warned:
                warned = True
                log.warning("the store says", reason=self.store.warning)
            served = self.knowledge.articles
            problems = await asyncio.to_thread(self.knowledge.reload)
            for problem in problems:
                if problem not in known:
                    log.error("knowledge base: the last good version is served", problem=problem)
            known = problems
            if self.knowledge.articles is not served:
                log.info("knowledge base: what changed is served", articles=len(self.knowledge))


async def open_app(
    config: Config,
    clock: Clock,
    adapters: Sequence[MakeAdapter],
    *,
    strict: bool = False,
    skills: Sequence[Skill[Any]] = (),
    store: Store | None = None,
    knowledge: Knowledge | None = None,
) -> App:
    """Make a bot from a configuration; ConfigurationError has every mistake in it, the skills' own included.

    `skills` are put before the listed ones (the test kit's); `store` and `knowledge` are used in place of new ones.
    """
    loaded, problems = find_skills(config)
    loaded.skills[:0] = skills
    knowledge = Knowledge() if knowledge is None else knowledge
    problems += await _start_skills(loaded, config, Start(folder=config.folder, knowledge=knowledge))
    canned, wrong = read_canned(config.desk.canned_replies)
    problems += wrong
    if problems or (strict and loaded.failures):
        raise ConfigurationError([*problems, *(failure.why for failure in loaded.failures)])
    handlers = Handlers(loaded.skills, time_limit=config.limits.handler_time / SECOND)
    made = {adapter.name: adapter for adapter in (make(clock) for make in adapters)}
    for adapter in made.values():
        adapter.suggest, adapter.canned = functools.partial(questions, knowledge), tuple(canned)
    opened = store or await _open_store(config, clock)
    for adapter in made.values():
        adapter.settled = functools.partial(is_settled, opened, clock)
    rules = replace(_rules(config, made), canned=canned)
    bot = Bot(store=opened, clock=clock, rules=rules, handlers=handlers, knowledge=knowledge, adapters=made)
    if made[rules.agents.adapter].capabilities.typing:
        typists = Typists(opened, clock, rules.agents, made)
        for adapter in made.values():
            adapter.types = typists.types
    return App(config, bot, opened, clock, made, loaded.skills, knowledge, loaded.failures)


async def look_at_skills(config: Config, knowledge: Knowledge | None = None) -> tuple[Loaded, list[str]]:
    """Load and start the skills of a configuration, to tell everything that is wrong with them, and stop them again."""
    loaded, problems = find_skills(config)
    knowledge = Knowledge() if knowledge is None else knowledge  # `or` would drop an empty one, which is to be filled
    problems += await _start_skills(loaded, config, Start(folder=config.folder, knowledge=knowledge))
    await _stop_skills(Handlers(loaded.skills))
    return loaded, problems


async def _open_store(config: Config, clock: Clock) -> Store:
    """Open the configured store; where its place is of no use, say which line of the configuration names it."""
    try:
        return await open_store(config.storage.url, SCHEMA, takes_work=True, clock=clock)
    except (StoreUnreadable, StoreFailed) as error:
        if config.file is None or config.storage_line is None:
            raise
        raise type(error)(Problem.at(config.file, config.storage_line, f"storage.url: {error}")) from error


async def mistakes_of_skills(config: Config) -> list[str]:
    """Tell everything that is wrong with the skills of a configuration that cannot be started."""
    loaded, problems = await look_at_skills(config)
    return [*problems, *(failure.why for failure in loaded.failures)]


async def _start_skills(loaded: Loaded, config: Config, start: Start) -> list[str]:
    """Call every skill's ``@on.start``; its ConfigurationError is told as mistakes, anything else leaves it out."""
    problems: list[str] = []
    places = {entry.name: entry for entry in config.skills}
    for skill in list(loaded.skills):
        name = name_of(type(skill))
        for handler in Handlers([skill]).marked("start"):
            try:
                await _call(handler, start)
            except ConfigurationError as error:
                problems += [_placed(places.get(name), config, problem) for problem in error.problems]
            except (KeyboardInterrupt, asyncio.CancelledError):
                raise
            except BaseException as error:  # noqa: BLE001 - one skill that cannot start does not stop the others
                loaded.skills.remove(skill)
                why = f"{where(error, handler.function)}: could not start: {type(error).__name__}: {error}"
                loaded.failures.append(Failure(name, masked(why)))
                break
    return problems


def _placed(entry: SkillEntry | None, config: Config, problem: str) -> str:
    """Tell where a skill that cannot start stands in the configuration."""
    if entry is None or config.file is None:
        return f"{entry.path}: {problem}" if entry else problem
    return Problem.at(config.file, entry.line, f"{entry.path}: {problem}")


async def _stop_skills(handlers: Handlers) -> None:
    """Call every skill's ``@on.stop``; one that fails keeps nobody else from stopping."""
    for handler in handlers.marked("stop"):
        try:
            await _call(handler)
        except (KeyboardInterrupt, asyncio.CancelledError):
            raise
        except BaseException as error:  # noqa: BLE001 - whatever it was, the store is still to be closed
            place = where(error, handler.function)
            log.error("skill could not stop", skill=handler.skill, where=place, error=type(error).__name__)


async def _call(handler: Handler, *arguments: Any) -> None:
    result = handler.function(*arguments)
    if handler.is_async:
        await result


def _rules(config: Config, made: dict[str, Adapter]) -> Rules:
    """Gather what every desk action needs to know."""
    return Rules(
        settings=config.desk,
        agents=_agents_channel(config, made),
        texts=Texts(config.texts),
        strangers=_able(made, "for_strangers"),
        limits=config.limits,
        bots=config.adapters.bots,
        hinting=config.adapters.hinting,
        unanswered_after=config.adapters.unanswered_after,
        find_person=functools.partial(_find_person, made),
        has_left=functools.partial(_has_left, made),
        knows_members=_able(made, "knows_members"),
        find_channel=functools.partial(_find_channel, made),
        reacting=_able(made, "reactions"),
        menus=_able(made, "menus"),
        forms=_able(made, "forms"),
        editing=_able(made, "edits"),
        private_threads=_able(made, "private_threads"),
        must_mention=functools.partial(_must_mention, made),
        panels=_able(made, "panels"),
        closing=_able(made, "closes_threads"),
        signs={name: adapter.capabilities.command_sign for name, adapter in made.items()},
    )


def _able(made: dict[str, Adapter], capability: str) -> frozenset[str]:
    """Name the adapters whose platform can do something."""
    return frozenset(name for name, adapter in made.items() if getattr(adapter.capabilities, capability))


def _must_mention(made: dict[str, Adapter]) -> frozenset[str]:
    """Name the adapters that may read, in rooms, only what mentions the bot, as it is now."""
    return frozenset(name for name, adapter in made.items() if not adapter.hears_all)


def _agents_channel(config: Config, adapters: dict[str, Adapter]) -> Address:
    name, _, channel = config.desk.agents_channel.partition(":")
    if name not in adapters:
        raise ConfigurationError(
            [f"desk.agents_channel: {name} is not among the adapters; configure it under adapters, or choose another"]
        )
    return adapters[name].channel(channel)


def _find_channel(adapters: dict[str, Adapter], named: str) -> Address | None:
    """Find a channel as the configuration names it, on a platform that is served."""
    name, _, channel = named.partition(":")
    return adapters[name].channel(channel) if name in adapters else None


async def _has_left(adapters: dict[str, Adapter], person: Person, address: Address) -> bool:
    """Ask the platform of an address whether somebody is no longer there."""
    return await adapters[address.adapter].has_left(person, address)


async def _find_person(adapters: dict[str, Adapter], near: Person, named: str) -> Person | None:
    """Find whom somebody names, on the platform where they are themselves."""
    adapter, workspace, _ = near.id.split("/", 2)
    return await adapters[adapter].find_person(workspace, named)
