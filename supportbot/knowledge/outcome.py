"""Outcomes: what a requester would get for a question, and whether that is what they should."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from supportbot.domain.article import Article
from supportbot.knowledge.base import Decision, Knowledge
from supportbot.knowledge.questions import NONE, Question

Verdict = Literal["wrong", "missed", "offered", "right"]
VERDICTS: tuple[Verdict, ...] = ("wrong", "missed", "offered", "right")
"""From the worst to the best: a wrong answer costs a requester more than none."""
Effect = Literal["worse", "better", "changed", "edited"]


class Outcome(msgspec.Struct, frozen=True):
    """The decision, and the articles that are answered with or offered."""

    decision: Decision
    articles: tuple[str, ...]


def outcome(knowledge: Knowledge, text: str) -> Outcome:
    """Tell what a requester would get for a question."""
    match = knowledge.match(text)
    if match.decision == "answer" and match.top:
        return Outcome("answer", (match.top.id,))
    if match.suggestions:
        return Outcome("suggest", tuple(ranked.id for ranked in match.suggestions))
    return Outcome("none", ())


def judge(found: Outcome, expected: str, articles: Mapping[str, Article]) -> Verdict:
    """Judge an outcome; a passage of the expected article is right as well."""
    if expected == NONE:
        return "right" if found.decision == "none" else "offered" if found.decision == "suggest" else "wrong"
    wholes = {articles[article_id].part_of for article_id in found.articles if article_id in articles}
    if expected not in wholes.union(found.articles):
        return "wrong" if found.decision == "answer" else "missed"
    return "right" if found.decision == "answer" else "offered"


class Change(msgspec.Struct, frozen=True):
    """A question that gets something else from one base than from another, and what that is judged to be.

    ``edited`` is the same article with other words.
    """

    question: Question
    old: Outcome
    new: Outcome
    effect: Effect


def compare(old: Knowledge, new: Knowledge, question: Question) -> Change | None:
    """Compare what two bases have for a question; None where it is the same to a requester."""
    before, after = outcome(old, question.text), outcome(new, question.text)
    if before == after:
        is_edited = before.decision == "answer" and _said(old, before) != _said(new, after)
        return Change(question, before, after, "edited") if is_edited else None
    if not question.expected:
        return Change(question, before, after, "changed")
    was, now = (
        VERDICTS.index(judge(found, question.expected, base.articles)) for found, base in ((before, old), (after, new))
    )
    return Change(question, before, after, "better" if now > was else "worse" if now < was else "changed")


def _said(knowledge: Knowledge, found: Outcome) -> tuple[str, str] | None:
    article = knowledge.article(found.articles[0])
    return (article.answer, article.link) if article else None
