"""Exports of help centres: what everyone may read there becomes articles; the rest is left out and counted."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from supportbot.errors import ConfigurationError
from supportbot.knowledge import hypertext
from supportbot.knowledge.base import Knowledge
from supportbot.knowledge.sources import read_file, read_sources

Json = dict[str, Any]


def zendesk(number: int = 1, **fields: object) -> Json:
    return {
        "id": number,
        "title": f"Article {number}",
        "body": "<p>Press <b>Save</b>, see <a href='/hc/2'>this</a>.</p>",
        "html_url": f"https://acme.zendesk.com/hc/en-us/articles/{number}",
        "draft": False,
        "locale": "en-us",
        "user_segment_id": None,
        "label_names": ["billing"],
        **fields,
    }


def intercom(number: int = 1, **fields: object) -> Json:
    return {
        "type": "article",
        "id": str(number),
        "title": f"Article {number}",
        "body": "<p>Press Save.</p>",
        "state": "published",
        "url": f"https://help.acme.com/en/articles/{number}",
        **fields,
    }


def write(folder: Path, content: object, name: str = "export.json") -> Path:
    file = folder / name
    file.write_text(content if isinstance(content, str) else json.dumps(content), "utf-8")
    return file


def test_an_article_of_zendesk_becomes_one(tmp_path: Path) -> None:
    file = write(tmp_path, {"articles": [zendesk(360)], "page": 1, "next_page": None})
    (article,) = read_sources([file])
    assert (article.id, article.question, article.tags) == ("360", "Article 360", ("billing",))
    assert article.answer == "Press **Save**, see [this](https://acme.zendesk.com/hc/2)."
    assert article.link == "https://acme.zendesk.com/hc/en-us/articles/360"
    assert article.source == str(file)


def test_an_article_of_intercom_becomes_one(tmp_path: Path) -> None:
    (article,) = read_sources([write(tmp_path, {"type": "list", "data": [intercom(68)], "pages": {}})])
    assert (article.id, article.question, article.answer) == ("68", "Article 68", "Press Save.")
    assert article.link == "https://help.acme.com/en/articles/68"


@pytest.mark.parametrize(
    "content",
    [
        {"articles": [zendesk(1), zendesk(2)]},
        [{"articles": [zendesk(1)]}, {"articles": [zendesk(2)]}],
        [zendesk(1), zendesk(2)],
        [{"article": zendesk(1)}, zendesk(2)],
        {"type": "list", "data": [intercom(1), intercom(2)]},
        [intercom(1), intercom(2)],
    ],
)
def test_pages_may_be_saved_in_one_file_in_any_way(tmp_path: Path, content: object) -> None:
    assert [article.id for article in read_sources([write(tmp_path, content)])] == ["1", "2"]


@pytest.mark.parametrize(
    "left_out",
    [
        zendesk(2, draft=True),
        zendesk(2, user_segment_id=77),
        zendesk(2, user_segment_ids=[77]),
        zendesk(2, body=""),
        zendesk(2, body=None),
        zendesk(2, title="  "),
        intercom(2, state="draft"),
        intercom(2, type="internal_article"),
        intercom(2, body=None),
    ],
)
def test_drafts_and_what_is_not_for_everyone_are_left_out_and_counted(tmp_path: Path, left_out: Json) -> None:
    knowledge = Knowledge()
    knowledge.serve([write(tmp_path, [zendesk(1), left_out])])
    assert (list(knowledge.articles), knowledge.unpublished) == (["1"], 1)


def test_published_translations_come_along(tmp_path: Path) -> None:
    german = {
        "locale": "de",
        "title": "Artikel",
        "body": "<p>Sichern.</p>",
        "draft": False,
        "html_url": "https://a.b/de",
    }
    same, draft = {**german, "locale": "en-us"}, {**german, "locale": "fr", "draft": True}
    of_zendesk = zendesk(1, translations=[german, same, draft])
    content = {"type": "article_content", "title": "Artikel", "body": "<p>Sichern.</p>", "url": "https://a.b/de"}
    translated = {
        "type": "article_translated_content",
        "de": {**content, "state": "published"},
        "fr": {**content, "state": "draft"},
        "en": {**content, "state": "published"},
        "it": None,
    }
    of_intercom = intercom(2, default_locale="en", translated_content=translated)
    for article in read_sources([write(tmp_path, [of_zendesk, of_intercom])]):
        (translation,) = article.translations
        assert (translation.language, translation.question, translation.answer, translation.link) == (
            "de",
            "Artikel",
            "Sichern.",
            "https://a.b/de",
        )


def test_other_json_in_a_folder_is_no_article(tmp_path: Path) -> None:
    write(tmp_path, {"name": "docs", "data": {"title": "x", "body": "y"}}, "package.json")
    write(tmp_path, [[[[[[[zendesk()]]]]]]], "deep.json")
    (tmp_path / "one.md").write_text("# One?\n1")
    assert [article.id for article in read_sources([tmp_path])] == ["one"]


@pytest.mark.parametrize("content", [{"name": "docs"}, {"articles": []}, {"articles": [zendesk(draft=True)]}, 7])
def test_a_named_export_without_an_article_is_a_problem(tmp_path: Path, content: object) -> None:
    (tmp_path / "one.md").write_text("# One?\n1")
    with pytest.raises(ConfigurationError, match=r"export\.json: no export of Zendesk or Intercom"):
        read_sources([tmp_path / "one.md", write(tmp_path, content)])


@pytest.mark.parametrize(
    ("text", "problem"),
    [('{\n "articles": [\n', "export.json:3: not valid JSON"), ("[" * 100_000, "export.json: not the JSON of a help")],
)
def test_broken_json_is_told_with_its_line(tmp_path: Path, text: str, problem: str) -> None:
    (told,) = read_file(write(tmp_path, text)).problems
    assert problem in told


def test_an_export_that_breaks_keeps_its_articles(tmp_path: Path) -> None:
    file = write(tmp_path, [zendesk(1)])
    knowledge = Knowledge()
    knowledge.serve([tmp_path])
    file.write_text('{"articles": [', "utf-8")
    (problem,) = knowledge.reload()
    assert "not valid JSON" in problem
    assert list(knowledge.articles) == ["1"]


def test_without_its_libraries_an_export_is_a_problem_that_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hypertext._tools.cache_clear()
    monkeypatch.setitem(sys.modules, "markdownify", None)
    with pytest.raises(ConfigurationError, match=r"supportbot\[help-centre\]"):
        read_sources([write(tmp_path, [zendesk(1)])])
    hypertext._tools.cache_clear()
