"""What watches the bot: its health server, and the systemd unit that runs it."""

from __future__ import annotations

import asyncio
import http.client
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import msgspec

from supportbot.config import HealthSettings
from supportbot.domain.finding import Finding
from supportbot.errors import ConfigurationError
from supportbot.health.checks.base import Patient, ok, problem, warning
from supportbot.health.server import listen

SYSTEMD = Path("/run/systemd/system")
"""A folder that is there where systemd runs the machine."""
UNITS = (Path("/etc/systemd/system"), Path("~/.config/systemd/user"))
_WANTED = {
    "Type=notify": "systemd learns when the bot is ready",
    "WatchdogSec=": "a bot whose loop is held is restarted",
    "Restart=": "a bot that dies is started again",
    "RestartPreventExitStatus=2": "a wrong configuration is not tried again and again",
}
_PATIENCE = 5.0


async def check_service(patient: Patient) -> AsyncIterator[Finding]:
    """Ask the health server of a running bot, or see whether its port is free; then look at systemd's units."""
    if patient.config is None:
        return
    if patient.config.health is None:
        yield ok("health", "no health server is configured (health: {port: 8080} gives one)")
    else:
        for finding in await asyncio.to_thread(_server, patient.config.health, patient.file):
            yield finding
    for finding in _units():
        yield finding


def _server(settings: HealthSettings, file: Path | None) -> list[Finding]:
    place = f"{settings.host}:{settings.port}"
    answer = _ask(settings)
    if answer is None:
        try:
            listen(settings, file).close()
        except ConfigurationError as error:
            return [problem("health", error.problems[0], "the bot does not start before")]
        return [ok("health", f"{place} is free")]
    if "ready" not in answer:
        return [problem("health", f"something else answers on {place}", "give health.port another number")]
    found = [ok("health", f"a bot answers on {place} and is ready")]
    if not answer["ready"]:
        reasons = "; ".join(f"{reason['what']}: {reason['why']}" for reason in answer.get("reasons", ()))
        found = [problem("health", f"the bot on {place} is not ready: {reasons}", "look for these words in its log")]
    for skill in answer.get("switched_off", ()):
        todo = f"see the log; `/skills on {skill}` in the agents' channel tries it again"
        found.append(warning("skills.off", f"{skill} is switched off after failures", todo))
    return found


def _ask(settings: HealthSettings) -> dict[str, Any] | None:
    """Ask whether the bot is ready; None where nobody listens."""
    connection = http.client.HTTPConnection(settings.host, settings.port, timeout=_PATIENCE)
    try:
        connection.request("GET", "/readyz")
        return msgspec.json.decode(connection.getresponse().read(100_000), type=dict[str, Any])
    except ConnectionRefusedError:
        return None
    except (OSError, http.client.HTTPException, msgspec.MsgspecError):
        return {}
    finally:
        connection.close()


def _units() -> Iterator[Finding]:
    if not SYSTEMD.is_dir():
        return
    files = [file for folder in UNITS for file in sorted(folder.expanduser().glob("*.service"))]
    ours = [(file, text) for file in files if re.search(r"^ExecStart=.*supportbot", text := _text(file), re.MULTILINE)]
    for file, text in ours:
        missing = [f"{line} ({why})" for line, why in _WANTED.items() if f"\n{line}" not in text]
        if missing:
            yield warning("systemd", f"{file} lacks {'; '.join(missing)}", "docs/howto/operating.md shows a whole unit")
        else:
            yield ok("systemd", f"{file} is complete")
    if not ours:
        yield ok("systemd", "no unit runs supportbot here; docs/howto/operating.md shows one")


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""
