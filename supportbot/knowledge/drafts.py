"""An article as a file has it, before it is checked: raw values with their lines."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from supportbot.domain.article import Article, Translation
from supportbot.domain.words import clean
from supportbot.errors import Problem
from supportbot.ids import derived

FIELDS = ("id", "question", "alternatives", "answer", "tags", "translations")
"""What an article may have; a key that is nearly one of these is a slip. Beside them `link`, `url` and `draft`."""
LONGEST_ID = 200
LONGEST_SLUG = 60

_NOT_A_LETTER = re.compile(r"[\W_]+")
_WEB_ADDRESS = re.compile(r"https?://[^\s<>\"]+", re.ASCII)
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]+)*")
_YES, _NO = ("true", "yes", "1"), ("false", "no", "0", "")


@dataclass(frozen=True)
class Draft:
    """What one entry of a file says, with the line of the entry and of each field."""

    file: Path
    line: int
    values: Mapping[str, Any]
    lines: Mapping[str, int]

    def article(self) -> tuple[Article | None, list[Problem]]:
        """Check the entry: an article, or every problem that it has."""
        problems = self._misspelt()
        self._check_draft(problems)
        question = _one_line(self._text("question", problems))
        if not question and isinstance(self.values.get("question", ""), str | None):
            problems.append(self._problem("question", "the article has no `question`; write what people ask"))
        article_id = self._id(question, problems)
        alternatives = self._texts("alternatives", problems)
        answer = self._text("answer", problems)
        tags = self._texts("tags", problems)
        link = self._link(problems)
        translations = self._translations(problems)
        if problems:
            return None, problems
        return Article(
            id=article_id,
            question=question,
            alternatives=_others(alternatives, question),
            answer=answer,
            tags=tags,
            link=link,
            translations=translations,
            source=f"{self.file}:{self.line}" if self.line else str(self.file),
        ), []

    @property
    def is_unpublished(self) -> bool:
        """Tell whether the entry says `draft: true`; what is neither yes nor no is a problem of its article."""
        value = self.values.get("draft")
        return value is True or (isinstance(value, str) and value.strip().casefold() in _YES)

    def _problem(self, field: str, message: str) -> Problem:
        return Problem.at(self.file, self.lines.get(field, self.line), message)

    def _misspelt(self) -> list[Problem]:
        """Find keys that are one of ours with a slip; other keys are somebody else's and are left alone."""
        problems = []
        for key in self.values:
            meant = difflib.get_close_matches(key, FIELDS, n=1, cutoff=0.8) if key not in FIELDS else []
            if meant:
                problems.append(self._problem(key, f"unknown key `{key}`; did you mean `{meant[0]}`?"))
        return problems

    def _translations(self, problems: list[Problem]) -> tuple[Translation, ...]:
        """Check what the entry says in other languages: ``{de: {question, alternatives, answer}}``."""
        value = self.values.get("translations")
        if value is None or value == "":
            return ()
        if not isinstance(value, dict):
            what = f"`translations` must be a mapping such as {{de: {{question, answer}}}}, not {_kind(value)}"
            problems.append(self._problem("translations", what))
            return ()
        found = (self._translation(str(name), entry, problems) for name, entry in value.items())
        return tuple(translation for translation in found if translation)

    def _translation(self, name: str, entry: object, problems: list[Problem]) -> Translation | None:
        place = f"translations.{name}"
        language = name.strip().replace("_", "-").casefold()
        if not _LANGUAGE.fullmatch(language):
            problems.append(self._problem(place, f"`{name}` is no code of a language; write one such as de or pt-BR"))
        elif not isinstance(entry, dict):
            problems.append(self._problem(place, f"`{place}` must be a mapping with `question` and `answer`"))
        else:
            lines = {key.removeprefix(f"{place}."): line for key, line in self.lines.items() if key.startswith(place)}
            part = Draft(self.file, self.lines.get(place, self.line), entry, lines)
            return part.translation(language, problems)
        return None

    def translation(self, language: str, problems: list[Problem]) -> Translation:
        """Check the entry as the translation of an article."""
        problems += self._misspelt()
        question = _one_line(self._text("question", problems))
        if not question:
            problems.append(self._problem("question", f"the translation `{language}` has no `question`; write it"))
        alternatives = _others(self._texts("alternatives", problems), question)
        answer, link = self._text("answer", problems), self._link(problems)
        return Translation(language=language, question=question, alternatives=alternatives, answer=answer, link=link)

    def _link(self, problems: list[Problem]) -> str:
        """Read the web address of `link`; one of `url` is taken where it is one, since others use that key as well."""
        link, url = self._text("link", problems), self.values.get("url")
        if link and not _WEB_ADDRESS.fullmatch(link):
            problems.append(self._problem("link", "the `link` is no web address; begin it with https://"))
        return link or (url if isinstance(url, str) and _WEB_ADDRESS.fullmatch(url) else "")

    def _check_draft(self, problems: list[Problem]) -> None:
        value = self.values.get("draft", False)
        if not isinstance(value, bool | None) and str(value).strip().casefold() not in (*_YES, *_NO):
            problems.append(self._problem("draft", "`draft` must be true or false"))

    def _id(self, question: str, problems: list[Problem]) -> str:
        value = self.values.get("id")
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        if value is None or value == "":
            return slug(question)
        if not isinstance(value, str) or not value.strip() or not value.isprintable() or len(value) > LONGEST_ID:
            wish = f"write one line of at most {LONGEST_ID} characters, in quotes if it looks like something else"
            problems.append(self._problem("id", f"the `id` is not a name; {wish}"))
            return ""
        return clean(value.strip())

    def _text(self, field: str, problems: list[Problem]) -> str:
        value = self.values.get(field)
        if value is None:
            return ""
        if not isinstance(value, str):
            problems.append(self._problem(field, f"`{field}` must be text, not {_kind(value)}; put it in quotes"))
            return ""
        return clean(value).strip()

    def _texts(self, field: str, problems: list[Problem]) -> tuple[str, ...]:
        value = self.values.get(field)
        if value is None:
            return ()
        if not isinstance(value, list):
            problems.append(self._problem(field, f"`{field}` must be a list, not {_kind(value)}"))
            return ()
        for number, entry in enumerate(value, 1):
            if not isinstance(entry, str):
                what = f"entry {number} of `{field}` must be text, not {_kind(entry)}; put it in quotes"
                problems.append(self._problem(field, what))
        return tuple(_one_line(clean(entry)) for entry in value if isinstance(entry, str) and entry.strip())


def slug(question: str) -> str:
    """Name an article after its question: the same question gives the same id, in any script."""
    letters = unicodedata.normalize("NFC", question).casefold().replace("'", "").replace("’", "")
    name = _NOT_A_LETTER.sub("-", letters).strip("-")
    if name and len(name) <= LONGEST_SLUG:
        return name
    return derived(name[:LONGEST_SLUG].strip("-") or "article", question)


def _others(alternatives: tuple[str, ...], question: str) -> tuple[str, ...]:
    return tuple(text for text in dict.fromkeys(alternatives) if text != question)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _kind(value: object) -> str:
    """Name a value's type as the author of a file would."""
    names = {type(None): "nothing", bool: "yes or no", int: "a number", float: "a number", str: "text", list: "a list"}
    return names.get(type(value), "a mapping" if isinstance(value, dict) else f"a {type(value).__name__}")
