"""The commands for Slack's side: what to give Slack when the app is made there."""

from __future__ import annotations

from pathlib import Path

import click
import yaml

from supportbot.commands.options import CONFIG, configured_before_tokens, not_configured
from supportbot.errors import ConfigurationError
from supportbot.texts import Texts


@click.group()
def slack() -> None:
    """Set up the app in Slack."""


@slack.command()
@CONFIG
@click.option("--name", default="Support", show_default=True, help="What the bot is called in Slack.")
@click.option("--url", default="", help="For mode: http: where Slack reaches the bot, as https://bot.example.com.")
def manifest(config_file: Path | None, name: str, url: str) -> None:
    """Print an app manifest with exactly the features and scopes that the configuration uses.

    Paste it at https://api.slack.com/apps under "Create New App", "From a manifest"; Slack gives you the tokens then.

    \b
    supportbot slack manifest --config config.yaml
    """
    from supportbot.adapters.slack.manifest import LONGEST_NAME  # noqa: PLC0415 - only where Slack is configured
    from supportbot.adapters.slack.manifest import manifest as made  # noqa: PLC0415 - as above

    config = configured_before_tokens(config_file)
    settings = config.adapters.slack
    if settings is None:
        raise not_configured(config, "slack")
    if not 0 < len(name) <= LONGEST_NAME:
        raise click.UsageError(f"--name: Slack takes names of 1 to {LONGEST_NAME} characters")
    if settings.mode == "http" and not url.startswith("https://"):
        raise ConfigurationError(["mode: http needs --url, where Slack reaches the bot, as https://bot.example.com"])
    shown = made(settings, Texts(config.texts), name=name, url=url)
    click.echo(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True), nl=False)
