"""A crash at each named point of the way: the next process goes on, and all ends as if nothing had happened."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from pathlib import Path

import pytest

from supportbot.faults import POINTS
from tests.faults.conversation import STORES, Play, five_requesters, keys_of_effects, prepare, state_after, undisturbed

SHORT = [(point, STORES[number % 2], 1 + number % 3) for number, point in enumerate(POINTS)]
"""Every point once: by turns on either store, at different counts."""
FULL = [(point, store, count) for point in POINTS for store in STORES for count in (1, 2, 3, 4)]


@pytest.fixture(scope="module")
def peace(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Counter[str]]:
    """Tell what the play leaves on each store when nothing disturbs it."""
    return {store: undisturbed(tmp_path_factory.mktemp("peace") / store, store) for store in STORES}


def crash(point: str, store: str, count: int, folder: Path, peace: Counter[str]) -> None:
    play = Play(prepare(folder, store))
    play.fault = f"{point}:{count}"
    play.perform(five_requesters(0))
    play.close()

    assert play.codes == [-signal.SIGKILL]
    found = asyncio.run(state_after(play, store, folder))
    assert (found - peace, peace - found) == ({}, {})
    keys = keys_of_effects(folder)
    assert len(keys) == 4
    assert {len(found) for found in keys.values()} == {1}, "one step was done under two idempotency keys"


@pytest.mark.parametrize(("point", "store", "count"), SHORT)
def test_a_crash_at_a_named_point_changes_nothing_in_the_end(
    point: str, store: str, count: int, tmp_path: Path, peace: dict[str, Counter[str]]
) -> None:
    crash(point, store, count, tmp_path, peace[store])


@pytest.mark.full
@pytest.mark.parametrize(("point", "store", "count"), FULL)
def test_a_crash_at_any_named_point_the_first_four_times_changes_nothing_in_the_end(
    point: str, store: str, count: int, tmp_path: Path, peace: dict[str, Counter[str]]
) -> None:
    crash(point, store, count, tmp_path, peace[store])
