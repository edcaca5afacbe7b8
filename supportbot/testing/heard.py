"""What a person has heard: each thing that the bot says is waited for once, in the order in which it came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

Message = TypeVar("Message")


class Heard(Generic[Message]):
    """Which messages one person has heard already."""

    def __init__(self, counts: Callable[[Message], bool]) -> None:
        """`counts` tells whether a message is the bot's and on this person's screen."""
        self._counts = counts
        self._begin: dict[str, int] = {}
        self._heard: set[int] = set()

    def add(self, message: Message) -> None:
        """Take note that a message was heard."""
        self._heard.add(id(message))

    def unheard(self, place: str, appeared: Sequence[Message]) -> list[Message]:
        """List what the bot has said in a place and this person has not heard yet."""
        begin = self._begin.get(place, 0)
        while begin < len(appeared) and self._is_done(appeared[begin]):
            self._heard.discard(id(appeared[begin]))
            begin += 1
        self._begin[place] = begin
        return [message for message in appeared[begin:] if not self._is_done(message)]

    def _is_done(self, message: Message) -> bool:
        return not self._counts(message) or id(message) in self._heard
