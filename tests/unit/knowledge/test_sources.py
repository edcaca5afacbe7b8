"""Articles come from files of four formats; what is wrong is told by file and line, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from supportbot.domain.article import Article, Translation
from supportbot.errors import ConfigurationError
from supportbot.knowledge import sources
from supportbot.knowledge.sources import find_files, read_file, read_sources


def write(folder: Path, name: str, text: str | bytes) -> Path:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def problems_of(*paths: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        read_sources(paths)
    return caught.value.problems


def said(article: Article) -> tuple[str, str, tuple[str, ...], str, tuple[str, ...]]:
    return article.id, article.question, article.alternatives, article.answer, article.tags


PRICE = ("price", "What does it cost?", ("How much is it?", "Pricing"), "Ten a month.", ("billing", "plans"))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "a.yaml",
            (
                "- id: price\n  question: What does it cost?\n  alternatives: ['How much is it?', Pricing]\n"
                "  answer: Ten a month.\n  tags: [billing, plans]\n"
            ),
        ),
        (
            "a.yml",
            (
                "articles:\n- {id: price, question: 'What does it cost?', alternatives: ['How much is it?', Pricing], "
                "answer: Ten a month., tags: [billing, plans]}\n"
            ),
        ),
        (
            "price.md",
            (
                "---\nalternatives: ['How much is it?', Pricing]\ntags: [billing, plans]\n---\n\n"
                "# What does it cost?\n\nTen a month.\n"
            ),
        ),
        (
            "a.csv",
            (
                "id,question,alternatives,answer,tags\r\n"
                'price,What does it cost?,How much is it?|Pricing,"Ten a month.","billing, plans"\r\n'
            ),
        ),
        (
            "a.jsonl",
            (
                '\n{"id": "price", "question": "What does it cost?", "alternatives": ["How much is it?", "Pricing"], '
                '"answer": "Ten a month.", "tags": ["billing", "plans"]}\n'
            ),
        ),
    ],
)
def test_every_format_says_the_same_article(tmp_path: Path, name: str, text: str) -> None:
    (article,) = read_sources([write(tmp_path, name, text)])
    assert said(article) == PRICE


def test_a_folder_is_read_with_its_subfolders_but_without_hidden_and_unknown_files(tmp_path: Path) -> None:
    write(tmp_path, "one.md", "# One?\n1")
    write(tmp_path, "deep/er/two.md", "# Two?\n2")
    write(tmp_path, ".git/three.md", "# Three?\n3")
    write(tmp_path, "picture.png", b"\x89PNG")
    assert {article.id for article in read_sources([tmp_path])} == {"one", "two"}


def test_front_matter_may_name_the_question_and_headings_then_stay_in_the_answer(tmp_path: Path) -> None:
    text = "---\nid: x\nquestion: How do I build?\n---\n```\n# not a heading\n```\n## Steps\nRun it.\n"
    (article,) = read_sources([write(tmp_path, "build.md", text)])
    assert article.question == "How do I build?"
    assert article.answer == "```\n# not a heading\n```\n## Steps\nRun it."


def test_ids_default_to_a_stable_name_after_the_question_in_any_script(tmp_path: Path) -> None:
    long = "word " * 40
    text = f"- question: Can't I  log in?\n- question: パスワードを忘れました\n- question: {long}\n- question: '???'\n"
    file = write(tmp_path, "a.yaml", text)
    first, second, third, fourth = (article.id for article in read_sources([file]))
    assert first == "cant-i-log-in"
    assert second == "パスワードを忘れました"
    assert len(third) < 90
    assert fourth.startswith("article_")
    assert [article.id for article in read_sources([file])] == [first, second, third, fourth]


def test_articles_know_their_file_and_line(tmp_path: Path) -> None:
    file = write(tmp_path, "a.csv", 'question,answer\nOne?,"two\nlines"\nTwo?,2\n')
    assert [article.source for article in read_sources([file])] == [f"{file}:2", f"{file}:4"]


def test_text_is_composed_and_loses_what_no_platform_takes(tmp_path: Path) -> None:
    text = '{"question": "Cafe\\u0301 \\u0000?", "answer": "a\\ud800b"}\n'
    (article,) = read_sources([write(tmp_path, "a.jsonl", text)])
    assert (article.question, article.answer) == ("Café \ufffd?", "a\ufffdb")


def test_an_article_may_have_no_answer_and_a_number_as_its_id(tmp_path: Path) -> None:
    (article,) = read_sources([write(tmp_path, "a.yaml", "- {id: 7, question: Why, answer: }")])
    assert (article.id, article.answer) == ("7", "")


def test_a_spreadsheet_with_semicolons_is_read(tmp_path: Path) -> None:
    (article,) = read_sources([write(tmp_path, "a.csv", "\ufeffquestion;answer\nWhy?;Because, you know.\n")])
    assert article.answer == "Because, you know."


@pytest.mark.parametrize(
    ("name", "text", "line", "words"),
    [
        ("a.yaml", "- question: One?\n- answer: lonely\n", 2, "no `question`"),
        ("a.yaml", "- question: One?\n  answer: yes\n", 2, "must be text, not yes or no"),
        ("a.yaml", "- question: One?\n  alternatives:\n    - 7\n", 3, "must be text, not a number"),
        ("a.yaml", "- question: One?\n  alternatives: Two?\n", 2, "must be a list"),
        ("a.yaml", "- question: One?\n  anwser: x\n", 2, "did you mean `answer`"),
        ("a.yaml", "- question: One?\n  question: Two?\n", 2, "given twice"),
        ("a.yaml", "- question: One?\n- question: 'One\n", 3, "not valid YAML"),
        ("a.yaml", "- question: One?\n  answer: !!python/object/apply:os.system [ls]\n", 2, "not allowed"),
        ("a.yaml", "- question: One?\n  id: [1]\n", 2, "`id`"),
        ("a.yaml", "- just words\n", 1, "must be a mapping"),
        ("a.yaml", "hello: there\n", 1, "expected a list of articles"),
        ("a.yaml", "- {id: a, question: One}\n- {id: a, question: Two}\n", 2, "is taken by"),
        ("a.md", "---\nid: x\nquestion: a: b\n---\nx\n", 3, "not valid YAML"),
        ("a.md", "---\ntags: many\n---\n# One?\nx\n", 2, "must be a list"),
        ("a.md", "---\ntitle: x\n", 1, "does not end"),
        ("a.md", "only words\n", 1, "no `question`"),
        ("a.csv", "id,answer\n1,2\n", 1, "no column `question`"),
        ("a.csv", "question,answer\nOne?,a,b\n", 2, "3 cells for 2 columns"),
        ("a.csv", 'question,answer\nOne?,x\nTwo?,"open\n', 3, "not valid CSV"),
        ("a.jsonl", '{"question": "One?"}\n{"question": \n', 2, "not valid JSON"),
        ("a.jsonl", '["One?"]\n', 1, "must be an object"),
        ("a.jsonl", '{"question": 7}\n', 1, "must be text, not a number"),
        ("a.md", b"# One?\n\xff\xfe\n", 2, "not UTF-8"),
        ("a.md", "---\ntags: [x]\nlink: example.com\n---\n# One?\n", 3, "no web address"),
        ("a.md", "---\nlink: 'https://a b'\n---\n# One?\n", 2, "no web address"),
        ("a.yaml", "- question: One?\n  draft: perhaps\n", 2, "`draft` must be true or false"),
        ("a.yaml", "- question: One?\n  draft: 7\n", 2, "`draft` must be true or false"),
        ("a.yaml", "- question: One?\n  translations: [de]\n", 2, "must be a mapping"),
        ("a.yaml", "- question: One?\n  translations:\n    german: {question: Eins?}\n", 3, "no code of a language"),
        ("a.yaml", "- question: One?\n  translations:\n    de: Eins?\n", 3, "must be a mapping with"),
        ("a.yaml", "- question: One?\n  translations:\n    de:\n      answer: x\n", 4, "no `question`"),
        (
            "a.yaml",
            "- question: One?\n  translations:\n    de:\n      question: E\n      answer: 7\n",
            5,
            "must be text",
        ),
        ("a.yaml", "- question: One?\n  translations:\n    de:\n      question: E\n      anwser: x\n", 5, "`answer`"),
        (
            "a.yaml",
            "- question: One?\n  translations:\n    de: {question: E}\n    de: {question: E}\n",
            4,
            "given twice",
        ),
        ("a.yaml", "- question: One?\n  translations:\n    de:\n      question: !x E\n", 4, "not allowed"),
        ("a.yaml", "- question: One?\n  translation: {}\n", 2, "did you mean `translations`"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(
    tmp_path: Path, name: str, text: str | bytes, line: int, words: str
) -> None:
    file = write(tmp_path, name, text)
    (problem,) = problems_of(file)
    assert problem.startswith(f"{file}:{line}: ")
    assert words in problem


def test_all_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", "- answer: x\n- question: 7\n")
    write(tmp_path, "b.jsonl", "{\n")
    assert len(problems_of(tmp_path, tmp_path / "missing.yaml")) == 4


def test_an_id_taken_in_another_file_names_both_places(tmp_path: Path) -> None:
    first = write(tmp_path, "a.md", "---\nid: same\n---\n# One?\n")
    second = write(tmp_path, "b.md", "---\nid: same\n---\n# Two?\n")
    assert problems_of(first, second) == [
        f"{second}:1: the id 'same' is taken by {first}:1; give one of them another id"
    ]


def test_deep_nesting_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    yaml, lines = write(tmp_path, "a.yaml", "[" * 5000), write(tmp_path, "b.jsonl", "[" * 200_000)
    assert all("nested too deeply" in problem for problem in problems_of(yaml, lines))


def test_a_file_that_is_too_large_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "LARGEST_SOURCE", 10)
    (problem,) = problems_of(write(tmp_path, "a.md", "# More than ten bytes?\n"))
    assert "split it" in problem


@pytest.mark.parametrize("name", ["missing.yaml", "a.docx"])
def test_a_path_that_cannot_be_a_source_is_a_problem(tmp_path: Path, name: str) -> None:
    write(tmp_path, "a.docx", "x")
    (problem,) = problems_of(tmp_path / name)
    assert problem.startswith(str(tmp_path / name))


def test_an_empty_folder_is_a_problem(tmp_path: Path) -> None:
    (problem,) = problems_of(tmp_path)
    assert "there is no article" in problem


# --- links, drafts, translations, passages ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.md", "---\nlink: https://example.com/a?b=c#d\n---\n# One?\n"),
        ("a.md", "---\nurl: https://example.com/a?b=c#d\n---\n# One?\n"),
        ("a.csv", "question,link\nOne?,https://example.com/a?b=c#d\n"),
        ("a.jsonl", '{"question": "One?", "link": "https://example.com/a?b=c#d", "url": 7}\n'),
    ],
)
def test_an_article_may_have_a_link(tmp_path: Path, name: str, text: str) -> None:
    (article,) = read_sources([write(tmp_path, name, text)])
    assert article.link == "https://example.com/a?b=c#d"


def test_what_other_tools_call_a_url_is_left_alone(tmp_path: Path) -> None:
    (article,) = read_sources([write(tmp_path, "a.md", "---\nurl: /docs/one/\nlinks: [x]\n---\n# One?\n")])
    assert article.link == ""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("b.md", "---\ndraft: true\n---\n# Two?\n"),
        ("b.yaml", "- {question: Two?, draft: yes}\n"),
        ("b.yaml", "- {question: Two?, draft: 'true', alternatives: 7}\n"),
        ("b.csv", "question,draft\nTwo?,Yes\n"),
        ("b.jsonl", '{"question": "Two?", "draft": true}\n'),
    ],
)
def test_a_draft_is_left_out_and_counted_whatever_is_wrong_with_it(tmp_path: Path, name: str, text: str) -> None:
    reading = read_file(write(tmp_path, name, text))
    assert (reading.articles, reading.problems, reading.unpublished) == ((), (), 1)


@pytest.mark.parametrize("value", ["no", "false", "False", "off", "", "'no'"])
def test_what_says_that_it_is_no_draft_is_served(tmp_path: Path, value: str) -> None:
    reading = read_file(write(tmp_path, "a.yaml", f"- question: One?\n  draft: {value}\n"))
    assert (len(reading.articles), reading.problems) == (1, ())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "a.yaml",
            (
                "- question: One?\n  answer: 1\n  translations:\n    de: {question: Eins?, alternatives: [Ein?], "
                "answer: Eins., link: https://a.b/de}\n    pt_BR:\n      question: Um?\n    no: {question: En?}\n"
            ).replace("answer: 1", "answer: '1'"),
        ),
        (
            "a.md",
            (
                "---\ntranslations:\n  de: {question: Eins?, alternatives: [Ein?], answer: Eins., url: https://a.b/de}\n"
                "  pt-BR: {question: Um?}\n  no: {question: En?}\n---\n# One?\n1\n"
            ),
        ),
        (
            "a.jsonl",
            (
                '{"question": "One?", "answer": "1", "translations": {"de": {"question": "Eins?", "alternatives": '
                '["Ein?"], "answer": "Eins.", "link": "https://a.b/de"}, "pt-br": {"question": "Um?"}, '
                '"no": {"question": "En?"}}}\n'
            ),
        ),
    ],
)
def test_an_article_may_have_translations(tmp_path: Path, name: str, text: str) -> None:
    (article,) = read_sources([write(tmp_path, name, text)])
    assert article.translations == (
        Translation(language="de", question="Eins?", alternatives=("Ein?",), answer="Eins.", link="https://a.b/de"),
        Translation(language="pt-br", question="Um?"),
        Translation(language="no", question="En?"),
    )


def test_a_long_article_is_read_with_its_passages(tmp_path: Path) -> None:
    text = "# Set up\n" + "".join(f"\n## Step {step}\n{'Press it. ' * 100}\n" for step in ("one", "two"))
    articles = read_sources([write(tmp_path, "setup.md", text)])
    assert [article.id for article in articles] == ["setup", "setup#step-one", "setup#step-two"]


def test_files_are_found_by_their_endings_in_any_case_and_folders_are_none(tmp_path: Path) -> None:
    write(tmp_path, "B.MD", "# Two?\n")
    write(tmp_path, "a/.hidden/x.md", "# Hidden?\n")
    write(tmp_path, "a/c.md", "# Three?\n")
    write(tmp_path, "a/.c.md", "# Hidden as well?\n")
    (tmp_path / "d.md").mkdir()
    files, problems = find_files([tmp_path])
    assert ([file.relative_to(tmp_path).as_posix() for file in files], problems) == (["B.MD", "a/c.md"], [])
