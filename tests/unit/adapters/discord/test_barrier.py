"""Where Discord turns everything away, one call at a time finds out whether it still does."""

from __future__ import annotations

import pytest

from supportbot.adapters.discord.barrier import Barrier
from supportbot.clock import SimulatedClock
from supportbot.errors import TryLater


def asked_to_wait(seconds: float) -> TryLater:
    return TryLater(seconds, "asks to wait")


def fallen() -> tuple[Barrier, SimulatedClock]:
    clock = SimulatedClock(1_000_000)
    barrier = Barrier(clock)
    barrier.fall(30, asked_to_wait)
    return barrier, clock


def test_a_barrier_that_never_fell_lets_everything_through() -> None:
    barrier = Barrier(SimulatedClock(0))
    with barrier.passed(), barrier.passed():
        pass


def test_nothing_is_asked_while_discord_wants_no_calls() -> None:
    barrier, clock = fallen()
    clock.move_to(clock.now() + 10_000)
    with pytest.raises(TryLater) as wait, barrier.passed():
        pass
    assert wait.value.after == 20


def test_one_call_goes_first_and_the_others_follow_when_it_was_answered() -> None:
    barrier, clock = fallen()
    clock.move_to(clock.now() + 30_000)
    with barrier.passed():
        with pytest.raises(TryLater), barrier.passed():
            pass
        barrier.rise()
    with barrier.passed(), barrier.passed():
        pass


def test_a_first_call_that_nobody_answered_is_followed_by_another_first_one() -> None:
    barrier, clock = fallen()
    clock.move_to(clock.now() + 30_000)
    with pytest.raises(OSError, match="gone"), barrier.passed():
        raise OSError("gone")
    with barrier.passed(), pytest.raises(TryLater), barrier.passed():
        pass


def test_an_answer_to_a_call_from_before_says_nothing() -> None:
    barrier, _ = fallen()
    barrier.rise()
    with pytest.raises(TryLater), barrier.passed():
        pass
