"""The app manifest: exactly the scopes, events and features that the configuration uses."""

from __future__ import annotations

from typing import Any

from supportbot.adapter_settings import SlackSettings
from supportbot.adapters.lengths import fitting
from supportbot.texts import Texts

SHORTCUT = "open_ticket"
"""The callback id of the message shortcut."""
LONGEST_NAME = 35
_LONGEST_SHORTCUT = 24
_LONGEST_DESCRIPTION = 140
"""What Slack takes of an app's name, a shortcut's and a description, in characters."""
_ALWAYS = (
    "app_mentions:read", "channels:history", "channels:read", "chat:write", "chat:write.customize", "commands",
    "files:read", "files:write", "groups:history", "groups:read", "im:history", "im:read", "im:write",
    "reactions:write", "team:read", "users:read",
)  # fmt: skip
_EVENTS = (
    "app_home_opened", "app_mention", "channel_rename", "channel_shared", "channel_unshared", "member_joined_channel",
    "member_left_channel", "message.channels", "message.groups", "message.im", "user_change",
)  # fmt: skip


def scopes(settings: SlackSettings) -> list[str]:
    """List the bot scopes that the configured features need."""
    needed = set(_ALWAYS)
    if settings.ticket_emoji:
        needed.add("reactions:read")
    if settings.agents:
        needed.add("usergroups:read")
    if settings.ai_threads:
        needed.add("assistant:write")
    return sorted(needed)


def events(settings: SlackSettings) -> list[str]:
    """List the events that the configured features listen to."""
    needed = set(_EVENTS)
    if settings.ticket_emoji:
        needed.add("reaction_added")
    if settings.agents:
        needed.add("subteam_members_changed")
    if settings.ai_threads:
        needed |= {"assistant_thread_started", "assistant_thread_context_changed"}
    return sorted(needed)


def manifest(settings: SlackSettings, texts: Texts, *, name: str = "Support", url: str = "") -> dict[str, Any]:
    """Describe the app; `url` is where http mode is reached from outside, as ``https://bot.example.com``."""
    is_http = settings.mode == "http"
    place = {"request_url": f"{url.rstrip('/')}{settings.path}"} if is_http else {}
    description = fitting(texts("slack.command_description"), _LONGEST_DESCRIPTION)
    command = {
        "command": settings.command,
        "description": description,
        "usage_hint": texts("slack.command_usage"),
        "should_escape": False,
        **({"url": place["request_url"]} if is_http else {}),
    }
    shortcut = {
        "name": fitting(texts("tickets.open_one"), _LONGEST_SHORTCUT),
        "type": "message",
        "callback_id": SHORTCUT,
        "description": fitting(texts("slack.shortcut_description"), _LONGEST_DESCRIPTION),
    }
    features: dict[str, Any] = {
        "app_home": {"home_tab_enabled": True, "messages_tab_enabled": True, "messages_tab_read_only_enabled": False},
        "bot_user": {"display_name": name, "always_online": True},
        "slash_commands": [command],
        "shortcuts": [shortcut],
    }
    if settings.ai_threads:
        features["assistant_view"] = {"assistant_description": description}
    return {
        "display_information": {"name": name, "description": description},
        "features": features,
        "oauth_config": {"scopes": {"bot": scopes(settings)}},
        "settings": {
            "event_subscriptions": {"bot_events": events(settings), **place},
            "interactivity": {"is_enabled": True, **place},
            "org_deploy_enabled": False,
            "socket_mode_enabled": not is_http,
            "token_rotation_enabled": False,
        },
    }
