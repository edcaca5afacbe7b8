"""Mentions: what people type becomes what the wire has, and who is notified, as ``allowed_mentions`` has it."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from supportbot.testing.discord.channels import Channel
from supportbot.testing.discord.guilds import Role, User
from supportbot.testing.discord.wire import Json, Mistake, Refused

_USER = re.compile(r"<@!?(\d+)>")
_ROLE = re.compile(r"<@&(\d+)>")
_EVERYONE = re.compile(r"@(?:everyone|here)\b")
KINDS = ("roles", "users", "everyone")
MOST = 100


@dataclass
class Mentioned:
    """Who is mentioned in a message, and who hears of it."""

    users: list[User] = field(default_factory=list)
    roles: list[Role] = field(default_factory=list)
    everyone: bool = False
    notified: set[str] = field(default_factory=set)


def check(allowed: Json | None) -> None:
    """Refuse what contradicts itself: all of a kind, and some of it."""
    if allowed is None:
        return
    mistakes = []
    parse = allowed.get("parse") or []
    for number, kind in enumerate(parse):
        if kind not in KINDS:
            place = f"allowed_mentions.parse.{number}"
            mistakes.append(Mistake(place, "BASE_TYPE_CHOICES", f"Value must be one of {set(KINDS)}."))
    for kind in ("roles", "users"):
        listed = allowed.get(kind) or []
        if listed and kind in parse:
            text = f'parse:["{kind}"] and {kind}: [ids...] are mutually exclusive.'
            mistakes.append(Mistake("allowed_mentions", "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE", text))
        if len(listed) > MOST:
            text = f"Must be {MOST} or fewer in length."
            mistakes.append(Mistake(f"allowed_mentions.{kind}", "BASE_TYPE_MAX_LENGTH", text))
    if mistakes:
        raise Refused.invalid(mistakes)


def read(text: str, author: User, channel: Channel, allowed: Json | None, replied_to: User | None) -> Mentioned:
    """Find who is mentioned and who is notified: without `allowed`, everybody who is named."""
    found = Mentioned()
    known = {user.id: user for user in _around(channel)}
    rule: Json = allowed if allowed is not None else {"parse": list(KINDS), "replied_user": True}
    for id in dict.fromkeys(_USER.findall(text)):
        if id in known and _listed(rule, "users", id):
            found.users.append(known[id])
    if channel.guild is not None:
        may = channel.may(author, "mention_everyone")
        for id in dict.fromkeys(_ROLE.findall(text)):
            role = channel.guild.roles.get(id)
            if role is not None and _listed(rule, "roles", id) and (may or role.mentionable):
                found.roles.append(role)
        found.everyone = bool(_EVERYONE.search(text)) and may and "everyone" in (rule.get("parse") or ())
    if replied_to is not None and rule.get("replied_user") and replied_to not in found.users:
        found.users.append(replied_to)
    found.notified = _notified(found, author, channel)
    return found


def _around(channel: Channel) -> Collection[User]:
    return [m.user for m in channel.guild.members.values()] if channel.guild else channel.recipients.values()


def _listed(rule: Json, kind: str, id: str) -> bool:
    return kind in (rule.get("parse") or ()) or id in [str(one) for one in rule.get(kind) or ()]


def _notified(found: Mentioned, author: User, channel: Channel) -> set[str]:
    people = list(found.users)
    for role in found.roles:
        people += channel.guild.with_role(role) if channel.guild else []
    if found.everyone:
        people += channel.audience()
    return {user.id for user in people if user is not author and not (user.bot and found.everyone)}


def typed(text: str, channel: Channel, channels: Collection[Channel]) -> str:
    """Write down what somebody types as Discord's clients send it: @names, @roles and #channels by their ids."""
    names: dict[str, str] = {}
    if channel.guild is not None:
        names |= {f"#{room.name}": room.mention for room in channels if room.guild is channel.guild}
        names |= {f"@{role.name}": role.mention for role in channel.guild.roles.values() if role.name[0] != "@"}
    names |= {f"@{name}": user.mention for user in _around(channel) for name in (user.display_name, user.name)}
    for name in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<![\w<]){re.escape(name)}(?!\w)", names[name], text)
    return text
