"""The companions of a bot that runs: who watches its loop, answers a monitor and tells systemd."""

from __future__ import annotations

from supportbot.app import Companion
from supportbot.config import Config
from supportbot.health.lag import LoopWatch
from supportbot.health.server import HealthServer
from supportbot.health.systemd import Systemd


def companions_of(config: Config) -> list[Companion]:
    """Choose those that the configuration and the environment ask for."""
    watch = LoopWatch()
    chosen: list[Companion] = [watch]
    if config.health:
        chosen.append(HealthServer(config.health, watch))
    if systemd := Systemd.found():
        chosen.append(systemd)
    return chosen
