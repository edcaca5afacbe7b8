"""Starts on a bad day: a wrong token ends with one sentence, a Slack that is away is waited for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from supportbot.testing.slack import SlackWorld
from tests.faults.platforms.processes import IN_TIME, end, run
from tests.faults.slack.conftest import configuration


@pytest.mark.parametrize(("name", "key"), [("BOT", "bot_token"), ("APP", "app_token")])
async def test_a_rejected_token_ends_the_start_with_one_sentence(
    slack_world: SlackWorld, tmp_path: Path, name: str, key: str
) -> None:
    configuration(slack_world, tmp_path, slack_world.channel("team", [], private=True).id)
    process, lines = await run(tmp_path, **{name: "xoxb-no-such-token"})
    async with asyncio.timeout(IN_TIME):
        assert await process.wait() == 2
    told = [line for line in lines if not line.startswith("20")]
    assert len(told) == 1
    assert f"adapters.slack.{key}" in told[0]
    assert "xoxb-no-such-token" not in "".join(lines)


async def test_a_slack_that_is_away_at_the_start_is_tried_again_and_then_served(
    slack_world: SlackWorld, tmp_path: Path
) -> None:
    ada = slack_world.person("Ada")
    configuration(slack_world, tmp_path, slack_world.channel("team", [], private=True).id, skills=["help", "fallback"])
    slack_world.trouble.breaks("auth.test", times=2)
    process, lines = await run(tmp_path)
    assert "not up" in lines[-1]
    slack_world.patience = IN_TIME
    await slack_world.sockets.connected()
    await ada.dm("hello")
    assert str(await ada.hears()) != ""
    await end(process)
