"""Names for new things: short, unique, and passed in like time, so that tests can foresee them."""

from __future__ import annotations

import hashlib
import random
import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # no i, l, o, u: nobody misreads or is insulted by an id
_PAIRS = [second + first for first in _ALPHABET for second in _ALPHABET]  # ten bits at a time: half the steps


class Ids:
    """Draws random ids of 80 bits, as ``c_3k9…``; a seed makes them repeatable for tests."""

    def __init__(self, seed: int | None = None) -> None:
        self._bits = random.Random(seed).getrandbits if seed is not None else secrets.randbits

    def new(self, prefix: str) -> str:
        """Draw a fresh id that nobody can guess."""
        return f"{prefix}_{_spell(self._bits(80))}"


def derived(prefix: str, *parts: str) -> str:
    """Name a thing after what caused it, so that doing the same again gives the same name (80 bits)."""
    digest = hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=10).digest()
    return f"{prefix}_{_spell(int.from_bytes(digest))}"


def _spell(number: int) -> str:
    """Spell 80 bits as 16 letters, the lowest five bits first."""
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(0, 80, 10)])
