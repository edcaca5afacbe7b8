"""Questions are kept in a file beside the base; what is wrong with it is told by file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from supportbot.errors import ConfigurationError
from supportbot.knowledge.questions import check_beside, read_questions


def write(folder: Path, name: str, text: str) -> Path:
    file = folder / name
    file.write_text(text, "utf-8")
    return file


def problems_of(file: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read_questions(file)
    return caught.value.problems


YAML = """- {question: How much?, expect: price}
- {question: Rain?, expect: none}
- question: Seven?
  expect: 7
"""
CSV = "question,expect\nHow much?,price\nRain?,none\nSeven?,7\n"
JSON_LINES = """{"question": "How much?", "expect": "price"}

{"question": "Rain?", "expect": "none"}
{"question": "Seven?", "expect": 7}
"""


@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [("q.yaml", YAML, (1, 2, 3)), ("q.csv", CSV, (2, 3, 4)), ("q.jsonl", JSON_LINES, (1, 3, 4))],
)
def test_every_format_says_the_same_questions(tmp_path: Path, name: str, text: str, lines: tuple[int, ...]) -> None:
    file = write(tmp_path, name, text)
    questions = read_questions(file)
    assert [(question.text, question.expected) for question in questions] == [
        ("How much?", "price"),
        ("Rain?", "none"),
        ("Seven?", "7"),
    ]
    assert [question.place for question in questions] == [f"{file}:{line}" for line in lines]


def test_plain_text_is_a_question_a_line_that_is_not_judged(tmp_path: Path) -> None:
    questions = read_questions(write(tmp_path, "q.txt", "How much?\n\n  Rain?\n"))
    assert [(question.text, question.expected) for question in questions] == [("How much?", ""), ("Rain?", "")]


@pytest.mark.parametrize(
    ("name", "text", "place", "words"),
    [
        ("q.yaml", "- expect: price\n", ":1", "no `question`"),
        ("q.yaml", "- question: a\n- question: b\n  expect: [c]\n", ":3", "must be the id of an article, or none"),
        ("q.yaml", "- question: b\n  expect: yes\n", ":2", "must be the id"),
        ("q.yaml", "- question: 'b\n", ":2", "not valid YAML"),
        ("q.csv", "text,expect\na,b\n", ":1", "no column `question`"),
        ("q.txt", "\n", "", "there is no question in it"),
        ("q.yaml", "[]\n", "", "there is no question in it"),
        ("q.md", "# One?\n", "", "not kept in such a file; known: .yaml"),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, name: str, text: str, place: str, words: str) -> None:
    file = write(tmp_path, name, text)
    (problem,) = problems_of(file)
    assert problem.startswith(f"{file}{place}: ")
    assert words in problem


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    assert "cannot be read" in problems_of(tmp_path / "q.yaml")[0]


def test_questions_among_the_articles_are_refused(tmp_path: Path) -> None:
    articles = tmp_path / "articles"
    articles.mkdir()
    check_beside(tmp_path / "q.yaml", [articles])
    with pytest.raises(ConfigurationError, match="put it beside that folder"):
        check_beside(articles / "q.yaml", [tmp_path / "more.md", articles])
