"""A person's words, made fit to be stored, compared and shown, wherever they come in."""

from __future__ import annotations

import re
import unicodedata

_UNSAFE = re.compile("[\0\ud800-\udfff]")
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the direction of writing: in a name they could turn what stands beside it."""


def clean_name(name: str) -> str:
    """Clean a name, which is shown in the middle of other people's lines."""
    return " ".join(_DIRECTIONS.sub("", clean(name)).split()) or "?"


def clean(text: str) -> str:
    """Compose the characters (NFC) and replace NUL and lone surrogates, which no store and no platform takes."""
    if text.isascii() and "\0" not in text:
        return text
    return unicodedata.normalize("NFC", _UNSAFE.sub("\ufffd", text))
