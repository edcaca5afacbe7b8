"""The platforms: whether their tokens look right, and what each adapter itself finds when it looks at its rights."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from supportbot.config import Config
from supportbot.domain.finding import Finding
from supportbot.health.checks.base import Patient, ok, warning
from supportbot.settings import Secret
from supportbot.tokens import DISCORD, SLACK_APP, SLACK_BOT

_TOKENS = {("slack", "bot_token"): SLACK_BOT, ("slack", "app_token"): SLACK_APP, ("discord", "token"): DISCORD}


async def check_adapters(patient: Patient) -> AsyncIterator[Finding]:
    """Look at the tokens, then ask every adapter that is given for its own checks."""
    if patient.config is None:
        return
    looks = list(_looks(patient.config))
    for finding in looks:
        yield finding
    for name in patient.config.adapters.given:
        if not any(finding.name == f"adapters.{name}" for finding in looks):
            yield ok(f"adapters.{name}", f"{name} is configured")
    for make in patient.adapters:
        for finding in await make(patient.clock).checks():
            yield finding


def _looks(config: Config) -> Iterator[Finding]:
    for (adapter, key), token in _TOKENS.items():
        value = getattr(getattr(config.adapters, adapter), key, None)
        mistake = token.mistake(value.reveal()) if isinstance(value, Secret) else ""
        if mistake:
            todo = f"copy it again: {token.found}"
            yield warning(f"adapters.{adapter}", f"adapters.{adapter}.{key}: {mistake}", todo)
    for name, value in (config.adapters.slack.workspaces if config.adapters.slack else {}).items():
        if mistake := SLACK_BOT.mistake(value.reveal()):
            todo = "install the app in that workspace again, and put the token that comes of it into .env"
            yield warning("adapters.slack", f"adapters.slack.workspaces.{name}: {mistake}", todo)
