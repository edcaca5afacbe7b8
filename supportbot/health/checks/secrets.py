"""Where the secrets are, and who may read them."""

from __future__ import annotations

import os
import stat
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from supportbot.domain.finding import Finding
from supportbot.environment import FromEnvironment, read_environment
from supportbot.errors import ConfigurationError
from supportbot.health.checks.base import Patient, ok, problem, warning
from supportbot.yaml_lines import read_yaml

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_SECRET_KEYS = ("token", "secret", "password")


async def check_secrets(patient: Patient) -> AsyncIterator[Finding]:
    """Look at the mode and the owner of .env, and for secrets that stand in the configuration itself."""
    yield _env_file(patient.folder / ".env")
    if patient.file is not None and patient.file.is_file():
        yield _literals(patient.file)


def _env_file(file: Path) -> Finding:
    try:
        status = file.stat()
    except FileNotFoundError:
        return ok("secrets.env", "there is no .env; secrets come from the process's environment")
    except OSError as error:
        return problem("secrets.env", f"{file} cannot be looked at ({error.strerror})", f"ls -l {file}")
    if os.name == "nt":
        return ok("secrets.env", f"{file} is there")
    if status.st_mode & _OTHERS:
        what = f"{file} can be opened by others (mode {stat.S_IMODE(status.st_mode):o})"
        return problem("secrets.env", what, f"chmod 600 {file}, and renew the tokens if others use this machine")
    if status.st_uid != os.getuid():
        return warning(
            "secrets.env", f"{file} belongs to another user", f"run the bot as its owner, or chown it: {file}"
        )
    return ok("secrets.env", f"{file} can be read by its owner alone")


def _literals(file: Path) -> Finding:
    try:
        data = read_yaml(file, read_environment(file.parent)).data
    except ConfigurationError:
        return warning("secrets.literal", f"{file} cannot be searched for secrets", "mend what is wrong with it first")
    if found := list(_literal_secrets(data, "")):
        todo = 'put each into .env, write "${NAME}" in its place, and renew it'
        return problem("secrets.literal", f"{file} has secrets in it: {', '.join(found)}", todo)
    return ok("secrets.literal", "no secret stands in the configuration")


def _literal_secrets(value: Any, where: str) -> Iterator[str]:
    """Name the keys whose value is a secret that did not come from the environment."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _literal_secrets(item, f"{where}.{key}" if where else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _literal_secrets(item, f"{where}[{index}]")
    elif isinstance(value, str) and not isinstance(value, FromEnvironment):
        key = where.rpartition(".")[2]
        is_address_with_password = "://" in value and ":" in value.partition("://")[2].rpartition("@")[0]
        if value and (key.endswith(_SECRET_KEYS) or is_address_with_password):
            yield where
