"""What a match is, and what an index promises: the contract of every engine that finds articles.

An index ranks articles for a message and says, on its own scale of scores, how sure it is of the first one.
It need *not* read files, watch them for changes, or be safe while it is being built: `Knowledge` builds a new index
beside the old one and swaps them.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from typing import Literal

import msgspec

from supportbot.domain.article import Article

Decision = Literal["answer", "suggest", "none"]

MOST_SUGGESTIONS = 3
_WORTH_OFFERING = 0.35
"""A suggestion has at least this share of the best score; below that it only distracts."""


class Ranked(msgspec.Struct, frozen=True):
    """An article's place in a ranking; scores lie in 0..1 and compare only within one engine."""

    id: str
    score: float


class Match(msgspec.Struct, frozen=True):
    """What the knowledge base has for a message: answer with the top, suggest a few, or none of them fits.

    `confidence` is in 0..1 and grows with the certainty that the top article is right.
    """

    decision: Decision
    confidence: float
    ranked: tuple[Ranked, ...]
    second: str = ""
    """The article that answers a second question of the same message; "" where there is none."""

    @property
    def top(self) -> Ranked | None:
        """The best article, whatever was decided; None where there is nothing to rank."""
        return self.ranked[0] if self.ranked else None

    @property
    def suggestions(self) -> tuple[Ranked, ...]:
        """The first up to three that are worth offering; nothing is where the decision is ``none``."""
        if self.decision == "none" or not self.ranked:
            return ()
        least = self.ranked[0].score * _WORTH_OFFERING
        return tuple(ranked for ranked in self.ranked[:MOST_SUGGESTIONS] if ranked.score >= least)


NOTHING = Match("none", 0.0, ())


class Index(ABC):
    """Finds articles by what people write."""

    @property
    def is_slow(self) -> bool:
        """A message takes milliseconds, which belong into a thread."""
        return False

    def inherit(self, previous: Index) -> None:  # noqa: B027  there may be nothing to take
        """Take over, before `build`, what the index before has and is costly to make; by default nothing."""

    @abstractmethod
    def build(self, articles: Sequence[Article]) -> None:
        """Learn the articles, in place of those learnt before."""

    @abstractmethod
    def rank(self, text: str, *, without: Collection[str] = (), limit: int = 10) -> Match:
        """Rank the articles for a message, best first, as if those in `without` did not exist.

        `limit` articles come back where there are as many, however low they score. Equal input gives equal output,
        and the cost is bounded however long the message is.
        """
