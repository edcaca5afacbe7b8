"""The sample base is one to copy: found by its own questions, silent on everything else."""

from __future__ import annotations

import re

import pytest

from supportbot.domain.article import Article
from supportbot.knowledge.base import Knowledge
from supportbot.knowledge.sources import read_sources
from supportbot.samples.paths import ARTICLES

SAMPLES = read_sources([ARTICLES])


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return Knowledge(SAMPLES)


@pytest.mark.parametrize("article", SAMPLES, ids=lambda article: article.id)
def test_an_article_is_the_answer_to_its_question_typed_carelessly(knowledge: Knowledge, article: Article) -> None:
    careless = re.sub(r"[^\w\s]", "", article.question).lower()
    match = knowledge.match(careless)
    assert match.decision == "answer"
    assert match.ranked[0].id == article.id


@pytest.mark.parametrize("article", SAMPLES, ids=lambda article: article.id)
def test_an_article_is_complete(article: Article) -> None:
    assert 3 <= len(article.alternatives) <= 5
    assert 100 < len(article.answer) < 900
    assert article.tags
    assert all(".example.com" in link for link in re.findall(r"https?://\S+", article.answer))


@pytest.mark.parametrize(
    ("text", "article"),
    [
        ("i forgot my pasword, help", "reset-password"),
        ("cant log in", "reset-password"),
        ("how can I get my money back??", "refunds"),
        ("do you have an android app", "mobile-app"),
        ("where can i download my receipt", "subscription-invoices"),
    ],
)
def test_people_find_what_they_need_in_their_own_words(knowledge: Knowledge, text: str, article: str) -> None:
    match = knowledge.match(text)
    assert match.decision == "answer"
    assert match.ranked[0].id == article


@pytest.mark.parametrize(
    "text",
    [
        "What's the weather like tomorrow?",
        "Who won the football match last night?",
        "Book me a flight to Lisbon",
        "Tell me a joke about penguins",
        "Which pizza place near the station is good?",
        "hi there",
        "thanks!",
    ],
)
def test_what_is_none_of_its_business_gets_none(knowledge: Knowledge, text: str) -> None:
    assert knowledge.match(text).decision == "none"
