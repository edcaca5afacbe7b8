"""Questions kept in a file beside the base: what people ask, and the article that should answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from supportbot.errors import ConfigurationError, Problem
from supportbot.knowledge.drafts import Draft
from supportbot.knowledge.formats import READERS
from supportbot.knowledge.sources import read_text

NONE = "none"
"""What is expected of a question that no article answers."""
_FORMATS = (*(ending for ending in READERS if ending not in (".md", ".markdown", ".json")), ".txt")
_EXAMPLE = "write a list such as - {question: How do I …?, expect: the id of an article}"


class Question(msgspec.Struct, frozen=True):
    """A question, the id of the article that should answer it (``none`` for none, "" for not judged), and its place."""

    text: str
    expected: str
    place: str


def read_questions(file: Path) -> list[Question]:
    """Read YAML, CSV or JSON lines with `question` and `expect`, or plain text with a question a line.

    Raises ConfigurationError with every problem.
    """
    ending = file.suffix.lower()
    if ending not in _FORMATS:
        what = f"questions are not kept in such a file; known: {', '.join(_FORMATS)}"
        raise ConfigurationError([Problem.at(file, None, what)])
    text = read_text(file)
    if isinstance(text, Problem):
        raise ConfigurationError([text])
    found = list(_lines(file, text) if ending == ".txt" else _entries(file, text))
    problems = [entry for entry in found if isinstance(entry, Problem)]
    questions = [entry for entry in found if isinstance(entry, Question)]
    if not problems and not questions:
        problems.append(Problem.at(file, None, f"there is no question in it; {_EXAMPLE}"))
    if problems:
        raise ConfigurationError(problems)
    return questions


def check_beside(file: Path, sources: Sequence[Path]) -> None:
    """Refuse questions that lie inside the base, where they would be articles."""
    for source in sources:
        if file.resolve().is_relative_to(source.resolve()):
            what = f"it lies in {source}, so its questions would be articles; put it beside that folder"
            raise ConfigurationError([Problem.at(file, None, what)])


def _lines(file: Path, text: str) -> Iterator[Question | Problem]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            yield Question(line.strip(), "", f"{file}:{number}")


def _entries(file: Path, text: str) -> Iterator[Question | Problem]:
    for found in READERS[file.suffix.lower()](file, text):
        yield _question(found) if isinstance(found, Draft) else found


def _question(entry: Draft) -> Question | Problem:
    """Check an entry; `expect` may be a number, as ids are, and is not judged where it is left out."""
    text, expected = entry.values.get("question"), entry.values.get("expect", "")
    if not isinstance(text, str) or not text.strip():
        return Problem.at(entry.file, entry.line, f"there is no `question`; {_EXAMPLE}")
    if isinstance(expected, bool) or not isinstance(expected, str | int):
        line = entry.lines.get("expect", entry.line)
        return Problem.at(entry.file, line, f"`expect` must be the id of an article, or {NONE}")
    return Question(" ".join(text.split()), str(expected).strip(), f"{entry.file}:{entry.line}")
