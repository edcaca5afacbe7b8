"""What the knowledge base is compared with: other ways to find an article, as their libraries are commonly used.

Their score serves as confidence. Only those whose library is installed are there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

from supportbot.domain.article import Article
from supportbot.knowledge.base import Match, Ranked

Rival = Callable[[Sequence[Article]], Callable[[str], Match]]


def rapidfuzz(articles: Sequence[Article]) -> Callable[[str], Match]:
    """Compare with every phrasing by token_set_ratio."""
    from rapidfuzz import fuzz, process, utils  # noqa: PLC0415  only where it is installed

    phrasings, owners = _phrasings(articles)
    ready = [utils.default_process(phrasing) for phrasing in phrasings]

    def find(text: str) -> Match:
        scores = process.cdist([utils.default_process(text)], ready, scorer=fuzz.token_set_ratio)[0]
        return _match(owners, (scores / 100).tolist())

    return find


def bm25s(articles: Sequence[Article]) -> Callable[[str], Match]:
    """Score every phrasing by BM25."""
    import bm25s as library  # noqa: PLC0415  only where it is installed

    phrasings, owners = _phrasings(articles)
    index = library.BM25()
    index.index([_words(phrasing) for phrasing in phrasings], show_progress=False)

    def find(text: str) -> Match:
        return _match(owners, index.get_scores(_words(text) or [""]).tolist())

    return find


def tf_idf(articles: Sequence[Article]) -> Callable[[str], Match]:
    """Compare with every phrasing by the cosine of tf-idf over words and pieces of words (scikit-learn)."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415  only where it is installed
    from sklearn.pipeline import make_union  # noqa: PLC0415

    phrasings, owners = _phrasings(articles)
    words = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True)
    pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    both = make_union(words, pieces)
    matrix = both.fit_transform(phrasings)

    def find(text: str) -> Match:
        scores: Any = (matrix @ both.transform([text]).T).toarray()[:, 0] / 2
        return _match(owners, scores.tolist())

    return find


def _phrasings(articles: Sequence[Article]) -> tuple[list[str], list[str]]:
    pairs = [(phrasing, article.id) for article in articles for phrasing in article.phrasings]
    return [phrasing for phrasing, _ in pairs], [owner for _, owner in pairs]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _match(owners: Sequence[str], scores: Sequence[float]) -> Match:
    best: dict[str, float] = {}
    for owner, score in zip(owners, scores, strict=True):
        if score > best.get(owner, -1.0):
            best[owner] = score
    first = sorted(best.items(), key=lambda pair: -pair[1])[:10]
    return Match("suggest", first[0][1], tuple(Ranked(owner, score) for owner, score in first))


_ALL: dict[str, tuple[str, Rival]] = {
    "rapidfuzz": ("rapidfuzz", rapidfuzz),
    "bm25s": ("bm25s", bm25s),
    "tf-idf": ("sklearn", tf_idf),
}
RIVALS: dict[str, Rival] = {name: rival for name, (package, rival) in _ALL.items() if find_spec(package)}
