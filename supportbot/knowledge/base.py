"""The knowledge base as a service: articles from files, matched to what people write, reloaded while it runs."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from supportbot.domain.article import Article
from supportbot.errors import ConfigurationError
from supportbot.knowledge.calibration import PROMISED, Promise
from supportbot.knowledge.engines import ENGINE_NAMES, EngineName, engine_named
from supportbot.knowledge.index import ArticleIndex
from supportbot.knowledge.languages import Recognise, recogniser
from supportbot.knowledge.match import Decision, Index, Match, Ranked
from supportbot.knowledge.reading import follow_up
from supportbot.knowledge.sources import Reading, find_files, join, lacking, no_articles, read_file

__all__ = ["ENGINE_NAMES", "Decision", "EngineName", "Index", "Knowledge", "Match", "Ranked"]

Stamp = tuple[int, int]
"""A file's time of change and size: when either differs, the file is read again."""


@dataclass(frozen=True)
class _File:
    """A file's last good articles, and the stamp it had when it was last looked at."""

    stamp: Stamp | None
    articles: tuple[Article, ...]
    problems: tuple[str, ...] = ()
    unpublished: int = 0


_NOTHING = _File(None, ())


@dataclass(frozen=True)
class _State:
    """What is served: replaced whole, so that a match sees either all of a change or nothing of it."""

    articles: Mapping[str, Article]
    index: Index
    recognise: Recognise


class Knowledge:
    """Serves articles; `match` may be called from any thread while `serve` or `reload` builds the next state."""

    def __init__(
        self,
        articles: Iterable[Article] = (),
        *,
        engine: EngineName = "auto",
        index: Callable[[], Index] | None = None,
    ) -> None:
        """Serve articles; `index` makes another index in place of the engine's."""
        self._engine = engine
        self._other_index = index
        self._promised = PROMISED
        self._given = tuple(articles)
        self._paths: tuple[Path, ...] = ()
        self._files: dict[Path, _File] = {}
        self._changing = threading.Lock()
        self._state = _State(MappingProxyType({}), self._new_index(), recogniser(()))
        joined, problems = join([self._given])
        if problems:
            raise ConfigurationError(problems)
        self._state = self._build(joined)

    def serve(self, paths: Sequence[Path]) -> None:
        """Read files and folders and serve their articles beside those served already.

        Raises ConfigurationError with every problem, and then nothing has changed. A missing path is a problem, and
        so are paths that together have no article.
        """
        with self._changing:
            wanted = tuple(dict.fromkeys((*self._paths, *paths)))
            found, problems = find_files(paths)
            files = {file: _look(file) for file in found}
            problems += [problem for file in files.values() for problem in file.problems]
            if not problems:
                problems = lacking(paths, {path: file.articles for path, file in files.items()})
            files = {**self._files, **files}
            articles, duplicates = self._join(files)
            problems += duplicates
            if problems:
                raise ConfigurationError(problems)
            self._state = self._build(articles)
            self._paths, self._files = wanted, files

    def promise(
        self,
        *,
        wrong_answers: float = PROMISED.wrong_answers,
        expected_out_of_scope: float = PROMISED.expected_out_of_scope,
        engine: EngineName = "auto",
    ) -> None:
        """Promise that at most this share of all messages gets a wrong answer, and choose how articles are found.

        `expected_out_of_scope` is the share of messages that no article can answer. Raises ConfigurationError where
        the engine is not installed.
        """
        with self._changing:
            wanted = engine, Promise(wrong_answers, expected_out_of_scope)
            if wanted != (self._engine, self._promised):
                self._engine, self._promised = wanted
                self._state = self._build(list(self._state.articles.values()))

    def match(self, text: str, *, after: str = "", without: Collection[str] = (), limit: int = 10) -> Match:
        """Find articles for a message and decide what to do with them; articles in `without` are never ranked.

        `after` is the question before it in the conversation, which "and on Android?" needs to be understood.
        """
        index = self._state.index
        match = index.rank(text, without=without, limit=limit)
        more = follow_up(text) if after and match.decision != "answer" else ""
        if not more:
            return match
        both = index.rank(f"{after.rstrip(' ?!.')} {more}", without=without, limit=limit)
        if both.decision != "answer":
            return match
        before = index.rank(after, without=without, limit=1)
        return both if _is_another(both, before) else match

    @property
    def is_slow(self) -> bool:
        """A match takes milliseconds, which belong into a thread."""
        return self._state.index.is_slow

    def article(self, id: str, question: str = "") -> Article | None:
        """Look up an article that is served now, in the language of a question where it has that translation."""
        state = self._state
        article = state.articles.get(id)
        if article and article.translations and question:
            return article.in_language(state.recognise(question))
        return article

    @property
    def articles(self) -> Mapping[str, Article]:
        """All articles that are served now, by id, in the order of their files; a view that never changes."""
        return self._state.articles

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files and folders that are served."""
        return self._paths

    @property
    def unpublished(self) -> int:
        """How many articles of the files are left out, as they are drafts or not for everyone."""
        return sum(file.unpublished for file in self._files.values())

    def __len__(self) -> int:
        return len(self._state.articles)

    def reload(self) -> list[str]:
        """Read again what changed on the disk; returns the problems that there are now, each time until they are gone.

        A file that is broken or gone now keeps its last good articles; a file taken out of a folder takes its
        articles along, as long as others are left.
        """
        with self._changing:
            files, problems = self._look_again()
            articles, duplicates = self._join(files)
            if duplicates:
                files = self._settle(files)
                articles, _ = self._join(files)
            if not articles and len(self):
                return [*problems, no_articles(self._paths)]
            if list(self._state.articles.values()) != articles:
                self._state = self._build(articles)
            self._files = files
            return [*problems, *duplicates]

    def _look_again(self) -> tuple[dict[Path, _File], list[str]]:
        found, problems = find_files(self._paths)
        files = {file: _look(file, self._files.get(file)) for file in found}
        gone = [file for file in self._files if file not in files]
        folders = [path for path in self._paths if path.is_dir()]
        lost = [file for file in gone if not any(file.is_relative_to(folder) for folder in folders)]
        problems += [problem for file in files.values() for problem in file.problems]
        if lost:
            files.update((file, self._files[file]) for file in lost)
            files = {file: files[file] for file in sorted(files, key=self._order)}
        return files, problems

    def _order(self, file: Path) -> tuple[int, Path]:
        """Keep files in the order of the paths they came by."""
        places = [place for place, path in enumerate(self._paths) if file.is_relative_to(path)]
        return (min(places, default=len(self._paths)), file)

    def _settle(self, files: dict[Path, _File]) -> dict[Path, _File]:
        """Give each changed file that takes an id of another its last good state, until no id is taken twice.

        Such a file loses its stamp, so that it is read, and told, again.
        """
        settled = dict(files)
        changed = [path for path, file in files.items() if file is not self._files.get(path)]
        while True:
            uses = Counter(article.id for file in settled.values() for article in file.articles)
            uses.update(article.id for article in self._given)
            clashes = [path for path in changed if any(uses[article.id] > 1 for article in settled[path].articles)]
            if not clashes:
                return settled
            changed.remove(clashes[-1])
            settled[clashes[-1]] = _File(None, self._files.get(clashes[-1], _NOTHING).articles)

    def _new_index(self) -> Index:
        if self._other_index:
            return self._other_index()
        return ArticleIndex(engine_named(self._engine), self._promised)

    def _join(self, files: Mapping[Path, _File]) -> tuple[list[Article], list[str]]:
        return join([self._given, *(file.articles for file in files.values())])

    def _build(self, articles: Sequence[Article]) -> _State:
        index = self._new_index()
        index.inherit(self._state.index)
        if articles:
            index.build(articles)
        by_id = {article.id: article for article in articles}
        return _State(MappingProxyType(by_id), index, recogniser(articles))


def _is_another(match: Match, before: Match) -> bool:
    """The first article is not the one that answered before: that would be said again."""
    return match.top is not None and before.top is not None and match.top.id != before.top.id


def _look(path: Path, known: _File | None = None) -> _File:
    """Read a file unless it is as it was; a broken one keeps what was last good."""
    stamp = _stamp(path)
    if known and stamp is not None and stamp == known.stamp:
        return known
    reading = read_file(path)
    is_empty = not reading.articles and not reading.problems and not reading.unpublished
    if is_empty and known and known.articles:
        reading = Reading((), (no_articles([path]),))  # an editor may be half-way through saving
    if reading.problems:
        return _File(stamp, known.articles if known else (), reading.problems)
    return _File(stamp, reading.articles, unpublished=reading.unpublished)


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size
