"""Skills that raise, hang, hold the loop, exit and spam in one real process: all are answered, the rest goes on."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import supportbot
from supportbot.texts import Texts

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


def chat(folder: Path, lines: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], str]:
    """Run one process on these lines; returns what it wrote, and its log."""
    (folder / "bad.py").write_text(SKILLS, "utf-8")
    config = {"storage": {"url": f"sqlite:{folder / 'data.sqlite'}"}, "skill_paths": [str(folder)]}
    (folder / "config.yaml").write_text(json.dumps({**config, "skills": ["bad", "greeting", "handoff"]}), "utf-8")
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
    assert log.count("skill failed") == len(ways)
    assert log.count("bad.py:") >= len(ways)
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
