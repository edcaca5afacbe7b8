"""The assistant's panel: suggested prompts, a title, and a word while the bot works; each thread is a conversation.

All of it is decoration: where Slack does not take it, nothing else is worse for it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from supportbot.adapters.beside import Beside
from supportbot.adapters.lengths import fitting
from supportbot.adapters.slack.api import Api
from supportbot.domain.address import Address
from supportbot.domain.event import Event
from supportbot.errors import AdapterError
from supportbot.logs import log
from supportbot.recent import Recent
from supportbot.texts import Texts

MOST_PROMPTS = 4
_PROMPTS = (("help", "help"), ("ticket", "ticket"), ("tickets", "tickets"), ("human", "human"))
"""What is suggested where the configuration says nothing: the greeting's own labels, and the commands behind them."""
_LONGEST_TITLE = 100
_PATIENCE = 2.0
"""Seconds that an answer waits for the word before it to be shown: the other way round, that would stay."""
_MOST_THREADS = 1_000

Place = tuple[str, str]


class Panel:
    """The threads of one workspace's panel."""

    def __init__(self, api: Api, texts: Texts, prompts: Mapping[str, str], beside: Beside) -> None:
        self._api = api
        self._texts = texts
        self._prompts = dict(prompts) or {texts(f"greeting.{name}"): f"!{command}" for name, command in _PROMPTS}
        self._beside = beside
        self._untitled = Recent[Place, None](_MOST_THREADS)
        self._working = Recent[Place, asyncio.Task[None] | None](_MOST_THREADS)
        """Threads that show a word, and the call that brings it."""
        self._seen = Recent[str, None](_MOST_THREADS)
        """Messages for which a word was shown; they may be delivered again when they are answered."""

    def opened(self, thread: Mapping[str, Any]) -> None:
        """Suggest something in a thread that somebody opened."""
        place = str(thread.get("channel_id") or ""), str(thread.get("thread_ts") or "")
        self._untitled[place] = None
        prompts = [{"title": title, "message": message} for title, message in self._prompts.items()]
        said = {"title": self._texts("slack.prompts_title"), "prompts": prompts[:MOST_PROMPTS]}
        self._beside.do(self._call("setSuggestedPrompts", place, **said))

    def received(self, event: Event) -> None:
        """Show that the bot works on a message, and name a new thread after it."""
        place = event.address.channel, event.address.thread
        if event.kind != "message" or not event.direct or not place[1] or event.key in self._seen:
            return
        self._seen[event.key] = None
        working = self._call("setStatus", place, status=self._texts("slack.working"))
        self._working[place] = self._beside.do(working)
        if place in self._untitled:
            del self._untitled[place]
            self._beside.do(self._call("setTitle", place, title=fitting(event.text, _LONGEST_TITLE) or "…"))

    async def before(self, address: Address) -> None:
        """Wait until the word that an answer takes away is there."""
        working = self._working.get((address.channel, address.thread))
        if working:
            await asyncio.wait([working], timeout=_PATIENCE)

    async def after(self, address: Address, *, is_post: bool) -> None:
        """Take the word away: Slack does it for a message, not for a mark."""
        place = address.channel, address.thread
        if place in self._working:
            del self._working[place]
            if not is_post:
                await self._call("setStatus", place)

    async def _call(self, method: str, place: Place, **arguments: Any) -> None:
        name, where = f"assistant.threads.{method}", {"channel_id": place[0], "thread_ts": place[1]}
        try:
            if arguments:
                await self._api.write(name, **where, **arguments)
            else:
                await self._api.empty(name, "status", **where)
        except AdapterError as error:
            log.info("the assistant's panel was not changed", adapter="slack", error=type(error).__name__)
