"""The terminal: one person talks to the bot, as the requester and, after ``/agent``, as the agent."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from typing import Any

from rich.console import Console as Screen
from rich.markup import escape as plain

from supportbot.adapters.console import AGENTS, Console
from supportbot.app import App
from supportbot.clock import Clock
from supportbot.ids import Ids

_WELCOME = """[bold]This is a support bot for Tidemark, a made-up time-tracking app.[/bold]
You are [cyan]you[/cyan], who needs help. Ask something, such as "how do I reset my password?", or "talk to a person".
A number presses the choice of that number. [bold]/agent[/bold] makes you the agent, [bold]/you[/bold] the requester
again. /quit ends it.
"""
_HINT = "[dim]/agent and /you change who you are; /quit ends it.[/dim]\n"


class Terminal:
    """Shows what goes out, and turns what is typed into events."""

    def __init__(self, clock: Clock, *, is_demo: bool) -> None:
        self.console = Console(self._show, clock)
        self._screen = Screen(highlight=False, soft_wrap=True)
        self._is_demo = is_demo
        self._is_agent = False
        self._choices: dict[str, list[dict[str, str]]] = {}
        self._case = ""
        self._run = Ids().new("r")

    async def talk(self, app: App, lines: AsyncIterator[bytes]) -> None:
        """Talk until the input ends or says ``/quit``."""
        self._screen.print(_WELCOME if self._is_demo else _HINT)
        self._prompt()
        number = 0
        async for raw in lines:
            number += 1
            text = raw.decode("utf-8", "replace").strip()
            if text in ("/quit", "/exit"):
                break
            if text in ("/agent", "/you"):
                self._is_agent = text == "/agent"
            elif text and raw != b"null":
                await self._say(app, text, str(number))
            self._prompt()
        self._screen.print(
            "\n[dim]Bye. Everything that was said is stored; nothing waits only in memory.[/dim]"
            if not self._is_demo
            else "\n[dim]That was the demo. Bye![/dim]"
        )

    async def _say(self, app: App, text: str, number: str) -> None:
        offered = self._choices.get(AGENTS if self._is_agent else "you", [])
        pressed = offered[int(text) - 1]["id"] if text.isdigit() and 0 < int(text) <= len(offered) else ""
        event = self.console.event(
            "sam" if self._is_agent else "you",
            key=f"{self._run}/{number}",
            role="agent" if self._is_agent else "requester",
            text="" if pressed else text,
            press=pressed,
            thread=self._case if self._is_agent else "",
        )
        done = app.bot.crew.watch(number)
        await app.bot.receive(event, number)
        app.bot.crew.close_account(number)
        await done

    def _show(self, line: dict[str, Any]) -> None:
        reader = str(line["to"])
        choices = line.get("choices", [])
        if choices or reader not in self._choices:
            self._choices[reader] = choices
        if reader == AGENTS:
            self._case = line["conversation"]
        name = f"[yellow]{AGENTS}[/yellow]" if reader == AGENTS else f"[green]{plain(line.get('from', 'bot'))}[/green]"
        lines = str(line["text"]).split("\n")
        self._screen.print(f"\r{name}  {plain(lines[0])}")
        for more in lines[1:]:
            self._screen.print(f"{' ' * 4}{plain(more)}")
        for position, choice in enumerate(choices, 1):
            self._screen.print(f"    [bold]{position}[/bold] {plain(choice['label'])}")

    def _prompt(self) -> None:
        if sys.stdin.isatty():
            who = "[yellow]sam, the agent[/yellow]" if self._is_agent else "[cyan]you[/cyan]"
            self._screen.print(f"{who} › ", end="")
