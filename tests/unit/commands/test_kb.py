"""The commands of the knowledge base: what they print, and what their exit codes say to a script."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from supportbot.commands.kb import kb
from supportbot.errors import ConfigurationError

ARTICLES = """
- id: refund
  question: Can I get a refund?
  alternatives: [I want my money back, How do I get a refund?]
  answer: Yes.
- id: invite
  question: How do I invite a teammate?
  alternatives: [Invite a teammate to my workspace]
  answer: Press Invite.
- {id: later, question: Something else?, draft: true}
"""
QUESTIONS = """
- {question: how can I get a refund, expect: refund}
- {question: is it raining?, expect: none}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("articles", "edited"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "all.yaml").write_text(ARTICLES)
    (tmp_path / "questions.yaml").write_text(QUESTIONS)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(kb, arguments)


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))


def problems_of(result: Result) -> list[str]:
    assert isinstance(result.exception, ConfigurationError)  # the command line makes it exit code 2
    return result.exception.problems


# --- lint ---------------------------------------------------------------------------------------------------------


def test_lint_of_a_good_base_says_so(folder: Path) -> None:
    result = run("lint", "--kb", "articles")
    assert (result.output, result.exit_code) == ("2 articles (1 draft left out): 0 errors, 0 warnings.\n", 0)


def test_lint_fails_where_there_is_an_error_and_names_its_place(folder: Path) -> None:
    edit(folder / "articles/all.yaml", "answer: Yes.", "answer:")
    result = run("lint", "--kb", "articles")
    assert result.output.startswith("articles/all.yaml:2: error: the article 'refund' has no answer")
    assert result.exit_code == 1


def test_lint_does_not_fail_for_a_warning(folder: Path) -> None:
    edit(folder / "articles/all.yaml", "\n  alternatives: [Invite a teammate to my workspace]", "")
    result = run("lint", "--kb", "articles")
    assert (result.output.splitlines()[-1], result.exit_code) == (
        "2 articles (1 draft left out): 0 errors, 1 warning.",
        0,
    )


def test_lint_for_scripts_is_one_object(folder: Path) -> None:
    edit(folder / "articles/all.yaml", "answer: Yes.", "answer:")
    told = json.loads(run("lint", "--kb", "articles", "--json").output)
    assert {key: told[key] for key in ("ok", "articles", "unpublished")} == {
        "ok": False,
        "articles": 2,
        "unpublished": 1,
    }
    assert told["weaknesses"][0]["rule"] == "empty-answer"


def test_the_articles_of_a_configuration_are_meant_where_none_are_named(folder: Path) -> None:
    (folder / "config.yaml").write_text("skills: [greeting, faq: {sources: [articles]}]\n")
    assert "2 articles" in run("lint").output
    (folder / "config.yaml").write_text("skills: [greeting]\n")
    assert "the bot has no articles" in problems_of(run("lint"))[0]
    (folder / "config.yaml").write_text("skills: [faq: {sources: [nowhere]}]\n")
    assert "nowhere: there is no such file" in problems_of(run("lint"))[0]


def test_without_any_articles_it_asks_for_them(folder: Path) -> None:
    result = run("lint")
    assert "Say which articles" in result.output
    assert result.exit_code == 2


def test_a_base_that_cannot_be_read_is_told_with_its_line(folder: Path) -> None:
    (folder / "articles/more.yaml").write_text("- question: 'open\n")
    assert problems_of(run("lint", "--kb", "articles"))[0].startswith("articles/more.yaml:2: not valid YAML")


# --- test ---------------------------------------------------------------------------------------------------------


def test_questions_that_get_what_they_should_pass(folder: Path) -> None:
    result = run("test", "questions.yaml", "--kb", "articles")
    assert (result.output, result.exit_code) == ("2 of 2 questions get what they should.\n", 0)


def test_a_question_that_does_not_is_told_with_what_came_instead(folder: Path) -> None:
    edit(folder / "questions.yaml", "expect: refund", "expect: gone")
    edit(folder / "questions.yaml", "expect: none", "expect: invite")
    result = run("test", "questions.yaml", "--kb", "articles")
    assert result.output.splitlines() == [
        (
            "questions.yaml:2: failed: “how can I get a refund” expects gone, which is no article now; "
            "it was answered with refund"
        ),
        "questions.yaml:3: failed: “is it raining?” expects invite; it found nothing",
        "0 of 2 questions get what they should.",
    ]
    assert result.exit_code == 1


def test_an_offer_is_enough_unless_it_is_strict(folder: Path) -> None:
    (folder / "articles/all.yaml").write_text(
        "- {id: a, question: How do I export my invoices as files?, answer: x}\n"
        "- {id: b, question: How do I export my reports as files?, answer: x}\n"
        "- {id: c, question: Where is the office?, answer: x}\n"
    )
    (folder / "questions.yaml").write_text("- {question: my files do not export, expect: b}\n")
    result = run("test", "questions.yaml", "--kb", "articles")
    assert result.output == "1 of 1 questions get what they should, 1 of them by an offer.\n"
    strict = run("test", "questions.yaml", "--kb", "articles", "--strict")
    assert "it was offered" in strict.output
    assert (result.exit_code, strict.exit_code) == (0, 1)


def test_test_for_scripts_is_one_object(folder: Path) -> None:
    told = json.loads(run("test", "questions.yaml", "--kb", "articles", "--json").output)
    assert told["ok"] is True
    assert told["questions"][0] == {
        "question": {"text": "how can I get a refund", "expected": "refund", "place": "questions.yaml:2"},
        "got": {"decision": "answer", "articles": ["refund"]},
        "verdict": "right",
        "ok": True,
    }


def test_questions_that_expect_nothing_test_nothing(folder: Path) -> None:
    (folder / "questions.yaml").write_text("- {question: how can I get a refund}\n")
    (problem,) = problems_of(run("test", "questions.yaml", "--kb", "articles"))
    assert problem.startswith("questions.yaml:1: there is no `expect`")


def test_questions_among_the_articles_are_refused(folder: Path) -> None:
    (folder / "questions.yaml").rename(folder / "articles/questions.yaml")
    (problem,) = problems_of(run("test", "articles/questions.yaml", "--kb", "articles"))
    assert "put it beside that folder" in problem


# --- preview ------------------------------------------------------------------------------------------------------


def test_an_edit_that_changes_nothing_for_anybody_says_so(folder: Path) -> None:
    result = run("preview", "articles", "edited", "--questions", "questions.yaml")
    assert (result.output, result.exit_code) == ("0 of 2 questions get something else.\n", 0)


def test_an_edit_is_shown_by_what_it_does_to_questions_the_worst_first(folder: Path) -> None:
    edit(folder / "edited/all.yaml", "Can I get a refund?", "What about Uruguay?")
    edit(folder / "edited/all.yaml", "[I want my money back, How do I get a refund?]", "[Is it raining in Uruguay?]")
    edit(folder / "edited/all.yaml", "Press Invite", "Click Invite")
    (folder / "questions.yaml").write_text(
        "- {question: invite a teammate, expect: invite}\n"
        "- {question: is it raining in Uruguay?}\n"
        "- {question: how can I get a refund, expect: refund}\n"
    )
    result = run("preview", "articles", "edited", "--questions", "questions.yaml")
    assert result.output.splitlines() == [
        "worse    how can I get a refund",
        "         answer refund → none (expected: refund)",
        "changed  is it raining in Uruguay?",
        "         none → answer refund",
        "edited   invite a teammate",
        "3 of 3 questions get something else: 1 worse, 1 changed, 1 edited.",
    ]
    assert result.exit_code == 1


def test_a_better_base_is_no_failure_and_scripts_get_one_object(folder: Path) -> None:
    (folder / "articles/all.yaml").write_text("- {id: x, question: What else?, answer: x}\n")
    result = run("preview", "articles", "edited", "--questions", "questions.yaml", "--json")
    told = json.loads(result.output)
    assert (told["ok"], told["questions"], result.exit_code) == (True, 2, 0)
    assert [(change["effect"], change["new"]) for change in told["changes"]] == [
        ("better", {"decision": "answer", "articles": ["refund"]})
    ]
