"""Hostile configurations and plugin folders: nothing runs that was not configured, and every mistake is told at once.

Each case is a folder with a configuration that cannot be right. The command must end with code 2, say of each mistake
where it is (file and line) and what to do, and leave no trace: neither of the code that was planted beside it, nor of
a traceback.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
import pytest
import yaml

import supportbot
from supportbot.adapters.console import Console
from supportbot.app import open_app
from supportbot.clock import SystemClock
from supportbot.commands.options import configured
from supportbot.config import ConfigFile
from supportbot.errors import ConfigurationError, StoreError
from supportbot.settings import Settings

CANARY = "import pathlib; pathlib.Path({canary!r}).touch()\n"
"""Code that nobody configured: it leaves a file when it runs."""
GOOD_SKILL = """
from supportbot import Settings, Skill, match, on

class GoodSettings(Settings):
    limit: int = 5
    words: tuple[str, ...] = ()

class Good(Skill[GoodSettings]):
    @on.message(match.exactly("good"))
    async def good(self, turn):
        return "good"
"""


class Case(NamedTuple):
    """A folder's files by their paths; `mistakes` are said at least. A value of None makes a folder."""

    name: str
    config: bytes
    files: Mapping[str, bytes | None] = MappingProxyType({})
    links: Mapping[str, str] = MappingProxyType({})
    mistakes: int = 1
    said: str = ""
    apart: bool = False
    """It runs in a process of its own, as it might take the tests' with it."""


# --- wrong types, everywhere --------------------------------------------------------------------------------------

SLACK = {"slack": {"bot_token": "a", "app_token": "b"}}
DISCORD = {"discord": {"token": "a"}}


def keys_of(type: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Walk through every key of the configuration, sections included."""
    for field in msgspec.structs.fields(type):
        inner = next((part for part in getattr(field.type, "__args__", (field.type,)) if _is_section(part)), None)
        inner = field.type if _is_section(field.type) else inner
        yield (*path, field.encode_name), inner or field.type
        if inner:
            yield from keys_of(inner, (*path, field.encode_name))


def _is_section(type: Any) -> bool:
    return isinstance(type, msgspec.StructMeta) and issubclass(type, Settings)


def with_value(path: tuple[str, ...], value: object) -> bytes:
    """Write a configuration that is right but for one key."""
    config: dict[str, Any] = {"adapters": {"console": {}, **SLACK, **DISCORD}}
    section = config = json.loads(json.dumps(config))
    for name in path[:-1]:
        section = section.setdefault(name, {})
    section[path[-1]] = value
    return yaml.safe_dump(config, sort_keys=False).encode()


WRONG: tuple[object, ...] = ({"x": [1]}, [[{}]], "\N{SKULL}" * 300)


def wrong_types() -> Iterator[Case]:
    for path, type in keys_of(ConfigFile, ()):
        where = ".".join(path)
        yield Case(f"misspelt {where}", with_value((*path[:-1], f"{path[-1]}zz"), 1), said=f"{where}zz: unknown key")
        for value in WRONG:
            takes_any_text = isinstance(value, str) and _takes_text(type)
            if not takes_any_text and not (_is_section(type) and isinstance(value, dict) and False):
                yield Case(f"{str(value)[:9]} for {where}", with_value(path, value), said=where)


def _takes_text(type: Any) -> bool:
    names = str(type)
    return type is str or "Secret" in names or ("Annotated" not in names and "str" in names and "tuple" not in names)


# --- what is hardly YAML ------------------------------------------------------------------------------------------

BOMB = "\n".join(
    ["a: &a0 [x,x,x,x,x,x,x,x,x]", *(f"b{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 9))]
)
TAGS = (
    "!!python/object/apply:os.system ['touch {canary}']",
    "!!python/object/new:subprocess.check_output [[touch, {canary}]]",
    "!!python/name:os.system",
    "!!python/module:antigravity",
    "!!binary aGVsbG8=",
    "!!set {{a, b}}",
    "!!timestamp 2026-01-05",
    "!include /etc/passwd",
    "!ENV X",
    "!!omap [a: 1]",
)
HARDLY_YAML: dict[str, bytes] = {
    "a bomb of aliases": BOMB.encode(),
    "an alias of itself": b"desk: &a {relay: *a}",
    "a merge key": b"base: &b {relay: claim}\ndesk:\n  <<: *b\n",
    "an unknown alias": b"desk: *nobody\n",
    "deep brackets": b"desk: " + b"[" * 100_000,
    "deep braces": b"desk: " + b"{a: " * 5_000,
    "deep dashes": b"- " * 30_000,
    "deep json": b'{"desk": ' * 2_000,
    "two documents": b"desk: {}\n---\ndesk: {}\n",
    "a list": b"- faq\n- help\n",
    "a word": b"supportbot\n",
    "a number": b"42\n",
    "a tab": b"desk:\n\trelay: claim\n",
    "open quotes": b'desk: {relay: "claim}\n',
    "an open bracket": b"skills: [faq\ndesk: {}\n",
    "a wrong indent": b"desk:\n  relay: claim\n anonymous: true\n",
    "no UTF-8": b"desk:\n  relay: \xff\xfe\n",
    "UTF-16": "desk: {relay: claim}".encode("utf-16"),
    "Latin-1": "texts: {errors.done: schön}".encode("latin-1"),
    "a NUL": b"desk:\n  relay: \x00\n",
    "a bell": b"desk: {relay: \a}\n",
    "a picture": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
    "a zip": b"PK\x03\x04\x14\x00\x00\x00",
    "too large": b"# " + b"x" * 1_000_001,
    "too many values": b"skills: [" + b"faq," * 60_000 + b"]",
    "a key that is a list": b"? [a, b]\n: c\n",
    "a key that is a mapping": b"{a: 1}: 2\n",
    "a key twice": b"desk: {relay: claim}\ndesk: {relay: reply}\n",
    "a key twice, within": b"desk:\n  relay: claim\n  relay: reply\n",
    "a huge key": b"k" * 100_000 + b": 1\n",
    "a huge number": b"limits: {message_characters: " + b"9" * 5_000 + b"}\n",
    "infinity": b"limits: {message_characters: .inf}\n",
    "not a number": b"limits: {message_characters: .nan}\n",
    "an octal": b"limits: {message_characters: 0o17}\n",
    "json with a comment": b'{"desk": {"relay": "claim"} // why\n}',
    "json cut off": b'{"desk": {"relay": "cla',
    "an html page": b"<!DOCTYPE html><html><body>404</body></html>",
    "a python file": b"import os\nos.system('true')\n",
    "a percent": b"%YAML 9.9\n---\ndesk: {}\nfoo: 1\n",
    "a directive": b"%TAG ! tag:python/\n---\ndesk: !object x\n",
    "format characters in a text": b"texts: {greeting.hello: '{name.__class__.__init__.__globals__}'}\n",
    "an index in a text": b"texts: {greeting.hello: '{0}{name[0]!r:>99999999}'}\n",
    "an open brace in a text": b"texts: {greeting.hello: '{name'}\n",
}


def hardly_yaml() -> Iterator[Case]:
    yield from (Case(name, text) for name, text in HARDLY_YAML.items())
    for tag in TAGS:
        yield Case(f"the tag {tag[:24]}", f"desk:\n  relay: {tag}\n".encode(), said="tag")
        yield Case(f"the tag {tag[:24]} on top", f"{tag}\n".encode())


# --- the environment ----------------------------------------------------------------------------------------------

ENVIRONMENTS: dict[str, bytes | None] = {
    "a picture as .env": b"\x89PNG\r\n\x1a\n\x00",
    "no UTF-8 in .env": b"TOKEN=\xff\n",
    "no variables in .env": b"these are\nno variables\n",
    "a shell script as .env": b"#!/bin/sh\nif true; then\ntouch {canary}\nfi\n",
    "yaml as .env": b"TOKEN: a\n",
    "too large a .env": b"A=" + b"x" * 1_000_001,
    "a wrong name in .env": b"MY-TOKEN=1\n1TOKEN=2\n",
}
REFERENCES = (
    "${NOT_SET_ANYWHERE}",
    "${}",
    "${A-B}",
    "${A:-touch x}",
    "${A",
    "$${A} ${NOT_SET_ANYWHERE}",
    "${$(touch x)}",
)


def environments() -> Iterator[Case]:
    config = b"desk:\n  relay: claim\n"
    yield from (Case(name, config, {".env": text}) for name, text in ENVIRONMENTS.items())
    for reference in REFERENCES:
        yield Case(
            f"the variable {reference}", f"texts:\n  errors.done: '{reference}'\n".encode(), said="texts.errors.done"
        )
        yield Case(f"the storage {reference}", f"storage: {{url: 'sqlite:{reference}'}}\n".encode(), said="storage.url")
    token = f"{'xoxb'}-123456789012-1234567890123-AbCdEfGhIjKlMnOpQrStUvWx"
    for where in ("texts: {errors.done: '%s'}", "storage: {url: 'sqlite:%s'}", "adapters: {slack: {bot_token: '%s'}}"):
        yield Case(f"a token in {where[:8]}", (where % token).encode(), said="token")


# --- plugin folders -----------------------------------------------------------------------------------------------

LISTED = b"skill_paths: [mine]\nskills:\n  - greeting\n  - evil\n"
IMPORTS: dict[str, bytes] = {
    "leaves": b"import sys\nsys.exit(0)\n",
    "leaves without a code": b"raise SystemExit\n",
    "raises": b"raise RuntimeError('as always')\n",
    "raises everything": b"raise BaseException('hm')\n",
    "goes round": b"def deeper():\n    deeper()\ndeeper()\n",
    "has a null": b"x = 1\n\x00\n",
    "has a wrong syntax": b"class Evil(:\n",
    "has a wrong indent": b"def f():\nreturn 1\n",
    "is no UTF-8": b"x = '\xff'\n",
    "names a wrong coding": b"# -*- coding: klingon -*-\n",
    "is a picture": b"\x89PNG\r\n\x1a\n\x00",
    "imports what is not there": b"import no_such_module_at_all\n",
    "imports itself": b"from supportbot_skill_evil import Evil\n",
    "imports a part that is not there": b"from supportbot import Skil\n",
    "asserts": b"assert False, 'never'\n",
    "divides by zero": b"1 / 0\n",
    "is empty": b"",
    "holds no skill": b"class Evil:\n    pass\n",
    "holds another skill": b"from supportbot import Settings, Skill\nclass Other(Skill[Settings]): ...\n",
    "hangs its name on something else": b"Evil = 5\n",
    "cancels": b"import asyncio\nraise asyncio.CancelledError\n",
    "stops iterating": b"raise StopIteration\n",
    "has a wrong mark": (
        b"from supportbot import Settings, Skill, on\nclass Evil(Skill[Settings]):\n"
        b"    @on.massage\n    def x(self): ...\n"
    ),
    "has a wrong pattern": (
        b"from supportbot import Settings, Skill, match, on\nclass Evil(Skill[Settings]):\n"
        b"    @on.message(match.pattern('(?=a)'))\n    async def x(self, turn): ...\n"
    ),
    "cannot be made": (
        b"from supportbot import Settings, Skill\nclass Evil(Skill[Settings]):\n"
        b"    def __init__(self, settings):\n        raise KeyError('no')\n"
    ),
    "cannot start": (
        b"from supportbot import Settings, Skill, on\nclass Evil(Skill[Settings]):\n"
        b"    @on.start\n    async def go(self, start):\n        raise OSError('no')\n"
    ),
}
APART: dict[str, bytes] = {
    "forks": b"import os\nif os.fork() == 0:\n    x = 1\nelse:\n    raise RuntimeError('parent')\n",
    "goes on for ever": b"while True:\n    pass\n",
    "sleeps for ever": b"import time\ntime.sleep(3600)\n",
}
NAMES = ("../evil", "mine/evil", "/etc/passwd", "evil.py", "Evil", "évil", "evil evil", "", "__init__", "a" * 5_000,
         "os", ".evil", "evil\\x", "evil;touch", "..", "supportbot")  # fmt: skip
PATHS: dict[str, str] = {
    "that are not there": "skill_paths: [nowhere]",
    "that are a file": "skill_paths: [config.yaml]",
    "that are no list": "skill_paths: mine",
    "with a NUL": 'skill_paths: ["mi\\0ne"]',
    "that are too long": f"skill_paths: [{'x' * 5_000}]",
    "of nobody's home": "skill_paths: ['~nobody_of_that_name/x']",
    "with a number": "skill_paths: [5]",
    "with a mapping": "skill_paths: [{a: b}]",
}


def plugin_folders() -> Iterator[Case]:
    for name, text in IMPORTS.items():
        yield Case(f"a skill that {name}", LISTED, {"mine/evil.py": text}, said="evil")
        yield Case(f"a package that {name}", LISTED, {"mine/evil/__init__.py": text}, said="evil")
    for name, text in APART.items():
        yield Case(f"a skill that {name}", LISTED, {"mine/evil.py": text}, said="evil.py", apart=True)
    for name in NAMES:
        config = f"skill_paths: [mine]\nskills:\n  - {json.dumps(name)}\n"
        yield Case(
            f"a skill named {name[:9]}", config.encode(), {"mine/other.py": GOOD_SKILL.encode()}, said="skills[0]"
        )
    for name, text in PATHS.items():
        yield Case(f"paths {name}", f"{text}\n".encode(), said="skill_paths")
    yield Case("a folder named like a skill", LISTED, {"mine/evil.py": None}, said="evil")
    yield Case("a package without a file", LISTED, {"mine/evil/skill.py": GOOD_SKILL.encode()}, said="evil")
    yield Case("a link that leads nowhere", LISTED, {"mine": None}, {"mine/evil.py": "nowhere.py"}, said="evil")
    yield Case("a link to itself", LISTED, {"mine": None}, {"mine/evil.py": "evil.py"}, said="evil")
    yield Case("a folder that links to itself", LISTED, {}, {"mine": "mine"}, said="skill_paths")
    settings = (
        "{limit: many}",
        "{limits: 5}",
        "{limit: [1]}",
        "{words: 7}",
        "5",
        "[1]",
        "{limit: '${NOT_SET_ANYWHERE}'}",
    )
    for value in settings:
        config = f"skill_paths: [mine]\nskills:\n  - good: {value}\n"
        yield Case(f"the settings {value}", config.encode(), {"mine/good.py": GOOD_SKILL.encode()}, said="skills[0]")


# --- stores and articles ------------------------------------------------------------------------------------------

STORES = ("", "x", "sqlite:", "mysql://x", "file:///etc/passwd", "sqlite:/proc/none/x", "tinydb:config.yaml",
          "sqlite:mine", "sqlite:a\\0b", "tinydb:/dev/null", "tinydb:" + "x" * 5_000, "sqlite:config.yaml")  # fmt: skip
ARTICLES: dict[str, bytes | None] = {
    "that are not there": None,
    "that are a bomb": BOMB.encode(),
    "with a tag": b"- question: !!python/object/apply:os.system ['touch {canary}']\n  answer: x\n",
    "that are no UTF-8": b"- question: \xff\n  answer: b\n",
    "that are deep": b"[" * 100_000,
    "that are a picture": b"\x89PNG\r\n\x1a\n\x00",
    "without answers": b"- qestion: a\n  anser: b\n",
    "twice": b"- {id: a, question: b, answer: c}\n- {id: a, question: d, answer: e}\n",
}


def stores_and_articles() -> Iterator[Case]:
    for url in STORES:
        config = f'storage:\n  url: "{url}"\n'
        yield Case(f"the store {url[:12]}", config.encode(), {"mine": None}, said="" if ":" in url else "storage.url")
    for name, text in ARTICLES.items():
        files = {} if text is None else {"kb.yaml": text}
        yield Case(f"articles {name}", b"skills:\n  - faq: {sources: [kb.yaml]}\n", files, said="kb.yaml")


TEN = Case(
    "ten mistakes",
    b"storage: {url: tinidb:x}\nadapters:\n  slak: {}\n"
    b"desk:\n  relay: claims\n  close_after: 3 days\n  anonymous: maybe\n"
    b"skills:\n  - nobody_knows\n  - evil\n  - good: {limit: many}\nskill_paths: [mine]\n"
    b"texts:\n  greeting.helo: a\n  errors.done: '{x}'\nlimits: {message_characters: 0}\n",
    {"mine/good.py": GOOD_SKILL.encode(), "mine/evil.py": b"\nraise RuntimeError('no')\n"},
    mistakes=10,
)
TEN_LINES = (1, 3, 5, 6, 7, 9, 11, 14, 15, 16)


def all_cases() -> list[Case]:
    sources = (hardly_yaml(), environments(), plugin_folders(), stores_and_articles(), wrong_types(), [TEN])
    return [case for source in sources for case in source]


CASES = all_cases()
FEW = [case for case in CASES if not case.apart][:: len(CASES) // 40]


# --- what each must do --------------------------------------------------------------------------------------------


class Told(NamedTuple):
    """What a command said, line by line, and how it ended."""

    code: int
    lines: list[str]


def laid_out(case: Case, folder: Path) -> Path:
    """Write a case's files, with code beside them that nobody configured."""
    canary = str(folder / "canary")
    planted = CANARY.format(canary=canary).encode()
    files: dict[str, bytes | None] = {"sitecustomize.py": planted, "conftest.py": planted, "config.py": planted}
    files |= {"mine/unlisted.py": planted} if any(name.startswith("mine/") for name in case.files) else {}
    for name, content in {**files, **case.files}.items():
        path = folder / name
        (path if content is None else path.parent).mkdir(parents=True, exist_ok=True)
        if content is not None:
            path.write_bytes(content.replace(b"{canary}", canary.encode()))
    for name, target in case.links.items():
        (folder / name).symlink_to(target)
    config = folder / "config.yaml"
    config.write_bytes(case.config.replace(b"{canary}", canary.encode()))
    return config


def arguments(config: Path) -> list[str]:
    return ["chat", "--json", "--strict", "--clock", "simulated", "--config", str(config)]


def run_here(config: Path) -> Told:
    """Do in this process what the command does up to the point where it would serve."""
    try:
        asyncio.run(_start(config))
    except ConfigurationError as error:
        return Told(2, [line for problem in error.problems for line in problem.splitlines()])
    except StoreError as error:
        return Told(2, str(error).splitlines())
    return Told(0, [])


async def _start(config: Path) -> None:
    read = await asyncio.to_thread(configured, config, None)  # it may run a loop of its own
    app = await open_app(read, SystemClock(), [lambda clock: Console(lambda _: None, clock)], strict=True)
    await app.stop()


def run_apart(config: Path) -> Told:
    done = subprocess.run(
        [sys.executable, "-c", "from supportbot.cli import main; main()", *arguments(config)],
        check=False,
        input="",
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(Path(supportbot.__file__).parents[1])},
        cwd=config.parent,
    )
    return Told(done.returncode, done.stderr.splitlines())


PLACE = re.compile(r"(?P<file>/[^:]+)(?::(?P<line>\d+))?: (?P<what>.+)")
WHOLE_FILE = (
    "larger than",
    "cannot be read",
    "not UTF-8",
    "there is no",
    "no such file",
    "holds",
    "is not a folder",
    "no article",
)
"""Mistakes of a file as a whole, which stand in no line of it."""


def check(case: Case, told: Told, folder: Path) -> None:
    """Hold what was said to what is promised."""
    said = "\n".join(told.lines)
    assert told.code == 2, f"{case.name}: {told}"
    assert not (folder / "canary").exists(), case.name
    assert "Traceback" not in said, case.name
    assert len(told.lines) >= case.mistakes, f"{case.name}: {said}"
    assert case.said in said, f"{case.name}: {said[:500]}"
    assert len(set(told.lines)) == len(told.lines), f"{case.name}: said twice: {said[:500]}"
    for line in told.lines:
        found = PLACE.match(line)
        assert found, f"{case.name}: no place in {line[:300]!r}"
        assert found["line"] or any(word in line for word in WHOLE_FILE), f"{case.name}: no line in {line[:300]!r}"
        assert len(line) < 3_000, case.name


@pytest.mark.parametrize("case", FEW, ids=lambda case: case.name)
def test_a_hostile_configuration_is_told_with_its_line(case: Case, tmp_path: Path) -> None:
    check(case, run_here(laid_out(case, tmp_path)), tmp_path)


def test_ten_mistakes_are_told_in_one_go_each_with_its_line(tmp_path: Path) -> None:
    told = run_apart(laid_out(TEN, tmp_path))
    check(TEN, told, tmp_path)
    lines = [int(found[1]) for line in told.lines if (found := re.search(r"config\.yaml:(\d+): ", line))]
    assert sorted(lines) == list(TEN_LINES)
    assert any("evil.py:2: " in line for line in told.lines)


@pytest.mark.full
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_three_hundred_hostile_configurations(case: Case, tmp_path: Path) -> None:
    check(case, run_apart(laid_out(case, tmp_path)), tmp_path)


def test_there_are_three_hundred_of_them() -> None:
    assert len(CASES) >= 300
