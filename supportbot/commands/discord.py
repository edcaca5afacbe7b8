"""The commands for Discord's side: how the bot comes to a server."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from supportbot.adapter_settings import DiscordSettings
from supportbot.commands.options import CONFIG, LATER, configured_before_tokens, not_configured
from supportbot.errors import ConfigurationError, TryLater

if TYPE_CHECKING:
    from supportbot.adapters.discord.invite import Invite

_PORTAL = "discord.com/developers/applications, your application"
_ONLY = {"agents": "only in the agents' channel", "topics": "only where people ask"}


@click.group()
def discord() -> None:
    """Bring the bot to a Discord server."""


@discord.command()
@CONFIG
@click.option("--application", metavar="ID", default="", help="The application's ID, where there is no token yet.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")
def invite(config_file: Path | None, application: str, as_json: bool) -> None:
    """Print the link that brings the bot to a server, with exactly the permissions that the configuration needs.

    Open it as somebody who may manage the server. When the configuration needs more, open it again: what the bot lacks
    is added.

    \b
    supportbot discord invite --config config.yaml
    supportbot discord invite --config config.yaml --json | jq -r .url
    """
    from supportbot.adapters.discord.invite import invite as made  # noqa: PLC0415 - discord.py, loaded where it is used

    config = configured_before_tokens(config_file)
    settings = config.adapters.discord
    if settings is None:
        raise not_configured(config, "discord")
    if application and not application.isdecimal():
        raise click.UsageError(f"--application: an ID is digits; {_PORTAL}, General Information, Application ID")
    shown = made(settings, config.desk.channel_on("discord"), application or _asked(settings))
    click.echo(_as_json(shown) if as_json else _as_text(shown))


def _asked(settings: DiscordSettings) -> str:
    """Find the application's id by the token."""
    from supportbot.adapters.discord.invite import application_of  # noqa: PLC0415 - as above

    todo = f"or name it with --application: {_PORTAL}, General Information, Application ID"
    if settings.token.reveal().startswith(LATER):
        name = settings.token.reveal().removeprefix(LATER)
        raise ConfigurationError([f"{name} is not set; put a line {name}=… into .env beside the configuration, {todo}"])
    try:
        return asyncio.run(application_of(settings))
    except TryLater as error:
        raise ConfigurationError([f"{error}; try again, {todo}"]) from error


def _as_text(shown: Invite) -> str:
    lines = [shown.url, "", "Open it as somebody who may manage the server, choose the server, and press Authorize."]
    if shown.needed:
        lines += ["It asks for:", ""]
    else:
        lines += ["It asks for no permission: the bot only answers direct messages and commands."]
    has_both = len({place for _, places in shown.needed for place in places}) > 1
    for permission, places in shown.needed:
        only = f" ({_ONLY[places[0]]})" if has_both and len(places) == 1 else ""
        lines.append(f"  {permission.label:<26}{permission.why}{only}")
    return "\n".join(lines)


def _as_json(shown: Invite) -> str:
    needed = [
        {"permission": permission.name, "label": permission.label, "why": permission.why, "where": places}
        for permission, places in shown.needed
    ]
    asked = {"url": shown.url, "application": shown.application, "scopes": shown.scopes}
    return json.dumps({**asked, "permissions": shown.permissions.value, "needed": needed}, ensure_ascii=False)
