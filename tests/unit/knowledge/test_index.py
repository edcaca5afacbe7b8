"""The plain index: deterministic scores, bounded work, and greetings that are no questions."""

from __future__ import annotations

import random

import pytest

from supportbot.domain.article import Article
from supportbot.domain.words import clean
from supportbot.knowledge.index import PlainIndex
from supportbot.knowledge.words import LONGEST_TEXT, MOST_WORDS, split_words

ARTICLES = [
    Article(id="app", question="Is there a mobile app?", alternatives=("Where is the app?", "Hi, is there an app?")),
    Article(id="price", question="How much is it?", alternatives=("What does it cost?",)),
    Article(id="umlaut", question="Wie lösche ich mein Konto?"),
]


@pytest.fixture
def index() -> PlainIndex:
    plain = PlainIndex()
    plain.build(ARTICLES)
    return plain


@pytest.mark.parametrize("phrasing", [text for article in ARTICLES for text in article.phrasings])
def test_a_phrasing_word_for_word_scores_one(index: PlainIndex, phrasing: str) -> None:
    (top, second) = index.rank(phrasing, limit=2).ranked
    assert top.score == 1.0
    assert second.score < 1.0


@pytest.mark.parametrize(
    "text",
    ["hi there", "Thanks!", "thank you so much", "HELLO", "ok 👍", "good morning", "How are you?", "", "  ", "…"],
)
def test_a_greeting_asks_nothing(index: PlainIndex, text: str) -> None:
    match = index.rank(text)
    assert (match.decision, match.confidence, len(match.ranked)) == ("none", 0.0, 3)


def test_a_greeting_that_an_article_answers_is_a_question() -> None:
    index = PlainIndex()
    index.build([*ARTICLES, Article(id="hello", question="Hello there")])
    assert index.rank("hello there!").decision == "answer"


def test_a_short_question_is_no_greeting(index: PlainIndex) -> None:
    assert index.rank("how much?").decision == "answer"


def test_case_punctuation_apostrophes_and_composition_do_not_matter(index: PlainIndex) -> None:
    assert index.rank("IS THERE, A MOBILE APP").ranked == index.rank("is there a mobile app").ranked
    assert index.rank("wie lo\u0308sche ich mein konto").ranked[0].score == 1.0
    assert split_words("Can’t") == split_words("can't") == ["cant"]


def test_words_that_no_article_knows_lower_the_score(index: PlainIndex) -> None:
    plain, padded = index.rank("mobile app"), index.rank("mobile app for purple elephants")
    assert padded.ranked[0].score < plain.ranked[0].score
    assert padded.confidence < plain.confidence


def test_only_a_bounded_beginning_of_a_long_message_counts(index: PlainIndex) -> None:
    long = "How much is it? " + "lorem ipsum dolor " * 2_000
    assert index.rank(long).ranked == index.rank(long[:LONGEST_TEXT]).ranked
    assert len(split_words("a " * 20_000)) == MOST_WORDS
    assert max(map(len, split_words("x" * 20_000))) <= 40


def test_the_same_message_always_gets_the_same_scores_and_ties_keep_the_articles_order() -> None:
    draw = random.Random(7)
    articles = [
        Article(id=str(n), question=" ".join(draw.choices(["red", "green", "blue", "tall", "small", "old"], k=4)))
        for n in range(200)
    ]
    first, second = PlainIndex(), PlainIndex()
    first.build(articles)
    second.build(articles)
    ranked = first.rank("a tall green tree", limit=200).ranked
    assert ranked == second.rank("a tall green tree", limit=200).ranked
    assert list(ranked) == sorted(ranked, key=lambda r: (-r.score, int(r.id)))


def test_confidence_grows_with_the_score(index: PlainIndex) -> None:
    matches = [
        index.rank(text) for text in ["mobile", "a mobile app", "there is a mobile app", "is there a mobile app"]
    ]
    pairs = sorted((match.ranked[0].score, match.confidence) for match in matches)
    assert [confidence for _, confidence in pairs] == sorted(confidence for _, confidence in pairs)
    assert all(0 <= confidence <= 1 for _, confidence in pairs)


def test_building_again_forgets_what_was_learnt(index: PlainIndex) -> None:
    index.build([Article(id="new", question="What is new?")])
    assert [ranked.id for ranked in index.rank("mobile app").ranked] == ["new"]


def test_an_article_whose_phrasings_have_no_words_is_ranked_last() -> None:
    index = PlainIndex()
    index.build([Article(id="none", question="???"), Article(id="some", question="Why?")])
    assert [ranked.id for ranked in index.rank("why").ranked] == ["some", "none"]


def test_strange_characters_are_replaced_or_ignored(index: PlainIndex) -> None:
    assert clean("a\x00\ud800e\u0301") == "a\ufffd\ufffdé"
    assert index.rank("\x00\ud800\udfff").decision == "none"
