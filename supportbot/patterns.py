"""Patterns from people, run on google-re2: it takes time in proportion to the text, whatever the pattern."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from supportbot.errors import SkillError

# re2 counts a pattern's size in instructions: \d{6} has 10, \pL some 1,200. A search costs at worst its size times the
# characters it looks at, so the larger a pattern is, the less of a long text it sees.
_LARGEST = 4_000
_LARGEST_IN_SET = 300
_STEPS = 1_000_000  # what one search may cost: some milliseconds at the very worst
_MEMORY = 8 << 20


def searchable(text: str) -> str:
    """Replace lone surrogates, which re2 cannot encode."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


@lru_cache(maxsize=1024)
def compiled(regex: str, case_sensitive: bool = False) -> Any:
    """Compile a pattern with google-re2, or raise SkillError with a sentence."""
    import re2  # noqa: PLC0415 - 5 ms that a bot without patterns does not pay

    try:
        program = re2.compile(regex, _options(case_sensitive))
    except (re2.error, UnicodeEncodeError) as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else str(error)
        raise SkillError(
            f"the pattern {regex!r} is not one that google-re2 takes ({reason}); "
            "it knows no look-around and no back-references"
        ) from error
    if program.programsize > _LARGEST:
        raise SkillError(
            f"the pattern {regex!r} is too large ({program.programsize} instructions of google-re2, "
            f"{_LARGEST} allowed); repeat less, or name fewer letters than \\pL"
        )
    return program


def search(regex: str, case_sensitive: bool, text: str) -> Any:
    """Find the first place where a pattern occurs, or None.

    A usual pattern looks at all of a text; one of a thousand instructions stops after 1,000 characters.
    """
    program = compiled(regex, case_sensitive)
    return program.search(searchable(text[: _STEPS // program.programsize]))


def _options(case_sensitive: bool) -> Any:
    import re2  # noqa: PLC0415 - see above

    options = re2.Options()
    options.log_errors = False
    options.max_mem = _MEMORY
    options.case_sensitive = case_sensitive
    return options


class PatternSet:
    """Many patterns as one program of re2, compiled when the first text needs it; each stands at a position.

    A set never gives up on a costly text as a single search does, so large patterns and long texts are kept out of it.
    """

    def __init__(self, patterns: Sequence[tuple[str, bool, int]]) -> None:
        self._positions = [position for *_, position in patterns]
        self.first = min(self._positions, default=None)
        self._regexes: list[str] = []
        self._in_set: list[int] = []
        self._alone: list[int] = []
        self._size = 0
        self._set: Any = None
        for regex, case_sensitive, position in patterns:
            size = compiled(regex, case_sensitive).programsize
            if size > _LARGEST_IN_SET:
                self._alone.append(position)
                continue
            self._size += size
            self._in_set.append(position)
            self._regexes.append(regex if case_sensitive else f"(?i:{regex})")

    def candidates(self, text: str) -> list[int]:
        """Name the positions whose pattern may occur; all of them where the set cannot tell."""
        if len(text) * self._size > _STEPS:
            return self._positions
        if self._set is None:
            self._set = self._compiled()
        hits = self._set.Match(searchable(text)) if self._set else ()
        # The empty pattern, last, is always there; without it the set ran out of memory on this text.
        if len(self._in_set) not in hits:
            return self._positions
        return [*self._alone, *(self._in_set[hit] for hit in hits if hit < len(self._in_set))]

    def _compiled(self) -> Any:
        import re2  # noqa: PLC0415 - see above

        together = re2.Set.SearchSet(_options(case_sensitive=True))
        try:
            for regex in self._regexes:
                together.Add(regex)
            together.Add("")
            together.Compile()
        except re2.error:  # too large together: each is searched by itself
            return False
        return together
