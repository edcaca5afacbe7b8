"""Across platforms: people on Discord are served from Slack and from the console, and people in Slack from Discord."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from supportbot.adapters.console import AGENTS, Console
from supportbot.adapters.discord.adapter import Discord
from supportbot.adapters.open import platforms_of
from supportbot.app import App, open_app
from supportbot.clock import SystemClock
from supportbot.config import load_config
from supportbot.testing.discord import DiscordWorld
from supportbot.testing.slack import SlackWorld
from tests.scenarios.discord.conftest import QUICK
from tests.scenarios.terminal import Terminal

SKILLS = ["greeting", "tickets", "handoff", {"survey": {"delay": "0s"}}, "help"]


@dataclass
class Worlds:
    """Both platforms, with a requester and an agent on each, and one bot that serves them and the console."""

    discord: DiscordWorld
    slack: SlackWorld
    terminal: Terminal
    agents: Any
    """The agents' role on Discord."""
    app: App | None = None

    def refused(self) -> list[object]:
        """List what either platform refused."""
        return [*self.discord.world_log.calls(ok=False), *self.slack.world_log.calls(ok=False)]


Open = Callable[[str], Awaitable[Worlds]]


@pytest.fixture
async def worlds(slack_world: SlackWorld, discord_world: DiscordWorld) -> Worlds:
    """Open both platforms; nothing is served yet."""
    agents = discord_world.role("Agents")
    return Worlds(discord_world, slack_world, Terminal(discord_world), agents)


@pytest.fixture
async def opened(worlds: Worlds, tmp_path: Path) -> AsyncIterator[Open]:
    """Open a bot on all platforms, with its agents in the given channel."""
    async with AsyncExitStack() as stack:

        async def start(agents: str) -> Worlds:
            worlds.app = worlds.terminal.app = app = await _app(worlds, tmp_path, agents)
            stack.push_async_callback(app.stop)
            await app.start()
            await worlds.slack.sockets.connected()
            await worlds.discord.until(lambda: worlds.discord.commands or None, "the commands are there")
            return worlds

        yield start


async def _app(worlds: Worlds, folder: Path, agents: str) -> App:
    discord, slack = worlds.discord, worlds.slack
    help_channel = discord.channel("help")
    settings = {
        "storage": {"url": "sqlite:bot.db"},
        "adapters": {
            "console": {},
            "slack": {"bot_token": "${BOT}", "app_token": "${APP}", "api_url": slack.api_url},
            "discord": {
                "token": "${TOKEN}",
                "api_url": discord.api_url,
                "gateway_url": discord.gateway_url,
                "help_channels": [help_channel.id],
                "agent_roles": [worlds.agents.id],
            },
        },
        "desk": {"agents_channel": agents},
        "skills": SKILLS,
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(settings), "utf-8")
    secrets = {"BOT": slack.bot_token, "APP": slack.app_token, "TOKEN": discord.token}
    config, clock = load_config(folder / "config.yaml", environment=secrets), SystemClock()
    worlds.terminal.console = Console(worlds.terminal.show, clock)
    app = await open_app(config, clock, [lambda _: worlds.terminal.console, *platforms_of(config)])
    adapter = app.adapters["discord"]
    assert isinstance(adapter, Discord)
    adapter.gateway.patience = QUICK
    return app


async def test_somebody_on_discord_is_served_from_slack(worlds: Worlds, opened: Open) -> None:
    discord, slack = worlds.discord, worlds.slack
    ada, sam = discord.person("Ada"), slack.person("Sam")
    team = slack.channel("support-team", [sam], private=True)
    await opened(f"slack:{team.id}")

    await ada.dm("I want to talk to a human")
    assert "T-1001" in await ada.hears()
    card = await sam.sees("Ada would like to talk to a person", team)
    await sam.presses("Claim", on=card)
    await ada.sees("sam is with you now")
    assert await sam.sees("Claimed by sam", team) is card

    written = await sam.writes(team, "Hello *Ada*, pres it", thread=card)
    relayed = await ada.sees("Hello \\*Ada\\*, pres it")
    assert "sam" in relayed
    await slack.until(lambda: "white_check_mark" in written.reactions or None, "sam sees that it was sent")
    await sam.edits(written, "Hello Ada, press it")
    assert await ada.sees("Hello Ada, press it") is relayed
    assert "sam" in relayed
    await sam.deletes(written)
    await discord.until(lambda: relayed.deleted or None, "what sam took back is gone")

    said = await ada.dm("It is lcked")
    shown = await sam.sees("It is lcked", team, thread=card)
    await ada.edits(said, "It is locked")
    assert await sam.sees("It is locked", team, thread=card) is shown
    await ada.deletes(said)
    await slack.until(lambda: shown.deleted or None, "what ada took back is gone")

    await sam.uploads(team, "label.pdf", b"%PDF", thread=card)
    label = await ada.sees("label.pdf")
    assert [(file.name, file.data) for file in label.files] == [("label.pdf", b"%PDF")]
    await ada.uploads(ada.direct, "photo.jpg", b"a photo", "like this")
    await sam.sees("like this", team, thread=card)
    await slack.until(lambda: "photo.jpg" in _files(sam.reads(team, thread=card)) or None, "sam has the photo")
    await ada.types()  # which Slack cannot show

    await ada.closes_direct_messages()
    await sam.writes(team, "Hello?", thread=card)
    private = await ada.sees_thread()
    await ada.sees("Hello?", private)
    await sam.sees("takes no direct messages from me", team, thread=card)
    await sam.writes(team, "// do they read this?", thread=card)
    await ada.writes(private, "Here I am")
    await sam.sees("Here I am", team, thread=card)

    await sam.presses("Solve", on=card)
    await ada.sees("How did we do with T-1001?", private)
    await ada.presses("1")
    await sam.sees("rated it 1 of 5", team, thread=card)
    await ada.sees("What should have gone better?", private)
    await ada.writes(private, "nobody read what I wrote")
    await sam.sees("nobody read what I wrote", team)
    assert not any("do they read this" in message for message in [*ada.reads(), *ada.reads(private)])
    closed = worlds.refused()
    assert len(closed) == 1, closed  # the direct messages, once


async def test_somebody_in_slack_is_served_from_discord(worlds: Worlds, opened: Open) -> None:
    discord, slack = worlds.discord, worlds.slack
    ada, sam = slack.person("Ada"), discord.person("Sam", roles=[worlds.agents])
    team = discord.channel("support-team", only_for=[worlds.agents])
    await opened(f"discord:{team.id}")

    await ada.dm("I want to talk to a human")
    assert "T-1001" in await ada.hears()
    card = await sam.sees("ada would like to talk to a person", team)
    thread = await sam.sees_thread("T-1001")
    await sam.presses("Claim", on=card)
    await ada.sees("Sam is with you now")
    assert await sam.sees("Claimed by Sam", team) is card

    written = await sam.writes(thread, "Pres it")
    relayed = await ada.sees("Pres it")
    await discord.until(lambda: "✅" in written.reactions or None, "sam sees that it was sent")
    await sam.edits(written, "Press it")
    assert await ada.sees("Press it") is relayed
    await sam.deletes(written)
    await slack.until(lambda: relayed.deleted or None, "what sam took back is gone")

    said = await ada.dm("It is lcked")
    shown = await sam.sees("It is lcked", thread)
    await ada.edits(said, "It is locked")
    assert await sam.sees("It is locked", thread) is shown
    await ada.deletes(said)
    await discord.until(lambda: shown.deleted or None, "what ada took back is gone")

    await sam.uploads(thread, "label.pdf", b"%PDF", "Print this")
    await ada.sees("Print this")
    await slack.until(lambda: "label.pdf" in _files(ada.reads()) or None, "ada has the label")
    await ada.uploads(ada.direct, "photo.jpg", b"a photo", "like this")
    photo = await sam.sees("like this", thread)
    assert _files([photo]) == ["photo.jpg"]

    await sam.writes(thread, "// rings twice")
    await sam.runs("/solve", thread, words="Unlocked!")
    await ada.sees("Unlocked!")
    await ada.sees("How did we do with T-1001?")
    await ada.presses("5")
    await ada.sees("Thank you")
    assert not any("rings twice" in message for message in ada.reads())
    assert worlds.refused() == []


async def test_somebody_on_discord_is_served_from_the_console(worlds: Worlds, opened: Open) -> None:
    discord, terminal = worlds.discord, worlds.terminal
    ada = discord.person("Ada")
    await opened("console")

    await ada.dm("I want to talk to a human")
    assert "T-1001" in await ada.hears()
    case = (await terminal.sees("Ada would like to talk to a person", AGENTS))["conversation"]
    await terminal.presses("sam", "Claim", role="agent", case=case)
    await ada.sees("sam is with you now")

    said = await terminal.says("sam", "Pres it", role="agent", case=case)
    relayed = await ada.sees("Pres it")
    await terminal.sees("Sent to Ada.", AGENTS)
    await terminal.changes(said, "Press it")
    assert await ada.sees("Press it") is relayed
    await terminal.changes(said, kind="delete")
    await discord.until(lambda: relayed.deleted or None, "what sam took back is gone")

    await ada.types()
    written = await ada.dm("It is lcked")
    await terminal.sees("**Ada:** It is lcked", AGENTS)
    await ada.edits(written, "It is locked")
    await terminal.sees("**Ada** changed that to: It is locked", AGENTS)
    await ada.deletes(written)
    await terminal.sees("**Ada** took back: It is locked", AGENTS)
    await ada.uploads(ada.direct, "photo.jpg", b"a photo", "like this")
    assert (await terminal.sees("like this", AGENTS))["files"][0]["name"] == "photo.jpg"

    await ada.closes_direct_messages()
    await terminal.says("sam", "Hello?", role="agent", case=case)
    private = await ada.sees_thread()
    await ada.sees("Hello?", private)
    await terminal.sees("takes no direct messages from me", AGENTS)
    await terminal.says("sam", "// rings twice", role="agent", case=case)
    await terminal.says("sam", "/solve T-1001 Unlocked!", role="agent")
    await ada.sees("Unlocked!", private)
    await ada.sees("How did we do with T-1001?", private)
    await ada.presses("2")
    await terminal.sees("rated it 2 of 5", AGENTS)
    assert not any("rings twice" in message for message in ada.reads(private))


async def test_agents_of_one_platform_are_nobody_special_to_a_team_on_another_without_their_role(
    worlds: Worlds, opened: Open
) -> None:
    ada, sam = worlds.discord.person("Ada"), worlds.slack.person("Sam")
    team = worlds.slack.channel("support-team", [sam], private=True)
    await opened(f"slack:{team.id}")
    await ada.dm("/queue")
    await ada.sees("only the support team can do that")


def _files(messages: list[Any]) -> list[str]:
    return [file.name for message in messages for file in message.files]
