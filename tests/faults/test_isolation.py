"""Skills that raise, hang, hold the loop, exit and spam in one real process: all are answered, the rest goes on.

What nothing in the process can stop is out of reach and written down as such: native code that keeps the GIL, and
``os._exit``.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import types
from collections.abc import Awaitable, Callable
from operator import methodcaller
from pathlib import Path
from typing import Any

import pytest

import supportbot
from supportbot import Settings, Skill, Turn, match, on
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts
from tests.faults.traffic import Arrival, Traffic, steady

TEXTS = Texts()

SKILLS = """
import asyncio, os, sys, time
from supportbot import PASS, Settings, Skill, match, on
from supportbot.errors import Conflict

class Bad(Skill[Settings]):
    time_limit = 0.3

    @on.message(match.exactly("raise"))
    async def raises(self, turn):
        raise RuntimeError("as always")

    @on.message(match.exactly("hold"))
    async def holds(self, turn):
        time.sleep(10)

    @on.message(match.exactly("spin"))
    async def spins(self, turn):
        while True:
            pass

    @on.message(match.exactly("hang"))
    async def hangs(self, turn):
        await asyncio.Event().wait()

    @on.message(match.exactly("exit"))
    async def exits(self, turn):
        sys.exit(7)

    @on.message(match.exactly("rubbish"))
    async def rubbish(self, turn):
        return 42

    @on.message(match.exactly("spam"))
    async def spams(self, turn):
        for number in range(10_000):
            await turn.say(f"line {number}")

    @on.message(match.exactly("cancel"))
    async def cancels(self, turn):
        asyncio.current_task().cancel()
        await asyncio.sleep(0)

    @on.message(match.exactly("swallow"))
    async def swallows(self, turn):
        while True:
            try:
                await asyncio.sleep(100)
            except BaseException:
                pass

    @on.message(match.exactly("surrogate"))
    async def surrogates(self, turn):
        await turn.remember("k", "\\ud800x")

    @on.message(match.exactly("conflict"))
    async def conflicts(self, turn):
        raise Conflict("as if")

    @on.message(match.exactly("thread"))
    def threads(self, turn):
        sys.exit(8)
"""
CULPRITS = {
    "raises": 'raise RuntimeError("as always")',
    "holds": "time.sleep(10)",
    "spins": "while True:",
    "hangs": "await asyncio.Event().wait()",
    "exits": "sys.exit(7)",
    "rubbish": '@on.message(match.exactly("rubbish"))',
    "spams": 'await turn.say(f"line {number}")',
    "threads": "sys.exit(8)",
    "cancels": '@on.message(match.exactly("cancel"))',
    "swallows": '@on.message(match.exactly("swallow"))',
    "surrogates": 'await turn.remember("k", "\\ud800x")',
    "conflicts": 'raise Conflict("as if")',
}
"""The line that the log names for each handler: where it went wrong, or its first, where it is the whole handler."""
WAYS = (
    "raise",
    "hold",
    "spin",
    "hang",
    "exit",
    "rubbish",
    "spam",
    "thread",
    "cancel",
    "swallow",
    "surrogate",
    "conflict",
)


def chat(
    folder: Path, lines: list[dict[str, Any]], skills: tuple[str, ...] = ("bad", "greeting", "handoff")
) -> tuple[list[dict[str, Any]], str]:
    """Run one process on these lines; returns what it wrote, and its log."""
    (folder / "bad.py").write_text(SKILLS, "utf-8")
    config = {"storage": {"url": f"sqlite:{folder / 'data.sqlite'}"}, "skill_paths": [str(folder)]}
    (folder / "config.yaml").write_text(json.dumps({**config, "skills": list(skills)}), "utf-8")
    program = [sys.executable, "-c", "from supportbot.cli import main; main()", "chat", "--json"]
    done = subprocess.run(
        [*program, "--clock", "simulated", "--config", str(folder / "config.yaml")],
        check=False,
        input="".join(f"{json.dumps(line)}\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=60,
        cwd=Path(supportbot.__file__).parents[1],
    )
    assert done.returncode == 0
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def said_to(out: list[dict[str, Any]], who: str) -> list[str]:
    return [line["text"] for line in out if line.get("to") == who]


@pytest.mark.parametrize("ways", [WAYS[:4], WAYS[4:8], WAYS[8:]], ids=", ".join)
def test_whatever_a_skill_does_its_requester_is_answered_and_others_are_served(
    tmp_path: Path, ways: tuple[str, ...]
) -> None:
    lines: list[dict[str, Any]] = []
    for way in ways:
        lines += [
            {"from": way, "text": way},
            {"from": "bob", "text": "hello"},
            {"from": "sam", "role": "agent", "text": "/skills on bad"},
        ]
    began = time.monotonic()
    out, log = chat(tmp_path, lines)
    took = time.monotonic() - began
    for way in ways:
        assert TEXTS("errors.broken") in said_to(out, way), way
    assert len(said_to(out, "bob")) == len(ways)
    assert sorted(line["done"] for line in out if "done" in line) == list(range(1, len(lines) + 1))
    named = dict(re.findall(r"skill failed .*handler=(\w+) where=\S*?bad\.py:(\d+)", log))
    assert len(named) == log.count("skill failed") == len(ways)
    source = SKILLS.splitlines()
    for handler, line in named.items():
        assert source[int(line) - 1].strip() in (CULPRITS[handler], "pass"), handler
    assert took < 5 * len(ways) * 2  # each within 5 s, on a machine that may be busy


def test_three_failures_switch_a_skill_off_and_the_agents_learn_where_it_failed(tmp_path: Path) -> None:
    lines = [{"from": name, "text": "raise"} for name in ("ada", "bob", "ada", "cleo")]
    out, _ = chat(tmp_path, [*lines, {"advance": "16m"}, {"from": "dan", "text": "raise"}])
    line = next(n for n, text in enumerate(SKILLS.splitlines(), 1) if "as always" in text)
    assert f"bad: off for 15 minutes after three failures at {tmp_path / 'bad.py'}:{line}" in "".join(
        said_to(out, "#agents")
    )
    assert said_to(out, "cleo") == [TEXTS("faq.not_found")]
    assert said_to(out, "dan") == [TEXTS("errors.broken")]


IMPORTS = {
    "syntax": ("class Bad(\n", 1),
    "missing": ("import os\nimport no_such_module_anywhere\n", 2),
    "raising": ("\n\nraise RuntimeError('as always')\n", 3),
    "leaving": ("import sys\nsys.exit(3)\n", 2),
    "deep": ("def deeper():\n    deeper()\n\ndeeper()\n", 4),
    "misused": ("from supportbot import on\n\nclass Bad:\n    @on.massage\n    def x(self): ...\n", 4),
}


def test_skills_that_cannot_be_imported_are_named_with_their_line_and_the_others_run(tmp_path: Path) -> None:
    for name, (text, _) in IMPORTS.items():
        (tmp_path / f"{name}.py").write_text(text, "utf-8")
    out, log = chat(tmp_path, [{"from": "bob", "text": "hello"}], skills=(*IMPORTS, "greeting"))
    assert len(said_to(out, "bob")) == 1
    for name, (_, line) in IMPORTS.items():
        assert re.search(rf"left out: .*{name}\.py:(\d+): could not be imported", log), log
        assert name == "deep" or f"{name}.py:{line}: " in log  # a recursion is named where it goes round


# --- the whole figure ---------------------------------------------------------------------------------------------

HOUR = 3_600
OTHERS_A_SECOND = 10
BAD_EVERY = 10
"""Seconds from one person who meets a broken skill to the next."""
WORDS = ("raise", "hold", "spin", "hang", "exit", "rubbish", "spam", "cancel", "surrogate", "conflict")


def bad_skills() -> list[Skill[Settings]]:
    """Make a skill of its own of each way to fail, so that each has its own three failures."""
    names: dict[str, Any] = {}
    exec(SKILLS, names)  # the table above, in this process
    bad = names["Bad"]
    made = []
    for way in (way for way in vars(bad) if way in CULPRITS and way not in ("swallows", "threads")):
        body = {"name": way, "time_limit": 0.3, way: getattr(bad, way)}
        made.append(
            types.new_class(way.title(), (Skill[Settings],), exec_body=methodcaller("update", body))(Settings())
        )
    return made


class Polite(Skill[Settings]):
    """Greets back."""

    @on.message(match.anything)
    async def hello(self, turn: Turn) -> str:
        return f"Hello, you said {turn.text}"


@pytest.mark.full
async def test_others_hardly_notice_an_hour_of_broken_skills(bot_with: Callable[..., Awaitable[BotHarness]]) -> None:
    others = list(steady(OTHERS_A_SECOND, HOUR, "person", 500, "hello"))
    victims = [
        Arrival(BAD_EVERY * (n + 0.52), f"victim{n % 7}", WORDS[n % len(WORDS)]) for n in range(HOUR // BAD_EVERY)
    ]
    calm = Traffic(await bot_with(Polite(Settings())), "person")
    await calm.play(others, victims)
    beset = Traffic(await bot_with(*bad_skills(), Polite(Settings()), fails=False), "person")
    await beset.play(others, victims)
    ratio = beset.quantile(0.99) / calm.quantile(0.99)
    print(f"p99 {calm.quantile(0.99) * 1e3:.2f} ms, beset {beset.quantile(0.99) * 1e3:.2f} ms: {ratio:.2f} times")
    assert len(calm.waits) == len(beset.waits) == len(others)
    assert sum(count for who, count in beset.answers.items() if who.startswith("victim")) >= len(victims)
    assert ratio <= 1.2
