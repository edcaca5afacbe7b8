"""A terminal beside a simulated platform: people on the console of a bot that serves both."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec

from supportbot.adapters.console import Console, Role
from supportbot.app import App
from supportbot.domain.event import Event, EventKind
from supportbot.testing.discord import DiscordWorld
from supportbot.testing.slack import SlackWorld


class Terminal:
    """The console's end of a bot that serves another platform, too: people who write there, and all that they see."""

    def __init__(self, world: SlackWorld | DiscordWorld) -> None:
        self._world = world
        self._numbers = itertools.count(1)
        self.lines: list[dict[str, Any]] = []
        self.console: Console
        self.app: App

    def show(self, line: dict[str, object]) -> None:
        self.lines.append(line)
        self._world._backstage.notices.ring()  # whoever waits for something in that world looks here, too

    async def says(self, who: str, text: str, *, role: Role = "requester", case: str = "", **fields: Any) -> Event:
        event = self.console.event(who, key=str(next(self._numbers)), role=role, text=text, thread=case)
        event = msgspec.structs.replace(event, **fields)
        await self.app.bot.receive(event)
        return event

    async def changes(self, said: Event, text: str = "", *, kind: EventKind = "edit") -> None:
        key = f"{said.key}/{kind}"
        await self.app.bot.receive(msgspec.structs.replace(said, key=key, kind=kind, text=text, target=said.key))

    async def presses(self, who: str, label: str, *, role: Role = "requester", case: str = "") -> None:
        choices = [choice for line in self.lines for choice in line.get("choices", [])]
        pressed = [choice["id"] for choice in choices if choice["label"] == label][-1]
        event = self.console.event(who, key=str(next(self._numbers)), role=role, press=pressed, thread=case)
        await self.app.bot.receive(event)

    async def sees(self, words: str, reader: str) -> dict[str, Any]:
        """Wait until a reader was shown something."""

        def look() -> dict[str, Any] | None:
            return next((line for line in self.lines if line["to"] == reader and words in line["text"]), None)

        return await self._world.until(look, f"{reader} saw {words!r}, only {self.lines}")
