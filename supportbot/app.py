"""The app: a configuration becomes a running bot."""

from __future__ import annotations

import asyncio
import functools
import itertools
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from typing import Any

from supportbot.adapters.base import Adapter
from supportbot.bot import Bot
from supportbot.clock import SECOND, Clock
from supportbot.config import Config, SkillEntry
from supportbot.desk.rules import Rules
from supportbot.domain.address import Address
from supportbot.domain.person import Person
from supportbot.domain.schema import SCHEMA
from supportbot.errors import BadToken, ConfigurationError, Problem
from supportbot.knowledge.base import Knowledge
from supportbot.logs import log
from supportbot.pipeline.handlers import Handler, Handlers
from supportbot.pipeline.isolation import where
from supportbot.plugins import Failure, Loaded, find_skills
from supportbot.skills.base import Skill, Start, name_of
from supportbot.storage.base import Store
from supportbot.storage.open import open_store
from supportbot.texts import Texts

STOP_GRACE = 8.0
"""Seconds that running work gets to finish when the bot stops; the rest is done at the next start."""
_RELOAD_EVERY = 5.0
_PAUSES = (1, 2, 5, 10, 30, 60)
"""Seconds between the tries to reach a platform; the last one goes on."""

MakeAdapter = Callable[[Clock], Adapter]


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
    _background: set[asyncio.Task[None]] = field(default_factory=set)

    async def start(self, *, watch: bool = True) -> None:
        """Finish what an earlier process left, connect the adapters, and watch for what falls due."""
        self.bot.isolation.start()
        up = [adapter for adapter in self.adapters.values() if await self._is_up(adapter, adapter.connect())]
        await self.bot.crew.idle()
        for adapter in up:
            await self._is_up(adapter, adapter.start(self.bot.receive, self.store))
        if watch:
            self._do_beside(self.bot.crew.keep_watch())
            self._do_beside(self._look_after())

    def _do_beside(self, work: Coroutine[Any, Any, None]) -> None:
        self._background.add(asyncio.create_task(work))

    async def _is_up(self, adapter: Adapter, step: Awaitable[None]) -> bool:
        """Take a step to bring an adapter up; one that cannot be reached is tried again beside, and stops nobody."""
        try:
            await step
        except BadToken:
            raise
        except Exception as error:  # noqa: BLE001 - whatever keeps one platform away, the others are served
            log.error("adapter is not up; it is tried again", adapter=adapter.name, error=type(error).__name__)
            self._do_beside(self._keep_trying(adapter))
            return False
        return True

    async def _keep_trying(self, adapter: Adapter) -> None:
        for pause in itertools.chain(_PAUSES, itertools.repeat(_PAUSES[-1])):
            await asyncio.sleep(pause)
            try:
                await adapter.connect()
                await adapter.start(self.bot.receive, self.store)
            except Exception as error:  # noqa: BLE001 - as before: the next try may succeed
                log.error("adapter is still not up", adapter=adapter.name, error=type(error).__name__)
            else:
                return

    async def stop(self, grace: float = STOP_GRACE) -> None:
        """Stop taking in, let what runs finish within so many seconds, and close the store; nothing stored is lost."""
        for adapter in self.adapters.values():
            await adapter.stop()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self.bot.crew.stop(grace)
        await _stop_skills(self.bot.handlers)
        self.bot.isolation.stop()
        await self.store.close()

    async def _look_after(self) -> None:
        """Read changed articles again, and say it when the store has grown out of its member."""
        known: list[str] = []
        warned = bool(self.store.warning)
        while True:
            await asyncio.sleep(_RELOAD_EVERY)
            if self.store.warning and not warned:
                warned = True
                log.warning("the store says", reason=self.store.warning)
            problems = await asyncio.to_thread(self.knowledge.reload)
            for problem in problems:
                if problem not in known:
                    log.error("knowledge base: the last good version is served", problem=problem)
            known = problems


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
    knowledge = knowledge or Knowledge()
    problems += await _start_skills(loaded, config, Start(folder=config.folder, knowledge=knowledge))
    if problems:
        raise ConfigurationError(problems)
    if strict and loaded.failures:
        raise ConfigurationError([failure.why for failure in loaded.failures])
    handlers = Handlers(loaded.skills, time_limit=config.limits.handler_time / SECOND)
    made = {adapter.name: adapter for adapter in (make(clock) for make in adapters)}
    rules = Rules(
        settings=config.desk,
        agents=_agents_channel(config, made),
        texts=Texts(config.texts),
        longest_message=config.limits.message_characters,
        listened=frozenset(handlers.events),
        commands=frozenset(handlers.commands),
        find_person=functools.partial(_find_person, made),
        reacting=frozenset(name for name, adapter in made.items() if adapter.capabilities.reactions),
    )
    opened = store or await open_store(config.storage.url, SCHEMA, takes_work=True, clock=clock)
    bot = Bot(store=opened, clock=clock, rules=rules, handlers=handlers, knowledge=knowledge, adapters=made)
    return App(config, bot, opened, clock, made, loaded.skills, knowledge, loaded.failures)


async def mistakes_of_skills(config: Config) -> list[str]:
    """Tell everything that is wrong with the skills of a configuration that cannot be started."""
    loaded, problems = find_skills(config)
    return problems + await _start_skills(loaded, config, Start(folder=config.folder, knowledge=Knowledge()))


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
                place = where(error, handler.function)
                loaded.failures.append(Failure(name, f"{place}: could not start: {type(error).__name__}: {error}"))
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


def _agents_channel(config: Config, adapters: dict[str, Adapter]) -> Address:
    name, _, channel = config.desk.agents_channel.partition(":")
    if name not in adapters:
        raise ConfigurationError(
            [f"desk.agents_channel: {name} is not among the adapters; configure it under adapters, or choose another"]
        )
    return adapters[name].channel(channel)


async def _find_person(adapters: dict[str, Adapter], near: Person, named: str) -> Person | None:
    """Find whom somebody names, on the platform where they are themselves."""
    adapter, workspace, _ = near.id.split("/", 2)
    return await adapters[adapter].find_person(workspace, named)
