"""The manifest, held to Slack's own rules for manifests."""

from __future__ import annotations

from typing import Any

import pytest

from supportbot.adapter_settings import SlackSettings
from supportbot.adapters.slack.manifest import events, manifest, scopes
from supportbot.settings import Secret
from supportbot.testing.slack.backstage import SCOPES
from supportbot.testing.slack.events import SUBSCRIPTIONS
from supportbot.texts import Texts

EVERYTHING = {"ticket_emoji": "ticket", "agents": "S0SUPPORT", "ai_threads": True}
NEEDED_FOR = {
    "app_mention": {"app_mentions:read"},
    "message.channels": {"channels:history"},
    "message.groups": {"groups:history"},
    "message.im": {"im:history"},
    "member_joined_channel": {"channels:read", "groups:read"},
    "member_left_channel": {"channels:read", "groups:read"},
    "channel_rename": {"channels:read"},
    "channel_shared": {"channels:read", "groups:read"},
    "channel_unshared": {"channels:read", "groups:read"},
    "user_change": {"users:read"},
    "reaction_added": {"reactions:read"},
    "subteam_members_changed": {"usergroups:read"},
    "assistant_thread_started": {"assistant:write"},
    "assistant_thread_context_changed": {"assistant:write"},
    "app_home_opened": set[str](),
}
"""The scopes that Slack wants for each event."""


def settings(**more: Any) -> SlackSettings:
    return SlackSettings(bot_token=Secret("xoxb-1"), app_token=Secret("xapp-1"), signing_secret=Secret("s"), **more)


@pytest.mark.parametrize("more", [{}, EVERYTHING])
def test_every_event_has_the_scopes_that_slack_wants_for_it(more: dict[str, Any]) -> None:
    wanted = {scope for event in events(settings(**more)) for scope in NEEDED_FOR[event]}
    assert wanted <= set(scopes(settings(**more)))


def test_scopes_and_events_are_there_for_what_is_configured_and_for_nothing_else() -> None:
    plain, all_of_it = settings(), settings(**EVERYTHING)
    extra = set(scopes(all_of_it)) - set(scopes(plain))
    assert extra == {"reactions:read", "usergroups:read", "assistant:write"}
    assert set(scopes(all_of_it)) <= set(SCOPES)
    assert set(events(all_of_it)) <= SUBSCRIPTIONS
    assert not {scope for scope in scopes(all_of_it) if scope.startswith(("admin", "users:read.email", "mpim"))}


def test_socket_mode_has_no_addresses() -> None:
    made = manifest(settings(), Texts())
    assert made["settings"]["socket_mode_enabled"] is True
    assert "request_url" not in str(made)
    assert "url" not in made["features"]["slash_commands"][0]


def test_http_mode_has_one_address_for_everything() -> None:
    made = manifest(settings(mode="http", path="/in"), Texts(), url="https://bot.example.com/")
    place = "https://bot.example.com/in"
    assert made["settings"]["event_subscriptions"]["request_url"] == place
    assert made["settings"]["interactivity"]["request_url"] == place
    assert made["features"]["slash_commands"][0]["url"] == place
    assert made["settings"]["socket_mode_enabled"] is False


def test_a_teams_own_long_sentences_are_cut_to_what_slack_takes() -> None:
    long = Texts({"tickets.open_one": "x" * 90, "slack.command_description": "y " * 300})
    made = manifest(settings(ai_threads=True), long)
    shortcut, command = made["features"]["shortcuts"][0], made["features"]["slash_commands"][0]
    assert len(shortcut["name"]) <= 24
    assert len(command["description"]) <= 140
    assert len(made["display_information"]["description"]) <= 140


def test_the_slash_command_is_the_configured_one() -> None:
    made = manifest(settings(command="/help-desk"), Texts())
    assert made["features"]["slash_commands"][0]["command"] == "/help-desk"
