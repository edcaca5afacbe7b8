"""An index that anyone can foresee: what share of the words of a message and a phrasing is the same."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from supportbot.domain.article import Article
from supportbot.knowledge.match import NOTHING, Decision, Index, Match, Ranked


class Overlap(Index):
    """Answers from six of ten words on, and offers from three on."""

    def build(self, articles: Sequence[Article]) -> None:
        self._articles = list(articles)

    def rank(self, text: str, *, without: Collection[str] = (), limit: int = 10) -> Match:
        scores = [
            Ranked(article.id, max(shared(text, phrasing) for phrasing in article.phrasings))
            for article in self._articles
            if article.id not in without
        ]
        ranked = tuple(sorted(scores, key=lambda found: -found.score)[:limit])
        if not ranked:
            return NOTHING
        best = ranked[0].score
        decision: Decision = "answer" if best >= 0.6 else "suggest" if best >= 0.3 else "none"
        return Match(decision, best, ranked)


def shared(text: str, other: str) -> float:
    one, two = ({word.strip("?!.,:") for word in words.casefold().split()} for words in (text, other))
    return len(one & two) / len(one | two)
