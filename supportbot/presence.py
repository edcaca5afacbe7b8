"""Presence: the platforms that the bot is on, brought up one by one, tried again while they are away, and noted."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Coroutine
from typing import Any

import msgspec

from supportbot.adapters.base import Adapter, Receive
from supportbot.clock import MINUTE, SECOND, Clock
from supportbot.domain.platform import PLATFORMS, Platform
from supportbot.errors import BadToken, Conflict, StoreError
from supportbot.logs import log
from supportbot.storage.base import Changes, Store

PAUSES = (1, 2, 5, 10, 30, 60)
"""Seconds between the tries to reach a platform; the last one goes on."""
NOTED_EVERY = MINUTE


async def find_home(adapter: Adapter, store: Store) -> None:
    """Learn which workspace an adapter is at home in: of the platform, or of an earlier run while it is away."""
    for pause in itertools.chain(PAUSES, itertools.repeat(PAUSES[-1])):
        try:
            await adapter.connect()
        except BadToken:
            raise
        except Exception as error:  # noqa: BLE001 - whatever keeps the platform away, the others are to be served
            known = await store.get(PLATFORMS, adapter.name)
            if known:
                adapter.home = known.workspace
                return
            log.error("adapter is not up; it is tried again", adapter=adapter.name, error=type(error).__name__)
            await asyncio.sleep(pause)
        else:
            return


class Presence:
    """Brings the adapters up, and notes now and then that they are."""

    def __init__(self, adapters: dict[str, Adapter], store: Store, clock: Clock) -> None:
        self._adapters = adapters
        self._store = store
        self._clock = clock
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
            self._do_beside(self._note())

    async def stop(self) -> None:
        """Take nothing more in, and note until when the platforms were served."""
        for task in self._beside:
            task.cancel()
        await asyncio.gather(*self._beside, return_exceptions=True)
        for adapter in self._adapters.values():
            await adapter.stop()
        for name in self._adapters:
            if name not in self.down:
                await self._served(name, ends=True)

    # --- one adapter ----------------------------------------------------------------------------------------------

    async def _begin(self, adapter: Adapter, receive: Receive) -> None:
        """Start an adapter, which looks for what happened while nobody served its platform."""
        before = await self._store.get(PLATFORMS, adapter.name)
        adapter.served_until = before.served_until if before else 0
        await adapter.start(receive, self._store)
        await self._served(adapter.name)

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

    async def _note(self) -> None:
        while True:
            await asyncio.sleep(NOTED_EVERY / SECOND)
            for name, adapter in self._adapters.items():
                if name not in self.down and not adapter.trouble:
                    await self._served(name)

    async def _served(self, name: str, *, ends: bool = False) -> None:
        """Note that a platform was served until now; what is not noted is looked for once more, and that is all."""
        if not self._adapters[name].has_workspaces:
            return  # it has no history to look into
        try:
            known = await self._store.get(PLATFORMS, name) or Platform(id=name)
            changes = Changes()
            home, now = self._adapters[name].home, self._clock.now()
            changes.put(PLATFORMS, msgspec.structs.replace(known, workspace=home, served_until=now, is_served=not ends))
            await self._store.commit(changes)
        except Conflict:
            pass  # another process has just noted the same
        except StoreError as error:
            log.warning("it could not be noted that a platform is served", adapter=name, error=type(error).__name__)

    def _do_beside(self, work: Coroutine[Any, Any, None]) -> None:
        self._beside.add(asyncio.create_task(work))
