"""A supportbot in a simulated Slack: the real adapter, real slack-bolt, over sockets or by signed requests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from supportbot.adapters.open import platforms_of
from supportbot.app import App, open_app
from supportbot.clock import SystemClock
from supportbot.config import load_config
from supportbot.testing.slack import SlackWorld

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
    slack: SlackWorld, folder: Path, agents: str, mode: str = "socket", **more: Any
) -> AsyncIterator[App]:
    """Run a bot that serves this Slack."""
    (folder / "faq.yaml").write_text(ARTICLES, "utf-8")
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
    secrets = {"BOT": slack.bot_token, "APP": slack.app_token, "SIGNING": slack.signing_secret}
    loaded = load_config(folder / "config.yaml", environment=secrets)
    app = await open_app(loaded, SystemClock(), platforms_of(loaded))
    try:
        await app.start()
        yield app
    finally:
        await app.stop()


OpenDesk = Callable[..., Awaitable[Desk]]


@pytest.fixture
async def open_desk(slack_world: SlackWorld, tmp_path: Path) -> AsyncIterator[OpenDesk]:
    """Open a desk with ada, who needs help, and sam of the team: ``desk = await open_desk(slack={...})``."""
    slack = slack_world
    ada, sam = slack.person("Ada"), slack.person("Sam")
    team, help_channel = slack.channel("support-team", [sam], private=True), slack.channel("help", [ada, sam])
    desk = Desk(slack, ada, sam, team, help_channel)
    async with AsyncExitStack() as stack:

        async def start(**more: Any) -> Desk:
            desk.app = await stack.enter_async_context(supported(slack, tmp_path, team.id, **more))
            if more.get("mode", "socket") == "socket":
                await slack.sockets.connected()
            return desk

        yield start
