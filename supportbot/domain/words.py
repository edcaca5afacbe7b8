"""A person's words, made fit to be stored, compared and shown, wherever they come in."""

from __future__ import annotations

import re
import unicodedata

_UNSAFE = re.compile("[\0\ud800-\udfff]")
_CONTROLS = re.compile("[\x01-\x08\x0b-\x1f\x7f-\x9f]")
"""What would steer a terminal instead of being read; of the line breaks only the plain one stays."""
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Marks that turn the direction of writing: in a name they could turn what stands beside it."""


def clean_name(name: str) -> str:
    """Clean a name, which is shown in the middle of other people's lines."""
    return " ".join(_DIRECTIONS.sub("", clean(name)).split()) or "?"


def clean(text: str) -> str:
    """Compose the characters (NFC), drop what steers a terminal, replace NUL and lone surrogates.

    The last two no store and no platform takes.
    """
    plain = text if text.isprintable() else _CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return plain if plain.isascii() and "\0" not in plain else _composed(plain)


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", _UNSAFE.sub("\ufffd", text))
