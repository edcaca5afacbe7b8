"""The plain index: words and pieces of words, weighted by how rare they are, compared by cosine.

Each phrasing is one sparse row. Its grams come in two families that are normalised apart and then weighed, so that one
dot product is the whole kernel::

    score = 0.4 cosine(words and pairs) + 0.6 cosine(pieces of two to five characters)

The rows are kept by gram (an inverted index, as CSR arrays), so a message costs what its own grams' postings cost.
"""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from supportbot.domain.article import Article
from supportbot.knowledge.calibration import PLAIN, Calibration
from supportbot.knowledge.match import NOTHING, Index, Match, Ranked
from supportbot.knowledge.words import character_grams, is_chit_chat, split_words, word_grams

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

WORD_SHARE = 0.4
CHARACTER_SHARE = 0.6
_ROOTS = (math.sqrt(WORD_SHARE), math.sqrt(CHARACTER_SHARE))
"""What each family's weights are multiplied by, on both sides of the product."""
_DIGITS = 4
"""Scores are rounded, so that they read well and do not depend on the order of additions."""


class PlainIndex(Index):
    """Ranks articles by tf-idf over word and character grams; needs numpy, and nothing else."""

    def __init__(self, calibration: Calibration = PLAIN) -> None:
        self._calibration = calibration
        self._ids: list[str] = []
        self._positions: dict[str, int] = {}

    def build(self, articles: Sequence[Article]) -> None:
        """Learn the articles, in place of those learnt before."""
        import numpy as np  # noqa: PLC0415  heavy: loaded when a base is built, not with the core

        self._numpy: Any = np
        self._ids = [article.id for article in articles]
        self._positions = {article_id: position for position, article_id in enumerate(self._ids)}
        lengths = [len(article.phrasings) for article in articles]
        self._first_rows = np.cumsum([0, *lengths[:-1]])
        self._fill([phrasing for article in articles for phrasing in article.phrasings])

    def rank(self, text: str, *, without: Collection[str] = (), limit: int = 10) -> Match:
        """Rank the articles for a message, best first, as if those in `without` did not exist."""
        words = split_words(text)
        ranked = self._ranked(words, without, limit)
        if not ranked:
            return NOTHING
        return self._calibration.decide(ranked, asks_nothing=is_chit_chat(words))

    def _ranked(self, words: list[str], without: Collection[str], limit: int) -> tuple[Ranked, ...]:
        if not self._ids:
            return ()
        np = self._numpy
        scores = np.maximum.reduceat(self._row_scores(words), self._first_rows)
        left_out = [self._positions[article_id] for article_id in set(without) if article_id in self._positions]
        scores[left_out] = -1.0
        count = max(0, min(limit, len(self._ids) - len(left_out)))
        order = np.argsort(-scores, kind="stable")[:count]
        return tuple(Ranked(self._ids[position], float(scores[position])) for position in order.tolist())

    def _row_scores(self, words: list[str]) -> NDArray[float64]:
        """Add up, for each phrasing, the products of its weights and the message's."""
        np = self._numpy
        columns, weights = self._weigh(words)
        if not columns:
            return np.zeros(self._row_count)  # type: ignore[no-any-return]  # numpy is loaded late, so it is Any here
        starts = self._starts[columns]
        counts = self._starts[np.array(columns) + 1] - starts
        ends = np.cumsum(counts)
        postings = np.arange(ends[-1]) + np.repeat(starts - (ends - counts), counts)
        products = self._weights[postings] * np.repeat(weights, counts)
        scores = np.bincount(self._rows[postings], weights=products, minlength=self._row_count)
        return np.round(np.minimum(scores, 1.0), _DIGITS)  # type: ignore[no-any-return]  # as above

    def _weigh(self, words: list[str]) -> tuple[list[int], list[float]]:
        """Weigh a message's grams, each family to its share of a vector of length one; returns those that are known.

        Grams that no article has lengthen the vector too: a message that is mostly about something else scores low.
        """
        columns: list[int] = []
        weights: list[float] = []
        for family, root in zip(_families(words), _ROOTS, strict=True):
            square = 0.0
            first = len(columns)
            for gram, frequency in family:
                column = self._columns.get(gram)
                weight = frequency * (self._unknown_rarity if column is None else self._rarities[column])
                square += weight * weight
                if column is not None:
                    columns.append(column)
                    weights.append(weight)
            factor = root / math.sqrt(square) if square else 0.0
            weights[first:] = [weight * factor for weight in weights[first:]]
        return columns, weights

    def _fill(self, phrasings: list[str]) -> None:
        """Lay the phrasings out by gram: `_rows` and `_weights` from ``_starts[column]`` up to the next start."""
        np = self._numpy
        self._columns: dict[str, int] = {}
        columns, segments, frequencies = array("i"), array("i"), array("d")  # a segment is a row's family
        for row, phrasing in enumerate(phrasings):
            for number, family in enumerate(_families(split_words(phrasing))):
                for gram, frequency in family:
                    columns.append(self._columns.setdefault(gram, len(self._columns)))
                    segments.append(2 * row + number)
                    frequencies.append(frequency)
        by_column, segment = np.array(columns, dtype=np.int32), np.array(segments, dtype=np.int32)
        spread = np.bincount(by_column, minlength=len(self._columns))
        rarities = 1.0 + np.log((1 + len(phrasings)) / (1 + spread))
        weights = np.array(frequencies) * rarities[by_column]
        lengths = np.sqrt(np.bincount(segment, weights=weights * weights, minlength=2 * len(phrasings)))
        weights *= np.array(_ROOTS)[segment % 2] / lengths[segment]
        order = np.argsort(by_column, kind="stable")
        self._rows, self._weights = segment[order] // 2, weights[order].astype(np.float32)
        self._starts = np.concatenate(([0], np.cumsum(spread)))
        self._rarities: list[float] = rarities.tolist()
        self._unknown_rarity = 1.0 + math.log(1 + len(phrasings))
        self._row_count = len(phrasings)


def _families(words: list[str]) -> Iterator[list[tuple[str, float]]]:
    """List the word grams, then the character grams, with their sublinear frequencies; a mark keeps the two apart."""
    for mark, grams in (("w", word_grams(words)), ("c", character_grams(words))):
        yield [(mark + gram, 1.0 + math.log(count)) for gram, count in Counter(grams).items()]
