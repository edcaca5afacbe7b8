"""What is weak in a base is found by asking it its own questions."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from supportbot.domain.article import Article, Translation
from supportbot.knowledge import lint as lint_module
from supportbot.knowledge.base import Knowledge
from supportbot.knowledge.lint import Weakness, lint
from tests.unit.knowledge.overlap import Overlap

REFUND = Article(
    id="refund",
    question="Can I get a refund?",
    alternatives=("How do I get a refund?", "I want a refund"),
    answer="Yes.",
    source="a.yaml:1",
)
INVITE = Article(
    id="invite",
    question="How do I invite a teammate?",
    alternatives=("Invite a teammate to my workspace",),
    answer="Press Invite.",
    source="a.yaml:5",
)


def found(*articles: Article) -> list[Weakness]:
    return lint(served(articles), served)


def served(articles: Sequence[Article]) -> Knowledge:
    return Knowledge(articles, index=Overlap)


def rules(*articles: Article) -> list[tuple[str, tuple[str, ...]]]:
    return [(weakness.rule, weakness.articles) for weakness in found(*articles)]


def test_a_good_base_has_no_weakness() -> None:
    assert found(REFUND, INVITE) == []


def test_an_article_without_an_answer_is_an_error_at_its_place() -> None:
    empty = Article(
        id="empty", question="Where is the office?", alternatives=("Where is your office",), source="b.md:1"
    )
    (weakness,) = found(REFUND, empty)
    assert (weakness.rule, weakness.level, weakness.place) == ("empty-answer", "error", "b.md:1")


def test_the_same_question_twice_is_told_once_whatever_its_case() -> None:
    twin = Article(
        id="twin", question="i want a REFUND!!", alternatives=("can I get a refund",), answer="No.", source="b.md:1"
    )
    assert ("duplicate", ("twin", "refund")) in rules(REFUND, INVITE, twin)
    assert not [rule for rule, ids in rules(REFUND, INVITE, twin) if rule == "competing" and "refund" in ids]


def test_questions_that_another_article_would_answer_compete() -> None:
    near = Article(
        id="near",
        question="How do I invite a friend?",
        alternatives=("Invite a friend to my workspace",),
        answer="Elsewhere.",
    )
    competing = [ids for rule, ids in rules(REFUND, INVITE, near) if rule == "competing"]
    assert competing == [("invite", "near")]


def test_passages_do_not_compete_with_their_own_article() -> None:
    whole = Article(id="a", question="Set up the app", alternatives=("Setting up the app",), answer="x")
    passage = Article(id="a#b", question="Set up the app: now", answer="y", part_of="a")
    assert found(REFUND, whole, passage) == []


def test_an_article_that_its_other_phrasings_do_not_find_is_told() -> None:
    odd = Article(id="odd", question="How do I reach you?", alternatives=("phone number", "email"), answer="So.")
    assert rules(REFUND, INVITE, odd) == [("unfound", ("odd",))]


def test_articles_that_are_asked_in_one_way_are_told_together() -> None:
    alone = [Article(id=name, question=f"What about the {name}?", answer="So.") for name in ("rent", "weather")]
    (weakness,) = [weakness for weakness in found(REFUND, *alone) if weakness.rule == "one-phrasing"]
    assert (weakness.articles, weakness.place) == (("rent", "weather"), "")
    assert "2 of 3 (rent, weather)" in weakness.what


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        ("[see](gone.md)", "dead-link"),
        ("![see](pictures/gone.png)", "dead-link"),
        ("[see](there%20it%20is.md#part)", "relative-link"),
        ("[see](/docs/setup)", "relative-link"),
    ],
)
def test_links_that_lead_nowhere_from_a_chat_are_told(tmp_path: Path, answer: str, rule: str) -> None:
    (tmp_path / "there it is.md").write_text("x")
    source = f"{tmp_path / 'a.yaml'}:1"
    for article in (
        Article(**{**_fields(REFUND), "answer": answer, "source": source}),
        Article(**{**_fields(REFUND), "source": source, "translations": (_german(answer),)}),
    ):
        (weakness,) = found(article, INVITE)
        assert (weakness.rule, weakness.place) == (rule, source)


def test_links_that_work_and_links_in_code_are_well() -> None:
    answer = "[a](https://a.b) [b](mailto:x@y.z) [c](#here) `[d](gone.md)`\n```\n[e](gone.md)\n```"
    assert found(Article(**{**_fields(REFUND), "answer": answer}), INVITE) == []


def test_translations_that_are_never_chosen_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    translated = Article(**{**_fields(REFUND), "translations": (_german("Ja."),)})
    assert found(translated, INVITE) == []
    monkeypatch.setattr(lint_module, "can_recognise", lambda: False)
    assert rules(translated, INVITE) == [("no-languages", ("refund",))]


def test_errors_come_first() -> None:
    empty = Article(id="empty", question="Where is the office?", source="z.md:1")
    assert [weakness.level for weakness in found(REFUND, empty)] == ["error", "warning"]


def _fields(article: Article) -> dict[str, object]:
    return {name: getattr(article, name) for name in article.__struct_fields__}


def _german(answer: str) -> Translation:
    return Translation(language="de", question="Bekomme ich mein Geld zurück?", answer=answer)
