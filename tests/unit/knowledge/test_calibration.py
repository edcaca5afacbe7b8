"""Calibration: what was promised moves the limit, and the base itself has its say."""

from __future__ import annotations

import pytest

from supportbot.knowledge.calibration import SIGNS, Head, Heads, Promise, Tried, trained
from supportbot.knowledge.engines import ENGINES

HEAD = Head((1.0, 0.0, 0.0, 0.0, 0.0), 0.0)
HEADS = Heads(HEAD, HEAD, ((0.0, 0.4, 0.8), (1.0, 0.2, 0.4), (2.0, 0.1, 0.1), (3.0, 0.0, 0.0)))


def tried(score: float, *, right: bool, outside: bool = False) -> Tried:
    return Tried((score, 0.0, 0.0, 0.0, 0.0), right, outside)


def limit(promise: Promise, *of_the_base: Tried) -> float:
    return HEADS.judge(promise, of_the_base).limit


def test_the_more_may_go_wrong_the_lower_the_limit() -> None:
    limits = [limit(Promise(wrong, 0.4)) for wrong in (0.01, 0.05, 0.1, 0.2)]
    assert limits == sorted(limits, reverse=True)
    assert limits[1] == pytest.approx(2.5)


def test_an_answer_is_always_twice_as_likely_right_as_wrong() -> None:
    assert limit(Promise(0.9, 0.4)) == pytest.approx(0.693, abs=0.001)


def test_a_base_that_goes_wrong_more_often_has_a_higher_limit() -> None:
    clear = [tried(2.5, right=True)] * 50 + [tried(0.1, right=False, outside=True)] * 50
    mixed_up = [tried(2.5, right=False)] * 50 + [tried(2.5, right=False, outside=True)] * 50
    assert limit(Promise(), *clear) < limit(Promise()) < limit(Promise(), *mixed_up)


def test_a_handful_of_phrasings_tells_little() -> None:
    few = [tried(2.9, right=False, outside=True)] * 2
    many = few * 100
    assert limit(Promise(), *few) - limit(Promise()) < (limit(Promise(), *many) - limit(Promise())) / 2


@pytest.mark.parametrize("engine", ENGINES)
def test_the_shipped_heads_trust_better_signs_more(engine: str) -> None:
    heads = trained(engine)
    base = (0.3, 0.1, 0.5, 2.0, 1.0)
    for number, sign in enumerate(SIGNS[:3]):
        better = tuple(value + 0.2 * (place == number) for place, value in enumerate(base))
        assert heads.right.logit(better) > heads.right.logit(base), sign
    assert [wrong for _, wrong, _ in heads.curve] == sorted((wrong for _, wrong, _ in heads.curve), reverse=True)
