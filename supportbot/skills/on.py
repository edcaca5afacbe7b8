"""Marks for the methods of a skill: when is a handler called? The decorators only mark; loading decides."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from supportbot.domain.event import EVENTS
from supportbot.errors import SkillError
from supportbot.skills.base import Mark, Role, mark
from supportbot.skills.match import Matcher

_SELF_AND_TURN = 2

F = TypeVar("F", bound=Callable[..., Any])


def message(matcher: Matcher, *, first: bool = False) -> Callable[[F], F]:
    """Call the handler for a message that concerns it; `first` even before an open question gets the words."""
    if not isinstance(matcher, Matcher):
        raise SkillError(f"on.message takes a matcher, not {matcher!r}; write match.words({matcher!r}) for these words")
    return _marking(Mark(kind="message", matcher=matcher, first=first))


def command(name: str, *, help: str = "", role: Role = "requester", each: str = "") -> Callable[[F], F]:
    """Call the handler for ``/name`` or ``!name``; `help` is its line in the help, `role` who may use it.

    `each` is the setting that lists what may stand behind the name: a panel has a button for each.
    """
    return _marking(Mark(kind="command", name=name, role=role, help=help, each=each))


def event(name: str) -> Callable[[F], F]:
    """Call the handler, in a turn of its own, when something has happened in a conversation.

    ``conversation_began``, ``ticket_opened``, ``ticket_solved``, ``ticket_reopened``, ``ticket_closed``,
    ``ticket_rated``, ``handed_off``, ``claimed``, ``dialogue_left``; what belongs to it is in ``turn.data``. Raises
    SkillError for any other name, since such a handler would never be called.
    """
    if name not in EVENTS:
        near = difflib.get_close_matches(name, EVENTS, 1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(EVENTS)}"
        raise SkillError(f"on.event({name!r}): nothing of that name happens; {hint}")
    return _marking(Mark(kind="event", name=name))


def choice(name: str) -> Callable[[F], F]:
    """Call the handler when somebody presses a ``Choice(label, to=name)`` of this skill; `turn.value` is its value."""
    return _marking(Mark(kind="choice", name=name))


def timer(function: F) -> F:
    """Let ``turn.schedule`` call this method later."""
    mark(function, Mark(kind="timer", name=function.__name__))
    return function


def fallback(function: F) -> F:
    """Call the handler for words that no other skill took; the last skill's is asked first."""
    mark(function, Mark(kind="fallback"))
    return function


def start(function: F) -> F:
    """Call this method with a `Start` when the bot starts; what it raises as ConfigurationError stops the start."""
    mark(function, Mark(kind="start"))
    return function


def stop(function: F) -> F:
    """Call this method when the bot stops."""
    mark(function, Mark(kind="stop"))
    return function


def _marking(new: Mark) -> Callable[[F], F]:
    def decorate(function: F) -> F:
        _check(function, new)
        mark(function, new)
        return function

    return decorate


def _check(function: Callable[..., Any], new: Mark) -> None:
    """Tell an author at once about a handler that could never be called."""
    letters = new.name.replace("-", "").replace("_", "")
    if new.kind == "command" and (not letters.isalnum() or letters.isdigit() or new.name != new.name.lower()):
        raise SkillError(
            f"on.command({new.name!r}): a command is one word of small letters, digits, - and _, with a letter"
        )
    if len(inspect.signature(function).parameters) < _SELF_AND_TURN:
        raise SkillError(
            f"{function.__qualname__} takes self and turn; write `async def {function.__name__}(self, turn)`"
        )
