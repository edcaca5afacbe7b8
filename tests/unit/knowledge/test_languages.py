"""The language of a message chooses the translation, where a package tells it."""

from __future__ import annotations

import sys

import pytest

from supportbot.domain.article import Article, Translation
from supportbot.knowledge import languages
from supportbot.knowledge.base import Knowledge

ARTICLES = [
    Article(
        id="password",
        question="How do I reset my password?",
        answer="Press Forgot password on the page where you log in.",
        translations=(
            Translation(
                language="de", question="Wie setze ich mein Passwort zurück?", answer="Auf „Vergessen“ drücken."
            ),
            Translation(language="fr-ca", question="Comment changer mon mot de passe ?", answer="Appuyez."),
        ),
    ),
    Article(id="invite", question="How do I invite a teammate?", answer="Press Invite in the settings."),
]


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("wie kann ich mein passwort ändern?", "Auf „Vergessen“ drücken."),
        ("Comment réinitialiser mon mot de passe", "Appuyez."),
        ("how can I reset my password", "Press Forgot password on the page where you log in."),
        ("password", "Press Forgot password on the page where you log in."),
        ("12345 ???", "Press Forgot password on the page where you log in."),
        ("", "Press Forgot password on the page where you log in."),
    ],
)
def test_the_language_of_the_question_chooses(question: str, answer: str) -> None:
    article = Knowledge(ARTICLES).article("password", question)
    assert article is not None
    assert article.answer == answer


def test_an_article_is_found_in_every_language_that_it_has_and_without_a_translation_too() -> None:
    knowledge = Knowledge(ARTICLES)
    assert knowledge.match("Wie setze ich mein Passwort zurück?").ranked[0].id == "password"
    invite = knowledge.article("invite", "Wie lade ich jemanden ein?")
    assert invite == ARTICLES[1]


def test_a_base_may_be_in_any_language(monkeypatch: pytest.MonkeyPatch) -> None:
    english = Translation(language="en", question="How do I log in?", answer="Here.")
    text = "Auf der Startseite oben rechts auf Anmelden drücken und die Adresse eingeben."
    knowledge = Knowledge([Article(id="a", question="Wie melde ich mich an?", answer=text, translations=(english,))])
    asked = [knowledge.article("a", question) for question in ("Wie melde ich mich an?", "where do I log in please")]
    assert [article.answer for article in asked if article] == [text, "Here."]


def test_a_language_that_nobody_knows_does_no_harm() -> None:
    klingon = Translation(language="tlh", question="nuqneH")
    knowledge = Knowledge([Article(id="a", question="How do I log in?", answer="Here.", translations=(klingon,))])
    article = knowledge.article("a", "nuqneH")
    assert article is not None
    assert article.answer == "Here."


def test_without_the_package_the_articles_own_language_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "can_recognise", lambda: False)
    article = Knowledge(ARTICLES).article("password", "wie kann ich mein passwort ändern?")
    assert article == ARTICLES[0]


def test_the_package_is_loaded_for_translations_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "py3langid", None)
    languages._identifier.cache_clear()
    Knowledge(ARTICLES[1:])
    monkeypatch.undo()
    languages._identifier.cache_clear()
