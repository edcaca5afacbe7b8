"""Word meanings by WordLlama, a table of vectors for pieces of words (``supportbot[semantic]``).

Its own loader looks for its files on the network and brings half a dozen packages into memory, so the two files that it
ships are read here: the table is mapped, of which only the pieces that occur come into memory.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from supportbot.knowledge.meaning import Meaning

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

_TABLE = "weights/l2_supercat_256.safetensors"
_PIECES = "tokenizers/l2_supercat_tokenizer_config.json"


class WordLlama(Meaning):
    """Averages the vectors of a text's pieces."""

    size = 256

    def __init__(self) -> None:
        import numpy as np  # noqa: PLC0415  heavy, as the next one
        from tokenizers import Tokenizer  # noqa: PLC0415

        folder = _folder()
        self._numpy: Any = np
        self._tokenizer: Any = Tokenizer.from_file(str(folder / _PIECES))
        self._tokenizer.no_padding()
        self._table = _mapped(folder / _TABLE)

    def embed(self, text: str, words: Sequence[str]) -> NDArray[float32]:  # noqa: ARG002  repaired words are better
        """Average the vectors of the words' pieces."""
        np = self._numpy
        ids = self._tokenizer.encode(" ".join(words), add_special_tokens=False).ids
        if not ids:
            return np.zeros(self.size, np.float32)  # type: ignore[no-any-return]  # numpy is loaded late, so it is Any
        total = self._table[ids].astype(np.float32).sum(axis=0)
        return total / np.sqrt(total @ total)  # type: ignore[no-any-return]  # as above


def _folder() -> Path:
    """Find where the package lies, without loading it."""
    spec = find_spec("wordllama")
    if spec is None or spec.origin is None:
        raise ImportError("wordllama is not installed")
    return Path(spec.origin).parent


def _mapped(file: Path) -> Any:
    """Map the one table of a safetensors file: eight bytes of length, a JSON header, then the numbers."""
    import numpy as np  # noqa: PLC0415  heavy

    with file.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        (table,) = (value for name, value in json.loads(stream.read(length)).items() if name != "__metadata__")
    if table["dtype"] != "F16":
        raise ImportError(f"{file} is not what this version of supportbot can read; install wordllama 0.4")
    begin = 8 + length + table["data_offsets"][0]
    return np.memmap(file, dtype=np.float16, mode="r", offset=begin, shape=tuple(table["shape"]))
