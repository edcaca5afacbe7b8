"""Commands: what begins with ``/`` or ``!`` and goes on like a word."""

from __future__ import annotations

_LONGEST_COMMAND = 32


def command_in(text: str) -> tuple[str, str]:
    """Split ``/status T-1042`` or ``!status T-1042`` into its name and the rest; ("", "") is no command."""
    if text[:1] not in ("/", "!") or text[1:2].isspace():
        return "", ""
    head, *rest = text[1:].split(maxsplit=1) or [""]
    name = head.lower()
    if not name or len(name) > _LONGEST_COMMAND or not name.replace("_", "").replace("-", "").isalpha():
        return "", ""
    return name, rest[0].strip() if rest else ""
