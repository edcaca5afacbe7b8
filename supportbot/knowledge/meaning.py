"""Meanings: what turns a text into a vector, so that texts that mean the same are near each other.

A source of meanings is loaded when it is made, and not before. It need *not* remember texts, be quick, or know
languages other than English.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from supportbot.knowledge.english import english

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray


class Meaning(ABC):
    """Finds the vector of a text; equal texts have equal vectors, in any thread."""

    @abstractmethod
    def embed(self, text: str, words: Sequence[str]) -> NDArray[float32]:
        """Give a text, whose words are there too with their spelling repaired, a vector of length one, or of none."""


class WordMeanings(Meaning):
    """Adds up what the single words mean; needs nothing but numpy."""

    def embed(self, text: str, words: Sequence[str]) -> NDArray[float32]:  # noqa: ARG002  the words are enough
        """Add up the meanings of the words."""
        return english().meaning(words)
