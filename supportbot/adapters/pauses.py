"""Pauses between tries that fail one after another."""

from __future__ import annotations

import random
from collections.abc import Sequence


def pause(pauses: Sequence[float], failures: int) -> float:
    """Choose how long to wait after so many failures; cut by chance, so that not everybody comes back at once."""
    return pauses[min(failures, len(pauses)) - 1] * random.uniform(0.5, 1.0)
