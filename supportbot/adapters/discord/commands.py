"""The application's commands: slash commands and message menus, registered with Discord only where they changed."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from supportbot.adapters.discord.api import Api
from supportbot.adapters.lengths import fitting
from supportbot.errors import Refused, TryLater
from supportbot.logs import log
from supportbot.texts import Texts

Definition = dict[str, Any]
Payload = Mapping[str, Any]
Texting = Callable[[str], str]

FAQ = "faq"
"""The command that asks a question, and suggests those of the articles while it is typed."""
CANNED = "canned"
"""The command of agents that sends a canned reply, and suggests their names while one is typed."""
OPEN_TICKET, FIND_ANSWER, SOLUTION = "open_ticket", "find_answer", "solution"
MENUS = (OPEN_TICKET, FIND_ANSWER, SOLUTION)
"""The menus on a message, by the names that the texts have for them."""
BEGINNING = frozenset({"/ticket", "/ticket_about", "/ticket_from_message"})
"""The commands that begin something of its own, whatever else goes on with whoever runs them."""
_SLASH, _ON_MESSAGE = 1, 3
_STRING, _USER = 3, 6
_SERVERS, _DIRECT = 0, 1
_MANAGE_SERVER = str(1 << 5)
_LONGEST_NAME = 32
_LONGEST_DESCRIPTION = 100
_LONGEST_PAUSE = 300.0
_COMMANDS_BEGIN = frozenset("/!\uff0f\uff01")


class _Option(NamedTuple):
    """One thing that is said with a slash command."""

    name: str
    is_required: bool = False
    is_completed: bool = False
    kind: int = _STRING


class _Slash(NamedTuple):
    """A slash command: what it is called, and what is said with it."""

    name: str
    options: tuple[_Option, ...] = ()
    is_for_managers: bool = False
    """It is offered on servers, to those who manage them; who may run it is asked again when it runs."""


_REFERENCE = _Option("reference")
"""The ticket, which is said first where it is typed; in a case's own thread agents leave it out."""
_SLASHES = (
    _Slash("ticket", (_Option("subject"),)),
    _Slash("tickets"),
    _Slash("status", (_Option("reference", is_required=True),)),
    _Slash("human", (_Option("reason"),)),
    _Slash("help"),
    _Slash(FAQ, (_Option("question", is_required=True, is_completed=True),)),
    _Slash("queue"),
    _Slash("claim", (_REFERENCE,)),
    _Slash("release", (_REFERENCE,)),
    _Slash("assign", (_Option("who", is_required=True, kind=_USER), _REFERENCE)),
    _Slash("note", (_Option("words", is_required=True), _REFERENCE)),
    _Slash("reply", (_Option("words", is_required=True), _REFERENCE)),
    _Slash(CANNED, (_Option("name", is_required=True, is_completed=True), _REFERENCE)),
    _Slash("solve", (_Option("words"), _REFERENCE)),
    _Slash("panel", is_for_managers=True),
)


def definitions(texts: Texting) -> list[Definition]:
    """Describe all commands as Discord takes them."""
    menus = [{"type": _ON_MESSAGE, "name": menu_name(texts, menu), **_where()} for menu in MENUS]
    return [*(_described(slash, texts) for slash in _SLASHES), *menus]


def menu_name(texts: Texting, menu: str) -> str:
    """Say what a menu on a message is called."""
    return fitting(texts(f"discord.menus.{menu}"), _LONGEST_NAME)


def menu_of(texts: Texting, data: Payload) -> str:
    """Tell which menu on a message somebody chose; "" for what is none of ours."""
    is_menu = data.get("type") == _ON_MESSAGE
    named = (menu for menu in MENUS if menu_name(texts, menu) == data.get("name"))
    return next(named, "") if is_menu else ""


def words_of(data: Payload) -> str:
    """Word a slash command as it would be typed: ``/note T-1042 rings twice``; a question is only its words."""
    given = {str(option["name"]): _said(option) for option in data.get("options") or ()}
    if data.get("name") == FAQ:
        return as_question(given.get("question", ""))
    said = (f"/{data.get('name')}", given.pop(_REFERENCE.name, ""), *given.values())
    return " ".join(words for words in said if words)


def as_question(words: str) -> str:
    """Word what is only asked, often of what somebody else wrote: whatever it begins with, it is no command."""
    start = 0
    while start < len(words) and _begins_command(words[start]):
        start += 1
    return words[start:].rstrip()


def _begins_command(character: str) -> bool:
    """Tell whether a command may begin so; what nobody sees may stand before it."""
    is_seen = not character.isspace() and unicodedata.category(character) not in {"Cc", "Cf"}
    return not is_seen or character in _COMMANDS_BEGIN


def _said(option: Payload) -> str:
    said = str(option.get("value") or "").strip()
    return f"<@{said}>" if option.get("type") == _USER else said


def typed_in(data: Payload) -> str:
    """Tell what somebody has typed of a question so far."""
    options: Sequence[Payload] = data.get("options") or ()
    return next((str(option.get("value") or "") for option in options if option.get("focused")), "")


async def sync(api: Api, application: str, texts: Texts) -> None:
    """Register the commands where those that Discord has are others; tried again until Discord answers.

    Nothing is kept for it: what Discord says it has is compared with what it is to have, since each change counts.
    """
    wanted, pause = definitions(texts), 1.0
    while True:
        try:
            if not are_current(await api.read(_PATH, application_id=application), texts):
                await api.change("PUT", _PATH, wanted, application_id=application)
                log.info("the commands were registered", adapter="discord", commands=len(wanted))
        except TryLater as error:
            await asyncio.sleep(max(error.after, pause))
            pause = min(pause * 2, _LONGEST_PAUSE)
        except Refused as error:
            log.error("Discord does not take the commands; it keeps those it has", adapter="discord", why=str(error))
            return
        else:
            return


_PATH = "/applications/{application_id}/commands"


def _described(slash: _Slash, texts: Texting) -> Definition:
    described = {"type": _SLASH, "name": slash.name, "description": _told(texts, "commands", slash.name), **_where()}
    if slash.is_for_managers:
        described |= {"contexts": [_SERVERS], "default_member_permissions": _MANAGE_SERVER}
    options = [_described_option(option, slash, texts) for option in slash.options]
    return {**described, "options": options} if options else described


def _described_option(option: _Option, slash: _Slash, texts: Texting) -> Definition:
    named = _REFERENCE.name if option is _REFERENCE else slash.name
    described = {"type": option.kind, "name": option.name, "description": _told(texts, "options", named)}
    completed = {"autocomplete": option.is_completed} if option.kind == _STRING else {}
    return {**described, "required": option.is_required, **completed}


def _told(texts: Texting, what: str, name: str) -> str:
    return fitting(texts(f"discord.{what}.{name}"), _LONGEST_DESCRIPTION)


def _where() -> Definition:
    """Say where a command is offered: in servers and in direct messages with the bot."""
    return {"integration_types": [0], "contexts": [_SERVERS, _DIRECT]}


def are_current(registered: Iterable[Payload], texts: Texting) -> bool:
    """Tell whether the commands that Discord has are those that it is to have."""
    return _compared(registered) == _compared(definitions(texts))


def _compared(commands: Iterable[Payload]) -> list[Definition]:
    """Reduce commands to what they are registered with: Discord adds ids, versions and its own defaults."""
    kept = [
        {
            "type": command.get("type") or _SLASH,
            "name": command.get("name"),
            "description": command.get("description") or "",
            "contexts": sorted(command.get("contexts") or ()),
            "for": command.get("default_member_permissions"),
            "options": [_option(option) for option in command.get("options") or ()],
        }
        for command in commands
    ]
    return sorted(kept, key=lambda command: (command["type"], str(command["name"])))


def _option(option: Payload) -> Definition:
    named = {name: option.get(name) for name in ("type", "name", "description")}
    return {**named, **{name: bool(option.get(name)) for name in ("required", "autocomplete")}}
