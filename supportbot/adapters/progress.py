"""A message that is shown in several parts: how far it has come, so that no part is shown twice."""

from __future__ import annotations

from dataclasses import dataclass, field

from supportbot.recent import Recent

_MOST_PARTLY = 1_000


@dataclass
class Progress:
    """How far a message has come: how it is cut, and which of its parts were shown, under which ids of the platform."""

    at_most: int = 0
    """Units of each part; where a platform takes less than it says, it is cut smaller."""
    shown: dict[int, str] = field(default_factory=dict)
    files: tuple[str, ...] = ()
    """The platform's ids of the files that came with it."""

    @property
    def others(self) -> tuple[str, ...]:
        """What else it consists of: the ids of the parts behind the first, and its files."""
        return tuple(self.shown[number] for number in sorted(self.shown) if number > 1) + self.files

    @property
    def first(self) -> str:
        """The id of the first part, which names the thread that it opens."""
        return self.shown.get(1, "")


class Partly:
    """The messages that were shown in part."""

    def __init__(self) -> None:
        self._progress = Recent[str, Progress](_MOST_PARTLY)

    def of(self, name: str, at_most: int) -> Progress:
        """Find how far a message has come; one that was not begun is to be cut into parts of so many units."""
        return self._progress.get(name) or Progress(at_most)

    def keep(self, name: str, progress: Progress) -> None:
        """Remember how far a message has come."""
        self._progress[name] = progress

    def finish(self, name: str) -> None:
        """Forget a message that was shown whole."""
        self._progress.pop(name, None)
