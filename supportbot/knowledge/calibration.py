"""From scores to decisions: when to answer, when to suggest, when nothing fits."""

from __future__ import annotations

import math
from dataclasses import dataclass

from supportbot.knowledge.match import Decision, Match, Ranked


@dataclass(frozen=True)
class Calibration:
    """Two limits on an engine's best score, and a logistic curve that maps it to a confidence.

    `asks_something` is what a greeting must score to count as a question all the same: a base may have an article
    for "hello".
    """

    answer: float
    suggest: float
    middle: float
    """The score at which the confidence is one half."""
    steepness: float
    asks_something: float = 0.9

    def decide(self, ranked: tuple[Ranked, ...], *, asks_nothing: bool = False) -> Match:
        """Judge a ranking by its best score."""
        best = ranked[0].score
        if best <= 0.0 or (asks_nothing and best < self.asks_something):
            return Match("none", 0.0, ranked)
        decision: Decision = "answer" if best >= self.answer else "suggest" if best >= self.suggest else "none"
        confidence = 1.0 / (1.0 + math.exp(-self.steepness * (best - self.middle)))
        return Match(decision, round(confidence, 4), ranked)


PLAIN = Calibration(answer=0.44, suggest=0.3, middle=0.345, steepness=9.5)
"""Tuned for the plain index with ``benchmarks/faq.py``: about one message in twenty gets a wrong answer."""
