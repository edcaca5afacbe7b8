"""An article: one entry of the knowledge base."""

from __future__ import annotations

import msgspec


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """A question, other phrasings of it, and the answer (small Markdown); `source` is ``file:line`` where known."""

    id: str
    question: str
    alternatives: tuple[str, ...] = ()
    answer: str = ""
    tags: tuple[str, ...] = ()
    source: str = ""

    @property
    def phrasings(self) -> tuple[str, ...]:
        """Every way in which the article says its question."""
        return (self.question, *self.alternatives)
