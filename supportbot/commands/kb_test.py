"""The command that holds a knowledge base to the articles that questions should find."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import click
import msgspec

from supportbot.commands.kb_base import BASE, JSON, served
from supportbot.commands.options import CONFIG
from supportbot.errors import ConfigurationError, Problem
from supportbot.knowledge.base import Knowledge
from supportbot.knowledge.outcome import Outcome, Verdict, judge, outcome
from supportbot.knowledge.questions import NONE, Question, check_beside, read_questions


class _Asked(msgspec.Struct, frozen=True):
    """A question with what came, and how that is judged."""

    question: Question
    got: Outcome
    verdict: Verdict


@click.command("test")
@click.argument("file", type=click.Path(path_type=Path))
@BASE
@CONFIG
@click.option("--strict", is_flag=True, help="Only an outright answer will do, not one of several offered.")
@JSON
@click.pass_context
def kb_test(  # noqa: PLR0917 - click gives them by name
    context: click.Context, file: Path, paths: tuple[Path, ...], config_file: Path | None, strict: bool, as_json: bool
) -> None:
    """Ask the questions of FILE, and check that each gets its article.

    FILE is YAML, CSV or JSON lines, kept beside the articles and not among them: each entry has a `question`, and in
    `expect` the id of its article, or none. An article that is offered among up to three counts, but with --strict;
    so does an offer where none is expected. Exit code 1 where one fails.

    \b
    - {question: how do I get my money back?, expect: refund}
    - {question: is it raining?, expect: none}

    \b
    supportbot kb test questions.yaml --kb articles
    """
    knowledge = served(paths, config_file)
    check_beside(file, knowledge.paths)
    asked = [_ask(knowledge, question) for question in _judged(read_questions(file))]
    enough = ("right",) if strict else ("right", "offered")
    failed = [one for one in asked if one.verdict not in enough]
    if as_json:
        questions = [{**msgspec.to_builtins(one), "ok": one.verdict in enough} for one in asked]
        click.echo(msgspec.json.encode({"ok": not failed, "questions": questions}).decode())
    else:
        for one in failed:
            click.echo(f"{one.question.place}: {click.style('failed', fg='red')}: {_told(knowledge, one)}")
        counts = Counter(one.verdict for one in asked)
        offered = f", {counts['offered']} of them by an offer" if counts["offered"] and not strict else ""
        click.echo(f"{len(asked) - len(failed)} of {len(asked)} questions get what they should{offered}.")
    context.exit(1 if failed else 0)


def _judged(questions: list[Question]) -> list[Question]:
    """Refuse questions that say nothing of what is expected: they would test nothing."""
    silent = [question for question in questions if not question.expected]
    if silent:
        what = f"there is no `expect`; name the article's id, or write {NONE}"
        raise ConfigurationError([Problem(f"{question.place}: {what}") for question in silent])
    return questions


def _ask(knowledge: Knowledge, question: Question) -> _Asked:
    got = outcome(knowledge, question.text)
    return _Asked(question, got, judge(got, question.expected, knowledge.articles))


def _told(knowledge: Knowledge, one: _Asked) -> str:
    """Say what was expected, and what came instead."""
    expected = one.question.expected
    gone = "" if expected == NONE or expected in knowledge.articles else ", which is no article now"
    came = {"answer": "was answered with", "suggest": "was offered", "none": "found nothing"}[one.got.decision]
    articles = " or ".join(one.got.articles)
    return f"“{one.question.text}” expects {expected}{gone}; it {came} {articles}".rstrip()
