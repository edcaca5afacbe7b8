"""``chat --json``: one JSON object a line in, one a line out; every line in gets its ``done``."""

from __future__ import annotations

import asyncio
import codecs
import contextlib
import json
import sys
import threading
from collections.abc import AsyncIterator, Callable
from typing import Annotated, Any, Literal

import msgspec

from supportbot.adapters.console import Console
from supportbot.app import App
from supportbot.clock import SimulatedClock, parse_duration
from supportbot.domain.event import Event
from supportbot.domain.memory import MEMORIES, Memory
from supportbot.domain.words import clean
from supportbot.errors import Duplicate, SupportbotError
from supportbot.ids import Ids
from supportbot.storage.base import Changes

Write = Callable[[dict[str, Any]], None]

_END_OF_TIME = 7_258_118_400_000
"""The first instant of the year 2200: a simulated clock goes no further."""
_NEXT_LINE_AFTER = 1.0
"""Seconds after which the next line is taken up beside one that still runs: one slow skill holds up nobody else."""

_CLOCK = "chat/everyone//clock"
"""Where the simulated clock's last move is kept: [from, to], in milliseconds."""

Name = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]


class Line(msgspec.Struct, frozen=True, kw_only=True, rename={"who": "from", "thread": "in"}):
    """One line in: a person writes or presses, or the simulated clock moves."""

    who: Name | None = None
    role: Literal["requester", "agent"] = "requester"
    text: str | None = None
    press: Annotated[str, msgspec.Meta(max_length=200)] | None = None
    thread: Annotated[str, msgspec.Meta(max_length=200)] = ""
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=200)] | int | None = None
    advance: str | None = None


class ChatLines:
    """Serves lines, in their order, until they end."""

    def __init__(self, app: App, console: Console, write: Write) -> None:
        self._app = app
        self._crew = app.bot.crew
        self._console = console
        self._write = write
        self._run = Ids().new("r")
        self._running: set[asyncio.Task[None]] = set()

    async def serve(self, lines: AsyncIterator[bytes]) -> None:
        """Take lines until there are no more, then wait for the last to be done."""
        number = 0
        async for raw in lines:
            number += 1
            await self._take(number, raw)
        await self._wait_for_all()

    async def _take(self, number: int, raw: bytes) -> None:
        try:
            line = read_line(raw)
            if line.advance is not None:
                if line.who is not None or line.text is not None or line.press is not None:
                    raise ValueError('give "advance" a line of its own')
                await self._wait_for_all()
                await self._advance(line.advance, line.id)
                self._write({"done": number})
                return
            event = self._event(number, line)
        except (msgspec.MsgspecError, ValueError, SupportbotError) as error:
            self._write({"error": f"line {number}: {error}", "done": number})
            return
        task = asyncio.create_task(self._receive(number, event))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        await asyncio.wait({task}, timeout=_NEXT_LINE_AFTER)

    def _event(self, number: int, line: Line) -> Event:
        if line.who is None:
            raise ValueError('who is it? give "from", or "advance" to move the simulated clock')
        if line.who.startswith("#"):
            raise ValueError(f"{line.who!r} is a channel's name; a person's does not begin with #")
        if (line.text is None) == (line.press is None):
            raise ValueError('give either "text" or "press"')
        key = f"id/{line.id}" if line.id is not None else f"{self._run}/{number}"
        return self._console.event(
            line.who, key=key, role=line.role, text=line.text or "", press=line.press or "", thread=line.thread
        )

    async def _receive(self, number: int, event: Event) -> None:
        cause = f"line {number}"
        done = self._crew.accounts.watch(cause)
        try:
            await self._app.bot.receive(event, cause)
        except Exception as error:  # noqa: BLE001 - the border: what could not be stored is said, and the bot goes on
            self._crew.accounts.close(cause)
            self._write({"error": f"line {number}: {error}", "done": number})
            return
        self._crew.accounts.close(cause)
        await self._crew.put_off_what_waits()
        if await done:
            self._write({"done": number})
        else:
            self._write({"error": f"line {number}: it is kept, but not finished; it is tried again", "done": number})

    async def _advance(self, span: str, id: str | int | None) -> None:
        clock = self._app.clock
        if not isinstance(clock, SimulatedClock):
            raise ValueError("the clock is real; start with --clock simulated to move it")
        target = clock.now() + parse_duration(span)
        if target > _END_OF_TIME:
            raise ValueError("the clock stops in the year 2200")
        try:
            await _keep_move(self._app, clock.now(), target, id)
        except Duplicate:
            return
        await move_clock(self._app, clock, target - clock.now())

    async def _wait_for_all(self) -> None:
        while self._running:
            await asyncio.wait(set(self._running))


async def start_at_kept_time(app: App, clock: SimulatedClock) -> None:
    """Start the bot at the simulated time that an earlier process left; a move that was cut off is made to its end."""
    kept = await app.store.get(MEMORIES, _CLOCK)
    began, target = kept.value if kept else (clock.now(), clock.now())
    clock.move_to(began)
    await app.start(watch=False)
    await move_clock(app, clock, target - clock.now())


async def _keep_move(app: App, began: int, target: int, id: str | int | None) -> None:
    """Store a move of the simulated clock before it is made; Duplicate where this line was taken before."""
    kept = await app.store.get(MEMORIES, _CLOCK)
    changes = Changes(unique="" if id is None else f"console/advance/{id}")
    version = kept.version if kept else 0
    changes.put(MEMORIES, Memory(id=_CLOCK, version=version, skill="chat", value=[began, target]))
    await app.store.commit(changes)


async def move_clock(app: App, clock: SimulatedClock, span: int) -> None:
    """Move a simulated clock on, stopping wherever something falls due to let it happen."""
    target = clock.now() + span
    stuck_at = None
    while True:
        await app.bot.crew.idle()
        due = await app.bot.crew.next_due()
        if due is None or due > target or due == stuck_at:
            break
        stuck_at = due if due <= clock.now() else None
        clock.move_to(due)
    clock.move_to(target)
    await app.bot.crew.idle()
    await app.retention.daily()


def read_line(raw: bytes) -> Line:
    """Read one line; ValueError or MsgspecError says what is wrong with it."""
    try:
        text = raw.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"this is no UTF-8 at byte {error.start}") from error
    try:
        return msgspec.json.decode(text, type=Line)
    except RecursionError:
        raise ValueError("this is nested too deeply") from None
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError as error:
        mended = _with_whole_characters(text)
        if mended is None:
            raise ValueError(f"this is no JSON object: {error}") from error
        return msgspec.json.decode(mended, type=Line)


def _with_whole_characters(text: str) -> str | None:
    """Replace half characters (``\\ud83d`` without its second half), which JSON may hold and UTF-8 may not."""
    if "\\ud" not in text.lower():
        return None
    try:
        return clean(json.dumps(json.loads(text), ensure_ascii=False, allow_nan=False))
    except (ValueError, RecursionError):
        return None


async def lines_of_stdin(stop: asyncio.Event) -> AsyncIterator[bytes]:
    """Read standard input line by line, of any length, until it ends or `stop` is set."""
    loop = asyncio.get_running_loop()
    queue: asyncio.Queue[bytes | None] = asyncio.Queue()

    def read() -> None:
        # A reader of its own: the interpreter, when it ends, cannot take sys.stdin from a thread that waits in it.
        with open(sys.stdin.fileno(), "rb", closefd=False) as lines, contextlib.suppress(RuntimeError):
            for raw in lines:  # RuntimeError: the loop has ended meanwhile, so nobody takes the line
                loop.call_soon_threadsafe(queue.put_nowait, raw)
            loop.call_soon_threadsafe(queue.put_nowait, None)

    threading.Thread(target=read, name="stdin", daemon=True).start()
    stopped = asyncio.create_task(stop.wait())
    while True:
        following = asyncio.create_task(queue.get())
        await asyncio.wait({following, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if not following.done():
            following.cancel()
            return
        raw = following.result()
        if raw is None:
            stopped.cancel()
            return
        if raw.strip():
            yield raw
        else:
            yield b"null"
