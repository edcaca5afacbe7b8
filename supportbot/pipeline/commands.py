"""Commands and notes: what begins with ``/`` or ``!``, or is marked as a note, is not said to anybody.

People type and paste in many ways: a space before it, a full-width slash, an invisible character. All of them count.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_LONGEST_COMMAND = 32
_NOTE = re.compile(r"//|[/!]?\s*note\s*:", re.IGNORECASE)
_COMMAND = re.compile(r"[/!]\s*[^\W\d_]")
_WIDE = str.maketrans({"\uff0f": "/", "\uff01": "!", "\uff1a": ":"})


@lru_cache(maxsize=32)
def command_in(text: str) -> tuple[str, str]:
    """Split ``/status T-1042`` or ``!status T-1042`` into its name and the rest; ("", "") is no command."""
    said = bare(text)
    if said[:1] not in ("/", "!") or said[1:2].isspace():
        return "", ""
    head, *rest = said[1:].split(maxsplit=1) or [""]
    name = head.lower()
    if not name or len(name) > _LONGEST_COMMAND or not name.replace("_", "").replace("-", "").isalnum():
        return "", ""
    return ("", "") if name.isdigit() else (name, rest[0].strip() if rest else "")


def note_in(text: str) -> str | None:
    """Give the words of an internal note, without its mark; None where the words are not marked as one."""
    said = bare(text)
    mark = _NOTE.match(said)
    return said[mark.end() :].strip() if mark else None


def looks_like_command(text: str) -> bool:
    """Tell whether words begin as a command does, even if they are none that can be read."""
    return bool(_COMMAND.match(bare(text)))


def has_note_inside(text: str) -> bool:
    """Tell whether a later line is marked as a note."""
    return any(note_in(line) is not None for line in bare(text).splitlines()[1:])


def bare(text: str) -> str:
    """Take off what stands invisibly before the words, and read full-width marks of a command as the plain ones."""
    start = 0
    while start < len(text) and (text[start].isspace() or unicodedata.category(text[start]) == "Cf"):
        start += 1
    said = text[start:]
    return said[:12].translate(_WIDE) + said[12:] if not said[:12].isascii() else said
