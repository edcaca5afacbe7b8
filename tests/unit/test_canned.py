"""Canned replies: a file of named texts, in which every mistake is told at once with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from supportbot.app import open_app
from supportbot.canned import MOST, read_canned
from supportbot.clock import SimulatedClock
from supportbot.config import DeskSettings, load_config
from supportbot.errors import ConfigurationError
from supportbot.testing.harness import BotHarness
from supportbot.texts import Texts
from tests.scenarios.conftest import BotWith


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "replies.yaml"


def test_no_file_is_no_canned_replies() -> None:
    assert read_canned("") == ({}, [])


def test_each_reply_has_a_name_and_keeps_its_lines(file: Path) -> None:
    file.write_text('hello: "Hi {requester}"\nRefund please: |\n  One.\n  Two.\n', "utf-8")
    assert read_canned(str(file)) == ({"hello": "Hi {requester}", "Refund please": "One.\nTwo."}, [])


def test_every_mistake_is_told_with_its_line(file: Path) -> None:
    file.write_text('a: "Hi {custmer}"\nb: [1]\nc: "a { brace"\nd: ""\n"": "x"\n', "utf-8")
    canned, problems = read_canned(str(file))
    assert canned == {}
    assert [problem.removeprefix(f"{file}:").partition(":")[0] for problem in problems] == ["1", "2", "3", "4", "5"]
    assert "unknown placeholder {custmer}; known here: {agent}, {reference}, {requester}, {subject}" in problems[0]
    assert "put it in quotes" in problems[1]
    assert "{{ or }}" in problems[2]


@pytest.mark.parametrize(("text", "wrong"), [("- a\n- b\n", "not a mapping"), ("a: [", "not YAML")])
def test_what_is_no_mapping_is_refused(file: Path, text: str, wrong: str) -> None:
    file.write_text(text, "utf-8")
    assert wrong in read_canned(str(file))[1][0]


def test_more_than_a_menu_takes_are_refused(file: Path) -> None:
    file.write_text("".join(f"n{number}: text\n" for number in range(MOST + 1)), "utf-8")
    assert f"keep {MOST}" in read_canned(str(file))[1][0]


async def test_a_mistake_in_it_stops_the_start_with_the_files_name_and_line(tmp_path: Path, file: Path) -> None:
    file.write_text("hello: hi\nbye: '{you}'\n", "utf-8")
    (tmp_path / "config.yaml").write_text("desk: {canned_replies: replies.yaml}\nskills: []\n", "utf-8")
    config = load_config(tmp_path / "config.yaml", environment={})
    with pytest.raises(ConfigurationError) as refused:
        await open_app(config, SimulatedClock(), [])
    assert [problem.partition(": ")[0] for problem in refused.value.problems] == [f"{file}:2"]


def test_a_file_that_is_not_there_is_told_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("desk:\n  canned_replies: nowhere.yaml\n", "utf-8")
    with pytest.raises(ConfigurationError, match=r"config\.yaml:2: desk\.canned_replies: there is no file"):
        load_config(tmp_path / "config.yaml", environment={})


# --- sending them -------------------------------------------------------------------------------------------------


@pytest.fixture
async def bot(bot_with: BotWith, file: Path) -> BotHarness:
    """A bot whose team has two canned replies, and ada, who waits with T-1001."""
    file.write_text(
        'hello: "Hello {requester}, {agent} here ({reference}, {subject})."\nRefund: On its way.\n', "utf-8"
    )
    bot = await bot_with(built_in=("tickets", "handoff"), desk=DeskSettings(canned_replies=str(file)))
    await bot.requester("ada").says("/human printer *on* fire")
    return bot


def said_to_ada(bot: BotHarness) -> str:
    return next(str(line["text"]) for line in reversed(bot.shown) if line["to"] == "ada")


async def test_a_name_is_enough_in_the_cases_thread(bot: BotHarness) -> None:
    sam, case = bot.agent("sam"), bot.agents_channel.conversation
    await sam.says("/claim")
    await sam.says("/claim", case=case)
    heard = await sam.says("/canned HELLO", case=case)
    assert heard == Texts()("agents.canned_sent", name="HELLO", reference="T-1001")
    assert said_to_ada(bot) == "Hello ada, sam here (T-1001, printer *on* fire)."


async def test_without_a_name_they_are_shown_to_choose_from(bot: BotHarness) -> None:
    sam = bot.agent("sam")
    await sam.says("/claim T-1001")
    assert (await sam.says("/canned t-1001")).choices == ["hello", "Refund"]
    await sam.presses("Refund")
    assert said_to_ada(bot) == "On its way."


async def test_an_unknown_name_and_one_who_has_not_claimed_send_nothing(bot: BotHarness) -> None:
    sam = bot.agent("sam")
    assert await sam.says("/canned T-1001 hello") == Texts()("agents.not_possible", reason="claim T-1001 first")
    await sam.says("/claim T-1001")
    before = said_to_ada(bot)
    assert "no canned reply is called bye" in await sam.says("/canned T-1001 bye")
    assert said_to_ada(bot) == before


async def test_a_team_without_any_learns_where_they_come_from(bot_with: BotWith) -> None:
    bot = await bot_with(built_in=("handoff",))
    assert await bot.agent("sam").says("/canned") == Texts()("agents.canned_none")
