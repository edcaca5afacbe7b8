"""Across platforms: people on the console are served from Slack, and people in Slack from the console."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import yaml

from supportbot.adapters.console import AGENTS, Console
from supportbot.adapters.open import platforms_of
from supportbot.app import App, open_app
from supportbot.clock import SystemClock
from supportbot.config import load_config
from supportbot.domain.file import File
from supportbot.testing.slack import SlackWorld
from tests.scenarios.terminal import Terminal

Open = Callable[[str], Awaitable[Terminal]]


@pytest.fixture
async def opened(slack_world: SlackWorld, tmp_path: Path) -> AsyncIterator[Open]:
    """Open a bot on both platforms, with its agents in the given channel."""
    slack, terminal = slack_world, Terminal(slack_world)
    async with AsyncExitStack() as stack:

        async def start(agents: str) -> Terminal:
            terminal.app = app = await _app(terminal, slack, tmp_path, agents)
            stack.push_async_callback(app.stop)
            await app.start()
            await slack.sockets.connected()
            return terminal

        yield start


async def _app(terminal: Terminal, slack: SlackWorld, folder: Path, agents: str) -> App:
    tokens = {"bot_token": "${BOT}", "app_token": "${APP}", "api_url": slack.api_url}
    settings = {
        "storage": {"url": "sqlite:bot.db"},
        "adapters": {"console": {}, "slack": tokens},
        "desk": {"agents_channel": agents},
        "skills": ["greeting", "tickets", "handoff", {"survey": {"delay": "0s"}}, "help"],
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(settings), "utf-8")
    secrets = {"BOT": slack.bot_token, "APP": slack.app_token}
    config = load_config(folder / "config.yaml", environment=secrets)
    clock = SystemClock()
    terminal.console = Console(terminal.show, clock)
    return await open_app(config, clock, [lambda _: terminal.console, *platforms_of(config)])


async def test_somebody_on_the_console_is_served_from_slack(slack_world: SlackWorld, opened: Open) -> None:
    sam = slack_world.person("Sam")
    team = slack_world.channel("support-team", [sam], private=True)
    terminal = await opened(f"slack:{team.id}")

    await terminal.says("ada", "I want to talk to a human")
    card = await sam.sees("ada would like to talk to a person", team)
    await terminal.sees("T-1001", "ada")
    await sam.presses("Claim", on=card)
    await terminal.sees("sam is with you now", "ada")
    assert await sam.sees("Claimed by sam", team) is card

    written = await sam.writes(team, "Hello *Ada*, pres it", thread=card)
    assert (await terminal.sees("Hello *Ada*, pres it", "ada"))["from"] == "sam"
    await sam.edits(written, "Hello Ada, press it")
    await terminal.sees("sam changed that to: Hello Ada, press it", "ada")
    await sam.deletes(written)
    await terminal.sees("sam took back: Hello Ada, press it", "ada")

    said = await terminal.says("ada", "It is lcked")
    shown = await sam.sees("It is lcked", team, thread=card)
    await terminal.changes(said, "It is locked")
    assert await sam.sees("It is locked", team, thread=card) is shown
    await terminal.changes(said, kind="delete")
    await slack_world.until(lambda: shown.deleted or None, "what ada took back is gone")

    await sam.uploads(team, "label.pdf", b"%PDF", thread=card)
    assert (await terminal.sees("label.pdf", "ada"))["files"][0]["name"] == "label.pdf"
    kept = await terminal.app.store.put_file(b"a photo")
    await terminal.says("ada", "like this", files=(File(kept, "photo.jpg", "image/jpeg", 7),))
    await sam.sees("like this", team, thread=card)
    await slack_world.until(
        lambda: any(message.files for message in sam.reads(team, thread=card) if message.author.is_app) or None,
        "sam has the photo",
    )

    await sam.presses("Solve", on=card)
    await terminal.sees("How did we do with T-1001?", "ada")
    await terminal.presses("ada", "1 – bad")
    await sam.sees("rated it 1 of 5", team, thread=card)
    assert not [call for call in slack_world.world_log.calls() if not call.ok]


async def test_somebody_in_slack_is_served_from_the_console(slack_world: SlackWorld, opened: Open) -> None:
    ada = slack_world.person("Ada")
    terminal = await opened("console")

    await ada.dm("I want to talk to a human")
    await ada.sees("T-1001")
    case = (await terminal.sees("ada would like to talk to a person", AGENTS))["conversation"]
    await terminal.presses("sam", "Claim", role="agent", case=case)
    await ada.sees("sam is with you now")

    said = await terminal.says("sam", "Pres it", role="agent", case=case)
    relayed = await ada.sees("Pres it")
    await terminal.sees("Sent to ada.", AGENTS)
    await terminal.changes(said, "Press it")
    assert await ada.sees("Press it") is relayed
    await terminal.changes(said, kind="delete")
    await slack_world.until(lambda: relayed.deleted or None, "what sam took back is gone")

    written = await ada.dm("It is lcked")
    await terminal.sees("**ada:** It is lcked", AGENTS)
    await ada.edits(written, "It is locked")
    await terminal.sees("**ada** changed that to: It is locked", AGENTS)
    await ada.deletes(written)
    await terminal.sees("**ada** took back: It is locked", AGENTS)

    await ada.uploads(ada.direct, "photo.jpg", b"a photo")
    assert (await terminal.sees("(files: 1)", AGENTS))["files"][0]["name"] == "photo.jpg"
    await terminal.says("sam", "// rings twice", role="agent", case=case)
    await terminal.says("sam", "/solve T-1001 Unlocked!", role="agent")
    await ada.sees("Unlocked!")
    await ada.sees("How did we do with T-1001?")
    assert not any("rings twice" in message for message in ada.reads())
    assert not [call for call in slack_world.world_log.calls() if not call.ok]


async def test_agents_of_slack_are_nobody_special_where_the_team_works_on_the_console(
    slack_world: SlackWorld, opened: Open
) -> None:
    ada = slack_world.person("Ada")
    await opened("console")
    await ada.dm("/queue")
    await ada.sees("only the support team can do that")


async def test_a_slack_that_is_away_at_the_first_start_keeps_nobody_else_waiting(
    slack_world: SlackWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("supportbot.presence.PAUSES", (0.01,))
    sam = slack_world.person("Sam")
    team = slack_world.channel("support-team", [sam], private=True)
    terminal = Terminal(slack_world)
    slack_world.trouble.breaks("auth.test", times=None)
    terminal.app = app = await _app(terminal, slack_world, tmp_path, f"slack:{team.id}")
    try:
        await app.start()
        await terminal.says("ada", "I want to talk to a human")
        await terminal.sees("T-1001", "ada")
        assert set(app.down) == {"slack"}

        slack_world.trouble.ends()
        card = await sam.sees("ada would like to talk to a person", team)
        await sam.presses("Claim", on=card)
        await terminal.sees("sam is with you now", "ada")
    finally:
        await app.stop()
