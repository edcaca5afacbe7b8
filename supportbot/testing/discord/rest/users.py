"""Users, the gateway's address, and the application itself with its commands."""

from __future__ import annotations

from supportbot.testing.discord.application import GLOBAL
from supportbot.testing.discord.rest.request import Endpoint, Request
from supportbot.testing.discord.wire import Json, Refused


def gateway(request: Request) -> Json:
    """Tell where the gateway is."""
    return {"url": request.discord.gateway.url}


def gateway_bot(request: Request) -> Json:
    """Tell where the gateway is, how many shards to use, and how many sessions may still begin."""
    gate = request.discord.gateway
    return {"url": gate.url, "shards": gate.shards, "session_start_limit": gate.start_limit()}


def me(request: Request) -> Json:
    """Describe the bot."""
    return {**request.bot.record(), "verified": True, "mfa_enabled": True, "email": None, "flags": 0}


def user(request: Request) -> Json:
    """Describe somebody."""
    return request.discord.directory.user(request.path["user_id"]).record()


def my_guilds(request: Request) -> list[Json]:
    """List the guilds that the bot is in."""
    return [
        {
            "id": guild.id,
            "name": guild.name,
            "icon": None,
            "banner": None,
            "owner": False,
            "permissions": str(guild.base_permissions(request.bot)),
            "features": [],
        }
        for guild in request.discord.directory.guilds.values()
        if guild.has(request.bot)
    ]


def create_dm(request: Request) -> Json:
    """Open direct messages with somebody; whether they take any shows when something is sent."""
    person = request.discord.directory.user(str(request.arguments.get("recipient_id")))
    if person.bot:
        raise Refused(400, 50007, "Cannot send messages to this user")
    return request.discord.directory.direct(request.bot, person).record(request.bot)


def application(request: Request) -> Json:
    """Describe the application."""
    return request.discord.app.record()


def _scope(request: Request) -> str:
    if request.path["application_id"] != request.discord.app.id:
        raise Refused(403, 20012, "You are not authorized to perform this action on this application")
    if "guild_id" in request.path:
        return request.guild().id
    return GLOBAL


def commands(request: Request) -> list[Json]:
    """List the commands."""
    return request.discord.app.commands.get(_scope(request), [])


def overwrite_commands(request: Request) -> list[Json]:
    """Put other commands in the place of those there are."""
    return request.discord.app.set_commands(_scope(request), request.body or [])


def create_command(request: Request) -> Json:
    """Add a command."""
    return request.discord.app.add_command(_scope(request), request.arguments)


def _command(request: Request) -> Json:
    for command in commands(request):
        if command["id"] == request.path["command_id"]:
            return command
    raise Refused.unknown("application command")


def edit_command(request: Request) -> Json:
    """Change a command."""
    return request.discord.app.add_command(_scope(request), {**_command(request), **request.arguments})


def delete_command(request: Request) -> None:
    """Delete a command."""
    gone = _command(request)
    request.discord.app.commands[_scope(request)].remove(gone)


_GLOBAL = "/applications/{application_id}/commands"
_GUILD = "/applications/{application_id}/guilds/{guild_id}/commands"
ENDPOINTS = (
    Endpoint("GET", "/gateway", "Get Gateway", gateway),
    Endpoint("GET", "/gateway/bot", "Get Gateway Bot", gateway_bot),
    Endpoint("GET", "/users/@me", "Get Current User", me),
    Endpoint("GET", "/users/@me/guilds", "Get Current User Guilds", my_guilds),
    Endpoint("POST", "/users/@me/channels", "Create DM", create_dm),
    Endpoint("GET", "/users/{user_id}", "Get User", user),
    Endpoint("GET", "/applications/@me", "Get Current Application", application),
    Endpoint("GET", "/oauth2/applications/@me", "Get Current Bot Application Information", application),
    Endpoint("GET", _GLOBAL, "Get Global Application Commands", commands),
    Endpoint("PUT", _GLOBAL, "Bulk Overwrite Global Application Commands", overwrite_commands),
    Endpoint("POST", _GLOBAL, "Create Global Application Command", create_command),
    Endpoint("GET", _GLOBAL + "/{command_id}", "Get Global Application Command", _command),
    Endpoint("PATCH", _GLOBAL + "/{command_id}", "Edit Global Application Command", edit_command),
    Endpoint("DELETE", _GLOBAL + "/{command_id}", "Delete Global Application Command", delete_command),
    Endpoint("GET", _GUILD, "Get Guild Application Commands", commands),
    Endpoint("PUT", _GUILD, "Bulk Overwrite Guild Application Commands", overwrite_commands),
    Endpoint("POST", _GUILD, "Create Guild Application Command", create_command),
    Endpoint("GET", _GUILD + "/{command_id}", "Get Guild Application Command", _command),
    Endpoint("PATCH", _GUILD + "/{command_id}", "Edit Guild Application Command", edit_command),
    Endpoint("DELETE", _GUILD + "/{command_id}", "Delete Guild Application Command", delete_command),
)
