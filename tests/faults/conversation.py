"""A conversation with a real ``supportbot chat --json`` process that may die: fed, heard, killed, started again.

`Chat` is one process. `Play` speaks a script in rounds, sends again whatever was not done when the process died, and
keeps all that was heard. `state_of` reads what the store then holds, without what a restart may change.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import select
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import supportbot
from supportbot.domain.schema import SCHEMA
from supportbot.storage.base import Stored
from supportbot.storage.open import open_store
from supportbot.texts import Texts

STORES = ("tinydb", "sqlite")
TEXTS = Texts()
AGENTS = "#agents"
SILENCE = 60
"""Seconds without a line after which a test fails instead of waiting for ever."""

Line = dict[str, Any]

_REFERENCE = re.compile(r"\bT-\d+\b")
_INSTANT = re.compile(r"\b1\d{12}\b")
_DERIVED = re.compile(r"\b(?!c_)[a-z]+_[0-9a-hjkmnpqrstvwxyz]{16}\b")


def store_url(store: str, folder: Path) -> str:
    """Name a store of this sort in a folder."""
    return f"tinydb:{folder / 'data'}" if store == "tinydb" else f"sqlite:{folder / 'data.sqlite'}"


def write_config(folder: Path, store: str, **keys: Any) -> Path:
    """Write a configuration file, as JSON."""
    path = folder / "config.json"
    path.write_text(json.dumps({"storage": {"url": store_url(store, folder)}, **keys}), "utf-8")
    return path


class Chat:
    """One process of ``supportbot chat --json``; it is read without buffering, so that it can be killed at any line."""

    def __init__(self, *arguments: str | Path, fault: str = "", clock: str = "simulated") -> None:
        root = Path(supportbot.__file__).parents[1]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end of the process
        self.process = subprocess.Popen(
            [sys.executable, "-c", _MAIN, "chat", "--json", "--clock", clock, *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env={**os.environ, "PYTHONPATH": str(root), "SUPPORTBOT_FAULT": fault},
        )
        self.sent = 0
        self.undone: set[int] = set()
        """The numbers of the lines that were sent and whose `done` was not read yet."""
        self.rest_read: list[Line] = []
        """What came after the input had ended."""
        self.complaints = ""
        """What it wrote to standard error, once it has ended."""
        self._rest = b""
        self._ready: list[Line] = []

    def send(self, *lines: Line | str | bytes) -> list[int]:
        """Write lines without waiting; returns their numbers. A process that is gone takes none."""
        assert self.process.stdin
        raw = [json.dumps(line) if isinstance(line, dict) else line for line in lines]
        whole = [line.encode() if isinstance(line, str) else line for line in raw]
        try:
            self.process.stdin.write(b"".join(line + b"\n" for line in whole))
            self.process.stdin.flush()
        except BrokenPipeError:
            pass
        numbers = list(range(self.sent + 1, self.sent + 1 + len(lines)))
        self.sent += len(lines)
        self.undone.update(numbers)
        return numbers

    @property
    def is_idle(self) -> bool:
        """All that was sent is done."""
        return not self.undone

    def read(self, within: float | None = None) -> Line | None:
        """Read the next line; None at the end of output, or where nothing came within so many seconds."""
        assert self.process.stdout
        while not self._ready:
            if not select.select([self.process.stdout], [], [], SILENCE if within is None else within)[0]:
                assert within is not None, f"nothing came for {SILENCE} seconds; undone are lines {self.undone}"
                return None
            chunk = os.read(self.process.stdout.fileno(), 65536)
            if not chunk:
                return None
            *whole, self._rest = (self._rest + chunk).split(b"\n")
            self._ready += map(json.loads, whole)
        line: Line = self._ready.pop(0)
        self.undone.discard(line.get("done", 0))
        return line

    def until_done(self, numbers: Sequence[int]) -> list[Line]:
        """Read until all these lines are done; AssertionError where the process ended before."""
        waiting, read = set(numbers), []
        while waiting:
            line = self.read()
            assert line is not None, f"the process ended before lines {waiting} were done"
            waiting.discard(line.get("done", 0))
            read.append(line)
        return read

    def says(self, who: str, text: str = "", **more: Any) -> list[Line]:
        """Let somebody write or press, and return what everybody saw until it was done."""
        line = {"from": who, **({} if "press" in more else {"text": text}), **more}
        return [out for out in self.until_done(self.send(line)) if "to" in out]

    def agent(self, text: str, *, who: str = "sam", **more: Any) -> list[Line]:
        """Let an agent write."""
        return self.says(who, text, role="agent", **more)

    def advance(self, span: str) -> list[Line]:
        """Move the simulated clock."""
        return [out for out in self.until_done(self.send({"advance": span})) if "to" in out]

    def rest(self) -> list[Line]:
        """Read all that is still to come."""
        lines = []
        while (line := self.read()) is not None:
            lines.append(line)
        return lines

    def end(self, sign: signal.Signals | None = None) -> int:
        """End the input, or send a signal; returns the exit code."""
        assert self.process.stdin
        assert self.process.stdout
        if sign is not None:
            self.process.send_signal(sign)
        else:
            self._close_input()
        self.rest_read = self.rest()
        code = self.process.wait()
        self.process.stdout.close()
        self._close_input()
        self._errors.seek(0)
        self.complaints = self._errors.read().decode()
        self._errors.close()
        return code

    def _close_input(self) -> None:
        assert self.process.stdin
        with contextlib.suppress(BrokenPipeError):  # what it did not take goes to the next one
            self.process.stdin.close()


_MAIN = "from supportbot.cli import main; main()"


# --- a play: a script in rounds -----------------------------------------------------------------------------------

Interrupt = Callable[[Chat], Iterator[Line]]
"""Called when a round's lines are sent: may read some of what comes (and must yield it) and end the process."""


def leave_alone(_chat: Chat) -> Iterator[Line]:
    """Interrupt nothing."""
    return iter(())


class Play:
    """Speaks a script in rounds; whatever was not done when the process died is sent again to the next one."""

    def __init__(self, config: Path, interrupt: Interrupt = leave_alone) -> None:
        self._config = config
        self._interrupt = interrupt
        self._chat: Chat | None = None
        self.fault = ""
        """Given to the first process only."""
        self.heard: dict[str, Line] = {}
        self.done: list[Line] = []
        """The lines that were acknowledged as done."""
        self.codes: list[int] = []
        """The exit codes of the processes that ended before the last line was done."""
        self.on_death: Callable[[Play], None] = lambda _: None

    def perform(self, script: Sequence[Sequence[Line]]) -> None:
        """Speak all rounds to their end."""
        for lines in script:
            waiting = [self._resolved(line) for line in lines]
            while waiting:
                waiting = self._speak(waiting)

    def close(self) -> None:
        """End the input of the process that is left."""
        if self._chat:
            assert self._chat.end() == 0
            self._chat = None

    def _speak(self, lines: list[Line]) -> list[Line]:
        chat = self._chat = self._chat or Chat("--config", self._config, fault=self.fault)
        self.fault = ""
        numbered = dict(zip(chat.send(*lines), lines, strict=True))
        for early in self._interrupt(chat):
            self._hear(early, numbered)
        while numbered and (out := chat.read()) is not None:
            self._hear(out, numbered)
        if numbered or chat.process.poll() is not None:
            self.codes.append(chat.end())
            self._chat = None
            self.on_death(self)
        return list(numbered.values())

    def _hear(self, out: Line, numbered: dict[int, Line]) -> None:
        assert "error" not in out, out
        if "done" in out:
            self.done.append(numbered.pop(out["done"]))
        elif out["text"] != TEXTS("errors.one_moment"):
            known = self.heard.setdefault(out["id"], out)
            assert known == out, "an out line came again, and said something else"

    def _resolved(self, line: Line) -> Line:
        """Fill in what only the conversation tells: ``{ref ada}``, ``{case ada}`` and the label of a choice."""
        filled = {key: re.sub(r"\{(ref|case) (\w+)\}", self._find, str(value)) for key, value in line.items()}
        if "press" in filled:
            reader = AGENTS if line.get("role") == "agent" else line["from"]
            offered = [c for out in self.heard.values() if out["to"] == reader for c in out.get("choices", [])]
            filled["press"] = [c["id"] for c in offered if c["label"].startswith(line["press"])][-1]
        return filled

    def _find(self, found: re.Match[str]) -> str:
        what, who = found.groups()
        mine = [out for out in self.heard.values() if out["to"] == who]
        if what == "case":
            return str(mine[-1]["conversation"])
        return str(_REFERENCE.findall(" ".join(out["text"] for out in mine))[-1])


def five_requesters(run: int) -> list[list[Line]]:
    """Write the script: five requesters and two agents; FAQ, tickets, a skill, handoff, claim, relay, solve, survey."""
    ada, bob, cy, dee, eve = (f"{name}{run}" for name in ("ada", "bob", "cy", "dee", "eve"))
    sam, kim = {"from": "sam", "role": "agent"}, {"from": "kim", "role": "agent"}
    rounds: list[list[Line]] = [
        [_say(ada, "how do I reset my password?"), _say(bob, "/ticket Printer on fire"), _say(cy, "hi"),
         _say(dee, "xyzzy plugh?"), _say(eve, "order")],
        [_press(ada, "That helped"), _press(bob, "Problem"), _say(cy, f"/human wrong invoice {run}"),
         _press(dee, "Open a ticket"), _say(eve, "123456")],
        [_say(ada, "order"), _say(bob, f"flames everywhere {run}"), _say(cy, f"are you there {run}"),
         _say(dee, "/cancel"), _say(eve, "yes")],
        [_press(bob, "Yes"), {**sam, "text": f"/claim {{ref {cy}}}"}, _say(eve, "/human"), _say(ada, "654321")],
        [{**sam, "in": f"{{case {cy}}}", "text": f"hello from sam {run}"}, _say(cy, f"hello sam {run}"),
         {**kim, "text": f"/claim {{ref {eve}}}"}, {**sam, "in": f"{{case {cy}}}", "text": f"// careful {run}"}],
        [{**kim, "text": f"/release {{ref {eve}}}"}, {**sam, "text": f"/note {{ref {cy}}} call back {run}"},
         _say(ada, "yes"), _say(cy, f"works now {run}"), {**sam, "text": f"/solve {{ref {bob}}} fixed {run}"}],
        [{**sam, "text": f"/solve {{ref {cy}}} bye {run}"}, {**kim, "text": f"/close {{ref {eve}}}"}],
        [{"advance": "11m"}],
        [_press(bob, "5"), _press(cy, "1"), _say(ada, "/tickets")],
        [_say(bob, f"quick {run}"), _say(cy, f"meh {run}"), _say(dee, "how do I reset my password?")],
    ]  # fmt: skip
    names = iter(range(1_000))
    return [[{**line, "id": f"{run}-{next(names)}"} for line in lines] for lines in rounds]


def _say(who: str, text: str) -> Line:
    return {"from": who, "text": text}


def _press(who: str, label: str) -> Line:
    return {"from": who, "press": label}


ORDERS = '''
"""Orders: a dialogue that does something in the outside world twice."""

from supportbot import Settings, Skill, Turn, match, on, read


class OrderSettings(Settings):
    """Where the outside world is."""

    world: str
    """Each effect adds a line to this file."""


class Orders(Skill[OrderSettings]):
    """Take orders."""

    @on.message(match.words("order"))
    async def order(self, turn: Turn) -> str:
        """Reserve, ask, and charge."""
        number = await turn.ask("Which one?", read.pattern(r"[0-9]{6}"))
        await turn.once(self._effect(turn, "reserve"), key="reserve")
        if not await turn.confirm("Shall I charge it?"):
            return "Then not."
        await turn.once(self._effect(turn, "charge"), key="charge")
        await turn.remember("orders", 1 + await turn.recall("orders", 0))
        return f"Order {number} is on its way."

    def _effect(self, turn: Turn, what: str):
        async def do(key: str) -> str:
            with open(self.settings.world, "a") as world:
                world.write(f"{turn.person.name} {what} {key}\\n")
            return what

        return do
'''


ARTICLES = [
    {"id": "password", "question": "How do I reset my password?", "answer": "Open the sign-in page, choose Forgot."},
    {"id": "invoice", "question": "Where do I find my invoices?", "answer": "Under Settings, Billing."},
    {"id": "export", "question": "Can I export my timesheets to a spreadsheet?", "answer": "Yes, under Reports."},
    {"id": "holiday", "question": "How are public holidays counted?", "answer": "As days off, by country."},
]


def prepare(folder: Path, store: str) -> Path:
    """Write the configuration of the play: all built-in skills, and one of the team's own."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "skills").mkdir()
    (folder / "skills" / "orders.py").write_text(ORDERS, "utf-8")
    articles = folder / "articles.jsonl"
    articles.write_text("\n".join(json.dumps(article) for article in ARTICLES), "utf-8")
    own: Line = {"orders": {"world": str(folder / "world.txt")}}
    skills = ["greeting", {"faq": {"sources": [str(articles)]}}, "tickets", "handoff", "survey", own, "help"]
    return write_config(folder, store, skills=skills, skill_paths=[str(folder / "skills")])


def undisturbed(folder: Path, store: str, runs: int = 1) -> Counter[str]:
    """Let the play run to its end without a disturbance, and return the state it leaves."""
    play = Play(prepare(folder, store))
    for run in range(runs):
        play.perform(five_requesters(run))
    play.close()
    return asyncio.run(state_after(play, store, folder))


async def state_after(play: Play, store: str, folder: Path) -> Counter[str]:
    """Read the state that a play left: what is stored, and what was heard."""
    return state_of(await items_of(store, folder), list(play.heard.values()))


# --- what is left in the store ------------------------------------------------------------------------------------


async def items_of(store: str, folder: Path) -> list[Stored]:
    """Read everything that is stored, without changing it."""
    opened = await open_store(store_url(store, folder), SCHEMA, read_only=True)
    try:
        return [item async for item in opened.dump()]
    finally:
        await opened.close()


def event_key(line: Line) -> str:
    """Name the event that a line is."""
    if "advance" in line:
        return f"console/advance/{line['id']}"
    return f"console/{line.get('role', 'requester')}/{line['from']}/id/{line['id']}"


def state_of(items: Sequence[Stored], heard: Sequence[Line] = ()) -> Counter[str]:
    """Put what is stored and what was heard into a form that two runs can be compared in.

    A ticket's number may have gaps, and some ids are derived from it; a process starts at the time of its start; how
    often work was tried is nobody's business.
    """
    names = _names_of_tickets(items)

    def plain(text: str) -> str:
        named = _REFERENCE.sub(lambda found: names.get(found[0], found[0]), text)
        return _INSTANT.sub("then", _DERIVED.sub("*", named))

    places: Counter[tuple[str, str]] = Counter()
    state: Counter[str] = Counter()
    for item in items:
        value = json.loads(bytes(item.value))
        if item.sort == "number" or (item.sort == "unique" and item.key.startswith("o_")):
            continue
        if item.sort in ("work", "buried"):
            value = {key: value.get(key) for key in ("queue", "due", "payload")}
        places[item.name, item.key] += 1
        where = f"{item.sort} {item.name} {item.key}#{places[item.name, item.key]}"
        state[plain(f"{where} {json.dumps(None if item.sort == 'unique' else value, sort_keys=True)}")] += 1
    for out in heard:
        labels = [choice["label"] for choice in out.get("choices", [])]
        state[plain(f"out {out['to']} {out.get('from')} {out['conversation']} {out['text']} {labels}")] += 1
    return state


def _names_of_tickets(items: Sequence[Stored]) -> dict[str, str]:
    tickets = [json.loads(bytes(item.value)) for item in items if item.sort == "document" and item.name == "tickets"]
    tickets.sort(key=lambda ticket: int(ticket["reference"][2:]))
    seen: Counter[str] = Counter()
    names = {}
    for ticket in tickets:
        who = ticket["requester"]["name"]
        seen[who] += 1
        names[ticket["reference"]] = f"<ticket {seen[who]} of {who}>"
    return names


def keys_of_effects(folder: Path) -> dict[tuple[str, str], set[str]]:
    """Read which idempotency keys each effect in the outside world was done with."""
    keys: dict[tuple[str, str], set[str]] = {}
    for line in (folder / "world.txt").read_text("utf-8").splitlines():
        who, what, key = line.split(" ")
        keys.setdefault((who, what), set()).add(key)
    return keys
