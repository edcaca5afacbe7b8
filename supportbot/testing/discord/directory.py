"""The directory: all guilds, people, channels and threads, and finding them as the bot may see them."""

from __future__ import annotations

from collections.abc import Iterable

from supportbot.testing.discord import permissions
from supportbot.testing.discord.channels import Channel, Kind, Tag, Thread
from supportbot.testing.discord.guilds import Guild, Member, Role, User
from supportbot.testing.discord.messages import Message
from supportbot.testing.discord.wire import Refused, Serials


class Directory:
    """Who and what there is."""

    def __init__(self, serials: Serials) -> None:
        self._serials = serials
        self.guilds: dict[str, Guild] = {}
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self._direct: dict[tuple[str, str], Channel] = {}

    # --- making ---

    def add_user(self, name: str, *, bot: bool = False, age: int = 0) -> User:
        """Bring somebody into the world, with an account of an age in milliseconds."""
        user = User(self._serials.id(age=age), name.lower().replace(" ", "_"), name, bot)
        self.users[user.id] = user
        return user

    def add_guild(self, name: str, owner: User) -> Guild:
        """Found a guild."""
        guild = Guild(self._serials.id(), name, owner, self._serials.time())
        guild.roles[guild.id] = Role(guild.id, "@everyone", permissions.EVERYONE)
        self.guilds[guild.id] = guild
        self.add_member(guild, owner)
        return guild

    def add_member(self, guild: Guild, user: User, *, age: int = 0) -> Member:
        """Take somebody into a guild, as of so many milliseconds ago."""
        member = guild.members[user.id] = Member(user, self._serials.time(later=-age))
        return member

    def add_role(self, guild: Guild, name: str, granted: int = 0) -> Role:
        """Make a role."""
        role = Role(self._serials.id(), name, granted, position=len(guild.roles))
        guild.roles[role.id] = role
        return role

    def add_channel(self, guild: Guild, name: str, kind: Kind, tags: Iterable[str] = ()) -> Channel:
        """Make a channel, or a forum with tags."""
        channel = Channel(self._serials.id(), name, kind, guild)
        for tag in tags:
            id = self._serials.id()
            channel.tags[id] = Tag(id, tag)
        self.channels[channel.id] = channel
        return channel

    def direct(self, bot: User, person: User) -> Channel:
        """Find the direct messages of two, or open them."""
        channel = self._direct.get((bot.id, person.id))
        if channel is None:
            talking = {bot.id: bot, person.id: person}
            channel = Channel(self._serials.id(), person.display_name, "dm", recipients=talking)
            self._direct[bot.id, person.id] = self.channels[channel.id] = channel
        return channel

    # --- finding ---

    def threads(self, guild: Guild, *, archived: bool = False) -> list[Thread]:
        """List the threads of a guild that are active, or archived."""
        found = [channel for channel in self.channels.values() if isinstance(channel, Thread)]
        return [thread for thread in found if thread.guild is guild and thread.archived is archived]

    def rooms(self, guild: Guild) -> list[Channel]:
        """List the channels of a guild, without its threads."""
        return [room for room in self.channels.values() if room.guild is guild and not isinstance(room, Thread)]

    def channel(self, id: str, viewer: User) -> Channel:
        """Find a channel that somebody sees, or refuse."""
        channel = self.channels.get(id)
        if channel is None:
            raise Refused.unknown("Channel")
        if not channel.may(viewer, "view_channel"):
            raise Refused.access()
        return channel

    def thread(self, id: str, viewer: User) -> Thread:
        """Find a thread that somebody sees, or refuse."""
        channel = self.channel(id, viewer)
        if not isinstance(channel, Thread):
            raise Refused(400, 50024, "Cannot execute action on this channel type")
        return channel

    def guild(self, id: str, viewer: User) -> Guild:
        """Find a guild that somebody is in, or refuse."""
        guild = self.guilds.get(id)
        if guild is None or not guild.has(viewer):
            raise Refused.unknown("Guild")
        return guild

    def user(self, id: str) -> User:
        """Find somebody, or refuse."""
        if id not in self.users:
            raise Refused.unknown("User")
        return self.users[id]


def find_message(channel: Channel, id: str) -> Message:
    """Find a message in a channel, or refuse."""
    message = channel.messages.get(id)
    if message is None:
        raise Refused.unknown("Message")
    return message
