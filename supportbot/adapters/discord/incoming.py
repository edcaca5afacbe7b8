"""What comes from Discord, as events: messages, edits, deletions, reactions, and what people press, run and fill in.

Payloads are read raw, as Discord sends them, so that those of the gateway and those of a history have one reader.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from supportbot.adapter_settings import DiscordSettings
from supportbot.adapters.discord import said
from supportbot.adapters.discord.members import NAME, WORKSPACE, Members
from supportbot.adapters.discord.rooms import DM, FORUMS, PRIVATE_THREAD, Room, Rooms
from supportbot.adapters.shelf import LARGEST as LARGEST_FILE
from supportbot.adapters.shelf import Fetched, Shared, Shelf, not_kept
from supportbot.clock import SECOND, Clock
from supportbot.domain.address import ALONE, Address
from supportbot.domain.event import Event, EventKind, Said
from supportbot.domain.file import File
from supportbot.domain.person import Person
from supportbot.recent import Recent

Payload = Mapping[str, Any]
DISCORDS_EPOCH = 1_420_070_400_000
"""Where the times in Discord's ids begin, in milliseconds."""
FORWARD = 1
_WORDS = frozenset({0, 19, 20, 23})
"""The types of a message that somebody said."""
_EPHEMERAL = 1 << 6
_MANAGES = (1 << 3) | (1 << 5)
"""The permissions of those who set a server up: Administrator, and Manage Server."""
_MOST_NEW = 1_000
_SITE = "https://discord.com/channels"


class Incoming:
    """Reads the payloads of one bot."""

    def __init__(self, members: Members, rooms: Rooms, settings: DiscordSettings, clock: Clock) -> None:
        self.members = members
        self.rooms = rooms
        self.shelf: Shelf | None = None
        """Where files are kept; set once there is a store."""
        self._settings = settings
        self._clock = clock
        self._new_threads = Recent[str, str](_MOST_NEW)
        """Threads that were just begun from no message, and by whom: what they write first is their topic."""
        self._untold = Recent[tuple[str, str], None](_MOST_NEW)
        """Who was told in which thread that their words cannot be read."""

    # --- what people say ------------------------------------------------------------------------------------------

    async def event(self, name: str, what: Payload) -> Event | None:
        """Read what came down the gateway; None where it is none of the bot's concern."""
        if name == "MESSAGE_CREATE":
            return await self.message(what) or self._unread(what)
        if name == "MESSAGE_UPDATE":
            return await self._edit(what)
        if name == "MESSAGE_DELETE":
            return await self._deletion(what)
        if name == "MESSAGE_REACTION_ADD":
            return await self._reaction(what)
        self._heed(name, what)
        return None

    async def message(self, what: Payload, *, is_edit: bool = False) -> Event | None:
        """Read a message, from the gateway or a history; None where it is the bot's own, or nothing is left of it.

        An edit may leave no words, which then are to go wherever they went.
        """
        author, guild = what["author"], str(what.get("guild_id") or "")
        self.members.note(what)
        if what.get("type") not in _WORDS or str(author["id"]) == self.members.bot_user:
            return None
        channel, id = str(what["channel_id"]), str(what["id"])
        room = await self._room(channel, guild)
        mentioned = self._is_mentioned(what, guild)
        text = self._words(what, guild)
        shared = self._attachments(what)
        names = [str(item.get("filename") or "file") for item in shared]
        is_emptied = is_edit and self.members.reads_all
        if not (room.is_direct or mentioned or text or shared or is_emptied):
            return None  # its words are not for the bot to read
        address, opens_topic = self._place(what, room)
        files = await self._keep(shared)
        return Event(
            key=key(channel, id),
            kind="message",
            address=address,
            person=self.members.person(author, what.get("member")),
            at=instant(id),
            text=text or ", ".join(names),
            files=files,
            left_out=not_kept(names, files) if len(files) < len(names) else (),
            direct=room.is_direct,
            mentioned=mentioned,
            by_bot=bool(author.get("bot") or what.get("webhook_id")),
            room="always" if room.is_direct else await self.rooms.mode(room.channel, guild),
            link=f"{_SITE}/{guild or '@me'}/{channel}/{id}",
            opens_topic=opens_topic,
            named=self._named(what),
            topic_by=self._topic_by(room),
            account_made_at=instant(str(author["id"])),
            member_since=_joined(what.get("member")),
        )

    def _unread(self, what: Payload) -> Event | None:
        """Tell, once, of somebody's words in a thread that Discord keeps from the bot; None for all else."""
        guild, author, thread = str(what.get("guild_id") or ""), what["author"], str(what["channel_id"])
        if self.members.reads_all or not guild or author.get("bot") or what.get("type") not in _WORDS:
            return None
        room, who = self.rooms.known(thread, guild), str(author["id"])
        if room is None or not room.is_thread or (thread, who) in self._untold:
            return None
        self._untold[thread, who] = None
        return Event(
            key=key(thread, str(what["id"])),
            kind="message",
            address=address(room.parent, thread),
            person=self.members.person(author, what.get("member")),
            at=instant(str(what["id"])),
            direct=False,
            is_unread=True,
            opens_topic=False,
        )

    def typing(self, what: Payload) -> tuple[Address, str] | None:
        """Tell where somebody types, and who: in direct messages or a thread; what is typed elsewhere is for all."""
        channel, guild = str(what["channel_id"]), str(what.get("guild_id") or "")
        room = self.rooms.known(channel, guild) if guild else None
        if guild and not (room and room.is_thread):
            return None
        return address(room.parent, channel) if room else address(channel), f"{NAME}/{WORKSPACE}/{what['user_id']}"

    async def _room(self, channel: str, guild: str) -> Room:
        return await self.rooms.room(channel, guild) if guild else Room(channel, kind=DM)

    def _place(self, what: Payload, room: Room) -> tuple[Address, bool]:
        """Tell where a message stands, and whether it begins a topic there."""
        if room.is_direct:
            return address(room.id), True
        id = str(what["id"])
        if room.is_thread:
            is_first = self._new_threads.pop(room.id, "") == str(what["author"]["id"])
            return address(room.parent, room.id), is_first or id == room.id
        is_reply = bool(what.get("message_reference")) and not _is_forward(what)
        return address(room.id, self._root(what)), not is_reply

    def _root(self, what: Payload) -> str:
        """Name the message that a topic began with: a reply to the bot is said where the bot's own words were."""
        quoted = what.get("referenced_message") or {}
        if str((quoted.get("author") or {}).get("id")) != self.members.bot_user:
            return str(what["id"])
        return str((quoted.get("message_reference") or {}).get("message_id") or quoted["id"])

    def _is_mentioned(self, what: Payload, guild: str) -> bool:
        if any(str(user["id"]) == self.members.bot_user for user in what.get("mentions") or ()):
            return True
        roles = what.get("mention_roles") or ()
        return bool(roles) and not self.members.bot_marks(guild).isdisjoint(map(str, roles))

    def _named(self, what: Payload) -> tuple[Person, ...]:
        others = (user for user in what.get("mentions") or () if str(user["id"]) != self.members.bot_user)
        return tuple(self.members.person(user, user.get("member")) for user in others)

    def _words(self, what: Payload, guild: str) -> str:
        text = str(what.get("content") or "")
        if _is_forward(what):
            forwarded = ((item.get("message") or {}).get("content") for item in what.get("message_snapshots") or ())
            text = "\n".join(words for words in (text, *forwarded) if words)
        if not text and what.get("sticker_items"):
            return ", ".join(f":{item['name']}:" for item in what["sticker_items"])
        if "<" not in text:
            return text.strip()
        people = {str(user["id"]): self.members.person(user, user.get("member")).name for user in what["mentions"]}
        marks = self.members.bot_marks(guild)
        return said.plain(text, bot=marks, people=people, name=partial(self.rooms.called, guild))

    # --- files ----------------------------------------------------------------------------------------------------

    def _attachments(self, what: Payload) -> list[Payload]:
        found = list(what.get("attachments") or ())
        for item in what.get("message_snapshots") or ():
            found += (item.get("message") or {}).get("attachments") or ()
        return found

    async def _keep(self, shared: Sequence[Payload]) -> tuple[File, ...]:
        """Copy files at once: their addresses expire."""
        if not shared or self.shelf is None:
            return ()
        return await self.shelf.keep([Shared(str(item["id"]), partial(self._fetch, item)) for item in shared])

    async def _fetch(self, item: Payload) -> Fetched | None:
        if int(item.get("size") or 0) > LARGEST_FILE:
            return None
        content = await self.members.api.download(str(item.get("url") or ""), LARGEST_FILE)
        if content is None:
            return None
        media_type = str(item.get("content_type") or "application/octet-stream")
        return Fetched(str(item.get("filename") or "file"), media_type, content)

    # --- what becomes of it ---------------------------------------------------------------------------------------

    async def _edit(self, what: Payload) -> Event | None:
        edited = str(what.get("edited_timestamp") or "")
        self._new_threads.pop(str(what["id"]), None)  # a thread of that name hangs in this message
        if not edited or "author" not in what:
            return None  # Discord unfolded a link, or a thread was begun from it
        event = await self.message({**what, "attachments": [], "message_snapshots": []}, is_edit=True)
        if event is None:
            return None
        at = int(datetime.fromisoformat(edited).timestamp() * SECOND)
        return msgspec.structs.replace(
            event, kind="edit", key=f"{event.key}/{edited}", target=event.key, at=at, files=()
        )

    async def _deletion(self, what: Payload) -> Event | None:
        """Read a deletion; Discord does not tell whose message it was, nor who took it away."""
        channel, id, guild = str(what["channel_id"]), str(what["id"]), str(what.get("guild_id") or "")
        room = await self._room(channel, guild)
        thread = room.id if room.is_thread else "" if room.is_direct else id
        return Event(
            key=f"{key(channel, id)}/deleted",
            kind="delete",
            address=address(room.channel, thread),
            person=NOBODY,
            at=self._clock.now(),
            target=key(channel, id),
            direct=room.is_direct,
            opens_topic=False,
            room="always" if room.is_direct else await self.rooms.mode(room.channel, guild),
        )

    async def _reaction(self, what: Payload) -> Event | None:
        """Open a ticket from a message that got the emoji which the team chose; all others say nothing to the bot."""
        emoji, wanted = what.get("emoji") or {}, self._settings.ticket_emoji.strip(":")
        user = str(what["user_id"])
        if not wanted or wanted not in (emoji.get("name"), emoji.get("id")) or user == self.members.bot_user:
            return None
        channel, id, guild = str(what["channel_id"]), str(what["message_id"]), str(what.get("guild_id") or "")
        self.members.note(what)
        about = await self.pointed_at(await self._fetched(channel, id), channel, guild)
        if about is None:
            return None
        room, member = await self._room(channel, guild), what.get("member") or {}
        person = self.members.person(member.get("user") or {"id": user}, member)
        if user == about.person.id.rpartition("/")[2]:
            person = about.person
        is_own = room.is_direct or person.id == about.person.id
        return Event(
            key=f"{key(channel, id)}/{user}/{wanted}",
            kind="command",
            address=about.address if is_own else address(room.channel, ALONE + user),
            person=person,
            at=self._clock.now(),
            text="/ticket_from_message",
            about=about,
            account_made_at=instant(user),
            member_since=_joined(member),
            direct=room.is_direct or not is_own,
            mentioned=True,
            room="always" if room.is_direct else await self.rooms.mode(room.channel, guild),
            link=f"{_SITE}/{guild or '@me'}/{channel}/{id}",
        )

    async def _fetched(self, channel: str, id: str) -> Payload:
        found: Payload = await self.members.api.read(
            "/channels/{channel_id}/messages/{message_id}", channel_id=channel, message_id=id
        )
        return found

    async def pointed_at(self, message: Payload, channel: str, guild: str = "") -> Said | None:
        """Read a message that somebody points at; None where it is the bot's own, or has no words."""
        known = self.rooms.known(channel, guild)
        server = guild or (known.guild if known else "")
        event = await self.message({**message, "channel_id": channel, "guild_id": server})
        return Said.of(event) if event else None

    # --- interactions: the `d` of INTERACTION_CREATE --------------------------------------------------------------

    async def command(self, payload: Payload, text: str, *, about: Said | None = None) -> Event:
        """Word a slash command or a message menu; with a text that does not begin with a slash it is a question."""
        event = await self._interaction(payload, "command" if text.startswith("/") else "message")
        return msgspec.structs.replace(event, text=text, about=about)

    async def press(self, payload: Payload, choice: str) -> Event:
        """Word a pressed button, or a chosen entry of a menu."""
        return msgspec.structs.replace(await self._interaction(payload, "press"), choice=choice)

    async def form(self, payload: Payload, choice: str, fields: dict[str, str]) -> Event:
        """Word a form that was filled in."""
        return msgspec.structs.replace(await self._interaction(payload, "form"), choice=choice, fields=fields)

    async def _interaction(self, payload: Payload, kind: EventKind) -> Event:
        member = payload.get("member") or {}
        user = member.get("user") or payload.get("user") or {}
        self.members.note(payload)
        place, guild = self.place(payload), str(payload.get("guild_id") or "")
        direct = not guild or place.is_alone
        return Event(
            key=f"{NAME}/{WORKSPACE}/interaction/{payload['id']}",
            kind=kind,
            address=place,
            person=self.members.person(user, member),
            at=self._clock.now(),
            direct=direct,
            mentioned=not direct,
            account_made_at=instant(str(user["id"])),
            member_since=_joined(member),
            manages=bool(int(member.get("permissions") or 0) & _MANAGES),
            topic_by=self._topic_by(self.rooms.known(place.thread, guild)) if place.thread.isdecimal() else "",
        )

    def place(self, payload: Payload) -> Address:
        """Tell where an interaction happened: in a thread, under a message, or alone with somebody near a channel."""
        described = payload.get("channel") or {"id": payload["channel_id"]}
        channel, guild = str(described["id"]), str(payload.get("guild_id") or "")
        if not guild:
            return address(channel)
        room = self.rooms.known(channel, guild) or self.rooms.note({**described, "guild_id": guild})
        if room.is_thread:
            return address(room.parent, room.id)
        message = payload.get("message") or {}
        if not message or int(message.get("flags") or 0) & _EPHEMERAL:
            user = (payload.get("member") or {}).get("user") or payload.get("user") or {}
            return address(room.id, f"{ALONE}{user.get('id')}")
        return address(room.id, str((message.get("message_reference") or {}).get("message_id") or message["id"]))

    def _topic_by(self, room: Room | None) -> str:
        """Name whoever began a forum's post; other threads are not told of."""
        above = self.rooms.known(room.parent, room.guild) if room and room.is_thread else None
        return f"{NAME}/{WORKSPACE}/{room.owner}" if room and room.owner and above and above.kind in FORUMS else ""

    # --- what is no message ---------------------------------------------------------------------------------------

    def _heed(self, name: str, what: Payload) -> None:
        """Note what an event says of threads and channels."""
        if name == "THREAD_CREATE" and what.get("newly_created"):
            room = self.rooms.note(what)
            above = self.rooms.known(room.parent, room.guild)
            if room.kind != PRIVATE_THREAD and not (above and above.kind in FORUMS):
                self._new_threads[room.id] = str(what.get("owner_id"))
        elif name == "THREAD_UPDATE":
            self.rooms.note(what)
        elif name in ("CHANNEL_UPDATE", "CHANNEL_DELETE", "THREAD_DELETE"):
            self.rooms.forget(str(what.get("id")))


NOBODY = Person.of(NAME, WORKSPACE, "")
"""Whoever did what Discord does not tell of."""


def address(channel: str, thread: str = "") -> Address:
    """Name a place on Discord; ValueError for what is no id."""
    int(channel), int(thread.removeprefix(ALONE) or 0)
    return Address(NAME, WORKSPACE, channel, thread)


def key(channel: str, message: str) -> str:
    """Name a message, however it came."""
    return f"{NAME}/{WORKSPACE}/{channel}/{message}"


def instant(id: str) -> int:
    """Read when something was made from its id, in milliseconds."""
    return (int(id) >> 22) + DISCORDS_EPOCH


def id_before(instant: int) -> str:
    """Make an id that is smaller than those of all that is made from an instant on."""
    return str(max(0, ((instant - DISCORDS_EPOCH) << 22) - 1))


def _joined(member: Mapping[str, Any] | None) -> int:
    """Read since when somebody is a member of the server where they did something; 0 where it was done directly."""
    at = (member or {}).get("joined_at")
    return int(datetime.fromisoformat(str(at)).timestamp() * SECOND) if at else 0


def _is_forward(what: Payload) -> bool:
    return (what.get("message_reference") or {}).get("type") == FORWARD
