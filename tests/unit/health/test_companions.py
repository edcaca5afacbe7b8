"""The companions of a bot: those that the configuration and the environment ask for."""

from __future__ import annotations

import pytest

from supportbot.config import Config, HealthSettings
from supportbot.health.companions import companions_of


def names(config: Config) -> list[str]:
    return [type(companion).__name__ for companion in companions_of(config)]


def test_only_what_is_asked_for_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert names(Config()) == ["LoopWatch"]
    assert names(Config(health=HealthSettings())) == ["LoopWatch", "HealthServer"]
    monkeypatch.setenv("NOTIFY_SOCKET", "/run/systemd/notify")
    assert names(Config()) == ["LoopWatch", "Systemd"]
