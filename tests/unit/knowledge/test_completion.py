"""Completion lists the questions that fit what somebody is still typing."""

from __future__ import annotations

from supportbot.domain.article import Article, Translation
from supportbot.knowledge.base import Knowledge
from supportbot.knowledge.completion import MOST_QUESTIONS, questions

PASSWORD = "How do I reset my password?"
INVOICE = "Where do I find my invoices?"


def knowledge() -> Knowledge:
    german = Translation(language="de", question="Wie setze ich mein Passwort zurück?")
    return Knowledge(
        [
            Article(id="password", question=PASSWORD, answer="So.", translations=(german,)),
            Article(id="invoice", question=INVOICE, alternatives=("billing documents",), answer="There."),
        ]
    )


def test_the_beginning_of_a_word_finds_its_questions() -> None:
    assert questions(knowledge(), "passw") == [PASSWORD]
    assert questions(knowledge(), "bill") == [INVOICE]
    assert questions(knowledge(), "RESET my pass") == [PASSWORD]
    assert questions(knowledge(), "zebra") == []


def test_behind_them_comes_what_would_be_suggested() -> None:
    assert questions(knowledge(), "password forgotten, how do I reset it")[0] == PASSWORD


def test_before_anything_is_typed_the_first_articles_are_listed() -> None:
    assert questions(knowledge(), " ") == [PASSWORD, INVOICE]
    many = Knowledge([Article(id=str(number), question=f"Question {number}?", answer="x") for number in range(60)])
    assert questions(many, "") == [f"Question {number}?" for number in range(MOST_QUESTIONS)]
    assert len(questions(many, "question")) == MOST_QUESTIONS


def test_a_question_is_listed_in_the_language_of_whoever_types() -> None:
    assert questions(knowledge(), "passw", "de")[0] == "Wie setze ich mein Passwort zurück?"
    assert questions(knowledge(), "passw", "en-US") == [PASSWORD]


def test_without_articles_there_are_none() -> None:
    assert questions(Knowledge(), "") == []
    assert questions(Knowledge(), "password") == []
