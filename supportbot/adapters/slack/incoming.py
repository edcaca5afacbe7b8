"""What comes from Slack, as events: messages, mentions, edits, deletions, presses, commands, shortcuts and emoji."""

from __future__ import annotations

from typing import Any

import msgspec

from supportbot.adapter_settings import SlackSettings
from supportbot.adapters.slack import said
from supportbot.adapters.slack.api import Failed
from supportbot.adapters.slack.rooms import Rooms
from supportbot.adapters.slack.shelf import Shelf, left_out
from supportbot.adapters.slack.team import NAME, Team
from supportbot.clock import SECOND, Clock
from supportbot.domain.address import Address
from supportbot.domain.event import Event, Said
from supportbot.domain.person import Person
from supportbot.errors import Refused

Payload = dict[str, Any]
HOME = "home:"
"""What the channel of a user's Home tab begins with."""
_WORDS = frozenset({None, "", "file_share", "thread_broadcast", "me_message", "bot_message"})
"""The subtypes of a message that somebody said."""
_COMMANDS = frozenset({"ticket", "tickets", "status", "human", "help", "cancel", "here", "add"})
_ALONE = frozenset({"queue", "skills"})
"""Commands of agents that nothing follows; a question may well begin with the words for the others."""
_MOST_NAMED = 20


class Incoming:
    """Reads the payloads of one workspace."""

    def __init__(self, team: Team, rooms: Rooms, shelf: Shelf, settings: SlackSettings, clock: Clock) -> None:
        self.team = team
        self.rooms = rooms
        self._shelf = shelf
        self._settings = settings
        self._clock = clock

    # --- events ---------------------------------------------------------------------------------------------------

    async def event(self, body: Payload) -> Event | None:
        """Read an Events API payload; None where it is none of the bot's concern."""
        what = body.get("event") or {}
        kind, subtype = what.get("type"), what.get("subtype")
        if kind == "app_mention" or (kind == "message" and subtype in _WORDS):
            return await self.message(what)
        if kind == "message" and subtype == "message_changed":
            return await self._edit(what)
        if kind == "message" and subtype == "message_deleted":
            return await self._deletion(what)
        if kind == "reaction_added":
            return await self._reaction(what)
        if kind == "app_home_opened" and what.get("tab") == "home":
            return await self.home(str(what["user"]), str(body.get("event_id") or what.get("event_ts")))
        self._heed(kind, what)
        return None

    def _heed(self, kind: Any, what: Payload) -> None:
        """Forget what an event says is no longer so."""
        if kind in ("member_joined_channel", "member_left_channel", "subteam_members_changed", "subteam_updated"):
            self.team.forget_agents()
            if what.get("user") == self.team.bot_user:
                self.rooms.forget(str(what.get("channel")))
        elif kind in ("channel_rename", "channel_shared", "channel_unshared"):
            channel = what.get("channel")
            self.rooms.forget(str(channel.get("id") if isinstance(channel, dict) else channel))
        elif kind == "user_change":
            self.team.forget(str((what.get("user") or {}).get("id", "")))

    async def message(self, what: Payload) -> Event | None:
        """Read a message, as an event or as the history has it; None where it is the bot's own."""
        user, bot = str(what.get("user") or ""), str(what.get("bot_id") or "")
        if user in self.team.ours or bot in self.team.ours or not (user or bot):
            return None
        channel, ts = str(what["channel"]), str(what["ts"])
        text = str(what.get("text") or "")
        address, direct = self._place(what, channel, ts)
        shared = what.get("files") or ()
        files = await self._shelf.keep(self.team.api, shared)
        if not text and not files and what.get("files"):
            text = ", ".join(str(item.get("name") or "file") for item in what["files"])
        return Event(
            key=self.key(channel, ts),
            kind="message",
            address=address,
            person=await self._who(what, user or bot),
            at=instant(ts),
            text=await self.words(said.with_forwarded(text, what.get("attachments") or ())),
            files=files,
            left_out=left_out(shared, files),
            direct=direct,
            mentioned=said.mentions(text, self.team.ours),
            by_bot=bool(bot) and not what.get("client_msg_id"),
            room="always" if direct else await self.rooms.mode(channel),
            link=self.link(channel, ts),
            opens_topic=str(what.get("thread_ts") or ts) == ts,
            named=await self._named(text),
        )

    async def _named(self, text: str) -> tuple[Person, ...]:
        others = [user for user in said.people_in(text) if user not in self.team.ours]
        return tuple([await self.team.person(user) for user in others[:_MOST_NAMED]])

    def _place(self, what: Payload, channel: str, ts: str) -> tuple[Address, bool]:
        """Tell where a message stands: in a room each topic is a thread; of direct messages the assistant's are."""
        direct = what.get("channel_type") == "im" or channel.startswith("D")
        thread = str(what.get("thread_ts") or "")
        if direct:
            return self.address(channel, thread if self._settings.ai_threads else ""), True
        return self.address(channel, thread or ts), False

    async def _edit(self, what: Payload) -> Event | None:
        new, old = what.get("message") or {}, what.get("previous_message") or {}
        if new.get("subtype") == "tombstone" and old.get("subtype") != "tombstone":
            return await self._deletion(what)  # it has replies, so something of it is left
        if new.get("text") == old.get("text") or new.get("subtype") == "tombstone":
            return None  # Slack unfolded a link, or counts a reply
        event = await self.message(
            {**new, "channel": what["channel"], "channel_type": what.get("channel_type"), "files": []}
        )
        if event is None:
            return None
        edited = str((new.get("edited") or {}).get("ts") or what.get("event_ts") or what.get("ts"))
        return msgspec.structs.replace(
            event, kind="edit", key=f"{event.key}/{edited}", target=event.key, at=instant(edited)
        )

    async def _deletion(self, what: Payload) -> Event | None:
        old = what.get("previous_message") or {}
        ts = str(what.get("deleted_ts") or old.get("ts") or "")
        if not ts or not old.get("user"):
            return None
        event = await self.message({**old, "ts": ts, "channel": what["channel"], "text": "", "files": []})
        if event is None:
            return None
        at = instant(str(what.get("event_ts") or what.get("ts") or ts))
        return msgspec.structs.replace(event, kind="delete", key=f"{event.key}/deleted", target=event.key, at=at)

    async def _reaction(self, what: Payload) -> Event | None:
        """Open a ticket from a message that got the emoji which the team chose; all others say nothing to the bot."""
        item, emoji = what.get("item") or {}, str(what.get("reaction") or "").partition("::")[0]
        if not self._settings.ticket_emoji or emoji != self._settings.ticket_emoji.strip(":"):
            return None
        if item.get("type") != "message" or what.get("user") in self.team.ours:
            return None
        channel, ts, stamp = str(item["channel"]), str(item["ts"]), str(what.get("event_ts") or "")
        about = await self.said(channel, ts)
        if about is None:
            return None
        person = await self.team.person(str(what["user"]))
        address = about.address if person.id == about.person.id else await self._alone_with(person, about)
        direct = address.channel.startswith("D")
        return Event(
            key=f"{self.key(channel, ts)}/{what['user']}/{emoji}/{stamp}",
            kind="command",
            address=address,
            person=person,
            at=instant(stamp),
            text="/ticket_from_message",
            about=about,
            direct=direct,
            mentioned=True,
            room="always" if direct else await self.rooms.mode(channel),
            link=self.link(channel, ts),
        )

    async def _alone_with(self, person: Person, about: Said) -> Address:
        """Find where somebody is answered about another's message: alone, unless Slack does not let the bot."""
        try:
            return self.address(await self.rooms.direct(person.id.rpartition("/")[2]))
        except Refused:
            return about.address

    async def _within_reach(self, about: Said | None) -> Said | None:
        """Let the author of a message that stands where the bot is not be answered in direct messages."""
        if about is None or about.by_bot or await self.rooms.reaches(about.address.channel):
            return about
        return msgspec.structs.replace(about, address=await self._alone_with(about.person, about))

    async def said(self, channel: str, ts: str) -> Said | None:
        """Fetch a message that somebody points at; None where it is gone.

        Of a thread Slack gives what began it, too, whatever else is asked for: with a reply that makes two.
        """
        try:
            answer = await self.team.api.read(
                "conversations.replies", channel=channel, ts=ts, oldest=ts, latest=ts, inclusive="true", limit=2
            )
        except Failed:
            return None
        found = next((item for item in answer.get("messages") or () if item.get("ts") == ts), None)
        return await self.pointed_at(found, channel) if found else None

    async def pointed_at(self, found: Payload, channel: str) -> Said | None:
        """Read a message that somebody points at."""
        event = await self.message({**found, "channel": channel})
        return Said.of(event) if event else None

    async def home(self, user: str, name: str) -> Event:
        """Ask for what a person's Home tab is to show."""
        return Event(
            key=f"{NAME}/{self.team.id}/home/{user}/{name}",
            kind="command",
            address=self.address(f"{HOME}{user}"),
            person=await self.team.person(user),
            at=self._clock.now(),
            text="/tickets",
        )

    # --- what people press, type and fill in ----------------------------------------------------------------------

    async def command(self, body: Payload) -> Event:
        """Read a slash command: its first word is the command, anything else is a question."""
        text = str(body.get("text") or "").strip()
        verb, _, rest = text.partition(" ")
        channel, user = str(body["channel_id"]), str(body["user_id"])
        is_room = verb.lower() == "here" and not channel.startswith("D")
        if is_room:
            rest = f"{rest} {channel}"
        is_command = verb.lower() in _COMMANDS or text.lower() in _ALONE
        words = f"/{verb.lower()} {rest}".strip() if is_command else text or "/help"
        place = channel if channel.startswith("D") else await self.rooms.direct(user)
        return Event(
            key=f"{NAME}/{self.team.id}/command/{body['trigger_id']}",
            kind="command" if words.startswith("/") else "message",
            address=self.address(place),
            room=await self.rooms.mode(channel) if is_room else "always",
            person=await self.team.person(user, name=str(body.get("user_name") or "")),
            at=self._clock.now(),
            text=words,
        )

    async def press(self, body: Payload, action: Payload) -> Event:
        """Read a pressed button, or a chosen entry of a menu."""
        chosen = (action.get("selected_option") or {}).get("value")
        return await self._interaction(
            body, kind="press", choice=str(chosen or action.get("value") or action.get("action_id") or "")
        )

    async def form(self, body: Payload, choice: str, fields: dict[str, str], place: Payload) -> Event:
        """Read a form that was filled in."""
        event = await self._interaction({**body, "container": place}, kind="form", choice=choice)
        return msgspec.structs.replace(event, fields=fields, key=f"{NAME}/{self.team.id}/form/{body['view']['id']}")

    async def shortcut(self, body: Payload) -> Event:
        """Read the message shortcut: a ticket from the message that it was called on, unless that is the bot's own."""
        channel, message = str((body.get("channel") or {}).get("id", "")), body.get("message") or {}
        user = str(body["user"]["id"])
        return Event(
            key=f"{NAME}/{self.team.id}/shortcut/{body['trigger_id']}",
            kind="command",
            address=self.address(await self.rooms.direct(user)),
            person=await self._who(body, user),
            at=self._clock.now(),
            text="/ticket",
            about=await self._within_reach(await self.pointed_at(message, channel)),
            link=self.link(channel, str(message.get("ts") or "")),
        )

    async def _interaction(self, body: Payload, *, kind: Any, choice: str) -> Event:
        user, container = str(body["user"]["id"]), body.get("container") or {}
        channel = str(container.get("channel_id") or (body.get("channel") or {}).get("id") or "")
        message = body.get("message") or {}
        if not channel:
            channel = await self.rooms.direct(user)  # pressed in the Home tab
        thread = str(container.get("thread_ts") or message.get("thread_ts") or "")
        direct = channel.startswith("D")
        if direct and not self._settings.ai_threads:
            thread = ""
        elif not direct:
            thread = thread or str(container.get("message_ts") or "")
        return Event(
            key=f"{NAME}/{self.team.id}/press/{body.get('trigger_id')}",
            kind=kind,
            address=self.address(channel, thread),
            person=await self._who(body, user),
            at=self._clock.now(),
            choice=choice,
            direct=direct,
            mentioned=not direct,
        )

    # --- how ------------------------------------------------------------------------------------------------------

    def address(self, channel: str, thread: str = "") -> Address:
        """Name a place in this workspace."""
        return Address(NAME, self.team.workspace, channel, thread)

    def key(self, channel: str, ts: str) -> str:
        """Name a message, however it is delivered."""
        return f"{NAME}/{self.team.id}/{channel}/{ts}"

    def link(self, channel: str, ts: str) -> str:
        """Tell where a message can be seen."""
        return f"{self.team.url}archives/{channel}/p{ts.replace('.', '')}" if self.team.url else ""

    async def words(self, text: str) -> str:
        """Read Slack's text as words."""
        names = await self.team.names(list(said.people_in(text)))
        return said.plain(text, bots=self.team.ours, names=names)

    async def _who(self, body: Payload, user: str) -> Person:
        person = body.get("user")
        described = person if isinstance(person, dict) else {}
        home = str(body.get("user_team") or described.get("team_id") or body.get("source_team") or "")
        name = str(described.get("name") or body.get("username") or "")
        return await self.team.person(user, home, name)


def instant(ts: str) -> int:
    """Read a Slack time (``1700000000.000100``, seconds) as milliseconds."""
    try:
        return int(float(ts) * SECOND)
    except ValueError:
        return 0
