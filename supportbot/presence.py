"""Presence: the platforms that the bot is on, brought up one by one, tried again while they are away, and noted."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Coroutine
from typing import Any

import msgspec

from supportbot.adapters.base import Adapter, Receive
from supportbot.catch_up import CatchUp, Gap
from supportbot.clock import MINUTE, SECOND, Clock
from supportbot.domain.platform import PLATFORMS, Platform
from supportbot.errors import BadToken, Conflict, StoreError
from supportbot.logs import log
from supportbot.storage.base import Changes, Store

PAUSES = (1, 2, 5, 10, 30, 60)
"""Seconds between the tries to reach a platform; the last one goes on."""
NOTED_EVERY = MINUTE
LOOKS_EVERY = 5.0
"""Seconds between looks at whether the platforms are still there."""
A_WHILE = 30 * SECOND
"""A platform that was lost for longer is looked at for what was missed; it sends again itself what is younger."""


class Presence:
    """Brings the adapters up, notes now and then that they are, and has what was missed meanwhile dealt with."""

    def __init__(self, adapters: dict[str, Adapter], store: Store, clock: Clock, catch_up: CatchUp) -> None:
        self._adapters = adapters
        self._store = store
        self._clock = clock
        self._catch_up = catch_up
        self._behind: dict[str, asyncio.Task[None]] = {}
        """The adapters that still catch up: until they have, what is noted of them does not move on."""
        self._lost: dict[str, int] = {}
        """Since when adapters that are up have been in trouble."""
        self.down: dict[str, str] = dict.fromkeys(adapters, "")
        """The adapters that are not up, and why: an error's class, or nothing where it was not tried yet."""
        self._beside: set[asyncio.Task[None]] = set()

    async def connect(self) -> list[Adapter]:
        """Connect all that can be reached; BadToken ends the start."""
        return [adapter for adapter in self._adapters.values() if await self._reaches(adapter, adapter.connect())]

    async def start(self, connected: list[Adapter], receive: Receive, *, watch: bool) -> None:
        """Let them take in what happens; those that cannot be reached are tried again beside, and stop nobody."""
        for adapter in connected:
            if await self._reaches(adapter, self._begin(adapter, receive)):
                self._is_up(adapter)
        for name in tuple(self.down):
            self._do_beside(self._keep_trying(self._adapters[name], receive))
        if watch:
            self._do_beside(self._look())

    async def stop_receiving(self) -> None:
        """Take nothing more in, and note until when the platforms were served."""
        for task in self._beside:
            task.cancel()
        await asyncio.gather(*self._beside, return_exceptions=True)
        for adapter in self._adapters.values():
            await adapter.stop_receiving()
        for name in self._adapters:
            if name not in self.down:
                await self._served(name, ends=True)

    async def stop(self) -> None:
        """Disconnect."""
        for adapter in self._adapters.values():
            await adapter.stop()

    async def caught_up(self) -> None:
        """Wait until nothing that was missed is left to be dealt with."""
        while self._behind:
            await asyncio.wait(self._behind.values())

    # --- one adapter ----------------------------------------------------------------------------------------------

    async def _begin(self, adapter: Adapter, receive: Receive) -> None:
        """Start an adapter; what happened while nobody served its platform is looked for beside it."""
        before = await self._store.get(PLATFORMS, adapter.name)
        if before and before.served_until:
            adapter.lost_since = before.served_until
        await adapter.start(receive, self._store)
        if before and before.served_until:
            adapter.lost_since = 0
            self._fill(Gap(adapter, before.served_until, self._clock.now(), is_told=before.is_served))
        await self._served(adapter.name)

    def _fill(self, gap: Gap) -> None:
        self._behind[gap.adapter.name] = self._do_beside(self._keep_filling(gap))

    async def _keep_filling(self, gap: Gap) -> None:
        """Catch up, and begin again where that fails: what came in by then is known, and left out."""
        name = gap.adapter.name
        for pause in itertools.chain(PAUSES, itertools.repeat(PAUSES[-1])):
            try:
                await self._catch_up.run(gap)
            except Exception as error:  # noqa: BLE001 - whatever it was, what comes in now is served meanwhile
                log.error("what was missed could not be read", adapter=name, error=type(error).__name__)
                await asyncio.sleep(pause)
            else:
                del self._behind[name]
                await self._served(name)
                return

    async def _reaches(self, adapter: Adapter, step: Awaitable[None]) -> bool:
        try:
            await step
        except BadToken:
            raise
        except Exception as error:  # noqa: BLE001 - whatever keeps one platform away, the others are served
            self.down[adapter.name] = type(error).__name__
            log.error("adapter is not up; it is tried again", adapter=adapter.name, error=type(error).__name__)
            return False
        return True

    async def _keep_trying(self, adapter: Adapter, receive: Receive) -> None:
        for pause in itertools.chain(PAUSES, itertools.repeat(PAUSES[-1])):
            await asyncio.sleep(pause)
            try:
                await adapter.connect()
                await self._begin(adapter, receive)
            except Exception as error:  # noqa: BLE001 - as before: the next try may succeed
                self.down[adapter.name] = type(error).__name__
                log.error("adapter is still not up", adapter=adapter.name, error=type(error).__name__)
            else:
                self._is_up(adapter)
                return

    def _is_up(self, adapter: Adapter) -> None:
        self.down.pop(adapter.name, None)
        log.info("adapter is up", adapter=adapter.name)

    # --- until when -----------------------------------------------------------------------------------------------

    async def _look(self) -> None:
        noted = self._clock.now()
        while True:
            await asyncio.sleep(LOOKS_EVERY)
            is_time = self._clock.now() - noted >= NOTED_EVERY
            noted = self._clock.now() if is_time else noted
            for name, adapter in self._adapters.items():
                if name in self.down or name in self._behind:
                    continue
                self._look_at(adapter)
                if is_time and not self._is_missing_something(name):
                    await self._served(name)

    def _look_at(self, adapter: Adapter) -> None:
        """See whether a platform is away; when it is back after a while, or says so, what was missed is looked for."""
        now = self._clock.now()
        if adapter.trouble:
            self._lost.setdefault(adapter.name, now)
            return
        away, missed = self._lost.pop(adapter.name, None), adapter.lost_since or now
        was_away = away is not None and now - away >= A_WHILE
        if was_away or missed < now:
            adapter.lost_since = 0
            since = min(away, missed) if away is not None and was_away else missed
            self._fill(Gap(adapter, since, now, is_told=was_away))

    async def _served(self, name: str, *, ends: bool = False) -> None:
        """Note that a platform was served until now; what is not noted is looked for once more, and that is all."""
        if not self._adapters[name].has_history:
            return  # it has no history to look into
        try:
            known = await self._store.get(PLATFORMS, name) or Platform(id=name)
            changes = Changes()
            before = known.served_until if self._is_missing_something(name) else 0
            until = before or self._clock.now()  # before a first start there is nothing to look for
            noted = msgspec.structs.replace(known, served_until=until, is_served=not ends)
            changes.put(PLATFORMS, noted)
            await self._store.commit(changes)
        except Conflict:
            pass  # another process has just noted the same
        except StoreError as error:
            log.warning("it could not be noted that a platform is served", adapter=name, error=type(error).__name__)

    def _is_missing_something(self, name: str) -> bool:
        adapter = self._adapters[name]
        return name in self._behind or bool(adapter.trouble or adapter.lost_since)

    def _do_beside(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._beside.add(task)
        return task
