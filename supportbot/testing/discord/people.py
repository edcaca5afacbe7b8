"""People: they write, press, fill in and read, as one does on Discord; a test is what they do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from supportbot.testing.discord import mentions
from supportbot.testing.discord.backstage import Backstage
from supportbot.testing.discord.channels import Channel, Thread
from supportbot.testing.discord.fingers import Fingers
from supportbot.testing.discord.guilds import Guild, Member, Role, User
from supportbot.testing.discord.hearing import Hearing
from supportbot.testing.discord.interactions import Interaction
from supportbot.testing.discord.messages import Message
from supportbot.testing.discord.modals import Modal
from supportbot.testing.discord.threads import check_tags
from supportbot.testing.discord.wire import Refused

Place = Channel | Message


class Person:
    """Somebody on Discord: what they do is done when the call returns, what the bot makes of it is waited for."""

    def __init__(self, discord: Backstage, user: User, home: Guild) -> None:
        self.user = user
        self.name = user.display_name
        self.id = user.id
        self._discord = discord
        self._home = home
        self._hearing = Hearing(discord, user)
        self._fingers = Fingers(discord, user, self._hearing)

    def __repr__(self) -> str:
        return repr(self.user)

    @property
    def mention(self) -> str:
        """How a bot names this person in a text."""
        return self.user.mention

    @property
    def direct(self) -> Channel:
        """The direct messages with the bot."""
        return self._discord.directory.direct(self._discord.app.bot, self.user)

    @property
    def notifications(self) -> list[Message]:
        """The messages that notified this person by name, by a role, as everyone, or as a reply."""
        rooms = self._discord.directory.channels.values()
        found = [message for room in rooms for message in room.heard if self.id in message.notifies]
        return sorted(found, key=lambda message: int(message.id))

    # --- writing ---

    async def dm(self, text: str, *, replies_to: Message | None = None, exact: bool = False) -> Message:
        """Write to the bot directly."""
        return await self.writes(self.direct, text, replies_to=replies_to, exact=exact)

    async def writes(
        self,
        channel: Channel,
        text: str,
        *,
        thread: Place | None = None,
        replies_to: Message | None = None,
        exact: bool = False,
    ) -> Message:
        """Write in a channel or a thread; a thread is a channel of its own, so it may also be given alone.

        What is typed is sent as Discord's clients send it (@names, @roles, #channels); with `exact` the text goes over
        the wire as it is.
        """
        place = self._place(channel, thread)
        self._must_speak(place)
        words = text if exact else mentions.typed(text, place, self._discord.directory.channels.values())
        return self._discord.posts.post(self.user, place, words, replies_to=replies_to)

    async def uploads(
        self, channel: Channel, name: str, data: bytes, text: str = "", *, thread: Place | None = None
    ) -> Message:
        """Upload a file with some words."""
        place = self._place(channel, thread)
        self._must_speak(place)
        file = self._discord.files.add(place.id, name, data)
        return self._discord.posts.post(self.user, place, text, files=[file])

    async def edits(self, message: Message, text: str, *, exact: bool = False) -> None:
        """Change an own message."""
        if message.author is not self.user or message.deleted:
            raise AssertionError(f"{message!r} is not {self.name}'s to change")
        channel = self._channel(message)
        words = text if exact else mentions.typed(text, channel, self._discord.directory.channels.values())
        self._discord.posts.change(message, channel, words)

    async def deletes(self, message: Message) -> None:
        """Delete an own message, or anybody's if this person moderates the channel."""
        channel = self._channel(message)
        if message.author is not self.user and not (channel.guild and channel.may(self.user, "manage_messages")):
            raise AssertionError(f"{message!r} is not {self.name}'s to delete")
        self._discord.posts.take_away(message, channel)

    async def reacts(self, message: Message, emoji: str) -> None:
        """Put an emoji on a message."""
        self._discord.posts.react(self.user, message, self._channel(message), emoji)

    async def unreacts(self, message: Message, emoji: str) -> None:
        """Take one's emoji off a message."""
        self._discord.posts.unreact(self.user, message, self._channel(message), emoji)

    async def types(self, channel: Channel | None = None) -> None:
        """Be seen typing."""
        self._discord.events.typing(self.user, channel or self.direct)

    # --- threads ---

    async def starts_thread(
        self, on: Message | Channel, name: str, *, private: bool = False, auto_archive: int = 4320
    ) -> Thread:
        """Start a thread from a message, or in a channel from none."""
        message = on if isinstance(on, Message) else None
        channel = self._channel(on) if isinstance(on, Message) else on
        start = self._discord.posts.start_thread
        return start(channel, self.user, name, message, private=private, auto_archive=auto_archive)

    async def posts(self, forum: Channel, title: str, text: str, *, tags: Sequence[str] = ()) -> Thread:
        """Post in a forum: a thread whose first message has its id."""
        by_name = {tag.name: tag.id for tag in forum.tags.values()}
        chosen = [by_name[tag] for tag in tags]
        try:
            check_tags(forum, chosen)
        except Refused as refused:
            raise AssertionError(refused.message) from None
        id = self._discord.serials.id()
        thread = self._discord.posts.start_thread(forum, self.user, title, None, id=id, applied_tags=chosen)
        words = mentions.typed(text, thread, self._discord.directory.channels.values())
        self._discord.posts.post(self.user, thread, words, id=id)
        return thread

    async def archives(self, thread: Thread, *, locked: bool = False) -> None:
        """Close a thread, and lock it if wanted."""
        self._discord.threads.change(thread, archived=True, locked=locked or thread.locked)

    async def reopens(self, thread: Thread) -> None:
        """Open a closed thread again."""
        self._discord.threads.change(thread, archived=False, locked=False)

    async def adds(self, guest: Person, thread: Thread) -> None:
        """Take somebody into a thread."""
        self._discord.threads.add(thread, guest.user)

    # --- reading ---

    async def hears(self, channel: Channel | None = None, *, thread: Place | None = None) -> Message:
        """Wait for the next thing the bot says, in the direct messages if no channel is given; each is heard once."""
        return await self._hearing.next(self._place(channel or self.direct, thread))

    async def sees(self, words: str, channel: Channel | None = None, *, thread: Place | None = None) -> Message:
        """Wait until a message of the bot's says something, be it new or edited."""
        return await self._hearing.sight(words, self._place(channel or self.direct, thread))

    def reads(self, channel: Channel | None = None, *, thread: Place | None = None) -> list[Message]:
        """Read what stands there now, whoever wrote it, oldest first."""
        place = self._place(channel or self.direct, thread)
        return self._hearing.page(place) if place.may(self.user, "view_channel") else []

    def unheard(self, channel: Channel | None = None, *, thread: Place | None = None) -> list[Message]:
        """List what the bot has said there and nobody has waited for."""
        return self._hearing.unheard(self._place(channel or self.direct, thread))

    def threads(self, guild: Guild | None = None) -> list[Thread]:
        """List the open threads that this person sees, oldest first."""
        there = self._discord.directory.threads(guild or self._home)
        return [thread for thread in there if thread.may(self.user, "view_channel")]

    async def sees_thread(self, name: str = "") -> Thread:
        """Wait until there is an open thread with these words in its name; the newest one is taken."""

        def look() -> Thread | None:
            return next((thread for thread in reversed(self.threads()) if name in thread.name), None)

        def failure() -> str:
            return f"{self.name} saw no thread {name!r}, only {self.threads()}"

        return await self._discord.notices.until(look, failure)

    @property
    def modal(self) -> Modal | None:
        """The form on the screen, if there is one."""
        return self._discord.interactions.modal(self.user)

    async def sees_modal(self, words: str = "") -> Modal:
        """Wait until a form with these words is on the screen."""

        def look() -> Modal | None:
            return self.modal if self.modal is not None and words in self.modal else None

        wanted = f"saw no modal with {words!r}" if words else "saw no modal"
        return await self._hearing.until(look, lambda: f"{wanted}, only {self.modal!r}", self.direct)

    # --- using what the app shows ---

    async def presses(self, label: str, on: Message | None = None) -> Interaction:
        """Press the button that begins with these words: on this message, else the newest one in sight.

        Fails with NotAcknowledged if the app does not answer in time, as when Discord says the interaction failed.
        """
        return await self._fingers.press(label, on)

    async def chooses(self, option: str | Person | Role, on: Message | None = None, *, menu: str = "") -> Interaction:
        """Choose from a menu, or a person or role from a list of those; `menu` are the words on it."""
        return await self._fingers.choose(option.user if isinstance(option, Person) else option, on, menu)

    async def submits(self, modal: Modal | None = None, /, **values: Any) -> Interaction:
        """Fill in the form and submit it; a field goes by its label (`first_name`) or its custom id."""
        return await self._fingers.submit(modal or self.modal, values)

    async def closes(self) -> None:
        """Close the form; the app is not told."""
        self._discord.interactions.close_modal(self.user)

    async def runs(self, command: str, channel: Channel | None = None, /, **options: Any) -> Interaction:
        """Run a slash command, such as ``/ticket``, with its options; subcommands are named after it."""
        return await self._fingers.run(command, self._usable(channel), options)

    async def completes(self, command: str, channel: Channel | None = None, /, **options: Any) -> list[str]:
        """Type in an option of a slash command (the last one given) and read what is offered."""
        return await self._fingers.complete(command, self._usable(channel), options)

    async def uses(self, menu: str, on: Message | Person, channel: Channel | None = None) -> Interaction:
        """Use a context menu on a message, or on somebody."""
        if isinstance(on, Message):
            return await self._fingers.use(menu, on, self._channel(on))
        return await self._fingers.use(menu, on.user, self._usable(channel))

    def _usable(self, channel: Channel | None) -> Channel:
        place = channel or self.direct
        if not place.is_direct and not place.may(self.user, "view_channel", "use_application_commands"):
            raise AssertionError(f"{self.name} may not use commands in #{place.name}")
        return place

    # --- coming and going ---

    async def joins(self, place: Guild | Thread | None = None) -> None:
        """Join a guild (the first one if none is given), or a thread."""
        if isinstance(place, Thread):
            self._discord.threads.add(place, self.user)
            return
        guild = place or self._home
        member = self._discord.directory.add_member(guild, self.user)
        self._discord.events.member("GUILD_MEMBER_ADD", guild, member)
        self._discord.notices.ring()

    async def leaves(self, place: Guild | Thread | None = None) -> None:
        """Leave a guild, or a thread."""
        if isinstance(place, Thread):
            self._discord.threads.remove(place, self.user)
            return
        guild = place or self._home
        del guild.members[self.id]
        self._discord.events.left(guild, self.user)
        self._discord.notices.ring()

    async def gains(self, role: Role) -> None:
        """Be given a role."""
        guild, member = self._member_with(role)
        member.roles[role.id] = role
        self._discord.events.member("GUILD_MEMBER_UPDATE", guild, member)

    async def loses(self, role: Role) -> None:
        """Have a role taken away."""
        guild, member = self._member_with(role)
        member.roles.pop(role.id, None)
        self._discord.events.member("GUILD_MEMBER_UPDATE", guild, member)

    def _member_with(self, role: Role) -> tuple[Guild, Member]:
        guild = next(guild for guild in self._discord.directory.guilds.values() if role.id in guild.roles)
        return guild, guild.members[self.id]

    async def closes_direct_messages(self) -> None:
        """Take no direct messages from people of the guilds any more, the bot's neither."""
        self.user.takes_direct_messages = False

    async def opens_direct_messages(self) -> None:
        """Take direct messages again."""
        self.user.takes_direct_messages = True

    # --- where ---

    def _channel(self, message: Message) -> Channel:
        return self._discord.directory.channels[message.channel_id]

    def _place(self, channel: Channel, thread: Place | None) -> Channel:
        if thread is None:
            return channel
        if isinstance(thread, Channel):
            return thread
        if not thread.thread_id:
            raise AssertionError(f"{thread!r} has no thread")
        return self._discord.directory.channels[thread.thread_id]

    def _must_speak(self, channel: Channel) -> None:
        if channel.deleted:
            raise AssertionError(f"#{channel.name} is gone")
        if not channel.is_direct and not channel.may(self.user, "view_channel", channel.speaking):
            raise AssertionError(f"{self.name} may not write in #{channel.name}")
        if isinstance(channel, Thread) and channel.locked and not channel.moderates(self.user):
            raise AssertionError(f"#{channel.name} is locked")
