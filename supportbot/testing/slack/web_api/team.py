"""``auth.test``, ``team.info`` and ``bots.info``: who the app is, and where."""

from __future__ import annotations

from supportbot.testing.slack.backstage import APP_ID
from supportbot.testing.slack.web_api.request import Method, Request
from supportbot.testing.slack.wire import Json, Refused


def api_test(request: Request) -> Json:
    """Answer, so that an app can see that it is heard."""
    return {"args": request.arguments}


def auth_test(request: Request) -> Json:
    """Say whose token this is."""
    return {
        "url": f"https://{request.workspace.domain}.slack.com/",
        "team": request.workspace.name,
        "user": request.bot.name,
        "team_id": request.workspace.id,
        "user_id": request.bot.id,
        "bot_id": request.bot.bot_id,
        "is_enterprise_install": False,
    }


def team_info(request: Request) -> Json:
    """Describe the workspace, or one with which it shares a channel."""
    wanted = request.text("team") or request.workspace.id
    channels = request.slack.directory.channels.values()
    for workspace in request.slack.directory.workspaces.values():
        if workspace.id == wanted:
            together = any(room.open_to(workspace) and room.open_to(request.workspace) for room in channels)
            if workspace is request.workspace or together:
                return {"team": workspace.record()}
    raise Refused("team_not_found")


def bots_info(request: Request) -> Json:
    """Describe a bot."""
    wanted = request.text("bot") or request.bot.bot_id
    for user in request.slack.directory.users.values():
        if user.bot_id == wanted:
            return {"bot": {**user.bot_profile(APP_ID), "user_id": user.id}}
    raise Refused("bot_not_found")


METHODS = {
    "api.test": Method(api_test),
    "auth.test": Method(auth_test),
    "team.info": Method(team_info, ("team:read",)),
    "bots.info": Method(bots_info, ("users:read",)),
}
