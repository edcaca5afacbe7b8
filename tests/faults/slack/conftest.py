"""A bot in a simulated Slack on a bad day: the real adapter, real slack-bolt, over sockets or by signed requests."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import yaml

from supportbot import Skill
from supportbot.adapters.slack.adapter import Slack
from supportbot.app import App, open_app
from supportbot.clock import Clock, SystemClock
from supportbot.config import Config, load_config
from supportbot.testing.slack import Channel, Message, SlackWorld
from supportbot.texts import Texts
from tests.faults.platforms.skills import ARTICLES

MODES = ("socket", "http")
MANY = 1_000_000
"""A limit of floods that nobody reaches."""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def configuration(
    world: SlackWorld, folder: Path, agents: str, mode: str = "socket", skills: Sequence[Any] = (), **more: Any
) -> Config:
    """Write and read a configuration; in HTTP mode this Slack then tells the bot things there."""
    port = free_port() if mode == "http" else 3000
    if mode == "http":
        world.deliver_to(f"http://127.0.0.1:{port}/slack/events")
    (folder / "faq.yaml").write_text(ARTICLES, "utf-8")
    secrets = {"BOT": world.bot_token, "APP": world.app_token, "SIGNING": world.signing_secret}
    secrets |= more.pop("secrets", {})
    config = {
        "storage": {"url": more.pop("storage", "sqlite:bot.db")},
        "adapters": {
            "slack": {
                "mode": mode,
                "bot_token": "${BOT}",
                "app_token": "${APP}",
                "signing_secret": "${SIGNING}",
                "api_url": world.api_url,
                "port": port,
                "channels": {"help": "always"},
                **more.pop("slack", {}),
            }
        },
        "desk": {"agents_channel": f"slack:{agents}", **more.pop("desk", {})},
        "limits": {"messages_per_person": MANY, "messages_per_channel": MANY, **more.pop("limits", {})},
        "skills": list(skills),
        **more,
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config), "utf-8")
    (folder / ".env").write_text("".join(f"{name}={value}\n" for name, value in secrets.items()), "utf-8")
    return load_config(folder / "config.yaml", environment=secrets)


@asynccontextmanager
async def serving(
    world: SlackWorld,
    folder: Path,
    agents: str,
    *,
    mode: str = "socket",
    clock: Clock | None = None,
    own: Sequence[Skill[Any]] = (),
    adapter: type[Slack] = Slack,
    watch: bool = True,
    **more: Any,
) -> AsyncIterator[App]:
    """Run a bot that serves this Slack; `own` are skills put before the listed ones, `adapter` a Slack of the test."""
    config = configuration(world, folder, agents, mode, **more)
    settings = config.adapters.slack
    assert settings is not None
    app = await open_app(
        config,
        clock or SystemClock(),
        [lambda its: adapter(settings, agents, Texts(config.texts), its)],
        skills=own,
    )
    try:
        await app.start(watch=watch)
        if mode == "socket":
            await world.sockets.connected()
        yield app
    finally:
        await app.stop()


def said(channel: Channel) -> list[Message]:
    """List what the bot said in a channel, oldest first."""
    return [message for message in channel.heard if message.author.is_app and not message.deleted]


async def told(slack: SlackWorld) -> None:
    """Wait until everything is acknowledged, also what is still on its way."""
    await slack.until(lambda: None if slack.deliveries.waiting() else True, "everything was acknowledged")


async def answered(slack: SlackWorld, app: App) -> None:
    """Wait until all is acknowledged, dealt with and said."""
    await told(slack)
    await app.bot.crew.idle()
