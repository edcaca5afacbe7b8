"""Makes the English dictionary of the knowledge base: ``python training/english.py`` writes trained/english.npz.

It needs ``supportbot[semantic-onnx]``. Each of the commonest words of the sentence model's vocabulary is put into a
few short questions; the model's vectors of those, less what all have in common, are the word's meaning. They are then
cut to their main directions and to one byte a number. No text is needed, and no labels.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from supportbot.knowledge.english import FILE
from supportbot.knowledge.minilm import MiniLM, wordpieces

WORDS = 12_000
SIZE = 96
CONTEXTS = {"how do i {}": 1.0, "my {} please help": 1.0, "what about the {}?": 1.0, "{}": 1.5}
FLATTENING = 0.25
"""How far the main directions are evened out: 0 not at all, 1 wholly."""
COMMON = 5e-4
"""A word as frequent as this tells half of what a rare one does."""
CONTRACTIONS = """
    don't can't won't i'm i've i'd isn't aren't wasn't weren't doesn't didn't couldn't wouldn't shouldn't hasn't haven't
    hadn't what's where's how's who's that's there's it's you're you've they're they've we've he's she's let's i'll
    you'll they'll it'll
    """


def main() -> None:
    """Embed the words, and write the dictionary."""
    parser = argparse.ArgumentParser(description="Make the English dictionary of the knowledge base.")
    parser.add_argument("--to", type=Path, default=FILE, help="the file to write")
    options = parser.parse_args()
    listed = [piece for piece in wordpieces() if piece.isascii() and piece.isalpha()][:WORDS]
    words = dict.fromkeys((*listed[:100], *CONTRACTIONS.split(), *listed[100:]))
    vectors = main_directions(embedded(list(words)))
    vectors *= told_by(len(words))[:, None]
    largest = np.abs(vectors).max(axis=1, keepdims=True)
    keep = [position for position, word in enumerate(words) if _is_its_own(word, words)]
    names = [list(words)[position].replace("'", "") for position in keep]
    np.savez(
        options.to,
        words=np.frombuffer("\n".join(names).encode("ascii"), dtype=np.uint8),
        vectors=np.round(vectors / largest * 127).astype(np.int8)[keep],
        lengths=(largest[keep, 0] / 127).astype(np.float16),
    )
    print(f"{options.to}: {len(names)} words, {options.to.stat().st_size / 1e6:.1f} MB")


def embedded(words: list[str]) -> NDArray[Any]:
    """Find each word's meaning in its contexts, less what all words have in common in each."""
    model = MiniLM()
    total = np.zeros((len(words), model.size))
    for context, weight in CONTEXTS.items():
        vectors = np.array([model.embed(context.format(word)) for word in words], dtype=np.float64)
        total += weight * (vectors - vectors.mean(axis=0))
    return total / sum(CONTEXTS.values())


def main_directions(vectors: NDArray[Any]) -> NDArray[Any]:
    """Turn the vectors so that their first numbers tell the most, and keep those."""
    _, spread, directions = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    turned: NDArray[Any] = vectors @ directions[:SIZE].T / spread[:SIZE] ** FLATTENING
    return turned


def told_by(count: int) -> NDArray[Any]:
    """Say how much each word tells, from its place alone: words are about as frequent as Zipf found."""
    frequencies = 1 / (np.arange(count) + 2.7)
    frequencies /= frequencies.sum()
    told: NDArray[Any] = COMMON / (COMMON + frequencies)
    return told


def _is_its_own(word: str, words: dict[str, None]) -> bool:
    """Without its apostrophe, a contraction may be a word already, as "well" for "we'll"."""
    return "'" not in word or word.replace("'", "") not in words


if __name__ == "__main__":
    main()
