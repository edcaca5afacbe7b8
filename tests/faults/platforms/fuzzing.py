"""Payloads that no platform ever sent: real ones, changed at random."""

from __future__ import annotations

import copy
import gc
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

Payload = dict[str, Any]
LONGEST_HOLD = 0.1
"""Seconds that a payload may hold the loop."""
ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1e308, "", " ", "\x00", "\ud800", "x" * 5_000, "<@U1>", "/ticket", "1e400", "NaN"),
    *([], {}, [[]], [{}], {"id": None}, {"": ""}, [None] * 50, "C0", "D0", "U0", "T0", "1700000000.000100", "👍🏽"),
    *("18446744073709551616", 2**70, "0"),
)


@contextmanager
def without_others_garbage() -> Iterator[None]:
    """Keep what earlier tests have left in this process from being looked through: it is none of the bot's."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def mutated(payload: Payload, chance: random.Random) -> Payload:
    """Change a payload in one to four places: leave out, replace, double, nest, or swap."""
    made = copy.deepcopy(payload)
    for _ in range(chance.randint(1, 4)):
        at: Any = made
        while True:
            keys = list(at) if isinstance(at, dict) else list(range(len(at)))
            if not keys:
                break
            key = chance.choice(keys)
            if isinstance(at[key], (dict, list)) and at[key] and chance.random() < 0.75:
                at = at[key]
                continue
            how = chance.random()
            if how < 0.2 and isinstance(at, dict):
                del at[key]
            elif how < 0.3:
                at[key] = [at[key]]
            elif how < 0.4:
                at[key] = {"nested": at[key]}
            elif how < 0.5 and isinstance(at[key], str):
                cut = chance.randrange(len(at[key]) + 1)
                at[key] = at[key][:cut] + chance.choice(("", "\x00", "é", "🔥", "x" * 100)) + at[key][cut:]
            else:
                at[key] = copy.deepcopy(chance.choice(ODD))
            break
    return made
