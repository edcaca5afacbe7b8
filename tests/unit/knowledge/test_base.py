"""The knowledge base serves articles, matches messages, and follows its files without ever getting worse."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from supportbot.domain.article import Article
from supportbot.errors import ConfigurationError
from supportbot.knowledge.base import Knowledge, Match, Ranked

ARTICLES = [
    Article(id="password", question="How do I reset my password?", alternatives=("I forgot my password",)),
    Article(id="refund", question="Can I get a refund?", alternatives=("I want my money back",)),
    Article(id="invite", question="How do I invite a teammate?"),
]


class Folder:
    """A folder of articles whose files change one tick of the disk's clock at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._tick = 1_700_000_000

    def write(self, name: str, text: str) -> Path:
        file = self.path / name
        file.write_text(text, encoding="utf-8")
        self._tick += 1
        os.utime(file, (self._tick, self._tick))
        return file


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def served(*paths: Path) -> Knowledge:
    knowledge = Knowledge()
    knowledge.serve(paths)
    return knowledge


def test_a_question_finds_its_article() -> None:
    match = Knowledge(ARTICLES).match("i forgot my pasword")
    assert match.decision == "answer"
    assert match.top is not None
    assert match.top.id == "password"
    assert 0.5 < match.confidence <= 1


def test_an_empty_base_has_nothing_to_say() -> None:
    knowledge = Knowledge()
    assert (len(knowledge), knowledge.match("hello?")) == (0, Match("none", 0.0, ()))
    assert knowledge.match("hello?").top is None


def test_articles_left_out_are_never_ranked() -> None:
    match = Knowledge(ARTICLES).match("I forgot my password", without=["password", "password", "unheard-of"])
    assert {ranked.id for ranked in match.ranked} == {"refund", "invite"}
    assert match.decision == "none"
    assert Knowledge(ARTICLES).match("password", without=[article.id for article in ARTICLES]).ranked == ()


def test_all_articles_are_ranked_up_to_the_limit_however_low_they_score() -> None:
    knowledge = Knowledge(ARTICLES)
    assert len(knowledge.match("zebra").ranked) == 3
    assert len(knowledge.match("zebra", limit=2).ranked) == 2


def test_an_article_is_looked_up_by_its_id() -> None:
    knowledge = Knowledge(ARTICLES)
    assert knowledge.article("refund") == ARTICLES[1]
    assert knowledge.article("nothing") is None
    assert list(knowledge.articles) == ["password", "refund", "invite"]


def test_given_articles_with_one_id_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="'invite' is taken"):
        Knowledge([*ARTICLES, ARTICLES[2]])


def test_suggestions_are_few_near_the_best_and_none_when_nothing_fits() -> None:
    ranked = tuple(Ranked(id, score) for id, score in [("a", 0.5), ("b", 0.4), ("c", 0.15), ("d", 0.1)])
    assert [ranked.id for ranked in Match("suggest", 0.5, ranked).suggestions] == ["a", "b"]
    assert len(Match("suggest", 0.5, tuple(Ranked(id, 0.5) for id in "abcd")).suggestions) == 3
    assert Match("none", 0.1, ranked).suggestions == ()


def test_sources_are_added_to_those_served_already(folder: Folder) -> None:
    knowledge = Knowledge(ARTICLES[:1])
    knowledge.serve([folder.write("a.md", "# One?\n")])
    knowledge.serve([folder.write("b.md", "# Two?\n")])
    assert list(knowledge.articles) == ["password", "a", "b"]


def test_a_source_with_a_problem_changes_nothing(folder: Folder) -> None:
    knowledge = served(folder.write("a.md", "# One?\n"))
    with pytest.raises(ConfigurationError) as caught:
        knowledge.serve([folder.write("b.yaml", "- answer: x\n"), folder.path / "missing.md"])
    assert len(caught.value.problems) == 2
    assert list(knowledge.articles) == ["a"]
    assert knowledge.reload() == []


def test_a_base_without_any_article_is_a_problem(folder: Folder) -> None:
    with pytest.raises(ConfigurationError, match="there is no article"):
        served(folder.path)


def test_reload_follows_changed_new_and_removed_files(folder: Folder) -> None:
    folder.write("a.md", "# One?\nold")
    gone = folder.write("b.md", "# Two?\n")
    knowledge = served(folder.path)
    folder.write("a.md", "# One?\nnew")
    folder.write("c.md", "# How do zebras sleep?\n")
    gone.unlink()
    assert knowledge.reload() == []
    assert {article.id: article.answer for article in knowledge.articles.values()} == {"a": "new", "c": ""}
    assert knowledge.match("how do zebras sleep").decision == "answer"


def test_reload_of_nothing_new_keeps_the_very_same_state(folder: Folder) -> None:
    knowledge = served(folder.write("a.md", "# One?\n"))
    before = knowledge.articles
    assert knowledge.reload() == []
    assert knowledge.articles is before


@pytest.mark.parametrize("broken", ["- question: 'open\n", "", "- answer: x\n"])
def test_a_file_that_breaks_keeps_its_last_good_articles_and_is_told_until_mended(folder: Folder, broken: str) -> None:
    file = folder.write("a.yaml", "- {id: a, question: One}\n")
    knowledge = served(file)
    folder.write("a.yaml", broken)
    assert len(knowledge.reload()) == 1
    assert len(knowledge.reload()) == 1
    assert list(knowledge.articles) == ["a"]
    folder.write("a.yaml", "- {id: b, question: Two}\n")
    assert knowledge.reload() == []
    assert list(knowledge.articles) == ["b"]


def test_a_named_file_that_is_gone_keeps_its_last_good_articles(folder: Folder) -> None:
    file = folder.write("a.md", "# One?\n")
    knowledge = served(file)
    file.unlink()
    (problem,) = knowledge.reload()
    assert "there is no such file" in problem
    assert list(knowledge.articles) == ["a"]


def test_a_folder_that_is_emptied_keeps_serving(folder: Folder) -> None:
    file = folder.write("a.md", "# One?\n")
    knowledge = served(folder.path)
    file.unlink()
    (problem,) = knowledge.reload()
    assert "there is no article" in problem
    assert list(knowledge.articles) == ["a"]


def test_a_file_that_becomes_a_draft_takes_its_article_along(folder: Folder) -> None:
    folder.write("a.md", "# One?\n")
    folder.write("b.md", "# Two?\n")
    knowledge = served(folder.path)
    folder.write("b.md", "---\ndraft: true\n---\n# Two?\n")
    assert (knowledge.reload(), list(knowledge.articles), knowledge.unpublished) == ([], ["a"], 1)


def test_files_lost_and_found_again_keep_their_order(folder: Folder) -> None:
    first, second = folder.write("a.md", "# One?\n"), folder.write("b.md", "# Two?\n")
    knowledge = served(first, second)
    first.unlink()
    assert "there is no such file" in "".join(knowledge.reload())
    assert list(knowledge.articles) == ["a", "b"]
    folder.write("a.md", "# One again?\n")
    assert knowledge.reload() == []
    assert list(knowledge.articles) == ["a", "b"]


def test_the_sources_are_known_each_once(folder: Folder) -> None:
    file = folder.write("a.md", "# One?\n")
    assert served(file, file).paths == (file,)


def test_a_changed_file_that_takes_an_id_of_another_goes_back_to_its_last_good_state(folder: Folder) -> None:
    folder.write("a.md", "---\nid: a\n---\n# One?\n")
    folder.write("b.md", "---\nid: b\n---\n# Two?\n")
    knowledge = served(folder.path)
    folder.write("a.md", "---\nid: b\n---\n# Thief?\n")
    folder.write("c.md", "# Three?\n")
    for _ in range(2):
        (problem,) = knowledge.reload()
        assert "the id 'b' is taken" in problem
        assert {id: article.question for id, article in knowledge.articles.items()} == {
            "a": "One?",
            "b": "Two?",
            "c": "Three?",
        }
    folder.write("b.md", "---\nid: free\n---\n# Two?\n")
    assert knowledge.reload() == []
    assert sorted(knowledge.articles) == ["b", "c", "free"]


def test_numpy_is_loaded_with_the_first_article_and_not_before() -> None:
    script = (
        "import sys\nfrom supportbot.knowledge.base import Knowledge\nfrom supportbot.domain.article import Article\n"
        "Knowledge().match('hi')\nassert 'numpy' not in sys.modules\n"
        "Knowledge([Article(id='a', question='b')])\nassert 'numpy' in sys.modules\n"
    )
    root = Path(__file__).parents[3]
    subprocess.run([sys.executable, "-c", script], check=True, cwd=root)
