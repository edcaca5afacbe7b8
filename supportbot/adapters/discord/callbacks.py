"""Callbacks: the calls that answer an interaction. What comes too late, or a second time, is no error."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import discord

from supportbot.adapters.discord.api import Api, Failed
from supportbot.adapters.discord.live import Live, State
from supportbot.errors import TryLater

MESSAGE, DEFERRED, ACKNOWLEDGED, CHOICES, MODAL = 4, 5, 6, 8, 9
"""The kinds of a first answer, as Discord counts them."""
_HIDDEN = 64
"""The flag of a message that one person sees."""
_ALREADY_ANSWERED = "40060"
_OVER = frozenset({"10062", "10015", "50027"})
"""Unknown interaction, unknown webhook, invalid token: it came too late, or the interaction is too old."""
_PAUSE = 0.3
_LONGEST_CALL = 2.5
"""Seconds: a first answer comes within three, or never."""
_CALLBACK = "/interactions/{webhook_id}/{webhook_token}/callback"
_LATER = "/webhooks/{webhook_id}/{webhook_token}"
_FIRST = f"{_LATER}/messages/@original"
"""Named as discord.py names them: it lets calls of different webhooks run beside one another, all others in turn."""
_ONLY_IN_CHANNELS = frozenset({"nonce", "enforce_nonce", "message_reference"})

Body = dict[str, Any]


class Callbacks:
    """Answers interactions, and notes at each how far its answer has come."""

    def __init__(self, api: Api) -> None:
        self._api = api

    async def first(self, live: Live, kind: int, data: Body | None = None, *, says: str = "") -> bool:
        """Give the first answer, `says` being the message that it shows; tells whether it came.

        Discord takes one only. So an answer of which nobody knows whether it came is simply given again.
        """
        body = {"type": kind, **({"data": data} if data else {})}
        try:
            async with asyncio.timeout(_LONGEST_CALL):
                await self._api.change("POST", _CALLBACK, body, webhook_id=live.id, webhook_token=live.token)
        except (TryLater, TimeoutError) as error:
            live.unsure = says or live.unsure
            raise TryLater(_PAUSE, "an interaction's answer has not come yet") from error
        except Failed as error:
            if error.code not in {_ALREADY_ANSWERED, *_OVER}:
                raise
            live.became("gone" if error.code in _OVER else "open")
            came, live.landed, live.unsure = bool(says) and live.unsure == says, live.unsure, ""
            return came
        live.unsure = ""
        live.became(_THEN.get(kind, "open"))
        return True

    async def defer(self, live: Live) -> None:
        """Tell Discord that an answer will come; nobody sees that of what was done at a message of the bot's."""
        kind = ACKNOWLEDGED if live.is_quiet else DEFERRED
        await self.first(live, kind, {"flags": _HIDDEN} if live.is_hidden and not live.is_quiet else None)

    async def say(self, live: Live, body: Body, files: Sequence[discord.File], *, says: str) -> bool:
        """Show words: as the first answer, in place of the thought, or behind what was said; False if it is too late.

        `says` is the message's id, by which it is known whether it came with an earlier try.
        """
        body = {name: value for name, value in body.items() if name not in _ONLY_IN_CHANNELS}
        shown = {**body, "flags": int(body.get("flags") or 0) | _HIDDEN} if live.is_hidden else body
        if live.state == "fresh" and files:
            await self.defer(live)
        elif live.state == "fresh" and await self.first(live, MESSAGE, shown, says=says):
            return True
        if says and live.landed == says:
            live.landed = ""
            return True
        return live.state != "gone" and await self._later(live, body, shown, files)

    async def _later(self, live: Live, body: Body, shown: Body, files: Sequence[discord.File]) -> bool:
        places = {"webhook_id": live.application, "webhook_token": live.token}
        try:
            if live.state == "thinking" and not files:
                await self._api.change("PATCH", _FIRST, body, **places)
            else:
                await self._api.write(_LATER, shown, files=files, **places)
        except Failed as error:
            if error.code not in _OVER:
                raise
            live.became("gone")
            return False
        live.became("open")
        return True

    async def withdraw(self, live: Live) -> None:
        """Take the thought away: there is nothing to say, or it was said elsewhere."""
        live.became("open")
        await self._api.change("DELETE", _FIRST, webhook_id=live.application, webhook_token=live.token)


_THEN: dict[int, State] = {DEFERRED: "thinking"}
