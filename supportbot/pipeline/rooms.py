"""Rooms: in which messages among people does the bot take part? What agents say with ``/here`` counts first. ::

            a new topic        mentioned, or a command     a thread that it has a part in
always      yes                yes                         yes
mention     no                 yes                         yes
never       no                 an agent's command only     yes
"""

from __future__ import annotations

from typing import get_args

import msgspec

from supportbot.clock import Clock, as_datetime
from supportbot.desk.ledger import Ledger
from supportbot.domain.address import Address
from supportbot.domain.event import RoomMode
from supportbot.domain.markdown import escape, shorten
from supportbot.domain.room import ROOMS, Room
from supportbot.pipeline.commands import command_in
from supportbot.pipeline.ownership import Scene
from supportbot.pipeline.remembered import Remembered
from supportbot.storage.base import Store

HERE = "here"
"""The command that shows and sets it."""
BUILT_IN = frozenset({HERE, "cancel", "panel", "skills", "solved"})
"""The commands that no skill takes."""


class Rooms:
    """Knows what agents said of the rooms, without asking the store for each message."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._known = Remembered(store, clock, ROOMS)

    async def mode(self, address: Address, configured: RoomMode) -> RoomMode:
        """Tell in which messages of a room the bot takes part."""
        room = await self._known.get(address.outside_thread.key)
        return room.mode if room else configured

    async def takes_part(self, scene: Scene) -> bool:
        """Tell whether what somebody did is for the bot at all."""
        event = scene.event
        if event.direct or scene.side == "agents" or event.kind not in ("message", "command"):
            return True
        if scene.case.conversation.version:
            return True  # it has a part in this thread
        mode = await self.mode(event.address, event.room)
        if mode == "always":
            return True
        command = command_in(event.text)[0]
        if mode == "never":
            return bool(command) and scene.is_agent
        return event.mentioned or command in scene.case.ledger.rules.commands

    async def here(self, scene: Scene, args: str) -> str:
        """Deal with ``/here [always|mention|never] [channel]``, which agents say; returns the answer."""
        case, texts = scene.case, scene.case.texts
        words = args.lower().split()
        mode = next((known for known in get_args(RoomMode) if known in words[:1]), None)
        channel = "".join(args.split()[1 if mode else 0 :][:1])
        if (words and not mode and not _is_channel(channel)) or len(words) > 2:
            return texts("rooms.which")
        room = scene.here.outside_thread
        if channel:
            room = msgspec.structs.replace(room, channel=channel)
        if (scene.event.direct and not channel) or room == case.ledger.rules.agents:
            return texts("rooms.no_room")
        if mode:
            await self._set(case.ledger, room, mode, scene)
        return await self._shown(scene, room, is_elsewhere=bool(channel))

    # --- how ------------------------------------------------------------------------------------------------------

    async def _set(self, ledger: Ledger, room: Address, mode: RoomMode, scene: Scene) -> None:
        before = await ledger.get(ROOMS, room.key)
        version = before.version if before else 0
        ledger.put(ROOMS, Room(id=room.key, version=version, mode=mode, by=scene.person, at=ledger.now))
        ledger.after.append(lambda: self._known.forget(room.key))

    async def _shown(self, scene: Scene, room: Address, *, is_elsewhere: bool) -> str:
        texts = scene.case.texts
        said = await scene.case.ledger.get(ROOMS, room.key)
        where = texts("rooms.there" if is_elsewhere else "rooms.here")
        line = texts(f"rooms.{said.mode if said else scene.event.room}", where=where)
        if said is None:
            return f"{line} {texts('rooms.configured')}"
        who, when = escape(shorten(said.by.name, 80)), as_datetime(said.at)
        return f"{line} {texts('rooms.said', who=who, when=f'{when:%d %b %Y}')}"


def _is_channel(word: str) -> bool:
    """Tell a channel's id, as a platform's own command adds it, from a word: it has a digit in it."""
    return word.isascii() and word.isalnum() and any(letter.isdigit() for letter in word)
