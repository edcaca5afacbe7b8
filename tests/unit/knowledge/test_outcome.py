"""An outcome is judged by what a requester gets, and a change by whether they get something better."""

from __future__ import annotations

import pytest

from supportbot.domain.article import Article
from supportbot.knowledge.base import Knowledge
from supportbot.knowledge.outcome import Change, Outcome, Verdict, compare, judge, outcome
from supportbot.knowledge.questions import Question
from tests.unit.knowledge.overlap import Overlap

REFUND = Article(id="refund", question="Can I get a refund?", answer="Yes.")
INVITE = Article(id="invite", question="How do I invite a teammate?", answer="Press Invite.")
PASSAGE = Article(id="setup#windows", question="Set up: Windows", part_of="setup")
EXPORTS = [
    Article(id="invoices", question="How do I export my invoices as files?", answer="Press Export."),
    Article(id="reports", question="How do I export my reports as files?", answer="Press Export too."),
]


def test_the_outcome_is_what_a_requester_gets() -> None:
    knowledge = Knowledge([REFUND, INVITE, *EXPORTS], index=Overlap)
    assert outcome(knowledge, "Can I get a refund?") == Outcome("answer", ("refund",))
    assert outcome(knowledge, "export files") == Outcome("none", ())
    assert outcome(knowledge, "export my files") == Outcome("suggest", ("invoices", "reports"))


@pytest.mark.parametrize(
    ("found", "expected", "verdict"),
    [
        (Outcome("answer", ("refund",)), "refund", "right"),
        (Outcome("answer", ("refund",)), "invite", "wrong"),
        (Outcome("answer", ("refund",)), "none", "wrong"),
        (Outcome("answer", ("setup#windows",)), "setup", "right"),
        (Outcome("answer", ("setup#windows",)), "setup#windows", "right"),
        (Outcome("suggest", ("refund", "invite")), "invite", "offered"),
        (Outcome("suggest", ("refund", "invite")), "gone", "missed"),
        (Outcome("suggest", ("refund",)), "none", "offered"),
        (Outcome("none", ()), "refund", "missed"),
        (Outcome("none", ()), "none", "right"),
    ],
)
def test_an_outcome_is_judged(found: Outcome, expected: str, verdict: Verdict) -> None:
    articles = {article.id: article for article in (REFUND, INVITE, PASSAGE)}
    assert judge(found, expected, articles) == verdict


def changed(old: list[Article], new: list[Article], expected: str) -> Change | None:
    before, after = (Knowledge(articles, index=Overlap) for articles in (old, new))
    return compare(before, after, Question("Can I get a refund?", expected, "q.txt:1"))


@pytest.mark.parametrize(
    ("old", "new", "expected", "effect"),
    [
        ([INVITE], [INVITE, REFUND], "refund", "better"),
        ([INVITE, REFUND], [INVITE], "refund", "worse"),
        ([INVITE], [INVITE, REFUND], "none", "worse"),
        ([INVITE], [INVITE, REFUND], "invite", "worse"),
        ([INVITE], [INVITE, REFUND], "", "changed"),
    ],
)
def test_a_change_is_for_better_or_for_worse(
    old: list[Article], new: list[Article], expected: str, effect: str
) -> None:
    change = changed(old, new, expected)
    assert change is not None
    assert change.effect == effect


def test_other_words_of_the_same_article_are_an_edit_and_the_same_is_no_change() -> None:
    edited = Article(id="refund", question="Can I get a refund?", answer="No.")
    change = changed([REFUND], [edited], "refund")
    assert change is not None
    assert change.effect == "edited"
    assert changed([REFUND], [REFUND, INVITE], "refund") is None
