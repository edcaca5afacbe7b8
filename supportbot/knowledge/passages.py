"""Passages: a long article is served in parts too, cut at its headings, each found by its heading and the title. ::

    Set up the app                             set-up              its opening, its headings, and the link
    ## On a phone     ──►                      set-up#on-a-phone   what stands below that heading, and the link
    ## On a computer                           set-up#on-a-computer

The article keeps its own id and phrasings. Without a link it keeps its whole answer as well, since nobody could read
the rest of it anywhere else.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import msgspec

from supportbot.domain.article import Article
from supportbot.knowledge.drafts import slug
from supportbot.knowledge.headings import headings

LONG = 1_500
"""Characters of an answer that is answered in passages: about what fits a screen in a chat."""
_ENOUGH_WORDS = 3
"""A heading of so many words, or a question, may be asked as it is; "Overview" says nothing without its title."""


class _Section(NamedTuple):
    """A heading and what stands below it."""

    heading: str
    text: str


class _Parts(NamedTuple):
    """A long text, cut: what comes before its first heading, and its sections; none where it is left whole."""

    opening: str
    sections: list[_Section]

    def brief(self) -> str:
        """Say what a text is about, for whoever can read the rest of it elsewhere."""
        return "\n\n".join(
            part for part in (self.opening, "\n".join(f"- {part.heading}" for part in self.sections)) if part
        )


def with_passages(article: Article) -> list[Article]:
    """Serve an article with its passages after it; a short one, or one without headings, stays alone."""
    parts = _cut(article.answer)
    passages = list(_passages(article.question, article.link, parts))
    translations = []
    for translation in article.translations:
        translated, link = _cut(translation.answer), translation.link or article.link
        passages += _passages(translation.question, link, translated)
        shorter = translated.brief() if translated.sections and link else translation.answer
        translations.append(msgspec.structs.replace(translation, answer=shorter))
    if not passages:
        return [article]
    answer = parts.brief() if parts.sections and article.link else article.answer
    whole = msgspec.structs.replace(article, answer=answer, translations=tuple(translations))
    return [whole, *_named(whole, passages)]


def _cut(text: str) -> _Parts:
    """Cut a long text at its headings of the highest level that is there twice."""
    if len(text) <= LONG:
        return _Parts(text, [])
    lines = text.split("\n")
    found = list(headings(lines))
    counts = Counter(heading.level for heading in found)
    level = min((level for level, count in counts.items() if count > 1), default=None)
    if level is None:
        return _Parts(text, [])
    cuts = [heading for heading in found if heading.level <= level]
    ends = [heading.line for heading in cuts[1:]] + [len(lines)]
    sections = [
        _Section(cut.words, "\n".join(lines[cut.line + 1 : end]).strip()) for cut, end in zip(cuts, ends, strict=True)
    ]
    return _Parts("\n".join(lines[: cuts[0].line]).strip(), [section for section in sections if section.text])


def _passages(title: str, link: str, parts: _Parts) -> Iterator[Article]:
    for heading, text in parts.sections:
        question, *others = _phrasings(title, heading)
        answer = f"**{heading}**\n\n{text}"
        yield Article(id=slug(heading), question=question, alternatives=tuple(others), answer=answer, link=link)


def _phrasings(title: str, heading: str) -> list[str]:
    full = f"{title}: {heading}"
    if heading.endswith("?"):
        return [heading, full]
    return [full, heading] if len(heading.split()) >= _ENOUGH_WORDS else [full]


def _named(whole: Article, passages: list[Article]) -> Iterator[Article]:
    """Name passages after their article and their heading; where a heading comes again, with a number."""
    seen = Counter[str]()
    for passage in passages:
        seen[passage.id] += 1
        number = f"-{seen[passage.id]}" if seen[passage.id] > 1 else ""
        place = f"{whole.id}#{passage.id}{number}"
        yield msgspec.structs.replace(passage, id=place, part_of=whole.id, tags=whole.tags, source=whole.source)
