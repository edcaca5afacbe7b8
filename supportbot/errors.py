"""What can go wrong, as classes: the sentence of each says what happened, where, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class SupportbotError(Exception):
    """The base of every error that supportbot raises on purpose; its text is meant for a person."""


# --- starting -----------------------------------------------------------------------------------------------------


class Problem(str):
    """One mistake in a configuration, a skill or a knowledge base: one line with its place and what to do."""

    __slots__ = ("file", "line")

    file: str
    line: int | None

    @classmethod
    def at(cls, file: Path | str, line: int | None, message: str) -> Problem:
        """Word a mistake as ``file:line: message``, the form that editors and terminals link."""
        problem = cls(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        problem.file, problem.line = str(file), line
        return problem


class ConfigurationError(SupportbotError):
    """The bot cannot start as configured; `problems` has every mistake, one line each."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(self.problems))


# --- the store ----------------------------------------------------------------------------------------------------


class StoreError(SupportbotError):
    """The base of what a store refuses."""


class StoreInUse(StoreError):
    """Another process owns the store; only one may."""


class StoreTooNew(StoreError):
    """The store was written by a newer release than this one."""


class StoreUnreadable(StoreError):
    """What is on the disk is not a store that this member can read."""


class StoreFailed(StoreError):
    """The disk or the server refused a change (full, read-only, gone); nothing of that commit is stored."""


class Conflict(StoreError):
    """A document changed since it was read, so the commit was dropped whole; read again and decide again."""


class Duplicate(StoreError):
    """A commit with this unique key is stored already, so this one was dropped whole."""


class LostClaim(StoreError):
    """The work was claimed again or finished by someone else meanwhile, so the commit was dropped whole."""

    def __init__(self, message: str, work_id: str = "") -> None:
        self.work_id = work_id
        super().__init__(message)


class FileTooLarge(StoreError):
    """A file is over the size that the store keeps."""


class Unfinished(SupportbotError):
    """The process ended again and again while it did this work, so it is not begun once more."""


# --- skills and dialogues -----------------------------------------------------------------------------------------


class SkillError(SupportbotError):
    """A skill does something that its contract does not allow; the text names its file and line."""


class ReplayMismatch(SkillError):
    """A handler no longer matches the journal of its waiting dialogue: its steps changed since."""


class Unavailable(SupportbotError):
    """Raised by a skill when a service it needs is down: the bot apologises and offers a person.

    It does not count as a failure of the skill.
    """


class NoAnswer(SupportbotError):
    """Raised out of ``turn.ask(within=…)`` when nobody answered in that time."""


class OnceFailed(SupportbotError):
    """The function given to ``turn.once`` raised; `kind` is its error's class name. It replays as the same failure."""

    def __init__(self, kind: str, message: str) -> None:
        self.kind = kind
        self.message = message
        super().__init__(f"{kind}: {message}" if message else kind)


# --- the desk -----------------------------------------------------------------------------------------------------


class NotAllowed(SupportbotError):
    """The person may not do this; said to them without telling whether its object exists."""


class NotFound(SupportbotError):
    """Nothing of that name is visible to this person."""


class IllegalMove(SupportbotError):
    """A ticket's status or a conversation's owner cannot change that way; nothing was changed."""


class LimitReached(SupportbotError):
    """The person may open no ticket now: `limit` is the setting of `limits` that says so, `allowed` what it allows.

    `references` names the tickets that are open already, where that is why. Ages are in milliseconds.
    """

    def __init__(self, limit: str, allowed: int, references: Sequence[str] = ()) -> None:
        self.limit = limit
        self.allowed = int(allowed)
        self.references = tuple(references)
        super().__init__(f"limits.{limit} keeps this person from opening a ticket now")


# --- adapters -----------------------------------------------------------------------------------------------------


class AdapterError(SupportbotError):
    """The base of what sending to a platform can meet."""


class TryLater(AdapterError):
    """The platform asks to wait; `after` is in seconds. Nothing was shown to anyone."""

    def __init__(self, after: float, reason: str = "the platform asks to wait") -> None:
        self.after = after
        super().__init__(f"{reason}; trying again in {after:g} s")


class Refused(AdapterError):
    """The platform will never take this (channel gone, messages closed); trying again is of no use.

    `code` is the platform's own word for why, as ``channel_not_found``: it is logged, so it holds nobody's words.
    """

    def __init__(self, message: str = "", code: str = "") -> None:
        self.code = code
        super().__init__(message)


class Unclear(AdapterError):
    """The platform may or may not have shown it: it must be read back before it is sent again."""


class BadToken(AdapterError):
    """The platform rejected the token; the bot cannot serve this adapter."""
