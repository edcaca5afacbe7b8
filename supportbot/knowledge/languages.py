"""Languages: which language a message is in, told by py3langid where it is installed (``supportbot[languages]``).

Only the languages that a base has are weighed, which makes short messages tell much more: of all that there are,
"passwort vergessen" is Luxembourgish.
"""

from __future__ import annotations

import copy
import importlib.util
from collections.abc import Callable, Iterable
from functools import cache
from itertools import islice
from typing import Any

from supportbot.domain.article import Article

Recognise = Callable[[str], str]
"""Tells the code of the translation to give for a message; "" is the articles' own language."""

_SURE = 0.7
"""How sure it has to be of another language than the base's own; "password" alone is German with 0.6."""
_SAMPLE = 200
"""The first so many articles tell the base's own language."""


def recogniser(articles: Iterable[Article]) -> Recognise:
    """Make what tells the languages of these articles; without translations, or without the package, nothing does."""
    articles = list(articles)
    wanted = {translation.language.partition("-")[0] for article in articles for translation in article.translations}
    if not wanted or not can_recognise():
        return lambda _text: ""
    identifier = copy.copy(_identifier())  # its languages are set on itself
    sample = "\n".join(f"{article.question}\n{article.answer[:500]}" for article in islice(articles, _SAMPLE))
    own: str = identifier.classify(sample)[0]
    identifier.set_languages({own, *wanted} & set(identifier.labels))

    def recognise(text: str) -> str:
        language, confidence = identifier.classify(text)
        return language if confidence >= _SURE else ""

    return recognise


def can_recognise() -> bool:
    """Tell whether the package is installed."""
    return importlib.util.find_spec("py3langid") is not None


@cache
def _identifier() -> Any:
    """Load the model, which takes half a second, once a base has translations."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 - heavy, and an extra

    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
