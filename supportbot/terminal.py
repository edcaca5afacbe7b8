"""The terminal: one person talks to the bot, as the requester and, after ``/agent``, as the agent."""

from __future__ import annotations

import contextlib
import re
import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

from rich.console import Console as RichConsole
from rich.markdown import Markdown
from rich.padding import Padding
from rich.text import Text

from supportbot.adapters.console import AGENTS, Console
from supportbot.app import App
from supportbot.clock import Clock
from supportbot.domain.address import PLACES
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.event import Event
from supportbot.ids import Ids

REQUESTER = "Ada"
AGENT = "Sam"

_WELCOME = f"""\
This is a support bot for **Tidemark**, a made-up time-tracking app. You are **{REQUESTER}**, who needs help.

* Ask something: *how do I reset my password?* Or ask for a person. A number presses the choice of that number.
* `/agent` makes you **{AGENT}** of the support team, in the agents' channel; `/you` makes you {REQUESTER} again.
* When {AGENT} ends a case with `/solve`, {REQUESTER} is asked a few seconds later how it was.
* `/help` lists what each of you can do. `/quit`, or the end of the input, ends it.
"""
_HINT = f"""\
You are **{REQUESTER}**; a number presses the choice of that number. `/agent` makes you {AGENT} of the team, `/you`
{REQUESTER} again; `/quit` ends it.
"""
_KEYS = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|.)")
"""What arrow keys and the like send: it steers a terminal and is no part of the words."""


class Screen(RichConsole):
    """Where lines are shown; that nobody looks any more is told as it is, and ends the bot in order."""

    def on_broken_pipe(self) -> None:
        """Let whoever writes know, instead of ending the process."""
        raise BrokenPipeError


class Terminal:
    """Shows what goes out, and turns what is typed into events."""

    def __init__(self, clock: Clock, *, is_demo: bool) -> None:
        self.console = Console(self._show, clock, is_terminal=True)
        self._screen = Screen(highlight=False)
        self._is_demo = is_demo
        self._is_agent = False
        self._is_typed = sys.stdin.isatty()
        self._prompt = Text()
        self._waits = False
        self._choices: dict[str, list[dict[str, str]]] = {}
        self._slip = ""
        """What is said to a number that is no choice; those above can still be pressed."""
        self._seen: list[str] = []
        self._run = Ids().new("r")

    async def talk(self, app: App, lines: AsyncIterator[bytes]) -> None:
        """Talk until the input ends or says ``/quit``."""
        self._screen.print(Markdown(_WELCOME if self._is_demo else _HINT))
        await self._ask(app)
        number = 0
        async for raw in lines:
            number += 1
            self._waits = False
            text = _KEYS.sub("", raw.decode("utf-8", "replace")).strip() if raw != b"null" else ""
            if text.lower() in ("/quit", "/exit", "quit", "exit"):
                break
            if text:
                self._echo(text)
                await self._do(app, text, str(number))
            await self._ask(app)
        self._screen.print(Text("\nThat was the demo. Bye!" if self._is_demo else "\nBye.", "dim"))

    # --- typing ---------------------------------------------------------------------------------------------------

    async def _do(self, app: App, text: str, number: str) -> None:
        if text in ("/agent", "/you"):
            self._become(is_agent=text == "/agent")
            return
        event = await self._event(app, text, number)
        self._slip = app.bot.rules.texts("errors.no_such_number", number=text)
        done = app.bot.crew.accounts.watch(number)
        await app.bot.receive(event, number)
        app.bot.crew.accounts.close(number)
        await done

    async def _event(self, app: App, text: str, number: str) -> Event:
        offered = self._choices.get(AGENTS if self._is_agent else REQUESTER, [])
        is_number = text.isascii() and text.isdigit() and len(text) <= 2
        press = offered[int(text) - 1]["id"] if is_number and 0 < int(text) <= len(offered) else ""
        return self.console.event(
            AGENT if self._is_agent else REQUESTER,
            key=f"{self._run}/{number}",
            role="agent" if self._is_agent else "requester",
            text="" if press else text,
            press=press,
            thread=await self._case(app) if self._is_agent else "",
        )

    async def _case(self, app: App) -> str:
        """Find the case that the agents' channel saw last: its thread is where the agent writes."""
        for conversation in reversed(self._seen):
            if await app.store.get(PLACES, f"{app.bot.rules.agents.key}{conversation}"):
                return conversation
        return ""

    def _become(self, *, is_agent: bool) -> None:
        self._is_agent = is_agent
        words = f"You are {AGENT}, in the agents' channel." if is_agent else f"You are {REQUESTER}, writing to the bot."
        self._screen.print(Text(words, "dim"))

    async def _ask(self, app: App) -> None:
        """Show whose turn it is, and for an agent in which case's thread."""
        who, place = REQUESTER, ""
        if self._is_agent:
            case = await app.store.get(CONVERSATIONS, await self._case(app))
            who, place = AGENT, f" ({AGENTS}, {case.ticket})" if case else f" ({AGENTS})"
        self._prompt = Text(f"{who}{place} › ", "cyan")
        if self._is_typed:
            self._screen.print(self._prompt, end="")
            self._waits = True

    def _echo(self, text: str) -> None:
        if not self._is_typed:
            self._screen.print(self._prompt.copy().append(text, "default"), soft_wrap=True)

    # --- showing --------------------------------------------------------------------------------------------------

    def _show(self, line: dict[str, Any]) -> None:
        with self._above_prompt():
            self._print(line)

    @contextlib.contextmanager
    def _above_prompt(self) -> Iterator[None]:
        """Take the prompt away while something is shown, and put it back."""
        if self._waits:
            self._screen.file.write("\r\x1b[K")
        yield
        if self._waits:
            self._screen.print(self._prompt, end="")

    def show_notice(self, words: str) -> None:
        """Tell whoever writes a skill what came of a change."""
        with self._above_prompt():
            self._screen.print(Text(words, "magenta"), soft_wrap=True)

    def show_failure(self, error: BaseException) -> None:
        """Tell whoever tries a skill what went wrong in it; on a platform only the log says so."""
        self._screen.print(Text(f"    {type(error).__name__}: {error}", "red"), soft_wrap=True)

    def _print(self, line: dict[str, Any]) -> None:
        if line.get("mark"):
            self._screen.print(Text(f"    ✓ {line['text']}", "dim"))
            return
        reader = str(line["to"])
        if "choices" in line or (reader != AGENTS and line["text"] != self._slip):
            self._choices[reader] = line.get("choices", [])
        if reader == AGENTS:
            self._seen = [*(seen for seen in self._seen if seen != line["conversation"]), line["conversation"]][-50:]
        colour = "yellow" if reader == AGENTS else "green"
        self._screen.print(Text(f"{reader} ‹ {line.get('from', 'bot')}", colour))
        self._screen.print(Padding(Markdown(_keep_lines(str(line["text"])), hyperlinks=False), (0, 0, 0, 4)))
        for position, choice in enumerate(line.get("choices", []), 1):
            self._screen.print(Text(f"    [{position}] ", "bold").append(choice["label"], "not bold"))


def _keep_lines(text: str) -> str:
    """Keep the line breaks of a reply: Markdown would join its lines."""
    return text.replace("\n", "  \n")
