"""A long article is served in parts too, each found by its heading and the title."""

from __future__ import annotations

from supportbot.domain.article import Article, Translation
from supportbot.knowledge.base import Knowledge
from supportbot.knowledge.passages import LONG, with_passages

TEXT = "Press the green button. " * 30
LINK = "https://help.example.com/setup"
BODY = f"""Before you begin, make a copy.

## On Windows
{TEXT}

### A detail
More.

```
## no heading
```

## Does it work offline?
{TEXT}

## Old computers are slow
{TEXT}
"""


def article(answer: str = BODY, **fields: object) -> Article:
    given = {"id": "setup", "question": "Set up the app", "tags": ("app",), "source": "a.md:1", "link": LINK, **fields}
    return Article(answer=answer, **given)  # type: ignore[arg-type]


def test_an_article_is_cut_at_its_headings_of_the_highest_level_that_comes_twice() -> None:
    whole, *parts = with_passages(article())
    assert [part.id for part in parts] == [
        "setup#on-windows",
        "setup#does-it-work-offline",
        "setup#old-computers-are-slow",
    ]
    assert parts[0].answer.startswith("**On Windows**\n\nPress")
    assert parts[0].answer.endswith("### A detail\nMore.\n\n```\n## no heading\n```")
    assert {(part.part_of, part.link, part.tags, part.source) for part in parts} == {
        ("setup", LINK, ("app",), "a.md:1")
    }
    assert (whole.id, whole.part_of) == ("setup", "")


def test_a_passage_is_asked_by_its_title_and_by_a_heading_that_says_enough() -> None:
    _, *parts = with_passages(article())
    assert [part.phrasings for part in parts] == [
        ("Set up the app: On Windows",),
        ("Does it work offline?", "Set up the app: Does it work offline?"),
        ("Set up the app: Old computers are slow", "Old computers are slow"),
    ]


def test_with_a_link_the_whole_says_what_there_is_and_without_one_it_says_everything() -> None:
    assert with_passages(article())[0].answer == (
        "Before you begin, make a copy.\n\n- On Windows\n- Does it work offline?\n- Old computers are slow"
    )
    assert with_passages(article(link=""))[0].answer == BODY
    assert len(with_passages(article(link=""))) == 4


def test_a_short_article_and_one_without_two_headings_stay_alone() -> None:
    short = article("## One\n1\n\n## Two\n2")
    long = article("word " * LONG)
    single = article(f"## One\n{TEXT * 4}\n\n### Two\n{TEXT}")
    for one in (short, long, single):
        assert with_passages(one) == [one]


def test_headings_that_come_again_are_numbered_and_those_without_a_text_left_out() -> None:
    _, *parts = with_passages(article(f"## Notes\n{TEXT}\n## Notes\n{TEXT}\n## Nothing\n## Notes\n{TEXT}"))
    assert [part.id for part in parts] == ["setup#notes", "setup#notes-2", "setup#notes-3"]


def test_a_long_translation_has_passages_of_its_own() -> None:
    german = Translation(language="de", question="Die App einrichten", answer=BODY.replace("On Windows", "Mit Windows"))
    whole, *parts = with_passages(article(translations=(german,)))
    assert "setup#mit-windows" in [part.id for part in parts]
    assert whole.in_language("de").answer.startswith("Before you begin, make a copy.\n\n- Mit Windows\n")


def test_a_question_about_one_section_finds_its_passage() -> None:
    knowledge = Knowledge(with_passages(article()))
    assert knowledge.match("does it work offline?").ranked[0].id == "setup#does-it-work-offline"
    assert knowledge.match("set up the app on windows").ranked[0].id == "setup#on-windows"
    assert knowledge.match("set up the app").ranked[0].id == "setup"
