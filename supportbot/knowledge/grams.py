"""Grams: texts compared by their words, pairs of words, and pieces of words, weighed by how rare these are.

Each phrasing is one sparse row. Its grams come in two families, words and pieces, that are normalised apart and then
weighed by their shares, so that one product of two rows is the sum of both cosines, each with its share. The rows are
kept by gram (an inverted index), so a message costs what its own grams' postings cost. ::

    columns          0 … words … pairs of neighbours … pieces …
    a rare gram      _rows[_starts[column]:_starts[column + 1]], and their _weights
    a common one     _common[_places[column]], its weight in every phrasing
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from supportbot.knowledge.words import character_grams

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

_COMMON, _FEW = 16, 8
"""A gram that more than one in so many phrasings have, and more than a few, is kept as a whole row."""
_FOLDED = 256
"""Numbers that the rarer grams of a phrasing are folded into."""
_SPREADING = 0x9E3779B97F4A7C15
_BLOCK = 4_000_000
"""Pairs that are added up at once."""
_REMEMBERED = 2_000
"""Words that no phrasing has, whose pieces are remembered."""
_NOWHERE = -1
"""The column of a gram that no phrasing has."""


class Grams:
    """The phrasings of a base, ready to be compared with a message or with each other."""

    def __init__(self, phrasings: Sequence[Sequence[str]], word_share: float, piece_share: float) -> None:
        import numpy as np  # noqa: PLC0415  heavy: loaded when a base is built, not with the core

        self._numpy: Any = np
        self._roots = np.sqrt(np.array([word_share, piece_share]))
        self._count = len(phrasings)
        self._unknown = 1.0 + math.log(1 + self._count)
        self._folded: NDArray[float32] | None = None
        self._strangers: dict[str, list[int]] = {}
        self._learn_words(phrasings)
        self._fill(phrasings)

    def compare(self, words: Sequence[str]) -> NDArray[float32]:
        """Compare a message with every phrasing."""
        columns, weights = self._weigh(words)
        places = self._places[columns]
        common = places >= 0
        total = weights[common].astype(self._numpy.float32) @ self._common[places[common]]
        if not common.all():
            total += self._add_up(columns[~common], weights[~common])
        return total  # type: ignore[no-any-return]  # numpy is loaded late, so it is Any here

    def _add_up(self, columns: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
        """Add up the products of the rarer grams."""
        np = self._numpy
        starts = self._starts[columns]
        counts = self._starts[columns + 1] - starts
        ends = counts.cumsum()
        postings = np.arange(ends[-1]) + (starts - (ends - counts)).repeat(counts)
        products = weights.repeat(counts)
        products *= self._weights[postings]
        return np.bincount(self._rows[postings], weights=products, minlength=self._count)  # type: ignore[no-any-return]  # as above

    def rarity(self, word: str) -> float:
        """Tell how rare a word is: 1 where every phrasing has it, and the more the fewer do."""
        place = self._vocabulary.get(word)
        return self._unknown if place is None else self._rarity_of[place]

    def matrix(self) -> NDArray[float32]:
        """Compare every phrasing with every other."""
        np = self._numpy
        n = self._count
        total = self._common.T @ self._common
        flat = total.reshape(-1)
        counts = np.diff(self._starts)
        for size in np.unique(counts[counts > 0]).tolist():  # the grams of as many phrasings at once
            begins = self._starts[:-1][counts == size]
            step = max(1, _BLOCK // (size * size))
            for some in (begins[at : at + step] for at in range(0, len(begins), step)):
                at = some[:, None] + np.arange(size)
                cells = self._rows[at][:, :, None].astype(np.int64) * n + self._rows[at][:, None, :]
                products = self._weights[at][:, :, None] * self._weights[at][:, None, :]
                flat += np.bincount(cells.reshape(-1), weights=products.reshape(-1), minlength=n * n)
        return total

    def among(self, rows: NDArray[Any]) -> NDArray[float32]:
        """Compare some phrasings with each other, about: their rarer grams are folded into a few numbers first."""
        if self._folded is None:
            self._folded = self._fold()
        common, folded = self._common[:, rows], self._folded[rows]
        return common.T @ common + folded @ folded.T  # type: ignore[no-any-return]  # as above

    def _fold(self) -> NDArray[float32]:
        """Fold the rarer grams of each row so that the products of two rows are near what they were (a count sketch).

        A gram that only one phrasing has adds nothing to any product, but would add noise here.
        """
        np = self._numpy
        counts = np.diff(self._starts)
        mixed = np.arange(len(counts), dtype=np.uint64) * np.uint64(_SPREADING)  # wraps around: that spreads them
        place = ((mixed >> np.uint64(40)) % np.uint64(_FOLDED)).astype(np.int64)
        sign = 1.0 - 2.0 * ((mixed >> np.uint64(33)) & np.uint64(1)).astype(np.float32)
        sign[counts < 2] = 0.0
        column = np.repeat(np.arange(len(counts)), counts)
        cells = self._rows.astype(np.int64) * _FOLDED + place[column]
        folded = np.bincount(cells, weights=self._weights * sign[column], minlength=self._count * _FOLDED)
        return folded.reshape(self._count, _FOLDED).astype(np.float32)  # type: ignore[no-any-return]  # as above

    def _weigh(self, words: Sequence[str]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Weigh a message's grams, each family to its share of a vector of length one; returns those that are known.

        Grams that no phrasing has lengthen the vector too: a message that is mostly about something else scores low.
        """
        np = self._numpy
        columns, weights = [], []
        for family, root in zip((self._word_columns(words), self._piece_columns(words)), self._roots, strict=True):
            counted = Counter(family)
            unknown = counted.pop(_NOWHERE, 0)
            known = np.fromiter(counted, np.int64, len(counted))
            weight = self._rarities[known]
            if len(counted) + unknown < len(family):
                weight = weight * (1.0 + np.log(np.fromiter(counted.values(), np.float64, len(counted))))
            length = math.sqrt(float(weight @ weight) + unknown * self._unknown**2)
            columns.append(known)
            weights.append(weight * (root / length) if length else weight)
        return np.concatenate(columns), np.concatenate(weights)

    def _word_columns(self, words: Sequence[str]) -> list[int]:
        vocabulary, pairs, size = self._vocabulary, self._pairs, len(self._vocabulary)
        places = [vocabulary.get(word, _NOWHERE) for word in words]
        found = [
            pairs.get(left * size + right, _NOWHERE) if left >= 0 and right >= 0 else _NOWHERE
            for left, right in pairwise(places)
        ]
        return places + found

    def _piece_columns(self, words: Sequence[str]) -> list[int]:
        found: list[int] = []
        for word in words:
            place = self._vocabulary.get(word)
            found += self._spelled(word) if place is None else self._pieces_of[place]
        return found

    def _spelled(self, word: str) -> list[int]:
        """Look up the pieces of a word that no phrasing has; the same ones come again and again."""
        found = self._strangers.get(word)
        if found is None:
            if len(self._strangers) >= _REMEMBERED:
                self._strangers = {}
            found = [self._pieces.get(piece, _NOWHERE) for piece in character_grams([word])]
            self._strangers[word] = found
        return found

    def _learn_words(self, phrasings: Sequence[Sequence[str]]) -> None:
        """Number the words and their pieces; `_pieces_of` has, by a word's number, the numbers of its pieces."""
        self._vocabulary: dict[str, int] = {}
        for words in phrasings:
            for word in words:
                self._vocabulary.setdefault(word, len(self._vocabulary))
        self._pieces: dict[str, int] = {}
        self._pieces_of = [
            [self._pieces.setdefault(piece, len(self._pieces)) for piece in character_grams([word])]
            for word in self._vocabulary
        ]

    def _fill(self, phrasings: Sequence[Sequence[str]]) -> None:
        """Lay the phrasings out by gram."""
        np = self._numpy
        size, n = len(self._vocabulary), self._count
        lengths = np.array([len(words) for words in phrasings])
        place = np.array([self._vocabulary[word] for words in phrasings for word in words], dtype=np.int64)
        row = np.repeat(np.arange(n), lengths)
        inside = row[1:] == row[:-1]
        pair = place[:-1][inside] * size + place[1:][inside]
        pairs, pair = np.unique(pair, return_inverse=True)
        self._pairs: dict[int, int] = dict(zip(pairs.tolist(), range(size, size + len(pairs)), strict=True))
        base = size + len(pairs)
        self._pieces = {piece: number + base for piece, number in self._pieces.items()}
        self._pieces_of = [[number + base for number in numbers] for numbers in self._pieces_of]
        counts = np.array([len(numbers) for numbers in self._pieces_of], dtype=np.int64)
        flat = np.fromiter((number for numbers in self._pieces_of for number in numbers), np.int64, int(counts.sum()))
        begins, each = (np.cumsum(counts) - counts)[place], counts[place]
        ends = np.cumsum(each)
        piece = flat[np.arange(each.sum()) + np.repeat(begins - (ends - each), each)]
        columns = np.concatenate((place, pair + size, piece))
        rows = np.concatenate((row, row[:-1][inside], np.repeat(row, each)))
        self._weigh_rows(columns * n + rows, base, base + len(self._pieces))

    def _weigh_rows(self, cells: NDArray[Any], first_piece: int, columns: int) -> None:
        """Weigh each gram of each phrasing; a cell is ``column * phrasings + row``, once for each time it occurs."""
        np = self._numpy
        n = self._count
        cells, frequencies = np.unique(cells, return_counts=True)
        column, row = np.divmod(cells, n)
        spread = np.bincount(column, minlength=columns)
        self._rarities: NDArray[Any] = 1.0 + np.log((1 + n) / (1 + spread))
        self._rarity_of: list[float] = self._rarities[: len(self._vocabulary)].tolist()
        weights = (1.0 + np.log(frequencies)) * self._rarities[column]
        segment = 2 * row + (column >= first_piece)  # a row's family
        lengths = np.sqrt(np.bincount(segment, weights=weights * weights, minlength=2 * n))
        weights *= self._roots[(column >= first_piece).astype(np.int64)] / lengths[segment]
        common = spread > max(n // _COMMON, _FEW)
        self._places: NDArray[Any] = np.where(common, np.cumsum(common) - 1, _NOWHERE)
        is_common = common[column]
        self._common: NDArray[float32] = np.zeros((int(common.sum()), n), np.float32)
        self._common[self._places[column[is_common]], row[is_common]] = weights[is_common]
        rare = ~is_common
        self._rows, self._weights = row[rare].astype(np.int32), weights[rare].astype(np.float32)
        self._starts = np.concatenate(([0], np.cumsum(np.where(common, 0, spread))))
