"""``users.*`` and ``usergroups.*``: the people."""

from __future__ import annotations

from supportbot.testing.slack.web_api.request import Method, Request, page
from supportbot.testing.slack.wire import Json, Refused
from supportbot.testing.slack.workspaces import User, UserGroup


def _record(request: Request, user: User) -> Json:
    stranger = request.slack.directory.stranger(user, request.bot)
    return user.record(stranger=stranger, with_email="users:read.email" in request.workspace.scopes)


def info(request: Request) -> Json:
    """Describe one person."""
    return {"user": _record(request, request.slack.directory.user(request.needed("user"), request.bot))}


def list_users(request: Request) -> Json:
    """List everybody in the workspace, and those of others who share a channel with it."""
    directory = request.slack.directory
    known = [user for user in directory.users.values() if directory.stranger(user, request.bot) is not True]
    shown, cursor = page(known, request, default=1000)
    return {"members": [_record(request, user) for user in shown], "response_metadata": {"next_cursor": cursor}}


def lookup_by_email(request: Request) -> Json:
    """Find a person of the workspace by address."""
    wanted = request.needed("email").lower()
    for user in request.slack.directory.users.values():
        if user.workspace is request.workspace and user.email == wanted and not user.deleted:
            return {"user": _record(request, user)}
    raise Refused("users_not_found")


def list_groups(request: Request) -> Json:
    """List the user groups."""
    shown = [group for group in _groups(request) if group.enabled or request.flag("include_disabled")]
    with_users, with_count = request.flag("include_users"), request.flag("include_count")
    return {"usergroups": [group.record(with_users=with_users, with_count=with_count) for group in shown]}


def list_group_members(request: Request) -> Json:
    """List who is in a user group."""
    wanted = request.needed("usergroup")
    for group in _groups(request):
        if group.id == wanted and (group.enabled or request.flag("include_disabled")):
            return {"users": [user.id for user in group.members]}
    raise Refused("no_such_subteam")


def _groups(request: Request) -> list[UserGroup]:
    return [group for group in request.slack.directory.groups.values() if group.workspace is request.workspace]


METHODS = {
    "users.info": Method(info, ("users:read",)),
    "users.list": Method(list_users, ("users:read",)),
    "users.lookupByEmail": Method(lookup_by_email, ("users:read.email",)),
    "usergroups.list": Method(list_groups, ("usergroups:read",)),
    "usergroups.users.list": Method(list_group_members, ("usergroups:read",)),
}
