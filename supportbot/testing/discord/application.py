"""The application under test: its bot, its token, the intents it is allowed, and its commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from supportbot.clock import DAY
from supportbot.testing.discord import intents, limits
from supportbot.testing.discord.guilds import User
from supportbot.testing.discord.wire import Json, Refused, Serials

CREATES_A_DAY = 200
GLOBAL = ""
"""Where commands are that every guild has."""


@dataclass(eq=False)
class Application:
    """What the developer portal knows of the app."""

    id: str
    name: str
    bot: User
    token: str
    owner: User
    serials: Serials
    allowed_intents: set[str] = field(default_factory=lambda: set(intents.PRIVILEGED))
    """The privileged intents that the portal allows: ``message_content``, ``members``, ``presences``."""
    public_key: str = "0" * 64
    commands: dict[str, list[Json]] = field(default_factory=dict)
    """The commands of each guild by its id, and those of all."""
    created: list[int] = field(default_factory=list)
    """When commands were created, for the limit of a day."""

    @property
    def flags(self) -> int:
        """The flags that tell which privileged intents there are."""
        return sum(intents.FLAGS[name] for name in self.allowed_intents)

    def forbids(self, wanted: int) -> bool:
        """Tell whether a privileged intent among those wanted is not allowed."""
        return any(wanted & bit and name not in self.allowed_intents for name, bit in intents.PRIVILEGED.items())

    def record(self) -> Json:
        """Describe the application as ``/applications/@me`` does."""
        return {
            "id": self.id,
            "name": self.name,
            "icon": None,
            "description": "",
            "summary": "",
            "bot_public": True,
            "bot_require_code_grant": False,
            "owner": self.owner.record(),
            "team": None,
            "verify_key": self.public_key,
            "flags": self.flags,
            "bot": self.bot.record(),
            "hook": True,
            "rpc_origins": [],
            "redirect_uris": [],
            "interactions_endpoint_url": None,
            "role_connections_verification_url": None,
            "approximate_guild_count": 1,
            "approximate_user_install_count": 0,
            "integration_types_config": {"0": {}},
            "integration_types": [0],
        }

    # --- commands ---

    def set_commands(self, guild_id: str, wanted: Sequence[Json]) -> list[Json]:
        """Put these commands in the place of those that were there; two hundred new ones a day are the limit."""
        limits.check_commands(wanted)
        before = {_key(command): command for command in self.commands.get(guild_id, [])}
        self._count([command for command in wanted if _key(command) not in before])
        self.commands[guild_id] = [self._completed(command, before.get(_key(command)), guild_id) for command in wanted]
        return self.commands[guild_id]

    def add_command(self, guild_id: str, wanted: Json) -> Json:
        """Add one command, or change the one of that name."""
        others = [command for command in self.commands.get(guild_id, []) if _key(command) != _key(wanted)]
        self.set_commands(guild_id, [*others, wanted])
        return self.commands[guild_id][-1]

    def _count(self, new: Sequence[Json]) -> None:
        now = self.serials.clock.now()
        self.created = [at for at in self.created if at > now - DAY]
        if len(self.created) + len(new) > CREATES_A_DAY:
            text = f"Max number of daily application command creates has been reached ({CREATES_A_DAY})"
            raise Refused(400, 30034, text)
        self.created += [now] * len(new)

    def _completed(self, command: Json, before: Json | None, guild_id: str) -> Json:
        same = before is not None and {**before, **command} == before
        return {
            "default_member_permissions": None,
            "nsfw": False,
            "contexts": None,
            "integration_types": [0],
            "dm_permission": True,
            "description": "",
            "options": [],
            **command,
            "id": before["id"] if before else self.serials.id(),
            "application_id": self.id,
            "type": command.get("type") or limits.SLASH,
            "version": before["version"] if before and same else self.serials.id(),
            **({"guild_id": guild_id} if guild_id else {}),
        }

    def command(self, name: str, kind: int, guild_id: str) -> Json:
        """Find a command as it is offered in a guild, or in direct messages where `guild_id` is empty."""
        offered = [*(self.commands.get(guild_id, []) if guild_id else []), *self.commands.get(GLOBAL, [])]
        offered = [command for command in offered if command["type"] == kind and (guild_id or _in_direct(command))]
        for command in offered:
            if command["name"] == name:
                return command
        there = ", ".join(command["name"] for command in offered) or "none"
        raise AssertionError(f"the app has no command {name!r} here; there is {there}")


def _key(command: Json) -> tuple[int, str]:
    return command.get("type") or limits.SLASH, command["name"]


def _in_direct(command: Json) -> bool:
    contexts = command.get("contexts")
    return bool(command.get("dm_permission", True)) if contexts is None else 1 in contexts
