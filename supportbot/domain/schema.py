"""Everything the bot keeps, in one list: what a store is opened with."""

from __future__ import annotations

from typing import Any

from supportbot.domain.address import PLACES
from supportbot.domain.attachment import ATTACHMENTS
from supportbot.domain.block import BLOCKS
from supportbot.domain.card import CARDS
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.dialogue import DIALOGUES, ONCE
from supportbot.domain.memory import MEMORIES
from supportbot.domain.panel import PANELS
from supportbot.domain.platform import PLATFORMS
from supportbot.domain.record import Kind, Log, Schema
from supportbot.domain.reply import OFFERS, RELAYED, SHOWN
from supportbot.domain.room import ROOMS
from supportbot.domain.ticket import TICKETS
from supportbot.domain.timeline import TIMELINE

_KINDS: tuple[Kind[Any], ...] = (
    *(CONVERSATIONS, PLACES, TICKETS, DIALOGUES, MEMORIES),
    *(ATTACHMENTS, PLATFORMS, ROOMS, BLOCKS, PANELS),
)
_LOGS: tuple[Log[Any], ...] = (TIMELINE, OFFERS, SHOWN, ONCE, RELAYED, CARDS)

SCHEMA = Schema(kinds=_KINDS, logs=_LOGS)
