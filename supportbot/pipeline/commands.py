"""Commands: what begins with ``/`` or ``!`` and goes on like a word."""

from __future__ import annotations

_LONGEST_COMMAND = 32


def command_in(text: str) -> tuple[str, str]:
    """Split ``/status T-1042`` or ``!status T-1042`` into its name and the rest; ("", "") is no command."""
    if text[:1] not in ("/", "!"):
        return "", ""
    head, _, rest = text[1:].replace("\n", " \n", 1).partition(" ")
    name = head.strip().lower()
    if not name or len(name) > _LONGEST_COMMAND or not name.replace("_", "").replace("-", "").isalpha():
        return "", ""
    return name, rest.strip()
