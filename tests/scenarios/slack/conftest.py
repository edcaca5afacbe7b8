"""A supportbot in a simulated Slack: the real adapter, real slack-bolt, over sockets or by signed requests."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from supportbot.adapter_settings import SlackSettings
from supportbot.adapters.open import platforms_of
from supportbot.adapters.slack.manifest import events, scopes
from supportbot.app import App, open_app
from supportbot.clock import SystemClock
from supportbot.config import load_config
from supportbot.testing.slack import SlackWorld
from supportbot.testing.slack.backstage import SCOPES

ARTICLES = """\
- id: password
  question: How do I reset my password?
  alternatives: [I forgot my password, password reset]
  answer: |
    Open **Settings**, then *Security*, and press `Reset password`.
- id: invoice
  question: Where do I find my invoices?
  alternatives: [download an invoice, billing documents]
  answer: "Under [Billing](https://example.com/billing)."
"""

SKILLS = ["greeting", {"faq": {"sources": ["faq.yaml"]}}, "tickets", "handoff", {"survey": {"delay": "0s"}}, "help"]


@dataclass
class Desk:
    """The Slack of a team: its people, its channels, and the bot."""

    slack: SlackWorld
    ada: Any
    sam: Any
    team: Any
    help: Any
    app: App | None = None


@asynccontextmanager
async def supported(
    slack: SlackWorld, folder: Path, agents: str, /, mode: str = "socket", **more: Any
) -> AsyncIterator[App]:
    """Run a bot that serves this Slack."""
    (folder / "faq.yaml").write_text(ARTICLES, "utf-8")
    secrets = more.pop("secrets", {})
    config = {
        "storage": {"url": "sqlite:bot.db"},
        "adapters": {
            "slack": {
                "mode": mode,
                "bot_token": "${BOT}",
                "app_token": "${APP}",
                "signing_secret": "${SIGNING}",
                "api_url": slack.api_url,
                "port": more.pop("port", 3000),
                "channels": {"help": "always"},
                **more.pop("slack", {}),
            }
        },
        "desk": {"agents_channel": f"slack:{agents}", **more.pop("desk", {})},
        "skills": SKILLS,
        **more,
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config), "utf-8")
    secrets = {"BOT": slack.bot_token, "APP": slack.app_token, "SIGNING": slack.signing_secret, **secrets}
    loaded = load_config(folder / "config.yaml", environment=secrets)
    grant_what_the_manifest_asks(slack, loaded.adapters.slack)
    app = await open_app(loaded, SystemClock(), platforms_of(loaded))
    try:
        await app.start()
        yield app
        lacking = [str(call) for call in slack.world_log.calls(ok=False) if call.error == "missing_scope"]
        assert not lacking, "the manifest lacks the scopes of these"
    finally:
        if app.phase != "stopping":  # the test has stopped it
            await app.stop()


def grant_what_the_manifest_asks(slack: SlackWorld, settings: SlackSettings | None) -> None:
    """Let the app do, and hear of, exactly what its manifest says."""
    assert settings is not None
    assert set(scopes(settings)) <= set(SCOPES), "the simulator does not know all the scopes"
    installed = [workspace.scopes for workspace in slack._backstage.directory.workspaces.values() if workspace.bot]
    for granted, wanted in (
        *((those, scopes(settings)) for those in installed),
        (slack.subscriptions, events(settings)),
    ):
        granted.clear()
        granted.update(wanted)


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def shown(words: str) -> str:
    """Read the bot's words as Slack shows them: code without its marks, and commands as they can be typed there."""
    return words.replace("`/", "!").replace("`", "")


OpenDesk = Callable[..., Awaitable[Desk]]


@pytest.fixture
async def open_desk(slack_world: SlackWorld, tmp_path: Path) -> AsyncIterator[OpenDesk]:
    """Open a desk with ada, who needs help, and sam of the team: ``desk = await open_desk(slack={...})``.

    Called again, after ``await desk.app.stop()``, it is the same desk; with ``starts=False`` there is no bot yet.
    """
    slack = slack_world
    ada, sam = slack.person("Ada"), slack.person("Sam")
    team, help_channel = slack.channel("support-team", [sam], private=True), slack.channel("help", [ada, sam])
    desk = Desk(slack, ada, sam, team, help_channel)
    async with AsyncExitStack() as stack:

        async def start(*, starts: bool = True, **more: Any) -> Desk:
            if not starts:
                return desk
            if more.get("mode") == "http":
                more.setdefault("port", free_port())
                slack.deliver_to(f"http://127.0.0.1:{more['port']}/slack/events")
            desk.app = await stack.enter_async_context(supported(slack, tmp_path, team.id, **more))
            if more.get("mode", "socket") == "socket":
                await slack.sockets.connected()
            return desk

        yield start
