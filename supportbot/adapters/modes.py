"""Modes: in which messages of a channel the bot takes part, as the configuration says it of names and patterns."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase

from supportbot.adapter_settings import ChannelMode


def mode_of(name: str, modes: Mapping[str, ChannelMode], *, is_shared: bool = False) -> ChannelMode:
    """Choose among the configured modes: the channel's own, the first pattern that fits, ``shared``, ``default``."""
    if name in modes and name not in ("shared", "default"):
        return modes[name]
    for pattern, mode in modes.items():
        if pattern not in ("shared", "default") and fnmatchcase(name, pattern):
            return mode
    fallback = modes.get("default", "mention")
    return modes.get("shared", fallback) if is_shared else fallback
