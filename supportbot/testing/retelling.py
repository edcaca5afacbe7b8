"""Retelling: a recorded case happens once more in a harness, and each thing that happens becomes a line of a test."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from supportbot.clock import DAY, HOUR, MINUTE, SECOND, as_datetime
from supportbot.domain.address import PLACES
from supportbot.domain.conversation import CONVERSATIONS, Conversation
from supportbot.domain.markdown import unescape
from supportbot.domain.ticket import TICKETS, Ticket
from supportbot.domain.timeline import Entry
from supportbot.testing.case_record import CaseRecord
from supportbot.testing.harness import BotHarness, Heard, Party
from supportbot.testing.redaction import Redaction

_WIDTH = 110
_SHORTEST_PAUSE = 10 * SECOND
"""Shorter ones are told together with the next."""
_ACTS = ("requester", "pressed", "chosen", "agent", "note")
_MONDAY = 9 * HOUR
"""When a harness begins, counted from Monday midnight UTC."""
_UNITS = (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND))


class Retelling:
    """Tells a case with stand-ins; `lines` is the test's body, `differs` counts answers that are not what was said."""

    def __init__(self, bot: BotHarness, record: CaseRecord, redaction: Redaction) -> None:
        self._bot = bot
        self._record = record
        self._redact = redaction
        self._began = 0
        self._parties: dict[str, Party] = {}
        self._then: list[str] = []
        self.lines: list[str] = []
        self.differs = 0

    async def tell(self) -> None:
        """Let everything happen, in order."""
        entries, conversation = self._record.entries, self._record.conversation
        requester = conversation.requester
        self._requester = self._party(self._redact.name(requester.id, requester.name), is_agent=False)
        await self._begin_at(conversation.began_at or entries[0].at)
        for place, entry in enumerate(entries):
            await self._wait_until(entry.at)
            self._then = _answers_after(entries, place)
            await self._happen(entry)

    @property
    def people(self) -> list[str]:
        """The lines that bring the people in."""
        roles = {name: "agent" if party.hears != name else "requester" for name, party in self._parties.items()}
        return [f"{name} = bot.{role}({_quoted(name)})" for name, role in roles.items()]

    # --- what happens ---------------------------------------------------------------------------------------------

    async def _happen(self, entry: Entry) -> None:
        if entry.kind == "requester" and entry.id:
            await self._says(self._speaker(entry), entry)
        elif entry.kind in ("pressed", "chosen"):
            await self._presses(self._speaker(entry), self._redact.text(entry.text))
        elif entry.kind == "agent":
            await self._agent_says(entry)
        elif entry.kind == "note" and entry.who and (reference := await self._reference()):
            words = self._redact.text(entry.text)
            await self._acts(self._agent(entry), f"/note {reference} {words}")
        elif entry.kind in ("owner", "ticket"):
            await self._moves(entry)

    async def _says(self, who: Party, entry: Entry) -> None:
        options = self._room(entry.text)
        if entry.files:
            options["files"] = [(f"file{n}{_ending(file.name)}", b"") for n, file in enumerate(entry.files, 1)]
        await self._act(who, "says", self._redact.text(entry.text), options)

    async def _presses(self, who: Party, label: str) -> None:
        offered = {choice["label"] for line in self._bot.shown for choice in line.get("choices", [])}
        known = next((choice for choice in offered if choice.startswith(label)), "")
        if known:
            await self._act(who, "presses", known, {k: v for k, v in self._room("").items() if k in ("room", "topic")})
        else:
            self.lines.append(f"# {who.name} pressed {_quoted(label)}, which the bot does not offer any more")

    async def _agent_says(self, entry: Entry) -> None:
        words, agent = self._redact.text(unescape(entry.text)), self._agent(entry)
        conversation, reference = await self._conversation(), await self._reference()
        if conversation and conversation.agent:
            agent = self._party(conversation.agent.name, is_agent=True)  # only who has the case speaks to its requester
        if reference and "reply" in self._bot.app.bot.rules.commands:
            await self._acts(agent, f"/reply {reference} {words}")
        else:
            self.lines.append(f"# {agent.name} said {_quoted(words)}")

    async def _moves(self, entry: Entry) -> None:
        """Do what an agent did, where it did not come of what happened before."""
        conversation, ticket = await self._conversation(), await self._ticket(entry.ticket)
        reference = conversation.ticket if conversation else ""
        if entry.kind == "owner" and conversation and reference:
            holder = conversation.agent.name if conversation.owner == "agent" and conversation.agent else ""
            if entry.text == "agent" and entry.who and not holder:
                await self._acts(self._agent(entry), f"/claim {reference}")
            elif entry.text == "agent" and entry.who and holder != self._agent(entry).name:
                await self._acts(self._agent(entry), f"/assign {reference} @{self._agent(entry).name}")
            elif entry.text == "queue" and holder:
                await self._acts(self._party(holder, is_agent=True), f"/release {reference}")
        elif entry.kind == "ticket" and ticket and entry.who and entry.who != self._record.conversation.requester.name:
            command = _command_to(entry.text, ticket)
            if command:
                await self._acts(self._agent(entry), f"/{command} {ticket.reference}")

    # --- how it is told -------------------------------------------------------------------------------------------

    async def _acts(self, agent: Party, command: str) -> None:
        await self._act(agent, "says", command, {})

    async def _act(self, who: Party, verb: str, words: str, options: dict[str, Any]) -> None:
        act: Callable[..., Any] = getattr(who, verb)
        heard: Heard = await act(words, **options)
        given = "".join(f", {name}={_quoted(value)}" for name, value in options.items())
        call = f"await {who.name}.{verb}({_quoted(words)}{given})"
        self.lines += [call] if not heard else _equal(call, str(heard))
        if who is self._requester and self._then:
            self._compare(str(heard))

    def _compare(self, heard: str) -> None:
        then = unescape(self._redact.text("\n\n".join(self._then)))
        if then != heard:
            self.differs += 1
            self.lines += [f"# then: {line}".rstrip() for line in then.splitlines()]

    async def _begin_at(self, instant: int) -> None:
        """Begin on the same day of the week, at the same hour, as it began."""
        self._began = instant
        moment = as_datetime(instant)
        since_monday = moment.weekday() * DAY + moment.hour * HOUR
        ahead = (since_monday - _MONDAY) % (7 * DAY)
        if ahead:
            await self._bot.advance(span := _spelled(ahead))
            self.lines.append(f'await bot.advance("{span}")  # it began {moment:%A} at {moment.hour}:00 UTC')
        self._start = self._bot.clock.now()

    async def _wait_until(self, instant: int) -> None:
        ahead = (instant - self._began) - (self._bot.clock.now() - self._start)
        if ahead < _SHORTEST_PAUSE:
            return
        span = _spelled(ahead)
        shown = [line["text"] for line in await self._bot.advance(span)]
        call = f'await bot.advance("{span}")'
        self.lines += _equal(f'[line["text"] for line in {call}]', shown) if shown else [call]

    # --- who and where --------------------------------------------------------------------------------------------

    def _party(self, name: str, *, is_agent: bool) -> Party:
        if name not in self._parties:
            self._parties[name] = self._bot.agent(name) if is_agent else self._bot.requester(name)
        return self._parties[name]

    def _speaker(self, entry: Entry) -> Party:
        return self._party(self._redact.name(entry.person or entry.who, entry.who), is_agent=False)

    def _agent(self, entry: Entry) -> Party:
        who = entry.who or "agent"
        return self._party(self._redact.name(f"agent/{who}", who, is_agent=True), is_agent=True)

    def _room(self, text: str) -> dict[str, Any]:
        """Name the room where it was said; that the bot was named is not kept, so it is, but in commands."""
        if self._record.conversation.direct:
            return {}
        return {"room": "#room", "topic": "1", **({} if text.startswith(("/", "!")) else {"mentioned": True})}

    async def _conversation(self) -> Conversation | None:
        where = f"@{self._requester.name}/" if self._record.conversation.direct else "#room/1"
        place = await self._bot.app.store.get(PLACES, f"console/local/{where}")
        return await self._bot.app.store.get(CONVERSATIONS, place.conversation) if place else None

    async def _reference(self) -> str:
        conversation = await self._conversation()
        return conversation.ticket if conversation else ""

    async def _ticket(self, reference: str) -> Ticket | None:
        return await self._bot.app.store.get(TICKETS, f"main/{self._redact.text(reference)}") if reference else None


def _answers_after(entries: list[Entry], place: int) -> list[str]:
    """Find what the bot said right after a thing that happened."""
    said = []
    for entry in entries[place + 1 :]:
        if entry.kind in _ACTS or entry.at > entries[place].at + MINUTE or (entry.kind == "owner" and entry.who):
            break
        if entry.kind == "bot":
            said.append(entry.text)
    return said


def _command_to(status: str, ticket: Ticket) -> str:
    if status == "solved" and ticket.is_unsolved:
        return "solve"
    if status == "closed" and ticket.status != "closed":
        return "close"
    return "reopen" if status == "open" and not ticket.is_unsolved else ""


def _ending(name: str) -> str:
    dot, ending = name.rpartition(".")[1:]
    return f".{ending.lower()}" if dot and ending.isascii() and ending.isalnum() and len(ending) <= 4 else ""


def _spelled(span: int) -> str:
    parts = []
    for unit, length in _UNITS:
        if count := span // length:
            parts.append(f"{count}{unit}")
        span %= length
    return "".join(parts)


def _quoted(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def _equal(call: str, value: str | list[str]) -> list[str]:
    """Word that a call gives a value, over several lines where one is too short."""
    whole = f"[{', '.join(map(_quoted, value))}]" if isinstance(value, list) else _quoted(value)
    one = f"assert {call} == {whole}"
    if len(one) <= _WIDTH and "\\n" not in whole:
        return [one]
    if isinstance(value, list):
        return [f"assert {call} == [", *(f"    {_quoted(text)}," for text in value), "]"]
    return [f"assert {call} == (", *(f"    {_quoted(line)}" for line in value.splitlines(keepends=True)), ")"]
