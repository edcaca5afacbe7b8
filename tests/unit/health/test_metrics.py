"""The metrics are what happened, under the names that docs/howto/operating.md gives them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.unit.health.conftest import Monitored

PAGE = Path(__file__).parents[3] / "docs" / "howto" / "operating.md"


async def samples(monitored: Monitored) -> dict[tuple[str, ...], float]:
    families = text_string_to_metric_families((await monitored.get("/metrics")).text)
    return {(sample.name, *sample.labels.values()): sample.value for family in families for sample in family.samples}


async def test_what_happened_is_what_prometheus_reads(monitored: Monitored) -> None:
    ada = monitored.bot.requester("ada")
    await ada.says("hello", id="m1")
    await ada.says("hello", id="m1")
    found = await samples(monitored)
    assert found["supportbot_events_total", "console"] == 2
    assert found["supportbot_duplicates_total", "console"] == 1
    assert found["supportbot_turn_seconds_count", "done"] == 1
    assert found["supportbot_turn_seconds_bucket", "+Inf", "done"] == 1
    assert found["supportbot_deliveries_total", "console", "sent"] == 1
    assert found["supportbot_adapter_up", "console"] == 1
    assert found["supportbot_work_waiting", "turns"] == 0
    assert found["supportbot_store_up",] == 1
    assert found["supportbot_skill_on", "greeting"] == 1


async def test_a_skill_that_is_off_and_an_adapter_that_is_down_are_0(monitored: Monitored) -> None:
    app = monitored.bot.app
    app.bot.switches.turn_off("greeting", "greeting.py:1")
    app.down["console"] = ""
    found = await samples(monitored)
    assert (found["supportbot_skill_on", "greeting"], found["supportbot_adapter_up", "console"]) == (0, 0)


async def test_numbers_may_change_while_they_are_read(monitored: Monitored) -> None:
    vitals = monitored.bot.app.bot.vitals
    for number in range(50):
        vitals.events[f"a{number}"] += 1
        assert (await samples(monitored))["supportbot_events_total", f"a{number}"] == 1


async def families(monitored: Monitored) -> dict[str, tuple[str, str]]:
    text = (await monitored.get("/metrics")).text
    kinds = dict(re.findall(r"^# TYPE (supportbot_\w+) (\w+)$", text, re.MULTILINE))
    helps = dict(re.findall(r"^# HELP (supportbot_\w+) (.+)$", text, re.MULTILINE))
    return {name: (kind, helps[name]) for name, kind in kinds.items()}


async def test_the_page_has_every_metric_and_no_other(monitored: Monitored) -> None:
    rows = re.findall(r"^\| `(supportbot_\w+)` \| (\w+) \|[^|]*\| (.+?) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
    assert {name: (kind, help) for name, kind, help in rows} == await families(monitored)


@pytest.mark.parametrize("words", ["level", "format", "host", "port"])
def test_the_page_names_every_key(words: str) -> None:
    assert f"`{words}`" in PAGE.read_text("utf-8") or f"{words}:" in PAGE.read_text("utf-8")
