"""The manifest is what a team has to give Slack before Slack gives it any token."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from supportbot.commands.slack import manifest

CONFIG = """
adapters: {slack: {bot_token: "${BOT}", app_token: "${APP}"}}
desk: {agents_channel: "slack:${CHANNEL}"}
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "bot.yaml"
    file.write_text(CONFIG, "utf-8")
    return file


def test_it_is_printed_before_there_are_tokens(config: Path) -> None:
    printed = CliRunner().invoke(manifest, ["--config", str(config)])
    assert printed.exit_code == 0
    assert yaml.safe_load(printed.output)["settings"]["socket_mode_enabled"] is True


def test_it_is_printed_before_any_of_several_workspaces_has_its_token(config: Path) -> None:
    config.write_text(CONFIG.replace("app_token:", 'workspaces: {acme: "${ACME}"}, app_token:'), "utf-8")
    assert CliRunner().invoke(manifest, ["--config", str(config)]).exit_code == 0


def test_what_stands_in_the_secrets_file_is_read_all_the_same(config: Path) -> None:
    config.write_text(CONFIG.replace("app_token:", 'mode: "${MODE}", signing_secret:'), "utf-8")
    (config.parent / ".env").write_text("MODE=http\n", "utf-8")
    printed = CliRunner().invoke(manifest, ["--config", str(config), "--url", "https://bot.example.com"])
    assert "https://bot.example.com" in printed.output


def test_other_mistakes_are_still_told(config: Path) -> None:
    config.write_text(f"{CONFIG}colour: red\n", "utf-8")
    assert "colour: unknown key" in str(CliRunner().invoke(manifest, ["--config", str(config)]).exception)
