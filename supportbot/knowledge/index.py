"""The index of articles: repairs the spelling, compares with every phrasing, scores the articles, and judges the score.

    message ─► words, repaired ─► kernel: how near is each phrasing ─┬─► the nearest of each article  0.3 ─┐
                                                                     └─► the ridge's score            0.7 ─┴─► score

What is compared is the engine's recipe; everything else is the same for all engines.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from supportbot.domain.article import Article
from supportbot.knowledge.calibration import PROMISED, Heads, Judgement, Promise, Signs, Tried, trained
from supportbot.knowledge.english import english
from supportbot.knowledge.kernel import Kernel, Recipe, Said
from supportbot.knowledge.match import NOTHING, Index, Match, Ranked
from supportbot.knowledge.reading import read
from supportbot.knowledge.ridge import MOST_PHRASINGS, NearRidge, Ridge, WholeRidge
from supportbot.knowledge.spelling import Spelling, count_words
from supportbot.knowledge.words import is_chit_chat, split_words

if TYPE_CHECKING:
    from numpy import float32
    from numpy.typing import NDArray

NEAREST_SHARE = 0.3
"""How much an article's nearest phrasing counts, beside the ridge."""
_WORD_FOR_WORD = 1.0
"""The score of a message that says exactly what an article does."""
_ASKS_SOMETHING = 0.9
"""What a greeting must score to count as a question all the same: a base may have an article for "hello"."""
_WHOLE_FIRST = 0.5
"""So much surer, as a logit, has a single sentence to be than the whole message."""
_MOST_TRIED = 300
"""So many phrasings at most are asked to find out how sure the bot has to be."""
_MANY = 500
"""From so many articles on, only the best are sorted."""
_DIGITS = 4
"""Scores are rounded, so that they read well and do not depend on the order of additions."""
_CERTAIN = Judgement("answer", 0.9999, 9.2)
"""Of what an article says word for word."""
_NOTHING_ASKED = Judgement("none", 0.0, -math.inf)
_SEVERAL = -1
"""In place of an article: several say the same."""


@dataclass(frozen=True)
class Engine:
    """A way of comparing: its name, which its heads are stored under, and its recipe."""

    name: str
    recipe: Recipe
    is_slow: bool = False
    """A message takes milliseconds, which belong into a thread."""


@dataclass(frozen=True)
class _Scored:
    """The articles' scores, and the best of them, best first."""

    total: NDArray[float32]
    best: list[int]


@dataclass(frozen=True)
class _Found:
    """What was found for a message, or for a sentence of it."""

    scored: _Scored
    judgement: Judgement

    @property
    def top(self) -> int:
        return self.scored.best[0]

    @property
    def is_answer(self) -> bool:
        return self.judgement.decision == "answer"


class ArticleIndex(Index):
    """Ranks articles for a message; `rank` is safe in any thread."""

    def __init__(
        self,
        engine: Engine,
        promise: Promise = PROMISED,
        heads: Heads | None = None,
        *,
        solve_whole: int = MOST_PHRASINGS,
    ) -> None:
        """Take an engine; up to `solve_whole` phrasings its ridge is solved once for all messages."""
        self.engine = engine
        self._promise = promise
        self._heads = heads
        self._solve_whole = solve_whole
        self._ids: list[str] = []
        self.known: Kernel | None = None
        """What was built, or will be taken over."""

    @property
    def is_slow(self) -> bool:
        """A message takes milliseconds, which belong into a thread."""
        return self.engine.is_slow

    def inherit(self, previous: Index) -> None:
        """Take over what the same engine knows of the phrasings: only new ones are embedded."""
        if isinstance(previous, ArticleIndex) and previous.engine is self.engine:
            self.known = previous.known

    def build(self, articles: Sequence[Article]) -> None:
        """Learn the articles, in place of those learnt before."""
        import numpy as np  # noqa: PLC0415  heavy: loaded when a base is built, not with the core

        self._numpy: Any = np
        self._ids = [article.id for article in articles]
        self._positions = {article_id: position for position, article_id in enumerate(self._ids)}
        self._phrasings = [Said(text, split_words(text)) for article in articles for text in article.phrasings]
        lengths = [len(article.phrasings) for article in articles]
        self._first_rows = np.cumsum([0, *lengths[:-1]])
        self._articles = np.repeat(np.arange(len(articles)), lengths)
        self._many_phrasings = math.log(len(self._phrasings) / len(articles))
        self._learn_words()
        self.known = self._kernel = Kernel(self.engine.recipe, self._phrasings, self.known)
        ridge = WholeRidge if len(self._phrasings) <= self._solve_whole else NearRidge
        self._ridge: Ridge = ridge(self._kernel, self._articles)
        self._judge = (self._heads or trained(self.engine.name)).judge(self._promise, list(self._tried()))
        self._ridge.forget_training()

    def rank(self, text: str, *, without: Collection[str] = (), limit: int = 10) -> Match:
        """Rank the articles for a message, best first, as if those in `without` did not exist."""
        left_out = [self._positions[article_id] for article_id in set(without) if article_id in self._positions]
        count = max(0, min(limit, len(self._ids) - len(left_out)))
        if not count:
            return NOTHING
        whole, *sentences = (self._find(part, left_out, count) for part in read(text))
        found = _first_asked(whole, sentences)
        others = [one.top for one in sentences if one.is_answer and one.top != found.top]
        second = self._ids[others[0]] if found.is_answer and others else ""
        ranked = tuple(self._ranked(found.scored, found.scored.best[:count]))
        return Match(found.judgement.decision, found.judgement.confidence, ranked, second)

    def signs(self, text: str) -> tuple[Signs, list[str]]:
        """Read the signs of a message, and name the best articles: what the heads are trained on."""
        asked = read(text)[0]
        words = self._spelling.repair(split_words(asked))
        scored = self._score_words(asked, words, 3)
        return self._signs(scored, words), [self._ids[position] for position in scored.best]

    def _find(self, text: str, left_out: Sequence[int], count: int) -> _Found:
        said = split_words(text)
        words = self._spelling.repair(said)
        scored = self._score_words(text if words == said else " ".join(words), words, max(count, 2), left_out)
        best = float(scored.total[scored.best[0]])
        if best >= _WORD_FOR_WORD:
            return _Found(scored, _CERTAIN)
        if best <= 0.0 or (best < _ASKS_SOMETHING and is_chit_chat(said)):
            return _Found(scored, _NOTHING_ASKED)
        judgement = self._judge(self._signs(scored, words))
        if judgement.decision == "answer" and len(words) == 1:
            judgement = replace(judgement, decision="suggest")  # one word is a topic, no question
        return _Found(scored, judgement)

    def _score_words(self, text: str, words: Sequence[str], count: int, left_out: Sequence[int] = ()) -> _Scored:
        near = self._kernel.compare(Said(text, words))
        same = self._word_for_word.get(tuple(words), _SEVERAL)
        return self._score(near, self._ridge.scores(near), count, left_out, same)

    def _score(
        self,
        near: NDArray[float32],
        ridge: NDArray[float32],
        count: int = 2,
        left_out: Sequence[int] = (),
        same: int = _SEVERAL,
    ) -> _Scored:
        np = self._numpy
        total = np.maximum.reduceat(near, self._first_rows)
        total *= NEAREST_SHARE
        total += (1 - NEAREST_SHARE) * ridge
        np.maximum(total, 0.0, out=total)
        np.minimum(total, 1.0, out=total)
        total = total.round(_DIGITS)
        if same != _SEVERAL:
            total[same] = _WORD_FOR_WORD
        if left_out:
            total[left_out] = -1.0
        return _Scored(total, self._best(total, count))

    def _best(self, scores: NDArray[float32], count: int) -> list[int]:
        """List the articles with the best scores; equal ones keep their order."""
        np = self._numpy
        if len(scores) <= _MANY:
            order = (-scores).argsort(kind="stable")[:count]
        else:
            places = np.flatnonzero(scores >= np.partition(scores, -count)[-count])
            order = places[(-scores[places]).argsort(kind="stable")][:count]
        return order.tolist()  # type: ignore[no-any-return]  # numpy is loaded late, so it is Any here

    def _ranked(self, scored: _Scored, best: Sequence[int]) -> Iterator[Ranked]:
        for position, score in zip(best, scored.total[best].tolist(), strict=True):
            yield Ranked(self._ids[position], round(score, _DIGITS))

    def _signs(self, scored: _Scored, words: Sequence[str], covering: Collection[str] | None = None) -> Signs:
        """Read the signs of a match; `covering` are the words of the first article, where not all of them count."""
        top, *others = scored.best
        best = float(scored.total[top])
        second = max(float(scored.total[others[0]]), 0.0) if others else 0.0
        known = self._words_of[top] if covering is None else covering
        every = covered = 0.0
        for word in set(words):
            rarity = self._kernel.grams.rarity(word)
            every += rarity
            covered += rarity if word in known else 0.0
        share = covered / every if every else 0.0
        return (best, best - second, share, math.log(1 + len(words)), self._many_phrasings)

    def _tried(self) -> Iterator[Tried]:
        """Ask the base its own phrasings, each as if it had never been learnt, with and without its article."""
        rows = range(0, len(self._phrasings), math.ceil(len(self._phrasings) / _MOST_TRIED))
        for row in rows if len(self._ids) > 1 else ():
            article = int(self._articles[row])
            words = self._phrasings[row].words
            others = [said.words for said in self._phrasings_of(article) if said is not self._phrasings[row]]
            if others:
                scored = self._score(*self._ridge.without_phrasing(row))
                is_right = scored.best[0] == article
                yield Tried(self._signs(scored, words, set().union(*others) if is_right else None), is_right)
            scored = self._score(*self._ridge.without_article(row), left_out=[article])
            yield Tried(self._signs(scored, words), is_right=False, is_outside=True)

    def _phrasings_of(self, article: int) -> list[Said]:
        last = self._first_rows[article + 1] if article + 1 < len(self._ids) else len(self._phrasings)
        return self._phrasings[int(self._first_rows[article]) : int(last)]

    def _learn_words(self) -> None:
        counts = count_words([said.words for said in self._phrasings])
        self._spelling = Spelling(counts, english().ranks)
        self._words_of: list[set[str]] = [set() for _ in self._ids]
        self._word_for_word: dict[tuple[str, ...], int] = {}
        for article, said in zip(self._articles.tolist(), self._phrasings, strict=True):
            self._words_of[article].update(said.words)
            for words in {tuple(said.words), tuple(split_words(read(said.text)[0]))} - {()}:
                taken = self._word_for_word.setdefault(words, article)
                if taken != article:
                    self._word_for_word[words] = _SEVERAL


def _first_asked(whole: _Found, sentences: Sequence[_Found]) -> _Found:
    """Choose what to answer: the first of several questions, else what the bot is surest of."""
    answers = [found for found in sentences if found.is_answer]
    if len({found.top for found in answers}) > 1:
        return answers[0]
    surest = max(sentences, key=lambda found: found.judgement.sure, default=whole)
    return surest if surest.judgement.sure > whole.judgement.sure + _WHOLE_FIRST else whole
