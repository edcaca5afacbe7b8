"""A room in which an agent said whether the bot takes part: that counts before the configuration."""

from __future__ import annotations

from supportbot.domain.event import RoomMode
from supportbot.domain.person import Person
from supportbot.domain.record import Kind, Record


class Room(Record, frozen=True, kw_only=True):
    """What was said of one channel (`id` is the key of its address), by whom and when (milliseconds)."""

    mode: RoomMode
    by: Person
    at: int


ROOMS: Kind[Room] = Kind("rooms", Room)
