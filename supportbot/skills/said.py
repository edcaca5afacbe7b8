"""What a message says, folded so that it compares: its words, in any script.

Letters and digits in NFKC and case-folded make the words. An apostrophe joins ("don't" is "dont"), everything else
parts ("e-mail" is "e mail"), and scripts that write no spaces are compared letter by letter.
"""

from __future__ import annotations

import unicodedata


class _Letters(dict[int, str]):
    """Translates what is not ASCII, and remembers the characters that it met."""

    def __missing__(self, code: int) -> str:
        spelled = _spelled(chr(code))
        if len(self) < 8_192:  # the living scripts of a busy team fit; a flood of odd characters does not grow it
            self[code] = spelled
        return spelled


def _spelled(character: str) -> str:
    if character in "'’‘ʼ＇`´":
        return ""
    category = unicodedata.category(character)
    if category == "Cf":  # joiners, soft hyphens and direction marks are not seen, so they part nothing
        return ""
    if category[0] not in "LMN":
        return " "
    return f" {character} " if _is_written_without_spaces(ord(character)) else character


def _is_written_without_spaces(code: int) -> bool:
    if code < 0x0E00:
        return False
    return (
        code < 0x0F00  # Thai, Lao
        or 0x1000 <= code < 0x10A0  # Burmese
        or 0x1780 <= code < 0x1800  # Khmer
        or 0x3040 <= code < 0x3100  # Japanese syllables
        or 0x3400 <= code < 0xA000  # Chinese characters
        or 0x20000 <= code < 0x40000
    )


_ASCII = "".join(_spelled(chr(code)) or "'" for code in range(128)).lower().encode().ljust(256)
_LETTERS = _Letters()


def words_of(text: str) -> list[str]:
    """Part a text into its words, folded so that they compare."""
    if text.isascii():
        return text.encode().translate(_ASCII, b"'`").decode().split()
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return folded.translate(_LETTERS).split()


class Said:
    """What a message says, prepared once for all matchers."""

    __slots__ = ("_spaced", "_words", "has_files", "text")

    def __init__(self, text: str, has_files: bool = False) -> None:
        self.text = text
        self.has_files = has_files
        self._words: list[str] | None = None
        self._spaced: str | None = None

    @property
    def words(self) -> list[str]:
        """The folded words, in order."""
        if self._words is None:
            self._words = words_of(self.text)
        return self._words

    @property
    def spaced(self) -> str:
        """The folded words with one space before, between and after, so that a phrase is found as a substring."""
        if self._spaced is None:
            self._spaced = f" {' '.join(self.words)} "
        return self._spaced
