"""Lint: what is weak in a base, found by asking it its own questions. ::

empty-answer    error     an article that has nothing to say
duplicate       error     two articles with the same question
dead-link       error     a link to a file that is not there
relative-link   warning   a link that works beside the file and not in a chat
competing       warning   a question of one article that another one would answer, were the first not there
unfound         warning   an article that none of its phrasings finds once that phrasing is taken away
one-phrasing    warning   articles that are asked in one way only, told once with their number
no-languages    warning   translations that are never chosen, as nothing tells the language of a message
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Literal
from urllib.parse import unquote

import msgspec

from supportbot.domain.article import Article
from supportbot.domain.markdown import shorten
from supportbot.knowledge.base import Knowledge
from supportbot.knowledge.drafts import slug
from supportbot.knowledge.languages import can_recognise

Level = Literal["error", "warning"]

MOST_PHRASINGS = 5
"""So many phrasings of an article are asked: more of them make it slower and tell little more."""
_MOST_NAMED = 5
_LINK = re.compile(r"\]\(\s*<?([^)\s>]+)")
_CODE = re.compile(r"(```|~~~).*?\1|`[^`\n]*`", re.DOTALL)
_ELSEWHERE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|//|#")


class Weakness(msgspec.Struct, frozen=True):
    """Something that is weak: the rule that it breaks, where (``file:line``), which articles have it, what to do."""

    rule: str
    level: Level
    place: str
    articles: tuple[str, ...]
    what: str


def lint(knowledge: Knowledge, make: Callable[[Sequence[Article]], Knowledge] = Knowledge) -> list[Weakness]:
    """Find what is weak in a base; `make` builds one like it from other articles. Errors come first.

    It asks each article's first questions twice, so it takes about as long as that many messages would.
    """
    articles = [article for article in knowledge.articles.values() if not article.part_of]
    doubles = list(_duplicates(articles))
    pairs = {frozenset(double.articles) for double in doubles}
    found = [
        *_empty(articles),
        *doubles,
        *_links(articles),
        *_competing(knowledge, articles, pairs),
        *_unfound(articles, make),
        *_asked_in_one_way(articles),
        *_without_languages(articles),
    ]
    return sorted(found, key=lambda weakness: (weakness.level != "error", not weakness.place))


def _empty(articles: Sequence[Article]) -> Iterator[Weakness]:
    for article in articles:
        if not article.answer:
            what = f"the article {article.id!r} has no answer; write it, or mark it with draft: true"
            yield Weakness("empty-answer", "error", article.source, (article.id,), what)


def _duplicates(articles: Sequence[Article]) -> Iterator[Weakness]:
    """Find articles that say the same question, whatever its case and its punctuation."""
    first: dict[str, Article] = {}
    told: set[tuple[str, str]] = set()
    for article in articles:
        for phrasing in article.phrasings:
            other = first.setdefault(slug(phrasing), article)
            if other is not article and (other.id, article.id) not in told:
                told.add((other.id, article.id))
                what = f"{_quoted(phrasing)} is a question of {other.id!r} as well; give it to one of them"
                yield Weakness("duplicate", "error", article.source, (article.id, other.id), what)


# --- links --------------------------------------------------------------------------------------------------------


def _links(articles: Sequence[Article]) -> Iterator[Weakness]:
    """Find links that lead nowhere from a chat."""
    for article in articles:
        for text in (article.answer, *(translation.answer for translation in article.translations)):
            for target in dict.fromkeys(_LINK.findall(_CODE.sub("", text))):
                if not _ELSEWHERE.match(target):
                    yield _relative(article, target)


def _relative(article: Article, target: str) -> Weakness:
    place, _, line = article.source.rpartition(":")
    file = Path(place if line.isdigit() else article.source)
    path = unquote(target.partition("#")[0].partition("?")[0])
    if target.startswith("/") or (file.parent / path).exists():
        what = f"the link to {target} works beside the file, and not in a chat; write the whole address (https://…)"
        return Weakness("relative-link", "warning", article.source, (article.id,), what)
    what = f"the link to {target} leads to no file; correct it, or write the whole address (https://…)"
    return Weakness("dead-link", "error", article.source, (article.id,), what)


# --- questions ----------------------------------------------------------------------------------------------------


def _competing(knowledge: Knowledge, articles: Sequence[Article], pairs: set[frozenset[str]]) -> Iterator[Weakness]:
    """Find questions that another article would answer, were theirs not there: people will get one for the other."""
    kin = defaultdict(list)
    for article in knowledge.articles.values():
        kin[article.part_of or article.id].append(article.id)
    for article in articles:
        for phrasing in _asked(article):
            match = knowledge.match(phrasing, without=kin[article.id])
            other = knowledge.article(match.top.id) if match.top and match.decision == "answer" else None
            pair = frozenset((article.id, other.part_of or other.id)) if other else frozenset()
            if other and pair not in pairs:
                pairs.add(pair)
                what = (
                    f"{_quoted(phrasing)} of {article.id!r} is nearly a question of {other.id!r}; "
                    "word them further apart, or make them one article"
                )
                yield Weakness("competing", "warning", article.source, (article.id, other.id), what)


def _unfound(articles: Sequence[Article], make: Callable[[Sequence[Article]], Knowledge]) -> Iterator[Weakness]:
    """Take one phrasing of every article away and ask it, then the next: what is never found says too little."""
    several = {article.id: article for article in articles if len(_asked(article)) > 1}
    unfound = dict(several)
    for number in range(max((len(_asked(article)) for article in several.values()), default=0)):
        if not unfound:
            return
        fold = make([_without(article, number) for article in articles])
        for article in list(unfound.values()):
            if number < len(_asked(article)) and _finds(fold, _asked(article)[number], article.id):
                del unfound[article.id]
    for article in unfound.values():
        what = (
            f"none of the questions of {article.id!r} finds it once that question is taken away; "
            "add some that share words, as people ask it"
        )
        yield Weakness("unfound", "warning", article.source, (article.id,), what)


def _without(article: Article, number: int) -> Article:
    left = [phrasing for place, phrasing in enumerate((article.question, *article.alternatives)) if place != number]
    if not left:
        return article
    return msgspec.structs.replace(article, question=left[0], alternatives=tuple(left[1:]))


def _finds(knowledge: Knowledge, phrasing: str, article_id: str) -> bool:
    match = knowledge.match(phrasing)
    return article_id in {ranked.id for ranked in match.suggestions}


def _asked(article: Article) -> tuple[str, ...]:
    return (article.question, *article.alternatives)[:MOST_PHRASINGS]


def _asked_in_one_way(articles: Sequence[Article]) -> Iterator[Weakness]:
    alone = tuple(article.id for article in articles if not article.alternatives)
    if alone:
        named = ", ".join(alone[:_MOST_NAMED]) + (" …" if len(alone) > _MOST_NAMED else "")
        what = f"articles with one way of asking: {len(alone)} of {len(articles)} ({named}); add `alternatives`"
        yield Weakness("one-phrasing", "warning", "", alone, what)


def _without_languages(articles: Sequence[Article]) -> Iterator[Weakness]:
    translated = tuple(article.id for article in articles if article.translations)
    if translated and not can_recognise():
        what = "translations are never chosen, as nothing tells the language of a message; "
        yield Weakness("no-languages", "warning", "", translated, f"{what}run: pip install 'supportbot[languages]'")


def _quoted(text: str) -> str:
    return f"“{shorten(text, 80)}”"
