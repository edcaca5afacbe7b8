"""Evil patterns: whatever pattern somebody writes and whatever text somebody sends, a message costs milliseconds.

The patterns are those that cost `re` seconds to ages: nested repeats, overlapping alternatives, long bounded repeats.
Every pattern from people runs on google-re2; our own, on people's texts, are held to the same figure.
"""

from __future__ import annotations

import ast
import itertools
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

import supportbot
from supportbot import Settings, Skill, Turn, match, on, read
from supportbot.domain.markdown import plain
from supportbot.errors import SkillError
from supportbot.pipeline import commands
from supportbot.pipeline.handlers import Handlers
from supportbot.reader import Answer, Unreadable
from supportbot.skills.match import Said

PACKAGE = Path(supportbot.__file__).parent
LIMIT = 0.010
"""Seconds of CPU that one message may cost one pattern."""
LONGEST = 20_000
LONGEST_READ = 1_000
"""Characters of an answer in which a reader still looks for a value."""

PATTERNS = (
    r"(a+)+$", r"(a*)*$", r"(a|a)*$", r"(a|aa)+$", r"(.*)*$", r"(.+)+\d", r"([a-z]+)*\d", r"(\w+\s?)*$",
    r"^(\w+\s?)*$", r"(\d+)*\D$", r"(x+x+)+y", r"(a?){50}a{50}", r"(a{1,50}){1,10}$", r"(?:a|b|ab)*c", r"((a|b)*)*c",
    r"(.*a){20}", r".*.*.*.*=.*", r"a*a*a*a*a*a*b", r"[^@]+@[^@]+\.[^@]+@",
    r"^([a-zA-Z0-9_.-]+)+@([a-z0-9-]+\.)+[a-z]{2,}$", r"(<[^>]*>)*x", r"(\s*,\s*)*;", r"^(\s|\t)*$",
    r"(?i)(k|K|\x{212a})*z", r"(.|\n)*?end", r"\b(\w+)*\b!", r"(?s)(.*?,){30}P", r"(ab*)*c", r"([ab]*)*[ac]d",
    r"(a|b|c|d|e|f|g)*h$", r"((((a*)*)*)*)*b", r"(a+){10}b", r"(a{0,30}){30}b", r"\w*\w*\w*\w*!",
    r"(https?://)?([\w.-]+/?)*\?$", r"(-?\d+,?)*x", r"(\"[^\"]*\"|[^,]*)(,(\"[^\"]*\"|[^,]*))*z$", r"(a.*b.*c.*)*d",
    r"(?:(?:a+)|(?:b+))*c", r"^(.{1,1000})\s", r"(\pL+)*\pN", r"(\pL|\pN)*!", r"[\s\S]{500}z", r"(a|b){300}c",
    r"(.{0,200}x)", r"(?:.?.?.?.?.?.?){20}q", r"(aa|aab?)*c", r"(\S+\s+)*\S+@$", r"(?:[a-z]{2,3}){100}1",
    r"(a+b?)*$c",
)  # fmt: skip
TEXTS = {
    "one letter": "a" * LONGEST + "!",
    "words": "ab cd " * (LONGEST // 6) + "@",
    "every sort": ("aé9_ K,\n<x>\"'" * LONGEST)[: LONGEST - 1] + "\N{LATIN SMALL LETTER SHARP S}",
    "blank": " \t" * (LONGEST // 2 - 1) + "x",
}
CASES = list(itertools.product(PATTERNS, TEXTS))
FEW = CASES[::10]


def cost(do: Callable[[], object]) -> float:
    """Tell the CPU seconds of the quickest of three tries: the others may have paid for something else."""
    return min(_once(do) for _ in range(3))


def _once(do: Callable[[], object]) -> float:
    began = time.thread_time()
    do()
    return time.thread_time() - began


def matching(regex: str) -> Callable[[str], object]:
    matcher = match.pattern(regex)
    return lambda text: matcher.matches(Said(text))


def dispatching(regex: str) -> Callable[[str], object]:
    """Look a message up as a bot does whose skills have a hundred patterns, this one among them."""

    class Many(Skill[Settings]):
        @on.message(match.pattern(regex))
        async def evil(self, turn: Turn) -> None: ...

        @on.message(match.any_of(*(match.pattern(rf"T-{number}\d+") for number in range(99))))
        async def others(self, turn: Turn) -> None: ...

    handlers = Handlers([Many(Settings())])
    return lambda text: list(handlers.messages.concerned(Said(text)))


def reading(regex: str) -> Callable[[str], object]:
    reader = read.pattern(regex)
    return lambda text: (value_of(reader, text[:LONGEST_READ]), value_of(reader, text[-LONGEST_READ:]))


def value_of(reader: Any, text: str) -> object:
    try:
        return reader.read(Answer(text=text, now=datetime(2026, 1, 5, 9, tzinfo=UTC)))
    except Unreadable:
        return None


WAYS = (matching, dispatching, reading)


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
@pytest.mark.parametrize(("regex", "text"), FEW)
def test_a_costly_pattern_costs_milliseconds(way: Callable[[str], Any], regex: str, text: str) -> None:
    assert cost_of(way, regex, text) <= LIMIT


@pytest.mark.full
@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.__name__)
def test_two_hundred_evil_patterns_cost_ten_milliseconds_each_at_most(way: Callable[[str], Any]) -> None:
    costs = {case: cost_of(way, *case) for case in CASES}
    worst = sorted(costs.items(), key=lambda item: item[1])[-3:]
    print(f"{len(costs)} cases of {way.__name__}, the worst: {worst}")
    assert len(costs) >= 200
    assert [case for case, spent in costs.items() if spent > LIMIT] == []


def cost_of(way: Callable[[str], Any], regex: str, text: str) -> float:
    """Tell what one message costs a pattern; one that re2 does not take is refused when the skill is loaded."""
    try:
        run = way(regex)
    except SkillError:
        return 0.0
    run("warm up")
    return cost(lambda: run(TEXTS[text]))


# --- our own patterns on people's texts ---------------------------------------------------------------------------

EVIL_TEXTS = {
    **TEXTS,
    "digits": "1" * LONGEST,
    "numbers": "1 2,3." * (LONGEST // 6),
    "dots": "." * LONGEST,
    "at signs": "a@" * (LONGEST // 2),
    "mailbox": "a." * (LONGEST // 2) + "@",
    "labels": "a@" + "b-" * (LONGEST // 2),
    "phones": "+(1" * (LONGEST // 3),
    "dates": "2026-01-" * (LONGEST // 8),
    "links": "[a](http://x" * (LONGEST // 12),
    "brackets": "[" * LONGEST,
    "notes": "note " * (LONGEST // 5),
    "lines": "\nnote" * (LONGEST // 5),
    "slashes": "/ " * (LONGEST // 2),
    "minus": "-" * LONGEST,
    "tomorrow": "tomorrow at " * (LONGEST // 12),
    "surrogates": "\ud83d" * LONGEST,
    "astral": "\N{GRINNING FACE}" * LONGEST,
    "combining": "e\N{COMBINING ACUTE ACCENT}" * (LONGEST // 2),
}


def our_own() -> Iterator[tuple[str, Callable[[str], object]]]:
    readers = {name: reader for name, reader in vars(read).items() if isinstance(reader, read.Reader)}
    for name, reader in sorted(readers.items()):
        yield f"read.{name}", lambda text, reader=reader: value_of(reader, text)
    yield "a command", commands.command_in
    yield "a note", commands.note_in
    yield "what looks like a command", commands.looks_like_command
    yield "a note inside", commands.has_note_inside
    yield "markdown", plain
    yield "words", lambda text: match.words("refund", "money back").matches(Said(text))
    yield "a question", lambda text: match.question.matches(Said(text))


@pytest.mark.parametrize(("name", "run"), list(our_own()), ids=[name for name, _ in our_own()])
def test_no_text_costs_our_own_patterns_more_than_milliseconds(name: str, run: Callable[[str], object]) -> None:
    run("warm up")
    texts = EVIL_TEXTS | {f"short {kind}": text[-LONGEST_READ:] for kind, text in EVIL_TEXTS.items()}
    costs = {kind: cost(lambda text=text: run(text)) for kind, text in texts.items()}  # type: ignore[misc]
    assert {kind: f"{spent * 1e3:.0f} ms" for kind, spent in costs.items() if spent > LIMIT} == {}


# --- and nowhere else ---------------------------------------------------------------------------------------------


OWN_TABLES = {"commands/interview.py", "skills/times.py", "tokens.py", "yaml_lines.py"}
"""Files that take their patterns one by one from a table that stands in our own source."""


def test_no_pattern_that_a_person_gives_reaches_re() -> None:
    """`re` only gets patterns that stand in our own source: a literal, a constant, or something escaped."""
    offences = []
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and called.startswith("re.") and node.args:
                pattern = node.args[0]
                known = isinstance(pattern, ast.Constant | ast.JoinedStr | ast.Call) or _is_ours(tree, pattern)
                if not known and path.relative_to(PACKAGE).as_posix() not in OWN_TABLES and "escape" not in called:
                    offences.append(f"{path.relative_to(PACKAGE)}:{node.lineno}: {ast.unparse(node)}")
    assert offences == []


def _is_ours(tree: ast.Module, pattern: ast.expr) -> bool:
    constants = {ast.unparse(target) for node in tree.body if isinstance(node, ast.Assign) for target in node.targets}
    return ast.unparse(pattern) in constants
