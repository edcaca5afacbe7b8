"""Guilds, their members and their roles."""

from __future__ import annotations

from supportbot.testing.discord.guilds import Member
from supportbot.testing.discord.rest.request import Endpoint, Request
from supportbot.testing.discord.wire import Json, Refused


def guild(request: Request) -> Json:
    """Describe a guild."""
    found = request.guild()
    counts = {"approximate_member_count": len(found.members), "approximate_presence_count": len(found.members)}
    return {**found.record(), **(counts if request.query.get("with_counts") else {})}


def channels(request: Request) -> list[Json]:
    """List the channels of a guild, without its threads."""
    found = request.guild()
    return [room.record(request.bot) for room in request.discord.directory.rooms(found)]


def active_threads(request: Request) -> Json:
    """List the threads that are open and that the bot sees."""
    open_ones = request.discord.directory.threads(request.guild())
    seen = [thread for thread in open_ones if thread.may(request.bot, "view_channel")]
    joined = [thread.member_record(request.bot) for thread in seen if request.bot.id in thread.members]
    return {"threads": [thread.record(request.bot) for thread in seen], "members": joined}


def create_channel(request: Request) -> Json:
    """Make a channel."""
    found = request.guild("manage_channels")
    kind = {0: "text", 4: "category", 15: "forum"}.get(int(request.arguments.get("type") or 0), "text")
    room = request.discord.directory.add_channel(found, str(request.arguments.get("name")), kind)  # type: ignore[arg-type]
    request.discord.events.channel("CHANNEL_CREATE", room)
    return room.record(request.bot)


def _member(request: Request) -> Member:
    found = request.guild().members.get(request.path["user_id"])
    if found is None:
        raise Refused.unknown("Member")
    return found


def member(request: Request) -> Json:
    """Describe somebody in a guild."""
    return _member(request).record()


def members(request: Request) -> list[Json]:
    """List the members; that takes the privileged intent."""
    found = request.guild()
    if "members" not in request.discord.app.allowed_intents:
        raise Refused.access()
    after, limit = int(request.query.get("after") or 0), request.limit(1, 1000)
    listed = sorted(found.members.values(), key=lambda member: int(member.user.id))
    return [member.record() for member in listed if int(member.user.id) > after][:limit]


def search_members(request: Request) -> list[Json]:
    """Find members by the beginning of a name."""
    words, limit = request.query.get("query", "").casefold(), request.limit(1, 1000)
    there = request.guild().members.values()
    return [
        member.record()
        for member in there
        if any(name.casefold().startswith(words) for name in (member.user.name, member.nickname or member.user.name))
    ][:limit]


def roles(request: Request) -> list[Json]:
    """List the roles."""
    return [role.record() for role in request.guild().roles.values()]


def add_role(request: Request) -> None:
    """Give somebody a role."""
    _change_role(request, given=True)


def remove_role(request: Request) -> None:
    """Take a role from somebody."""
    _change_role(request, given=False)


def _change_role(request: Request, *, given: bool) -> None:
    found = request.guild("manage_roles")
    changed, role = _member(request), found.roles.get(request.path["role_id"])
    if role is None:
        raise Refused.unknown("Role")
    if given:
        changed.roles[role.id] = role
    else:
        changed.roles.pop(role.id, None)
    request.discord.events.member("GUILD_MEMBER_UPDATE", found, changed)


_ROLE = "/guilds/{guild_id}/members/{user_id}/roles/{role_id}"
ENDPOINTS = (
    Endpoint("GET", "/guilds/{guild_id}", "Get Guild", guild),
    Endpoint("GET", "/guilds/{guild_id}/channels", "Get Guild Channels", channels),
    Endpoint("POST", "/guilds/{guild_id}/channels", "Create Guild Channel", create_channel),
    Endpoint("GET", "/guilds/{guild_id}/threads/active", "List Active Guild Threads", active_threads),
    Endpoint("GET", "/guilds/{guild_id}/members", "List Guild Members", members),
    Endpoint("GET", "/guilds/{guild_id}/members/search", "Search Guild Members", search_members),
    Endpoint("GET", "/guilds/{guild_id}/members/{user_id}", "Get Guild Member", member),
    Endpoint("GET", "/guilds/{guild_id}/roles", "Get Guild Roles", roles),
    Endpoint("PUT", _ROLE, "Add Guild Member Role", add_role),
    Endpoint("DELETE", _ROLE, "Remove Guild Member Role", remove_role),
)
