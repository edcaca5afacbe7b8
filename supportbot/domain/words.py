"""A person's words, made fit to be stored, compared and shown, wherever they come in."""

from __future__ import annotations

import re
import unicodedata

_UNSAFE = re.compile("[\0\ud800-\udfff]")


def clean(text: str) -> str:
    """Compose the characters (NFC) and replace NUL and lone surrogates, which no store and no platform takes."""
    if text.isascii() and "\0" not in text:
        return text
    return unicodedata.normalize("NFC", _UNSAFE.sub("\ufffd", text))
