"""Interactions: whatever people run, press and fill in is stored, and answered or deferred within a second.

The first message that comes of it is the answer, if it comes in time; else Discord shows that the bot thinks, until it
comes. A form comes as a modal, which Discord takes as the very first answer only. ::

    INTERACTION_CREATE ─► note ─► receive (stored) ─┬─► a message within 0.8 s ─► first answer, or modal
                                                    └─► none yet ─► deferred ─► the message takes its place
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import discord
import msgspec

from supportbot.adapters.base import Receive, Suggest
from supportbot.adapters.beside import Beside
from supportbot.adapters.discord import commands
from supportbot.adapters.discord.api import Api
from supportbot.adapters.discord.callbacks import CHOICES, MODAL, Body, Callbacks
from supportbot.adapters.discord.forms import QUESTION, Forms, Page, filled_in, page_in
from supportbot.adapters.discord.incoming import Incoming, Payload, address
from supportbot.adapters.discord.live import Live, Living, user_of
from supportbot.adapters.discord.members import NAME
from supportbot.adapters.discord.rooms import THREADS
from supportbot.adapters.lengths import fitting
from supportbot.clock import Clock
from supportbot.domain.action import ASK, COMMAND
from supportbot.domain.address import ALONE
from supportbot.domain.event import Event, Said
from supportbot.domain.reply import Outgoing
from supportbot.errors import AdapterError, TryLater
from supportbot.logs import log
from supportbot.texts import Texts

LONGEST_WAIT = 0.8
"""Seconds that an answer is waited for before it is deferred."""
LONGEST_THOUGHT = 30.0
"""Seconds that Discord shows the bot thinking; a skill is given less than that."""
LONGEST_COPYING = 0.5
"""Seconds that the files of a message take to copy, which is done before anything is stored and answered."""
_RAN, _USED, _COMPLETES, _SENT = 2, 3, 4, 5
_LONGEST_CHOICE = 100
_MOST_CHOICES = 25
_MOST_ROWS = 5
_TRIES = 3
_PAUSE = 0.2


class Interactions:
    """What people do with the bot's commands, buttons, menus and forms."""

    def __init__(self, api: Api, incoming: Incoming, forms: Forms, texts: Texts, clock: Clock) -> None:
        self.receive: Receive | None = None
        self.suggest: Suggest | None = None
        self.canned: Sequence[str] = ()
        self._callbacks = Callbacks(api)
        self._incoming = incoming
        self._forms = forms
        self._texts = texts
        self._clock = clock
        self._living = Living(clock)
        self._beside = Beside(NAME)

    async def stop(self) -> None:
        """End what runs beside."""
        await self._beside.stop()

    # --- taking in ------------------------------------------------------------------------------------------------

    async def note(self, payload: Payload) -> None:
        """Take an interaction in; when this returns, its event is stored. The same one again changes nothing.

        What raises was not stored, and is to be noted again.
        """
        if payload.get("type") == _COMPLETES:
            self._beside.do(self._complete(payload))
            return
        began, known = asyncio.get_running_loop().time(), self._living.get(str(payload["id"]))
        if known and known.is_stored:
            return  # Discord told of it twice
        live = known or Live.of(payload, self._clock.now())
        event = await self._event(live, payload)
        if event is None:
            return
        if known is None:
            live.address = event.address
            self._living.add(live)
        if self.receive is None:
            raise TryLater(1, "the bot is not ready")
        await self.receive(event)
        live.is_stored = True
        self._beside.do(self._look_after(live, began))

    async def _event(self, live: Live, payload: Payload) -> Event | None:
        """Word what somebody did; None where nothing is left to do about it."""
        kind, data = payload.get("type"), payload.get("data") or {}
        if kind == _RAN:
            menu = commands.menu_of(self._texts, data)
            return await self._on_message(live, payload, menu) if menu else await self._ran(payload)
        custom_id = str(data.get("custom_id") or "")
        live.is_apart, action = custom_id.startswith(ALONE), custom_id.removeprefix(ALONE)
        read = self._acted if action == ASK or action.startswith(COMMAND) else self._used
        event = await read(live, payload, action)
        return _alone(event, payload) if event and live.is_apart else event

    async def _acted(self, live: Live, payload: Payload, action: str) -> Event | None:
        """Word what a button that does the same for everybody was pressed for: in a thread it is about that thread."""
        if action == ASK and payload.get("type") == _USED:
            await self._show(live, self._forms.question())
            return None  # what is asked comes by itself
        if action == ASK:
            words = commands.as_question(filled_in(payload["data"]).get(QUESTION, ""))
            return _alone(await self._incoming.command(payload, words), payload)
        event = await self._incoming.command(payload, f"/{action.removeprefix(COMMAND)}")
        return event if (payload.get("channel") or {}).get("type") in THREADS else _alone(event, payload)

    async def _used(self, live: Live, payload: Payload, custom_id: str) -> Event | None:
        """Word what was pressed, chosen or filled in."""
        kind, data, page = payload.get("type"), payload["data"], page_in(custom_id)
        if kind == _USED and page:
            opened = await self._open(live, page)  # what is written into it comes by itself
            return None if opened else await self._incoming.press(payload, page.form)
        if kind == _USED:
            chosen: Sequence[str] = data.get("values") or ()
            return await self._incoming.press(payload, str(chosen[0]) if chosen else custom_id)
        if kind == _SENT and page:
            live.page = page
            live.is_quiet = live.is_quiet and not self._forms.next_page(page)  # its button stands under the answer
            return await self._incoming.form(payload, page.form, filled_in(data))
        return None

    async def _ran(self, payload: Payload) -> Event:
        event = await self._incoming.command(payload, commands.words_of(payload["data"]) or "/help")
        is_alone = event.address.is_alone or payload["data"].get("name") == commands.FAQ
        return _alone(event, payload) if is_alone else event

    async def _on_message(self, live: Live, payload: Payload, menu: str) -> Event | None:
        """Word a menu that was used on a message: whoever uses it is answered alone."""
        message = next(iter(payload["data"]["resolved"]["messages"].values()))
        if menu == commands.OPEN_TICKET:
            about = await self._pointed_at(message, payload)
            return _alone(await self._incoming.command(payload, "/ticket", about=about), payload)
        asked = await self._pointed_at({**message, "attachments": []}, payload)
        if menu == commands.SOLUTION:
            return await self._incoming.command(payload, "/solved", about=asked)
        question = commands.as_question(asked.text) if asked else ""
        if question:
            return _alone(await self._incoming.command(payload, question), payload)
        await self._callbacks.say(live, {"content": self._texts("discord.no_question")}, (), says="")
        return None

    async def _pointed_at(self, message: Payload, payload: Payload) -> Said | None:
        """Read the message; files that take longer to copy than Discord waits are only named."""
        where = str(payload["channel_id"]), str(payload.get("guild_id") or "")
        try:
            async with asyncio.timeout(LONGEST_COPYING):
                return await self._incoming.pointed_at(message, *where)
        except (TimeoutError, TryLater):
            names = ", ".join(str(file.get("filename")) for file in message.get("attachments") or ())
            said = await self._incoming.pointed_at({**message, "attachments": []}, *where)
            words = self._texts("discord.files_left", files=names)
            return msgspec.structs.replace(said, text=f"{said.text}\n{words}".strip()) if said and names else said

    async def _complete(self, payload: Payload) -> None:
        """Offer what may be meant while somebody types: questions of articles, or to agents their canned replies."""
        live, data = Live.of(payload, self._clock.now()), payload.get("data") or {}
        looked_for, found = self._replies if data.get("name") == commands.CANNED else self._questions, list[str]()
        with contextlib.suppress(TimeoutError, TryLater):
            async with asyncio.timeout(LONGEST_WAIT):
                found = list(await looked_for(commands.typed_in(data), payload))
        shown = list(dict.fromkeys(fitting(words, _LONGEST_CHOICE) for words in found))[:_MOST_CHOICES]
        choices = [{"name": words, "value": words} for words in shown]
        await self._callbacks.first(live, CHOICES, {"choices": choices})

    async def _questions(self, words: str, payload: Payload) -> Sequence[str]:
        if self.suggest is None:
            return ()
        return await asyncio.to_thread(self.suggest, words, str(payload.get("locale") or ""))

    async def _replies(self, words: str, payload: Payload) -> Sequence[str]:
        """Find the canned replies by their names: those that begin so, then those that have it somewhere."""
        self._incoming.members.note(payload)
        if not await self._incoming.members.is_agent(user_of(payload)):
            return ()
        said = words.strip().casefold()
        found = [name for name in self.canned if said in name.casefold()]
        return sorted(found, key=lambda name: not name.casefold().startswith(said))

    # --- answering ------------------------------------------------------------------------------------------------

    async def answer(self, outgoing: Outgoing, body: Body, files: Sequence[discord.File] = ()) -> bool:
        """Show one post by a live interaction of its person at its address; tells whether there was one.

        Where it says no, it is shown as if there were none. Of a message that went elsewhere the body says where.
        """
        if outgoing.form:
            self._forms.keep(outgoing.form)
        lives = self._living.of(outgoing)
        fresh = next((live for live in lives if live.state == "fresh"), None)
        if fresh and outgoing.form:
            await self._open(fresh, Page(outgoing.form.id))
        taking = [live for live in lives if live.takes(outgoing)]
        if not taking:
            if fresh and fresh.is_quiet and outgoing.purpose in ("command", "answer"):
                self._beside.do(self._defer(fresh))  # what it waited for is here, and is shown otherwise
            return False
        live = next((live for live in taking if live.is_waiting), taking[-1])
        async with live.lock:
            return await self._callbacks.say(live, self._as_shown(live, body), files, says=outgoing.id)

    def _as_shown(self, live: Live, body: Body) -> Body:
        """Put the button of a form's next page under what is said to the page before it, and mark what is apart."""
        row = self._forms.next_page(live.page) if live.page and live.is_waiting else None
        rows: list[Body] = body.get("components") or []
        rows = [*rows, row] if row and len(rows) < _MOST_ROWS else rows
        return {**body, "components": [_apart(row) for row in rows] if live.is_alone else rows}

    async def _open(self, live: Live, page: Page) -> bool:
        """Open a page of a form, which Discord takes as the very first answer only; tells whether it did."""
        modal = self._forms.modal(page, live.person)
        if modal and (live.is_alone or live.is_apart):
            modal["custom_id"] = f"{ALONE}{modal['custom_id']}"
        return modal is not None and await self._show(live, modal)

    async def _show(self, live: Live, modal: Body) -> bool:
        async with live.lock:
            if live.state != "fresh":
                return False
            try:
                return await self._callbacks.first(live, MODAL, modal)
            except AdapterError as error:
                log.info("a form could not be opened, and is asked in words", adapter=NAME, error=type(error).__name__)
                return False

    async def _look_after(self, live: Live, began: float) -> None:
        """Defer what is not answered soon, and take back the thought that nothing comes of."""
        if not await _happens(live.answered, LONGEST_WAIT - (asyncio.get_running_loop().time() - began)):
            await self._defer(live)
        if live.state == "thinking" and not await _happens(live.answered, LONGEST_THOUGHT):
            async with live.lock:
                if live.state == "thinking":
                    await self._callbacks.withdraw(live)

    async def _defer(self, live: Live) -> None:
        for _ in range(_TRIES):
            async with live.lock:
                with contextlib.suppress(TryLater):
                    if live.state == "fresh":
                        await self._callbacks.defer(live)
                    return
            await asyncio.sleep(_PAUSE)


def _alone(event: Event, payload: Payload) -> Event:
    """Move what was done in a server to where only its person is answered: near the channel, in no thread of it."""
    room = payload.get("channel") or {}
    if not payload.get("guild_id"):
        return event
    channel = room.get("parent_id") if room.get("type") in THREADS else payload["channel_id"]
    place = address(str(channel), f"{ALONE}{user_of(payload)}")
    begins = event.kind == "message" or event.text.partition(" ")[0] in commands.BEGINNING
    near = {"address": place, "direct": True, "mentioned": False, "room": "always"}
    return msgspec.structs.replace(event, **near, opens_topic=begins)


def _apart(row: Body) -> Body:
    """Mark what can be pressed as apart from the thread that it may stand in, also for another process."""
    marked = [{**part, "custom_id": f"{ALONE}{part['custom_id']}"} for part in row["components"]]
    return {**row, "components": marked}


async def _happens(event: asyncio.Event, within: float) -> bool:
    """Wait for something at most so many seconds; tells whether it happened."""
    try:
        async with asyncio.timeout(max(within, 0.0)):
            return await event.wait()
    except TimeoutError:
        return False
