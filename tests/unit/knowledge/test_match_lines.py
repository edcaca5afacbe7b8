"""The line protocol: each line that is not blank gets exactly one line, whatever it is."""

from __future__ import annotations

import json
from typing import Any

import pytest

from supportbot.domain.article import Article
from supportbot.knowledge.base import Knowledge
from supportbot.knowledge.match_lines import serve_lines


def answers(*lines: str, articles: int = 12) -> list[dict[str, Any]]:
    knowledge = Knowledge([Article(id=f"a{n}", question=f"Question number {n}?") for n in range(articles)])
    written: list[str] = []
    serve_lines(knowledge, lines, written.append)
    assert all(line.isascii() and "\n" not in line for line in written)
    return [json.loads(line) for line in written]


def test_a_question_gets_its_decision_and_ten_ranked() -> None:
    (answer,) = answers('{"text": "question number 7", "id": 7}\n')
    assert list(answer) == ["id", "decision", "confidence", "ranked"]
    assert (answer["id"], answer["decision"], answer["ranked"][0]) == (7, "answer", {"id": "a7", "score": 1.0})
    assert len(answer["ranked"]) == 10


def test_the_id_comes_back_only_where_it_was_given() -> None:
    first, second = answers('{"text": "x"}', '{"text": "x", "id": null}')
    assert "id" not in first
    assert second["id"] is None


def test_a_small_base_ranks_all_that_it_has() -> None:
    assert len(answers('{"text": "zebra"}', articles=3)[0]["ranked"]) == 3


def test_blank_lines_are_skipped_but_counted() -> None:
    (answer,) = answers("\n", "  \n", "nonsense\n")
    assert answer["error"].startswith("line 3: ")


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        '"text"',
        "null",
        "{}",
        '{"text": null}',
        '{"text": ["x"]}',
        '{"text": "x", "id": NaN}',
        '{"text": "x", "id": 1e999}',
        "[" * 100_000,
        "1" * 10_000,
    ],
)
def test_a_line_that_cannot_be_read_is_an_error_and_the_next_is_answered(line: str) -> None:
    wrong, right = answers(line, '{"text": "question number 3"}')
    assert list(wrong) == ["error"]
    assert wrong["error"].startswith("line 1: ")
    assert right["ranked"][0]["id"] == "a3"


def test_an_error_keeps_the_id_that_could_be_read() -> None:
    (answer,) = answers('{"id": "q1", "text": 5}')
    assert (answer["id"], answer["error"]) == ("q1", 'line 1: "text" must be a string')


@pytest.mark.parametrize("text", ["", "x" * 20_000, "\x00\ud800", "word " * 4_000, "日本語", "🦓"])
def test_any_text_gets_an_answer(text: str) -> None:
    (answer,) = answers(json.dumps({"text": text}))
    assert answer["decision"] == "none"
