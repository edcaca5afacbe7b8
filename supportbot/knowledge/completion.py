"""Completion: the questions of articles that fit what somebody is still typing."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

from supportbot.domain.article import Article
from supportbot.knowledge.base import Knowledge

MOST_QUESTIONS = 25


def questions(knowledge: Knowledge, words: str, language: str = "") -> list[str]:
    """List questions, best first; before anything is typed those of the first articles. For any thread.

    What is typed are beginnings of words, which an index need not know: those of an article's phrasings are looked at,
    and behind those that have them all comes what would be suggested for the words as they are.
    """
    articles = knowledge.articles
    found = itertools.islice(_begun(articles.values(), words), MOST_QUESTIONS)
    suggested = (articles[ranked.id] for ranked in knowledge.match(words).suggestions if ranked.id in articles)
    told = (
        article.in_language(language.casefold()).question for article in (*found, *suggested) if not article.part_of
    )
    return list(dict.fromkeys(told))[:MOST_QUESTIONS]


def _begun(articles: Iterable[Article], words: str) -> Iterator[Article]:
    """Find the articles that say their question with words that begin like these, in one phrasing."""
    beginnings = [f" {word}" for word in words.casefold().split()]
    for article in articles:
        said = (f" {phrasing.casefold()}" for phrasing in article.phrasings)
        if not article.part_of and any(all(beginning in phrase for beginning in beginnings) for phrase in said):
            yield article
