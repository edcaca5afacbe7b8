"""The page about Slack, step by step: the commands it shows, run as processes, against the simulated Slack."""

from __future__ import annotations

import asyncio
import signal
from pathlib import Path

import pytest
import yaml

from supportbot.testing.slack import SlackWorld
from tests.integration.shown import IN_TIME, Page, begins, runs

PAGE = Page("slack.md")


def create_app(slack: SlackWorld, manifest: Path) -> None:
    """Do what Slack does with a manifest: the app may and hears what stands in it."""
    made = yaml.safe_load(manifest.read_text("utf-8"))
    for granted, wanted in (
        (slack.scopes, made["oauth_config"]["scopes"]["bot"]),
        (slack.subscriptions, made["settings"]["event_subscriptions"]["bot_events"]),
    ):
        granted.clear()
        granted.update(wanted)


def fill_in(slack: SlackWorld, folder: Path, channel: str) -> None:
    """Write ``.env`` as the page shows it, with this Slack's own tokens; and where this Slack is."""
    given = {"xoxb-...": slack.bot_token, "xapp-...": slack.app_token, "C0123456789": channel}
    (folder / ".env").write_text(PAGE.environment(given), "utf-8")
    config = folder / "config.yaml"
    config.write_text(
        config.read_text("utf-8").replace("  slack:\n", f"  slack:\n    api_url: {slack.api_url}\n"), "utf-8"
    )


@pytest.fixture
async def set_up(slack_world: SlackWorld, tmp_path: Path) -> Path:
    """The page's first steps: files, the app from its manifest, tokens and a channel."""
    assert (await runs(PAGE.command("init"), tmp_path))[0] == 0
    assert (await runs(PAGE.command("slack manifest"), tmp_path))[0] == 0
    create_app(slack_world, tmp_path / "manifest.yaml")
    team = slack_world.channel("support-team", [slack_world.person("Sam")], private=True, bot=False)
    fill_in(slack_world, tmp_path / "help-desk", team.id)
    return tmp_path


async def test_doctor_says_what_is_missing_and_then_that_nothing_is(slack_world: SlackWorld, set_up: Path) -> None:
    code, printed = await runs(PAGE.command("doctor"), set_up)
    assert code == 1
    assert "/invite @supportbot" in printed
    invite_bot(slack_world)
    code, printed = await runs(PAGE.command("doctor"), set_up)
    assert (code, "0 to mend now." in printed) == (0, True), printed


async def test_it_runs_and_answers_and_ends_well(slack_world: SlackWorld, set_up: Path) -> None:
    invite_bot(slack_world)
    ada = slack_world.person("Ada")
    process = await begins(PAGE.command("run"), set_up)
    try:
        slack_world.patience = IN_TIME
        await slack_world.sockets.connected()
        await ada.dm("How do I reset my password?")
        assert (await ada.hears()).buttons[0] == "That helped"
        assert not slack_world.world_log.calls(ok=False)
        process.send_signal(signal.SIGTERM)
        printed, _ = await asyncio.wait_for(process.communicate(), IN_TIME)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, printed.decode()
    assert "Traceback" not in printed.decode()


async def test_a_token_that_slack_rejects_ends_the_start_with_a_sentence(slack_world: SlackWorld, set_up: Path) -> None:
    environment = set_up / "help-desk" / ".env"
    environment.write_text(environment.read_text("utf-8").replace(slack_world.bot_token, "xoxb-nobodys-token"), "utf-8")
    code, printed = await runs(PAGE.command("run"), set_up)
    assert code in (1, 2)
    assert "adapters.slack.bot_token: Slack rejected it (invalid_auth); put a valid one into .env" in printed
    assert "Traceback" not in printed


def invite_bot(slack: SlackWorld) -> None:
    """Type ``/invite`` in the agents' channel."""
    [team] = [room for room in slack._backstage.directory.channels.values() if room.name == "support-team"]
    team.members[slack.bot.id] = slack.bot
