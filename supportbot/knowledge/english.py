"""A small English dictionary with meanings: the commonest words, each with a short vector.

The vectors were distilled from a sentence model (``training/english.py``), so that "refund" and "money back" are near
each other also where no sentence model is installed. A word's length says how much it tells: "the" is short.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

FILE = Path(__file__).parent / "trained" / "english.npz"

_ENDINGS = (("s", ""), ("es", ""), ("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"), ("ies", "y"), ("ly", ""))
"""How a word that is not listed may end, and what it ends with in the list."""
_SHORTEST_STEM = 3


class English:
    """Knows common words: which there are, how common each is, and roughly what it means."""

    def __init__(self, file: Path = FILE) -> None:
        import numpy as np  # noqa: PLC0415  heavy: loaded when a base is built, not with the core

        with np.load(file) as stored:
            words = stored["words"].tobytes().decode("ascii").split("\n")
            self._vectors: NDArray[Any] = stored["vectors"]
            self._lengths: NDArray[float32] = stored["lengths"].astype(np.float32)
        self.ranks: dict[str, int] = {word: rank for rank, word in enumerate(words)}
        """Each word's place, the commonest first."""
        self._numpy: Any = np

    @property
    def size(self) -> int:
        """How many numbers a meaning has."""
        return int(self._vectors.shape[1])

    def meaning(self, words: Sequence[str]) -> NDArray[float32]:
        """Add up what words mean, as a vector of length one; all zero where none of them is known."""
        np = self._numpy
        places = [place for place in map(self._place, words) if place is not None]
        if not places:
            return np.zeros(self.size, np.float32)  # type: ignore[no-any-return]  # numpy is loaded late, so it is Any
        total = self._lengths[places] @ self._vectors[places].astype(np.float32)
        length = float(np.sqrt(total @ total))
        return total / length if length else total  # type: ignore[no-any-return]  # as above

    def _place(self, word: str) -> int | None:
        place = self.ranks.get(word)
        if place is not None:
            return place
        return next((self.ranks[stem] for stem in _stems(word) if stem in self.ranks), None)


@cache
def english() -> English:
    """Load the dictionary, once."""
    return English()


def _stems(word: str) -> Iterator[str]:
    for ending, instead in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            yield word[: -len(ending)] + instead
