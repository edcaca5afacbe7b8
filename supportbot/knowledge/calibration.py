"""From signs to decisions: when to answer, when to suggest, when nothing fits.

Two heads, trained once over several bases (``training/heads.py``) and shipped, read the signs of a match: one tells how
likely the first article is right, the other whether the right one is among the first three. How sure the bot has to be
follows from what its operator promised. It is found without a single judged message, half from the bases the heads
were trained on, half from this one: each of its phrasings is asked as if it had never been learnt, once with the rest
of its article there (the right answer exists) and once without (none does).
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from supportbot.knowledge.match import Decision

TRAINED = Path(__file__).parent / "trained"

SIGNS = ("score", "margin", "covered", "length", "phrasings")
"""What the heads look at, in this order: the first article's score, how far it is before the second, the share of the
message's words that it has (by their rarity), and the logarithms of the message's length and of the phrasings that an
article has."""

Signs = tuple[float, ...]
Point = tuple[float, float, float]
"""A limit, with the wrong share of the messages that have an answer, and the answered share of those without."""

_WORTH_SUGGESTING = 0.0
"""The logit from which on it is worth suggesting: the right article is as likely among the first three as not."""
_LEAST_SURE = math.log(2)
"""Whatever was promised, an answer has to be twice as likely right as wrong."""
_SHARE_HERE = 0.5
_FEW = 20
"""How much the base itself tells, and how many of its phrasings tell half of that."""
_DIGITS = 4


@dataclass(frozen=True)
class Promise:
    """What the operator promised, as shares of all messages."""

    wrong_answers: float = 0.05
    expected_out_of_scope: float = 0.4
    """So many messages ask what no article answers."""


PROMISED = Promise()


@dataclass(frozen=True)
class Tried:
    """The signs of a message whose right answer is known, and whether the first article was that."""

    signs: Signs
    is_right: bool
    is_outside: bool = False
    """No article answers it."""


@dataclass(frozen=True)
class Judgement:
    """What to do, how likely the first article is right, and the same as a logit."""

    decision: Decision
    confidence: float
    sure: float


@dataclass(frozen=True)
class Head:
    """A logistic regression over the signs."""

    weights: tuple[float, ...]
    bias: float

    def logit(self, signs: Signs) -> float:
        """Tell how likely it is, as a logit."""
        return self.bias + sum(weight * sign for weight, sign in zip(self.weights, signs, strict=True))


@dataclass(frozen=True)
class Judge:
    """Decides for one base."""

    right: Head
    third: Head
    limit: float

    def __call__(self, signs: Signs) -> Judgement:
        """Judge the signs of a match."""
        sure = self.right.logit(signs)
        if sure >= self.limit:
            return Judgement("answer", probability(sure), sure)
        is_worth_it = self.third.logit(signs) >= _WORTH_SUGGESTING
        return Judgement("suggest" if is_worth_it else "none", probability(sure), sure)


@dataclass(frozen=True)
class Heads:
    """What an engine's heads learnt, and how often they are wrong by how sure they have to be."""

    right: Head
    third: Head
    curve: tuple[Point, ...]

    def judge(self, promise: Promise, tried: Sequence[Tried]) -> Judge:
        """Find how sure the bot has to be on a base, by what came of its own phrasings."""
        everywhere = _limit(self.curve, promise)
        here = _limit(self._curve_here(tried), promise)
        share = _SHARE_HERE * len(tried) / (len(tried) + _FEW)
        return Judge(self.right, self.third, max(everywhere + share * (here - everywhere), _LEAST_SURE))

    def _curve_here(self, tried: Sequence[Tried]) -> list[Point]:
        """Count how often the phrasings go wrong; a kind of which there are none is taken from elsewhere."""
        inside = [(self.right.logit(one.signs), not one.is_right) for one in tried if not one.is_outside]
        outside = [self.right.logit(one.signs) for one in tried if one.is_outside]
        return [
            (
                limit,
                sum(is_wrong and sure >= limit for sure, is_wrong in inside) / len(inside) if inside else wrong,
                sum(sure >= limit for sure in outside) / len(outside) if outside else answered,
            )
            for limit, wrong, answered in self.curve
        ]


def probability(logit: float) -> float:
    """Turn a logit into a probability."""
    return round(1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, logit)))), _DIGITS)


@cache
def trained(engine: str) -> Heads:
    """Load what the heads of an engine learnt."""
    stored = json.loads((TRAINED / f"{engine}.json").read_text("utf-8"))
    if tuple(stored["signs"]) != SIGNS:
        raise ValueError(f"{engine}.json was trained on other signs; run training/heads.py")
    right, third = (Head(tuple(stored[name]["weights"]), stored[name]["bias"]) for name in ("right", "third"))
    return Heads(right, third, tuple((limit, wrong, answered) for limit, wrong, answered in stored["curve"]))


def _limit(curve: Sequence[Point], promise: Promise) -> float:
    """Find the lowest limit that keeps the promise, between the points of the curve."""
    higher, less = math.inf, 0.0
    for limit, wrong, answered in sorted(curve, reverse=True):
        share = (1 - promise.expected_out_of_scope) * wrong + promise.expected_out_of_scope * answered
        if share > promise.wrong_answers:
            within = (promise.wrong_answers - less) / (share - less)
            return limit if math.isinf(higher) else higher + (limit - higher) * within
        higher, less = limit, share
    return higher
