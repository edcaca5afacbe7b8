"""Make the adapters that a configuration names; each brings its platform's library, so only those are imported."""

from __future__ import annotations

from collections.abc import Callable

from supportbot.adapters.base import Adapter
from supportbot.clock import Clock
from supportbot.config import Config
from supportbot.texts import Texts


def platforms_of(config: Config) -> list[Callable[[Clock], Adapter]]:
    """Say how to make the adapter of each platform that is configured; the console is whoever runs it."""
    makers: list[Callable[[Clock], Adapter]] = []
    if config.adapters.slack:
        makers.append(lambda clock: _slack(config, clock))
    if config.adapters.discord:
        makers.append(lambda clock: _discord(config, clock))
    return makers


def _slack(config: Config, clock: Clock) -> Adapter:
    from supportbot.adapters.slack.adapter import Slack  # noqa: PLC0415 - slack-bolt, loaded where it is configured

    settings = config.adapters.slack
    if settings is None:
        raise TypeError("Slack is not configured")
    return Slack(settings, config.desk.channel_on("slack"), Texts(config.texts), clock)


def _discord(config: Config, clock: Clock) -> Adapter:
    from supportbot.adapters.discord.adapter import Discord  # noqa: PLC0415 - discord.py, loaded where it is configured

    settings = config.adapters.discord
    if settings is None:
        raise TypeError("Discord is not configured")
    return Discord(settings, config.desk.channel_on("discord"), Texts(config.texts), clock)
