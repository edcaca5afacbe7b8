"""The invite command: what an operator reads before the bot is anywhere."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from supportbot.commands.discord import invite
from supportbot.errors import ConfigurationError

CONFIG = """
adapters: {discord: {token: "${DISCORD_TOKEN}", api_url: "http://127.0.0.1:9"}}
desk: {agents_channel: "discord:${CHANNEL}"}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "bot.yaml"
    file.write_text(CONFIG, "utf-8")
    return file


def run(config: Path, *more: str) -> Result:
    return CliRunner().invoke(invite, ["--config", str(config), *more])


def test_the_link_comes_first_and_each_permission_says_why(config: Path) -> None:
    printed = run(config, "--application", "42").output.splitlines()
    assert printed[0].startswith("https://discord.com/oauth2/authorize?client_id=42&")
    assert any("Create Private Threads" in line and "to go on alone" in line for line in printed)


def test_scripts_get_one_object(config: Path) -> None:
    shown = json.loads(run(config, "--application", "42", "--json").output)
    assert set(shown) == {"url", "application", "scopes", "permissions", "needed"}
    assert shown["scopes"] == ["bot", "applications.commands"]
    assert f"permissions={shown['permissions']}" in shown["url"]
    assert shown["needed"][0]["permission"] == "view_channel"


def test_agents_on_another_platform_need_nothing_on_discord(config: Path) -> None:
    config.write_text(
        CONFIG.replace("discord:${CHANNEL}", "console").replace("adapters: {", "adapters: {console: {}, ")
    )
    shown = json.loads(run(config, "--application", "42", "--json").output)
    assert {place for permission in shown["needed"] for place in permission["where"]} == {"topics"}


def test_without_a_token_it_says_where_the_application_is_found(config: Path) -> None:
    error = run(config).exception
    assert isinstance(error, ConfigurationError)
    assert "DISCORD_TOKEN is not set" in str(error)
    assert "General Information, Application ID" in str(error)


def test_where_neither_discord_nor_the_token_tells_it_says_what_to_do(config: Path) -> None:
    (config.parent / ".env").write_text("DISCORD_TOKEN=xyzzy-4711\n", "utf-8")
    error = run(config).exception
    assert isinstance(error, ConfigurationError)
    assert "--application" in str(error)
    assert "xyzzy" not in str(error)


def test_a_configuration_without_discord_is_told(config: Path) -> None:
    config.write_text("adapters: {console: {}}\n", "utf-8")
    assert "adapters.discord is missing" in str(run(config).exception)


def test_an_application_is_digits(config: Path) -> None:
    assert run(config, "--application", "supportbot").exit_code == 2
