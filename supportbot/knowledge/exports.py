"""Exports of help centres: the JSON that Zendesk's and Intercom's article APIs give, saved to a file, page by page.

What a stranger may not read in the help centre is left out: drafts, and articles for some people only.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from supportbot.errors import Problem
from supportbot.knowledge.drafts import Draft
from supportbot.knowledge.hypertext import MissingLibrary, to_markdown

_CONTAINERS = ("articles", "data", "article")
"""Where the answers of both APIs keep articles: Zendesk's in the first or the last, Intercom's in the second."""
_DEEPEST = 4

Json = Mapping[str, Any]


def read_export(file: Path, text: str) -> Iterator[Draft | Problem]:
    """Read the articles of a help centre; JSON that is something else has none."""
    try:
        whole = json.loads(text)
    except json.JSONDecodeError as error:
        what = f"not valid JSON: {error.msg}; export the articles again, or take the file away"
        yield Problem.at(file, error.lineno, what)
        return
    except (ValueError, RecursionError):
        yield Problem.at(file, None, "not the JSON of a help centre; export the articles again, or take the file away")
        return
    try:
        for entry in _entries(whole, _DEEPEST):
            yield Draft(file, 0, _intercom(entry) if _is_intercom(entry) else _zendesk(entry), {})
    except MissingLibrary as error:
        yield Problem.at(file, None, str(error))


def _entries(part: object, depth: int) -> Iterator[Json]:
    """Find the articles in an answer, in a list of answers, or in a list of articles."""
    if isinstance(part, list) and depth:
        for entry in part:
            yield from _entries(entry, depth - 1)
    elif isinstance(part, dict) and depth:
        container = next((part[name] for name in _CONTAINERS if isinstance(part.get(name), list | dict)), None)
        if container is not None:
            yield from _entries(container, depth - 1)
        elif "title" in part and "body" in part and (_is_intercom(part) or "draft" in part or "html_url" in part):
            yield part


def _is_intercom(entry: Json) -> bool:
    return "state" in entry or "workspace_id" in entry


# --- Zendesk ------------------------------------------------------------------------------------------------------


def _zendesk(entry: Json) -> dict[str, Any]:
    """Read an article of Zendesk; one with a user segment is for some people only."""
    is_for_some = entry.get("user_segment_id") is not None or bool(entry.get("user_segment_ids"))
    values = _article(entry, entry.get("html_url"), is_published=not entry.get("draft") and not is_for_some)
    labels = entry.get("label_names")
    values["tags"] = [label for label in labels if isinstance(label, str)] if isinstance(labels, list) else []
    others = entry.get("translations")
    values["translations"] = {
        str(other["locale"]): _translation(other, other.get("html_url"))
        for other in (others if isinstance(others, list) else [])
        if isinstance(other, dict)
        and other.get("locale")
        and other.get("locale") != entry.get("locale")
        and not other.get("draft")
        and not other.get("hidden")
        and _is_written(other)
    }
    return values


# --- Intercom -----------------------------------------------------------------------------------------------------


def _intercom(entry: Json) -> dict[str, Any]:
    """Read an article of Intercom; one of the type `internal_article` is for the team."""
    is_public = entry.get("type", "article") == "article" and entry.get("state") == "published"
    values = _article(entry, entry.get("url"), is_published=is_public)
    others = entry.get("translated_content")
    values["translations"] = {
        language: _translation(other, other.get("url"))
        for language, other in (others if isinstance(others, dict) else {}).items()
        if isinstance(other, dict)
        and language != entry.get("default_locale")
        and other.get("state") == "published"
        and _is_written(other)
        and (other.get("title"), other.get("body")) != (entry.get("title"), entry.get("body"))
    }
    return values


# --- both ---------------------------------------------------------------------------------------------------------


def _article(entry: Json, address: object, *, is_published: bool) -> dict[str, Any]:
    """Read what both have; an article without a title or a text is none yet."""
    if not is_published or not _is_written(entry):
        return {"draft": True}
    number = entry.get("id")
    return {"id": str(number) if number else None, **_translation(entry, address)}


def _translation(entry: Json, address: object) -> dict[str, Any]:
    link = address if isinstance(address, str) and address.startswith(("https://", "http://")) else ""
    return {"question": entry["title"], "answer": to_markdown(entry["body"], link), "url": link}


def _is_written(entry: Json) -> bool:
    title, body = entry.get("title"), entry.get("body")
    return isinstance(title, str) and isinstance(body, str) and bool(title.strip()) and bool(body.strip())
