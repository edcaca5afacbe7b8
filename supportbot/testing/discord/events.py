"""Events: what the app is told of what happens, as far as its bot sees it and its intents go."""

from __future__ import annotations

from collections.abc import Sequence

from supportbot.testing.discord import intents
from supportbot.testing.discord.application import Application
from supportbot.testing.discord.channels import Channel, Thread
from supportbot.testing.discord.gateway import Gateway
from supportbot.testing.discord.guilds import Guild, Member, Role, User
from supportbot.testing.discord.messages import Message
from supportbot.testing.discord.wire import Json, Serials

CENSORED: Json = {"content": "", "embeds": [], "attachments": [], "components": []}


class Events:
    """Tells the app."""

    def __init__(self, app: Application, gateway: Gateway, serials: Serials) -> None:
        self._app = app
        self._gateway = gateway
        self._serials = serials

    def _tell(self, event: str, channel: Channel, data: Json) -> None:
        if channel.may(self._app.bot, "view_channel"):
            self._gateway.tell(event, channel.guild, data)

    # --- messages ---

    def message(self, event: str, message: Message, channel: Channel) -> None:
        """Tell of a message that came or changed; its words are left out where the app may not read them."""
        if not channel.may(self._app.bot, "view_channel"):
            return
        data = message.record(viewer=self._app.bot)
        if channel.guild is not None:
            data["guild_id"] = channel.guild.id
            member = channel.guild.members.get(message.author.id)
            if member is not None:
                data["member"] = member.record(with_user=False)
        else:
            data["channel_type"] = 1
        self._gateway.tell(event, channel.guild, data, self._censored if channel.guild else None)

    def _censored(self, data: Json, wanted: int) -> Json:
        if wanted & intents.MESSAGE_CONTENT or self._may_read(data):
            return data
        quoted = data.get("referenced_message")
        whole = {**data, **CENSORED}
        return (
            {**whole, "referenced_message": {**quoted, **CENSORED}} if quoted and not self._may_read(quoted) else whole
        )

    def readable(self, message: Message, channel: Channel) -> Json:
        """Describe a message as the API does; what the app may not read in events it may not read there either."""
        data = message.record(viewer=self._app.bot)
        allowed = intents.MESSAGE_CONTENT if "message_content" in self._app.allowed_intents else 0
        return self._censored(data, allowed) if channel.guild else data

    def _may_read(self, data: Json) -> bool:
        named = any(user["id"] == self._app.bot.id for user in data["mentions"])
        return named or bool(data["author"]["id"] == self._app.bot.id)

    def removed(self, message: Message, channel: Channel) -> None:
        """Tell that a message is gone."""
        self._tell("MESSAGE_DELETE", channel, {"id": message.id, **_place(channel)})

    def reacted(self, event: str, user: User, emoji: str, message: Message, channel: Channel) -> None:
        """Tell that somebody put an emoji on a message, or took it off."""
        data: Json = {"user_id": user.id, "message_id": message.id, **_place(channel)}
        data |= {"emoji": {"id": None, "name": emoji}, "type": 0, "burst": False}
        if event == "MESSAGE_REACTION_ADD":
            data["message_author_id"] = message.author.id
            if channel.guild is not None and user.id in channel.guild.members:
                data["member"] = channel.guild.members[user.id].record()
        self._tell(event, channel, data)

    def typing(self, user: User, channel: Channel) -> None:
        """Tell that somebody types."""
        data: Json = {"user_id": user.id, "timestamp": self._serials.clock.now() // 1000, **_place(channel)}
        if channel.guild is not None and user.id in channel.guild.members:
            data["member"] = channel.guild.members[user.id].record()
        self._tell("TYPING_START", channel, data)

    def pinned(self, channel: Channel) -> None:
        """Tell that what is pinned in a channel changed."""
        pins = [message.pinned_at for message in channel.messages.values() if message.pinned_at]
        self._tell("CHANNEL_PINS_UPDATE", channel, {**_place(channel), "last_pin_timestamp": max(pins, default=None)})

    # --- channels and threads ---

    def channel(self, event: str, channel: Channel) -> None:
        """Tell that a channel came, changed or went."""
        if channel.guild is not None:
            self._gateway.tell(event, channel.guild, channel.record(self._app.bot))

    def thread(self, event: str, thread: Thread, *, new: bool = False) -> None:
        """Tell that a thread came or changed."""
        data = thread.record(self._app.bot)
        self._tell(event, thread, {**data, "newly_created": True} if new else data)

    def thread_gone(self, thread: Thread) -> None:
        """Tell that a thread was deleted."""
        whole = thread.record(self._app.bot)
        self._tell("THREAD_DELETE", thread, {name: whole[name] for name in ("id", "guild_id", "parent_id", "type")})

    def thread_members(self, thread: Thread, added: Sequence[User] = (), removed: Sequence[User] = ()) -> None:
        """Tell who came into a thread and who left it; without the intent, only of the bot itself."""
        own = self._app.bot in (*added, *removed)
        data: Json = {
            "id": thread.id,
            "guild_id": thread.guild_id,
            "member_count": len(thread.members),
            "added_members": [self._thread_member(thread, user) for user in added],
            "removed_member_ids": [user.id for user in removed],
        }
        if own or thread.may(self._app.bot, "view_channel"):
            self._gateway.tell("THREAD_MEMBERS_UPDATE", thread.guild, data, _OnlyWith(self._app.bot, own=own))

    def _thread_member(self, thread: Thread, user: User) -> Json:
        member = thread.guild.members.get(user.id) if thread.guild else None
        known = {"member": member.record(), "presence": None} if member else {}
        return {**thread.member_record(user), **known}

    # --- guilds, members and roles ---

    def member(self, event: str, guild: Guild, member: Member) -> None:
        """Tell that somebody joined or changed; of the bot itself the app always hears."""
        data = {"guild_id": guild.id, **member.record()}
        if member.user is self._app.bot and event == "GUILD_MEMBER_UPDATE":
            for session in list(self._gateway.sessions.values()):
                if session.serves(guild):
                    session.tell(event, data)
        else:
            self._gateway.tell(event, guild, data)

    def left(self, guild: Guild, user: User) -> None:
        """Tell that somebody left."""
        self._gateway.tell("GUILD_MEMBER_REMOVE", guild, {"guild_id": guild.id, "user": user.record()})

    def role(self, event: str, guild: Guild, role: Role) -> None:
        """Tell that a role came or changed."""
        self._gateway.tell(event, guild, {"guild_id": guild.id, "role": role.record()})

    def role_gone(self, guild: Guild, role: Role) -> None:
        """Tell that a role was deleted."""
        self._gateway.tell("GUILD_ROLE_DELETE", guild, {"guild_id": guild.id, "role_id": role.id})

    def guild_joined(self, guild: Guild) -> None:
        """Tell that the bot is in a guild now."""
        self._gateway.tell("GUILD_CREATE", guild, self._gateway.guild_record(guild))

    def guild_left(self, guild: Guild) -> None:
        """Tell that the bot was removed from a guild."""
        self._gateway.tell("GUILD_DELETE", guild, {"id": guild.id})

    def interaction(self, guild: Guild | None, payload: Json) -> None:
        """Tell of an interaction."""
        self._gateway.tell("INTERACTION_CREATE", guild, payload)


class _OnlyWith:
    """Leaves out who else came or went, for sessions that did not ask for members."""

    def __init__(self, bot: User, *, own: bool) -> None:
        self._bot = bot
        self._own = own

    def __call__(self, data: Json, wanted: int) -> Json:
        if wanted & intents.GUILD_MEMBERS:
            return data
        added = [member for member in data["added_members"] if member["user_id"] == self._bot.id]
        removed = [id for id in data["removed_member_ids"] if id == self._bot.id]
        return {**data, "added_members": added, "removed_member_ids": removed}


def _place(channel: Channel) -> Json:
    return {"channel_id": channel.id, **({"guild_id": channel.guild.id} if channel.guild else {})}
