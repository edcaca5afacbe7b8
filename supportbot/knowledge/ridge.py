"""The ridge: learns from a base's own phrasings which article each kind of words belongs to (kernel ridge regression).

Solved once for the whole base: ``alpha = (K + 0.3 I)⁻¹ Y``, one column an article; a message's scores are its row of
the kernel times alpha. That grows with the cube of the phrasings, so above `MOST_PHRASINGS` it is solved for each
message anew, over the nearest `NEIGHBOURS` alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

from supportbot.knowledge.kernel import Kernel

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

MOST_PHRASINGS = 3_000
NEIGHBOURS = 200
SMOOTHING = 0.3
_NEAR = 0.25
"""What is less near than this share of the nearest is no neighbour."""


class Ridge(ABC):
    """Scores articles for a message, and for each phrasing as if it had never been learnt."""

    @abstractmethod
    def scores(self, near: NDArray[float32]) -> NDArray[float32]:
        """Score each article, by how near each phrasing is to the message: 1 is "this one", 0 is "not this one"."""

    def forget_training(self) -> None:  # noqa: B027  there may be nothing to drop
        """Drop what only `without_phrasing` and `without_article` need."""

    @abstractmethod
    def without_phrasing(self, row: int) -> tuple[NDArray[float32], NDArray[float32]]:
        """Tell how near the others are to a phrasing, and score the articles without having learnt it."""

    @abstractmethod
    def without_article(self, row: int) -> tuple[NDArray[float32], NDArray[float32]]:
        """Do the same without having learnt any phrasing of its article: to the rest, it is out of scope."""


class WholeRidge(Ridge):
    """One solution for the whole base."""

    def __init__(self, kernel: Kernel, articles: NDArray[Any]) -> None:
        """Solve it; `articles` has each phrasing's article, by number and in their order."""
        import numpy as np  # noqa: PLC0415  heavy: loaded when a base is built, not with the core

        self._numpy: Any = np
        self._articles = articles
        self._matrix = kernel.matrix()
        smoothed = self._matrix.astype(np.float64)
        smoothed.reshape(-1)[:: len(articles) + 1] += SMOOTHING
        self._inverse: NDArray[Any] = np.linalg.inv(smoothed)
        first = np.flatnonzero(np.diff(articles, prepend=-1))
        self._solution: NDArray[Any] = np.add.reduceat(self._inverse, first, axis=1)
        self._weights = np.ascontiguousarray(self._solution.T, dtype=np.float32)

    def scores(self, near: NDArray[float32]) -> NDArray[float32]:
        """Multiply by the solution."""
        return self._weights @ near

    def forget_training(self) -> None:
        """Drop what is as large as the square of the phrasings."""
        del self._matrix, self._inverse, self._solution

    def without_phrasing(self, row: int) -> tuple[NDArray[float32], NDArray[float32]]:
        """Leave one phrasing out, in closed form."""
        np = self._numpy
        near = self._matrix[row].copy()
        near[row] = 0.0
        scores = -self._solution[row] / self._inverse[row, row]
        scores[self._articles[row]] += 1.0
        return near, scores.astype(np.float32)

    def without_article(self, row: int) -> tuple[NDArray[float32], NDArray[float32]]:
        """Leave an article out, in closed form."""
        np = self._numpy
        own = np.flatnonzero(self._articles == self._articles[row])
        near = self._matrix[row].copy()
        near[own] = 0.0
        block = self._inverse[np.ix_(own, own)]
        scores = -np.linalg.solve(block, self._solution[own])[int(np.flatnonzero(own == row)[0])]
        scores[self._articles[row]] = 0.0
        return near, scores.astype(np.float32)


class NearRidge(Ridge):
    """A solution for each message, over the phrasings that are nearest to it."""

    def __init__(self, kernel: Kernel, articles: NDArray[Any]) -> None:
        import numpy as np  # noqa: PLC0415  heavy, as above

        self._numpy: Any = np
        self._kernel = kernel
        self._articles = articles
        self._count = int(articles[-1]) + 1

    def scores(self, near: NDArray[float32]) -> NDArray[float32]:
        """Solve for the nearest."""
        np = self._numpy
        rows = np.flatnonzero(near >= _NEAR * near.max())
        if len(rows) > NEIGHBOURS:
            rows = rows[np.argpartition(near[rows], -NEIGHBOURS)[-NEIGHBOURS:]]
            rows.sort()
        matrix = self._kernel.among(rows)
        matrix.reshape(-1)[:: len(rows) + 1] = 1.0 + SMOOTHING
        weights = np.linalg.solve(matrix, near[rows])
        return np.bincount(self._articles[rows], weights=weights, minlength=self._count).astype(np.float32)  # type: ignore[no-any-return]  # numpy is loaded late, so it is Any here

    def without_phrasing(self, row: int) -> tuple[NDArray[float32], NDArray[float32]]:
        """Solve for the nearest of the others."""
        near = self._kernel.row(row)
        near[row] = 0.0
        return near, self.scores(near)

    def without_article(self, row: int) -> tuple[NDArray[float32], NDArray[float32]]:
        """Solve for the nearest of the other articles."""
        near = self._kernel.row(row)
        near[self._articles == self._articles[row]] = 0.0
        return near, self.scores(near)
