"""The handlers of all loaded skills, found by what happened, at a cost that does not grow with their number."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from supportbot.skills.base import Mark, Skill, marks_of, name_of
from supportbot.skills.match import Found, MatcherIndex, Said


@dataclass(frozen=True)
class Handler:
    """A marked method of a loaded skill."""

    skill: str
    name: str
    function: Callable[..., Any]
    mark: Mark
    time_limit: float
    is_async: bool

    def __str__(self) -> str:
        return f"{self.skill}.{self.name}"


class Handlers:
    """All handlers, in the order of the configuration."""

    def __init__(self, skills: Sequence[Skill[Any]], *, time_limit: float = 20.0) -> None:
        self.skills = {name_of(type(skill)): skill for skill in skills}
        found = [handler for name, skill in self.skills.items() for handler in _handlers_of(name, skill, time_limit)]
        self.all = found
        self.commands = {handler.mark.name: handler for handler in reversed(found) if handler.mark.kind == "command"}
        self.choices = {(h.skill, h.mark.name): h for h in found if h.mark.kind == "choice"}
        self.timers = {(h.skill, h.name): h for h in found if h.mark.kind == "timer"}
        self.methods = {(h.skill, h.name): h for h in reversed(found)}
        self.events: dict[str, list[Handler]] = {}
        for handler in found:
            if handler.mark.kind == "event":
                self.events.setdefault(handler.mark.name, []).append(handler)
        self.fallbacks = [h for h in reversed(found) if h.mark.kind == "fallback"]
        self.first = MessageHandlers([h for h in found if h.mark.kind == "message" and h.mark.first])
        self.messages = MessageHandlers([h for h in found if h.mark.kind == "message" and not h.mark.first])

    def marked(self, kind: str) -> list[Handler]:
        """List the handlers with a kind of mark, in order."""
        return [handler for handler in self.all if handler.mark.kind == kind]

    def found_by(self, handler: Handler, said: Said) -> dict[str, str]:
        """Tell what a method's matchers find in a message: the groups of the first that it concerns."""
        for other in self.all:
            if (other.skill, other.name) == (handler.skill, handler.name) and other.mark.matcher:
                found = other.mark.matcher.matches(said)
                if found is not None:
                    return found.groups
        return {}

    def help_lines(self) -> list[tuple[str, str, str]]:
        """List every command that has a line for the help: its name, the line, who may use it."""
        return [(h.mark.name, h.mark.help, h.mark.role) for h in self.marked("command") if h.mark.help]

    def variants(self) -> dict[str, tuple[str, ...]]:
        """List what each command may be called with, as the settings of its skill say."""
        marked = [handler for handler in self.marked("command") if handler.mark.each]
        return {h.mark.name: tuple(getattr(self.skills[h.skill].settings, h.mark.each, ())) for h in marked}


class MessageHandlers:
    """The handlers for messages, each with its matcher, asked together."""

    def __init__(self, handlers: list[Handler]) -> None:
        self._handlers = handlers
        self._index = MatcherIndex([handler.mark.matcher for handler in handlers if handler.mark.matcher])

    def concerned(self, said: Said) -> Iterator[tuple[Handler, Found]]:
        """Give the handlers that a message concerns, in order, one at a time."""
        for position, found in self._index.matching(said):
            yield self._handlers[position], found


def _handlers_of(name: str, skill: Skill[Any], time_limit: float) -> list[Handler]:
    limit = type(skill).time_limit or time_limit
    handlers = []
    for attribute in _in_order_of_definition(type(skill)):
        method = getattr(skill, attribute, None)
        if not callable(method):
            continue
        for mark in marks_of(method):
            is_async = inspect.iscoroutinefunction(method)
            handlers.append(Handler(name, attribute, method, mark, limit, is_async))
    return handlers


def _in_order_of_definition(skill: type) -> list[str]:
    names: dict[str, None] = {}
    for ancestor in reversed(skill.__mro__):
        names.update(dict.fromkeys(vars(ancestor)))
    return [name for name in names if not name.startswith("__")]
