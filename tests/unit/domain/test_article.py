"""An article may say itself in several languages."""

from __future__ import annotations

import pytest

from supportbot.domain.article import Article, Translation

ARTICLE = Article(
    id="a",
    question="How do I pay?",
    alternatives=("Payment",),
    answer="By card.",
    link="https://example.com/en",
    translations=(
        Translation(language="de", question="Wie zahle ich?", alternatives=("Zahlung",), answer="Mit Karte."),
        Translation(language="pt-br", question="Como pago?", answer="", link="https://example.com/br"),
        Translation(language="pt", question="Como é que pago?"),
    ),
)


def test_phrasings_are_those_of_every_language() -> None:
    expected = ("How do I pay?", "Payment", "Wie zahle ich?", "Zahlung", "Como pago?", "Como é que pago?")
    assert ARTICLE.phrasings == expected


def test_a_translation_keeps_what_it_does_not_say() -> None:
    german, brazilian = ARTICLE.in_language("de"), ARTICLE.in_language("pt-br")
    assert (german.id, german.question, german.answer) == ("a", "Wie zahle ich?", "Mit Karte.")
    assert german.link == "https://example.com/en"
    assert (brazilian.answer, brazilian.link) == ("By card.", "https://example.com/br")


@pytest.mark.parametrize(
    ("language", "question"),
    [("pt", "Como é que pago?"), ("pt-pt", "Como pago?"), ("de-at", "Wie zahle ich?"), ("fr", "How do I pay?")],
)
def test_the_nearest_translation_is_given_and_the_articles_own_without_one(language: str, question: str) -> None:
    assert ARTICLE.in_language(language).question == question
    assert ARTICLE.in_language("") is ARTICLE
