"""An article: one entry of the knowledge base."""

from __future__ import annotations

import msgspec


class Translation(msgspec.Struct, frozen=True, kw_only=True):
    """What an article says in another language; `language` is a code such as ``de`` or ``pt-br``, in small letters.

    Where the answer or the link is empty, the article's own is given.
    """

    language: str
    question: str
    alternatives: tuple[str, ...] = ()
    answer: str = ""
    link: str = ""


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """A question, other phrasings of it, and the answer (small Markdown); `source` is ``file:line`` where known.

    `link` is a web address with more. A long article is also there in parts, whose `part_of` is its id.
    """

    id: str
    question: str
    alternatives: tuple[str, ...] = ()
    answer: str = ""
    tags: tuple[str, ...] = ()
    link: str = ""
    translations: tuple[Translation, ...] = ()
    part_of: str = ""
    source: str = ""

    @property
    def phrasings(self) -> tuple[str, ...]:
        """Every way in which the article says its question, in every language that it has."""
        others = (
            text for translation in self.translations for text in (translation.question, *translation.alternatives)
        )
        return (self.question, *self.alternatives, *others)

    def in_language(self, language: str) -> Article:
        """Tell the article in a language, by its code; in its own where it has no such translation."""
        kin = language.partition("-")[0]
        near = [translation for translation in self.translations if translation.language.partition("-")[0] == kin]
        if not near:
            return self
        found = next((translation for translation in near if translation.language == language), near[0])
        return msgspec.structs.replace(
            self,
            question=found.question,
            alternatives=found.alternatives,
            answer=found.answer or self.answer,
            link=found.link or self.link,
        )
