"""The kernel: how near two texts are, added up from several ways of looking at them, each with its share. ::

    near = words · cos  +  pieces · cos  +  Σ meanings (level · cos + steep · exp((cos - 1) / 0.3))

The shares add up to one, so a text is as near to itself as can be: 1.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from supportbot.knowledge.grams import Grams
from supportbot.knowledge.meaning import Meaning

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

_STEEPNESS = 0.3


@dataclass(frozen=True)
class Share:
    """How much one source of meanings counts: by its cosine, and by a curve that only near texts climb."""

    load: Callable[[], Meaning]
    level: float
    steep: float


@dataclass(frozen=True)
class Recipe:
    """The shares of everything that is compared; together they are one."""

    words: float
    pieces: float
    meanings: tuple[Share, ...] = ()


@dataclass(frozen=True)
class Said:
    """A text and its words, as they are compared."""

    text: str
    words: Sequence[str]


class Kernel:
    """Compares messages with the phrasings of a base, and these with each other.

    What the kernel before has is taken over: its sources of meanings, and the vectors of the phrasings that are left.
    """

    def __init__(self, recipe: Recipe, phrasings: Sequence[Said], before: Kernel | None = None) -> None:
        import numpy as np  # noqa: PLC0415  heavy: loaded when a base is built, not with the core

        self._numpy: Any = np
        self.grams = Grams([phrasing.words for phrasing in phrasings], recipe.words, recipe.pieces)
        self._shares = recipe.meanings
        self.phrasings = phrasings
        self.meanings: list[Meaning] = before.meanings if before else [share.load() for share in recipe.meanings]
        self.vectors = [self._embed(number, before) for number in range(len(self.meanings))]

    def compare(self, message: Said) -> NDArray[float32]:
        """Tell how near each phrasing is to a message."""
        total = self.grams.compare(message.words)
        for share, meaning, vectors in zip(self._shares, self.meanings, self.vectors, strict=True):
            total += self._near(share, vectors @ meaning.embed(message.text, message.words))
        return total

    def row(self, number: int) -> NDArray[float32]:
        """Tell how near each phrasing is to one of them."""
        total = self.grams.compare(self.phrasings[number].words)
        for share, vectors in zip(self._shares, self.vectors, strict=True):
            total += self._near(share, vectors @ vectors[number])
        return total

    def matrix(self) -> NDArray[float32]:
        """Tell how near each phrasing is to each other."""
        total = self.grams.matrix()
        for share, vectors in zip(self._shares, self.vectors, strict=True):
            total += self._near(share, vectors @ vectors.T)
        return total

    def among(self, rows: NDArray[Any]) -> NDArray[float32]:
        """Tell how near some phrasings are to each other, about."""
        total = self.grams.among(rows)
        for share, every in zip(self._shares, self.vectors, strict=True):
            vectors = every[rows]
            total += self._near(share, vectors @ vectors.T)
        return total

    def _embed(self, number: int, before: Kernel | None) -> NDArray[float32]:
        """Find the vectors of the phrasings in one source of meanings."""
        known: dict[str, Any] = {}
        if before:
            known = {said.text: row for said, row in zip(before.phrasings, before.vectors[number], strict=True)}
        meaning = self.meanings[number]
        rows = [
            known[said.text] if said.text in known else meaning.embed(said.text, said.words) for said in self.phrasings
        ]
        return self._numpy.array(rows, dtype=self._numpy.float32)  # type: ignore[no-any-return]  # as above

    def _near(self, share: Share, cosines: NDArray[float32]) -> NDArray[float32]:
        near = cosines - 1.0
        near *= 1.0 / _STEEPNESS
        self._numpy.exp(near, out=near)
        near *= share.steep
        near += share.level * cosines
        return near
