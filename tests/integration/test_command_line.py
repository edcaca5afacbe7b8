"""The command line from outside: what stops a start and how it says so, what is left out, and `kb match`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import supportbot
from supportbot.adapters.console import Console
from supportbot.app import open_app
from supportbot.clock import SimulatedClock
from supportbot.config import load_config
from tests.faults.conversation import ARTICLES, Chat, Line

HELLO = '''
"""Hello: a skill of the team's own."""

from supportbot import Settings, Skill, Turn, match, on


class HelloSettings(Settings):
    """What to say."""

    word: str = "Ahoy!"


class Hello(Skill[HelloSettings]):
    """Greet in the team's own way."""

    @on.message(match.exactly("hi"))
    async def greet(self, turn: Turn) -> str:
        """Greet."""
        return self.settings.word
'''


def run(*arguments: str | Path, lines: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, with these lines on its standard input."""
    root = Path(supportbot.__file__).parents[1]
    return subprocess.run(
        [sys.executable, "-c", "from supportbot.cli import main; main()", *map(str, arguments)],
        input=lines,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(root), **environment},
        check=False,
    )


def chat(folder: Path, yaml: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Let ada say hi to a bot with this configuration."""
    config = folder / "bot.yaml"
    config.write_text(f"storage: {{url: sqlite:bot.db}}\n{yaml}", "utf-8")
    hi = '{"from": "ada", "text": "hi"}\n'
    return run("chat", "--json", "--config", config, *arguments, lines=hi, **environment)


def said(finished: subprocess.CompletedProcess[str]) -> list[str]:
    lines: list[Line] = [json.loads(line) for line in finished.stdout.splitlines()]
    return [line["text"] for line in lines if "text" in line]


def write_articles(path: Path, articles: list[dict[str, str]]) -> Path:
    path.write_text("".join(json.dumps(article) + "\n" for article in articles), "utf-8")
    return path


# --- mistakes in the configuration --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("yaml", "place", "what"),
    [
        ("skills:\n  - faq: {sources: [gone.yaml]}\n", ":3:", "gone.yaml"),
        ("skills:\n  - faq: {sources: [broken.yaml]}\n", ":3:", "broken.yaml:1"),
        ("skills: [greetin]\n", ":2:", "did you mean greeting?"),
        ("skills:\n  - survey: {delay: soon}\n", ":3:", "skills[0].survey.delay"),
        ("skills:\n  - survey: {dealy: 1s}\n", ":3:", "did you mean delay?"),
        ("colour: red\n", ":2:", "colour"),
        ("desk: {relay: shout}\n", ":2:", "desk.relay"),
        ("skill_paths: [nowhere]\n", ":2:", "nowhere"),
        ("texts: {greeting.hullo: x}\n", ":2:", "greeting.hello"),
        ("desk: {close_after: '${UNSET_HERE}'}\n", ":2:", "UNSET_HERE"),
        ("skills: [greeting\n", ":3:", "not YAML"),
    ],
    ids=["no base", "broken base", "unknown skill", "wrong setting", "unknown setting", "unknown key", "wrong value",
         "no folder", "unknown text", "variable not set", "no YAML"],
)  # fmt: skip
def test_a_mistake_stops_the_start_with_its_file_and_line(tmp_path: Path, yaml: str, place: str, what: str) -> None:
    (tmp_path / "broken.yaml").write_text("- answer: an answer to nothing\n", "utf-8")
    finished = chat(tmp_path, yaml)
    assert (finished.returncode, finished.stdout) == (2, "")
    assert f"bot.yaml{place}" in finished.stderr
    assert what in finished.stderr
    assert "Traceback" not in finished.stderr


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("- answer: an answer to nothing\n", "utf-8")
    finished = chat(
        tmp_path,
        "colour: red\n"
        "desk: {relay: shout}\n"
        "skills:\n"
        "  - faq: {sources: [gone.yaml, broken.yaml]}\n"
        "  - greetin\n"
        "  - survey: {delay: soon}\n"
        "  - tickets: {categories: '${UNSET_HERE}'}\n",
    )
    assert finished.returncode == 2
    told = sorted(int(line.split("bot.yaml:")[1].split(":")[0]) for line in finished.stderr.splitlines())
    assert told == [2, 3, 5, 5, 6, 7, 8]


def test_ten_different_mistakes_are_reported_in_one_go_each_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("- answer: an answer to nothing\n", "utf-8")
    (tmp_path / "shop.py").write_text(HELLO.replace("Hello", "Shop").replace('word: str = "Ahoy!"', "key: Secret")
                                      .replace("import Settings", "import Secret, Settings"), "utf-8")  # fmt: skip
    finished = chat(
        tmp_path,
        "colour: red\n"
        "desk:\n"
        "  relay: shout\n"
        "  agent_channel: console\n"
        "  close_after: ${UNSET_HERE}\n"
        "texts: {greeting.hello: xoxb-123456789012-abcdef}\n"
        "limits: {message_characters: many}\n"
        "skill_paths: [.]\n"
        "skills:\n"
        "  - greetin\n"
        "  - survey: {delay: soon}\n"
        "  - faq: {sources: [gone.yaml, broken.yaml]}\n"
        "  - shop: {key: 9fQ2x7Lm4Zt8Rw1Kp6Yd}\n",
    )
    assert finished.returncode == 2
    told = sorted(line.partition("bot.yaml:")[2] for line in finished.stderr.splitlines())
    expected = [
        (2, "colour: unknown key; known here: storage"),
        (4, "desk.relay: 'shout' is not one of claim, reply"),
        (5, "desk.agent_channel: unknown key; did you mean agents_channel?"),
        (6, "desk.close_after: UNSET_HERE is not set; put a line UNSET_HERE=… into .env"),
        (7, "texts.greeting.hello: this looks like a real token; put it into .env"),
        (8, "limits.message_characters: 'many' is not a whole number"),
        (11, "skills[0].greetin: there is no skill 'greetin'"),
        (12, "skills[1].survey.delay: 'soon' is not a span of time"),
        (13, "skills[2].faq: "),
        (13, "skills[2].faq: "),
        (14, "skills[3].shop.key: this looks like a real token; put it into .env"),
    ]
    assert len(told) == len(expected), finished.stderr
    for line, what in expected:
        assert [mistake for mistake in told if mistake.startswith(f"{line}: {what}")], (
            f"{line}: {what}\n{finished.stderr}"
        )
    assert "xoxb-" not in finished.stderr
    assert "9fQ2x7" not in finished.stderr


def test_a_bot_of_a_platform_can_be_talked_to_in_the_terminal(tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text(HELLO, "utf-8")
    yaml = (
        "adapters: {slack: {bot_token: a, app_token: b}}\n"
        "desk: {agents_channel: slack:C0123456789}\n"
        "skills: [hello]\nskill_paths: [.]\n"
    )
    assert said(chat(tmp_path, yaml)) == ["Ahoy!"]


def test_a_configuration_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    finished = run("chat", "--json", "--config", tmp_path / "none.yaml")
    assert finished.returncode == 2
    assert len(finished.stderr.splitlines()) == 1


# --- skills of one's own ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "broken",
    ["import no_such_library\n", "def (\n", "1 / 0\n", "raise SystemExit(3)\n"],
    ids=["import", "syntax", "error", "exit"],
)
def test_a_skill_that_cannot_be_imported_is_reported_and_left_out(tmp_path: Path, broken: str) -> None:
    (tmp_path / "hello.py").write_text(HELLO, "utf-8")
    (tmp_path / "pizza.py").write_text(broken, "utf-8")
    yaml = "skills: [pizza, hello]\nskill_paths: [.]\n"
    finished = chat(tmp_path, yaml)
    assert (finished.returncode, said(finished)) == (0, ["Ahoy!"])
    assert "pizza.py:1" in finished.stderr

    strict = chat(tmp_path, yaml, "--strict")
    assert (strict.returncode, strict.stdout) == (2, "")
    assert "pizza.py:1" in strict.stderr


def test_a_listed_skill_in_skill_paths_is_found_by_its_name_and_gets_its_settings(tmp_path: Path) -> None:
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "hello.py").write_text(HELLO, "utf-8")
    finished = chat(tmp_path, "skills: [{hello: {word: Moin!}}]\nskill_paths: [own]\n")
    assert said(finished) == ["Moin!"]


def test_the_fallback_is_there_though_nobody_lists_it(tmp_path: Path) -> None:
    finished = chat(tmp_path, "skills: []\n")
    assert finished.returncode == 0
    assert len(said(finished)) == 1


# --- the environment ----------------------------------------------------------------------------------------------


def test_texts_come_from_the_environment_and_from_env_files(tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text(HELLO, "utf-8")
    (tmp_path / ".env").write_text("FIRST=from the file\nSECOND=from the file\n", "utf-8")
    yaml = "skills: [{hello: {word: '${FIRST}, ${SECOND}'}}]\nskill_paths: [.]\n"
    assert said(chat(tmp_path, yaml, SECOND="from outside")) == ["from the file, from outside"]


def test_a_file_that_is_json_is_read_as_well(tmp_path: Path) -> None:
    (tmp_path / "hello.py").write_text(HELLO, "utf-8")
    config = {"storage": {"url": "tinydb:data"}, "skills": [{"hello": {"word": "Ciao"}}], "skill_paths": ["."]}
    (tmp_path / "bot.json").write_text(json.dumps(config, indent="\t"), "utf-8")
    finished = run("chat", "--json", "--config", tmp_path / "bot.json", lines='{"from": "ada", "text": "hi"}')
    assert said(finished) == ["Ciao"]
    assert (tmp_path / "data" / "documents.json").exists()


# --- the knowledge base -------------------------------------------------------------------------------------------


async def test_a_base_that_breaks_later_serves_its_last_good_state(tmp_path: Path) -> None:
    articles = write_articles(tmp_path / "articles.jsonl", ARTICLES)
    config = tmp_path / "bot.yaml"
    config.write_text("storage: {url: tinydb:memory}\nskills: [{faq: {sources: [articles.jsonl]}}]\n", "utf-8")
    clock, shown = SimulatedClock(), list[dict[str, Any]]()
    console = Console(shown.append, clock)
    app = await open_app(load_config(config), clock, [lambda _: console])
    await app.start(watch=False)
    articles.write_text("{", "utf-8")
    [problem] = app.knowledge.reload()
    await app.bot.receive(console.event("ada", key="1", text="How do I reset my password?"))
    await app.bot.crew.idle()
    await app.stop()
    assert "articles.jsonl:1" in problem
    assert shown[0]["text"] == "Open the sign-in page, choose Forgot."


def test_a_base_that_is_broken_at_the_next_start_stops_it(tmp_path: Path) -> None:
    articles = write_articles(tmp_path / "articles.jsonl", ARTICLES)
    yaml = "skills: [{faq: {sources: [articles.jsonl]}}]\n"
    assert chat(tmp_path, yaml).returncode == 0
    articles.write_text("{", "utf-8")
    assert chat(tmp_path, yaml).returncode == 2


# --- kb match -----------------------------------------------------------------------------------------------------


def match(base: Path, *lines: str) -> list[dict[str, Any]]:
    finished = run("kb", "match", "--kb", base, "--json", lines="".join(f"{line}\n" for line in lines))
    assert finished.returncode == 0
    return [json.loads(line) for line in finished.stdout.splitlines()]


def test_kb_match_decides_and_ranks_ten_best_first_and_gives_the_id_back() -> None:
    samples = Path(supportbot.__file__).parent / "samples" / "articles.yaml"
    lines = match(samples, '{"id": 7, "text": "I forgot my password"}', '{"text": "I forgot my password"}')
    first, second = lines
    assert first.pop("id") == 7
    assert first == second
    assert first.keys() == {"decision", "confidence", "ranked"}
    assert first["decision"] in {"answer", "suggest", "none"}
    assert 0 <= first["confidence"] <= 1
    scores = [ranked["score"] for ranked in first["ranked"]]
    assert len(scores) == len({ranked["id"] for ranked in first["ranked"]}) == 10
    assert scores == sorted(scores, reverse=True)
    assert first["ranked"][0]["id"] == "reset-password"


def test_kb_match_ranks_ten_where_nothing_fits_and_all_where_there_are_fewer(tmp_path: Path) -> None:
    samples = Path(supportbot.__file__).parent / "samples" / "articles.yaml"
    [nothing] = match(samples, '{"text": "xyzzy plugh"}')
    assert (nothing["decision"], len(nothing["ranked"])) == ("none", 10)
    [few] = match(write_articles(tmp_path / "few.jsonl", ARTICLES), '{"text": "password"}')
    assert {ranked["id"] for ranked in few["ranked"]} == {article["id"] for article in ARTICLES}


def test_kb_match_answers_a_line_that_cannot_be_read_with_an_error_and_goes_on(tmp_path: Path) -> None:
    base = write_articles(tmp_path / "base.jsonl", ARTICLES)
    bad, also_bad, good = match(base, "nonsense", '{"id": "x", "text": 7}', '{"text": "password"}')
    assert bad.keys() == {"error"}
    assert also_bad.keys() == {"id", "error"}
    assert good["ranked"][0]["id"] == "password"


def test_kb_match_answers_each_line_at_once(tmp_path: Path) -> None:
    base = write_articles(tmp_path / "base.jsonl", ARTICLES)
    root = Path(supportbot.__file__).parents[1]
    arguments = [sys.executable, "-c", "from supportbot.cli import main; main()", "kb", "match", "--kb", str(base)]
    with subprocess.Popen(
        arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(root)}
    ) as process:
        assert process.stdin
        assert process.stdout
        for text in ("password", "invoice"):
            process.stdin.write(json.dumps({"text": text}).encode() + b"\n")
            process.stdin.flush()
            assert json.loads(process.stdout.readline())["ranked"][0]["id"] == text


@pytest.mark.parametrize("base", ["gone.yaml", "broken.yaml"])
def test_kb_match_stops_at_a_base_that_cannot_be_read(tmp_path: Path, base: str) -> None:
    (tmp_path / "broken.yaml").write_text("- answer: an answer to nothing\n", "utf-8")
    finished = run("kb", "match", "--kb", tmp_path / base, lines='{"text": "hi"}\n')
    assert (finished.returncode, finished.stdout) == (2, "")
    assert base in finished.stderr


# --- the rest -----------------------------------------------------------------------------------------------------


def test_a_number_that_is_no_choice_leaves_those_above_to_be_pressed() -> None:
    finished = run("demo", lines="hi\n9\n3\n")
    assert "There is no choice 9 here" in finished.stdout
    assert "T-1001" in finished.stdout


def test_the_demo_ends_well_when_its_input_ends() -> None:
    finished = run("demo", lines="hi\nhow do I reset my password?\n")
    assert finished.returncode == 0
    assert "Traceback" not in finished.stderr


def test_a_wrong_option_exits_2_and_help_exits_0() -> None:
    assert run("chat", "--nonsense").returncode == 2
    assert run("--help").returncode == 0


def test_chat_serves_the_sample_articles_where_no_configuration_is_given(tmp_path: Path) -> None:
    bot = Chat("--data", tmp_path / "data")
    answered = bot.says("ada", "I forgot my password")
    assert len(answered[0]["choices"]) >= 2
    assert bot.end() == 0
