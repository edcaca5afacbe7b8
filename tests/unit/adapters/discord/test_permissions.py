"""Which permissions a configuration needs, and that it asks for no other."""

from __future__ import annotations

from typing import Any

import pytest

from supportbot.adapter_settings import DiscordSettings
from supportbot.adapters.discord.permissions import PERMISSIONS, needed, needed_in
from supportbot.settings import Secret

ALL = {
    *("view_channel", "send_messages", "create_public_threads", "send_messages_in_threads", "create_private_threads"),
    *("manage_threads", "read_message_history", "attach_files", "add_reactions"),
}


def settings(**more: Any) -> DiscordSettings:
    return DiscordSettings(token=Secret("t"), **more)


def names(agents_channel: str = "", **more: Any) -> set[str]:
    return {permission.name for permission, _ in needed(settings(**more), agents_channel)}


def test_nothing_is_asked_for_that_a_support_bot_has_no_use_for() -> None:
    assert {permission.name for permission in PERMISSIONS} == ALL


@pytest.mark.parametrize(
    ("agents_channel", "more", "left_out"),
    [
        ("1", {"help_channels": ("2",)}, set[str]()),
        ("1", {}, set[str]()),  # it takes part where it is mentioned
        ("", {"help_channels": ("2",)}, set[str]()),
        ("", {"help_channels": ("2",), "answers": "reply"}, {"create_public_threads"}),
        ("1", {"help_channels": ("2",), "answers": "reply"}, set[str]()),  # cases have threads all the same
        ("1", {"channels": {"default": "never"}}, {"create_private_threads"}),
        ("", {"channels": {"default": "never"}}, ALL),
        ("", {"channels": {"default": "never", "help-*": "always"}}, set[str]()),
    ],
)
def test_what_is_asked_for_follows_the_configuration(
    agents_channel: str, more: dict[str, Any], left_out: set[str]
) -> None:
    assert names(agents_channel, **more) == ALL - left_out


def test_a_forum_needs_no_permission_to_post_in_it_and_has_no_private_threads() -> None:
    wanted = {permission.name for permission in needed_in("forum", settings())}
    assert wanted == ALL - {"send_messages", "create_public_threads", "create_private_threads"}


def test_each_permission_says_where_it_is_needed() -> None:
    where = {permission.name: places for permission, places in needed(settings(), "1")}
    assert where["view_channel"] == ["agents", "topics"]
    assert where["create_private_threads"] == ["topics"]
