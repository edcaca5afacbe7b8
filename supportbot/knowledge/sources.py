"""Where articles come from: files and folders, read whole, with every problem by its file and line."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from supportbot.domain.article import Article
from supportbot.domain.words import clean
from supportbot.errors import ConfigurationError, Problem
from supportbot.knowledge.formats import READERS
from supportbot.knowledge.passages import with_passages

LARGEST_SOURCE = 20 * 1024 * 1024
"""The most bytes of one file."""

_ENDINGS = tuple(READERS)
_KNOWN = ", ".join(READERS)


@dataclass(frozen=True)
class Reading:
    """What reading gave: the articles that are well, with their passages, every problem, and how many are drafts."""

    articles: tuple[Article, ...]
    problems: tuple[str, ...]
    unpublished: int = 0


def read_sources(paths: Sequence[Path]) -> list[Article]:
    """Read all articles of files and folders; raises ConfigurationError with every problem."""
    files, problems = find_files(paths)
    readings = [read_file(file) for file in files]
    articles, duplicates = join([reading.articles for reading in readings])
    problems += [problem for reading in readings for problem in reading.problems] + duplicates
    if not problems:
        problems = lacking(paths, {file: reading.articles for file, reading in zip(files, readings, strict=True)})
    if problems:
        raise ConfigurationError(problems)
    return articles


def find_files(paths: Iterable[Path]) -> tuple[list[Path], list[str]]:
    """List the files to read, each once: those named, and in folders all of a known format, sorted, none hidden."""
    files: dict[Path, None] = {}
    problems: list[str] = []
    for path in paths:
        if path.is_dir():
            files.update(dict.fromkeys(_files_in(path)))
        elif not path.exists():
            problems.append(Problem.at(path, None, "there is no such file or folder; correct the path"))
        elif path.suffix.lower() not in READERS:
            problems.append(Problem.at(path, None, f"no format of articles ends like that; known: {_KNOWN}"))
        else:
            files[path] = None
    return list(files), problems


def _files_in(folder: Path) -> list[Path]:
    """List the files of a folder; names are looked at as text, since a base may have ten thousand of them."""
    files = []
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        known = [name for name in names if name.lower().endswith(_ENDINGS) and not name.startswith(".")]
        files += [file for name in known if os.path.isfile(file := os.path.join(place, name))]  # noqa: PTH118, PTH113
    return [Path(file) for file in sorted(files)]


def read_file(file: Path) -> Reading:
    """Read one file of a known format; it never raises, what is wrong becomes a problem."""
    text = read_text(file)
    if isinstance(text, Problem):
        return Reading((), (text,))
    articles: list[Article] = []
    problems: list[str] = []
    unpublished = 0
    for found in READERS[file.suffix.lower()](file, text):
        if isinstance(found, Problem):
            problems.append(found)
        elif found.is_unpublished:
            unpublished += 1
        else:
            article, wrong = found.article()
            problems += wrong
            articles += with_passages(article) if article else []
    articles, duplicates = join([articles])
    return Reading(tuple(articles), (*problems, *duplicates), unpublished)


def join(parts: Iterable[Sequence[Article]]) -> tuple[list[Article], list[str]]:
    """Put the articles of several files together; an id that is taken is a problem of the later one."""
    articles: dict[str, Article] = {}
    problems: list[str] = []
    for part in parts:
        for article in part:
            if article.id in articles:
                place, taker = article.source or "articles", articles[article.id].source or "another"
                problems.append(f"{place}: the id {article.id!r} is taken by {taker}; give one of them another id")
            else:
                articles[article.id] = article
    return list(articles.values()), problems


def lacking(paths: Sequence[Path], found: Mapping[Path, Sequence[Article]]) -> list[str]:
    """Word what these sources lack: any article at all, or one in a file that was named as an export."""
    what = "no export of Zendesk or Intercom with an article for everyone; articles of your own go into .yaml or .jsonl"
    empty: list[str] = [
        Problem.at(path, None, what)
        for path in paths
        if path.suffix.lower() == ".json" and path in found and not found[path]
    ]
    return empty or ([] if any(found.values()) else [no_articles(paths)])


def no_articles(paths: Iterable[Path]) -> str:
    """Word the problem of a base that has nothing to say."""
    places = ", ".join(str(path) for path in paths) or "the knowledge base"
    return f"{places}: there is no article; add one with a `question` and an `answer` ({_KNOWN})"


def read_text(file: Path) -> str | Problem:
    """Read a file as UTF-8, with line ends as ``\\n`` and without what no text should have."""
    try:
        with file.open("rb") as stream:
            data = stream.read(LARGEST_SOURCE + 1)
    except OSError as error:
        return Problem.at(file, None, f"cannot be read ({error.strerror or error}); check the file and its permissions")
    if len(data) > LARGEST_SOURCE:
        return Problem.at(file, None, f"larger than {LARGEST_SOURCE // 1024 // 1024} MB; split it into several files")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Problem.at(file, line, "not UTF-8 text; save the file with the encoding UTF-8")
    return clean(text).replace("\r\n", "\n").replace("\r", "\n")
