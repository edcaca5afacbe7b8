"""A skill: a class with marked methods. There are no verbs to inherit; what a handler may do is in the turn it gets."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Final, Generic, Literal, TypeVar, get_args, get_origin

from supportbot.knowledge.base import Knowledge
from supportbot.settings import Settings
from supportbot.skills.match import Matcher

Role = Literal["requester", "agent", "anyone"]
MarkKind = Literal["message", "command", "event", "choice", "timer", "fallback", "start", "stop"]

S = TypeVar("S", bound=Settings)
_MARKS: Final = "__supportbot_marks__"
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Pass:
    """What a handler returns to say: not mine, ask the next skill."""

    def __repr__(self) -> str:
        return "PASS"


PASS: Final = Pass()


class Skill(Generic[S]):
    """The base of every skill; ``Skill[RefundSettings]`` names the type of its settings, ``Skill[Settings]`` has none.

    A skill's name is its class's in snake_case unless `name` says otherwise. A handler that takes longer than
    `time_limit` (seconds of real time; by default the configuration's ``limits.handler_time``) is given up.
    """

    name: ClassVar[str] = ""
    time_limit: ClassVar[float | None] = None

    def __init__(self, settings: S | None = None) -> None:
        self.settings: S = settings if settings is not None else settings_type(type(self))()


@dataclass(frozen=True)
class Start:
    """What a skill gets when the bot starts, in a method marked ``@on.start``."""

    folder: Path
    """The folder of the configuration: relative paths in settings begin there."""
    knowledge: Knowledge
    """The articles: ``start.knowledge.serve(paths)`` adds to what is served."""


@dataclass(frozen=True)
class Mark:
    """What a method of a skill is marked as."""

    kind: MarkKind
    name: str = ""
    matcher: Matcher | None = None
    first: bool = False
    """message: asked before an open question gets the words."""
    role: Role = "requester"
    help: str = ""
    each: str = ""
    """command: the setting that lists what may stand behind its name."""


def mark(function: Callable[..., Any], new: Mark) -> None:
    """Add a mark to a method; loading decides what it means."""
    setattr(function, _MARKS, (*marks_of(function), new))


def marks_of(function: Callable[..., Any]) -> tuple[Mark, ...]:
    """Read the marks of a method."""
    return getattr(function, _MARKS, ())


def name_of(skill: type[Skill[Any]]) -> str:
    """Tell a skill's name."""
    return skill.name or _WORD.sub("_", skill.__name__).lower()


def settings_type(skill: type[Skill[Any]]) -> type[Any]:
    """Find the type of a skill's settings: the parameter of ``Skill[…]``."""
    for ancestor in skill.__mro__:
        for base in getattr(ancestor, "__orig_bases__", ()):
            origin, arguments = get_origin(base), get_args(base)
            if isinstance(origin, type) and issubclass(origin, Skill) and isinstance(arguments[0], type):
                return arguments[0]
    return Settings
