"""The options of a slash command: what a person enters becomes the data that the app is told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from supportbot.testing.discord.channels import Channel
from supportbot.testing.discord.files import Files
from supportbot.testing.discord.guilds import Guild, Member, Role, User
from supportbot.testing.discord.wire import Json

SUBCOMMAND, GROUP, STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(1, 12)
Named = dict[str, dict[str, Json]]


def member_record(member: Member, channel: Channel) -> Json:
    """Describe somebody as interactions do beside the user."""
    whole = member.record(with_user=False)
    return {**whole, "permissions": str(channel.permissions(member.user))}


def resolved_users(people: Sequence[User], channel: Channel) -> Named:
    """Describe the people that an interaction names."""
    guild = channel.guild
    told: Named = {"users": {user.id: user.record() for user in people}}
    if guild is not None:
        there = [guild.members[user.id] for user in people if user.id in guild.members]
        told["members"] = {member.user.id: member_record(member, channel) for member in there}
    return told


class Options:
    """Fills in the options of one command."""

    def __init__(self, command: Json, channel: Channel, bot: User, files: Files) -> None:
        self._command = command
        self._channel = channel
        self._bot = bot
        self._files = files
        self.resolved: Named = {}

    def filled(self, path: Sequence[str], values: Mapping[str, Any], focused: str = "") -> list[Json]:
        """Fill in, or fail as Discord's client would: an option that is not there, or required and empty."""
        options, wrapped = list(self._command.get("options") or []), []
        for name in path:
            inner = next((one for one in options if one["name"] == name and one["type"] in (SUBCOMMAND, GROUP)), None)
            if inner is None:
                raise AssertionError(f"{self._command['name']} has no {name!r}; there is {_names(options)}")
            wrapped.append(inner)
            options = list(inner.get("options") or [])
        if options and options[0]["type"] in (SUBCOMMAND, GROUP):
            raise AssertionError(f"say which: {self._command['name']} has {_names(options)}")
        entered = self._entered(options, values, focused)
        for inner in reversed(wrapped):
            entered = [{"type": inner["type"], "name": inner["name"], "options": entered}]
        return entered

    def _entered(self, options: Sequence[Json], values: Mapping[str, Any], focused: str) -> list[Json]:
        known = {option["name"]: option for option in options}
        if unknown := [name for name in values if name not in known]:
            raise AssertionError(f"there is no option {', '.join(unknown)}; there is {_names(options)}")
        missing = [name for name, option in known.items() if option.get("required") and name not in values]
        if missing and not focused:
            raise AssertionError(f"{', '.join(missing)} must be filled in")
        entered = []
        for name, value in values.items():
            told = {
                "type": known[name]["type"],
                "name": name,
                "value": self._value(known[name], value, name == focused),
            }
            entered.append({**told, "focused": True} if name == focused else told)
        return entered

    def _value(self, option: Json, value: Any, is_focused: bool) -> Any:
        kind = option["type"]
        if kind == STRING:
            return str(value) if is_focused else _chosen(option, str(value))
        if kind in (INTEGER, BOOLEAN, NUMBER):
            return str(value) if is_focused else value
        if kind == ATTACHMENT:
            return self._attached(*value)
        thing = getattr(value, "user", value)
        self._resolve(thing)
        return str(thing.id)

    def _attached(self, name: str, data: bytes) -> str:
        file = self._files.add(self._channel.id, name, data)
        self.resolved.setdefault("attachments", {})[file.id] = self._files.record(file, ephemeral=True)
        return file.id

    def _resolve(self, thing: object) -> None:
        if isinstance(thing, User):
            for kind, records in resolved_users([thing], self._channel).items():
                self.resolved.setdefault(kind, {}).update(records)
        elif isinstance(thing, Role):
            self.resolved.setdefault("roles", {})[thing.id] = thing.record()
        elif isinstance(thing, Channel):
            permissions = str(thing.permissions(self._bot))
            self.resolved.setdefault("channels", {})[thing.id] = {**thing.record(self._bot), "permissions": permissions}


def _chosen(option: Json, value: str) -> str:
    choices = option.get("choices") or []
    if not choices:
        return value
    for choice in choices:
        if value in (choice["name"], choice["value"]):
            return str(choice["value"])
    raise AssertionError(f"{option['name']} offers {_names(choices)}, not {value!r}")


def _names(things: Sequence[Json]) -> list[str]:
    return [thing["name"] for thing in things]


def may_use(command: Json, guild: Guild | None, user: User) -> bool:
    """Tell whether somebody is offered a command, by the permissions that it asks for."""
    needed = command.get("default_member_permissions")
    if needed is None or guild is None:
        return True
    return guild.base_permissions(user) & int(needed) == int(needed)
