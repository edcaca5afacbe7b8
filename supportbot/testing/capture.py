"""Capture: a real case becomes a redacted test that runs and passes with the skills of today."""

from __future__ import annotations

import inspect
import json
import os
import pprint
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import indent
from typing import Any

from supportbot.config import Config
from supportbot.domain.dialogue import Step
from supportbot.environment import FromEnvironment
from supportbot.errors import OnceFailed, SupportbotError
from supportbot.skills.base import Skill
from supportbot.testing.case_record import CaseRecord
from supportbot.testing.harness import BotHarness
from supportbot.testing.redaction import Redaction, words_in
from supportbot.testing.retelling import Retelling
from supportbot.texts import shipped

_HEAD = '''"""A real case, captured by `supportbot capture` and redacted.

Kept are the words that the bot itself knows (its texts and articles, the source and the settings of the skills), the
commonest English words, numbers of one or two digits, and the pauses, the day of the week and the hour of the
beginning. All else has stand-ins, the same for the same: names, addresses, dates, links, longer numbers, other words.

What that cannot do: a word that the bot knows stays, also where it is a street, a firm or somebody's name (the names of
the requester and of the agents always go); two facts that are harmless alone may tell together who it was. What is not
captured: files (they are empty here), forms filled in, and what agents did in other cases. Read it before you share it.
"""'''


class NotCaptured(SupportbotError):
    """The case cannot be made into a test."""


@dataclass(frozen=True)
class Captured:
    """A test as text, and what is to be said about it."""

    text: str
    differs: int = 0
    failure: str = ""


async def capture(record: CaseRecord, config: Config, target: Path) -> Captured:
    """Tell a case again in memory, with stand-ins, and write down what is heard; `target` is where it will stand.

    Where a skill fails on the way, the test shows what its requester sees, and names the failure.
    """
    telling = _Telling(record, config, target, await _vocabulary(config))
    failure = ""
    try:
        first = await telling.tell()
    except NotCaptured:
        raise
    except Exception as error:  # noqa: BLE001 - whatever a skill raises is part of the case
        failure = type(error).__name__
        first = await telling.tell(failure)
    second = await telling.tell(failure)
    if first != second:
        raise NotCaptured(f"the case does not come out the same twice: {_difference(first.text, second.text)}")
    return first


@dataclass(frozen=True)
class _Telling:
    """A case, and everything that it is told with."""

    record: CaseRecord
    config: Config
    target: Path
    vocabulary: frozenset[str]

    async def tell(self, failure: str = "") -> Captured:
        """Tell it once; a `failure` is one that is known to come."""
        redaction = _redaction(self.record, self.vocabulary)
        once = _presets(self.record.once, redaction)
        async with BotHarness(**_options(self.config), once=once, fails=not failure) as bot:
            retelling = Retelling(bot, self.record, redaction)
            await retelling.tell()
        text = self._assembled(retelling, once, failure)
        if leaks := redaction.leaks(text.replace(_HEAD, "")):
            raise NotCaptured(f"{len(leaks)} words of the case would have stayed in the test, so it was not written")
        return Captured(text, retelling.differs, failure)

    def _assembled(self, retelling: Retelling, once: dict[str, list[Any]], failure: str) -> str:
        file = self.config.file
        has_failures = any(isinstance(result, OnceFailed) for results in once.values() for result in results)
        top = [
            *(["from pathlib import Path", ""] if file else []),
            *(["from supportbot import OnceFailed", ""] if has_failures else []),
            *([f"CONFIG = Path(__file__).parent / {self._way_to(file)!r}"] if file else []),
            *_once_lines(once),
        ]
        remark = f"# a skill fails on the way ({failure}); without `fails=False` this test fails with it"
        skills = "config=CONFIG" if file else f"built_in={_entries(self.config)!r}"
        body = [
            *([remark] if failure else []),
            f"bot = await bot_with({skills}, once=ONCE{', fails=False' if failure else ''})",
            *retelling.people,
            "",
            *retelling.lines,
        ]
        indented = [f"    {line}".rstrip() for line in body]
        return "\n".join([_HEAD, "", *top, "", "", "async def test_a_captured_case(bot_with):", *indented, ""])

    def _way_to(self, file: Path) -> str:
        return Path(os.path.relpath(file.resolve(), self.target.resolve().parent)).as_posix()


def _options(config: Config) -> dict[str, Any]:
    return {"config": config.file} if config.file else {"built_in": _entries(config)}


# --- what may stay ------------------------------------------------------------------------------------------------


async def _vocabulary(config: Config) -> frozenset[str]:
    """Collect the words that the bot itself says, and those that its skills are written in."""
    async with BotHarness(**_options(config), fails=False) as bot:
        skills, articles = bot.app.skills, list(bot.app.knowledge.articles.values())
    texts = [*shipped().values(), *config.texts.values(), *map(_source, skills)]
    for article in articles:
        texts += [article.id, *article.phrasings, article.answer]
    texts += [text for entry in config.skills for text in _strings(entry.settings)]
    return frozenset(word for text in texts for word in words_in(text))


def _source(skill: Skill[Any]) -> str:
    return Path(inspect.getfile(type(skill))).read_text("utf-8")


def _strings(value: Any) -> Iterator[str]:
    """Find the texts in settings, but for those that the environment gave: they may be secret."""
    if isinstance(value, dict):
        for part in value.values():
            yield from _strings(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _strings(part)
    elif isinstance(value, str) and not isinstance(value, FromEnvironment):
        yield value


def _redaction(record: CaseRecord, vocabulary: Iterable[str]) -> Redaction:
    redaction, requester = Redaction(vocabulary), record.conversation.requester
    redaction.learn([requester.id, requester.name, *((entry.person, entry.who) for entry in record.entries)])
    redaction.learn([entry.text for entry in record.entries])
    redaction.learn([(step.name, step.result) for step in record.once])
    for number, reference in enumerate(record.conversation.tickets, 1001):
        redaction.refer(reference, f"T-{number}")
    redaction.name(requester.id, requester.name)
    for entry in record.entries:
        if entry.who and entry.kind in ("requester", "pressed", "chosen"):
            redaction.name(entry.person or entry.who, entry.who)
    for entry in record.entries:
        if entry.who not in ("", requester.name) and entry.kind in ("agent", "note", "owner"):
            redaction.name(f"agent/{entry.who}", entry.who, is_agent=True)
    return redaction


def _presets(once: list[Step], redaction: Redaction) -> dict[str, list[Any]]:
    presets: dict[str, list[Any]] = {}
    for step in once:
        result = redaction.value(step.result)
        given = OnceFailed(step.failed, str(result or "")) if step.failed else result
        presets.setdefault(redaction.text(step.name), []).append(given)
    return presets


# --- the file -----------------------------------------------------------------------------------------------------


def _once_lines(once: dict[str, list[Any]]) -> list[str]:
    if not once:
        return ["ONCE = {}"]
    lines = ["ONCE = {"]
    for name, results in once.items():
        lines += [f"    {json.dumps(name, ensure_ascii=False)}: [", *map(_result_line, results), "    ],"]
    return [*lines, "}"]


def _result_line(result: Any) -> str:
    if isinstance(result, OnceFailed):
        return f"        OnceFailed({result.kind!r}, {result.message!r}),"
    return indent(f"{pprint.pformat(result, width=100, sort_dicts=False)},", " " * 8)


def _entries(config: Config) -> list[Any]:
    return [{entry.name: entry.settings} if entry.settings else entry.name for entry in config.skills]


def _difference(first: str, second: str) -> str:
    pairs = zip(first.splitlines(), second.splitlines(), strict=False)
    return next((f"{one.strip()!r}, then {two.strip()!r}" for one, two in pairs if one != two), "one is longer")
