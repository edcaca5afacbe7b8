"""What goes out to Slack: posts, edits, marks, lines for one person, files, the Home tab; and how it is found again."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import msgspec

from supportbot.adapters.base import Files, Sent
from supportbot.adapters.slack.api import Api, Failed
from supportbot.adapters.slack.home import home_view
from supportbot.adapters.slack.incoming import HOME
from supportbot.adapters.slack.posts import part_in, posts_of
from supportbot.adapters.slack.rich_text import MOST_UNITS
from supportbot.adapters.slack.rooms import Rooms
from supportbot.clock import SECOND
from supportbot.domain.file import File
from supportbot.domain.reply import Outgoing
from supportbot.errors import Refused
from supportbot.texts import Texts

_MARKS = {"taken": "eyes", "sent": "white_check_mark", "noted": "lock"}
_LOOK_BACK = 120
"""Seconds before a message was made that a read-back begins with: clocks differ."""
_MOST_READ = 15
_MOST_PARTLY = 1_000
_TOO_LONG = frozenset({"msg_too_long", "msg_blocks_too_long", "invalid_blocks"})
_SHORTEST = 500


class Outbox:
    """Shows messages in one workspace."""

    def __init__(self, api: Api, rooms: Rooms, files: Files | None, texts: Texts, scopes: frozenset[str]) -> None:
        self._api = api
        self._rooms = rooms
        self.files = files
        self._texts = texts
        self._scopes = scopes
        self._partly: OrderedDict[str, dict[int, str]] = OrderedDict()
        """Of messages that were shown in part: which parts, and where."""

    async def send(self, outgoing: Outgoing) -> Sent:
        """Show a message; Refused, TryLater or Unclear."""
        outgoing = _placed(outgoing)
        address = outgoing.address
        if outgoing.reaction_to:
            return await self._mark(outgoing)
        if address.channel.startswith(HOME):
            user = address.channel.removeprefix(HOME)
            await self._api.write("views.publish", user_id=user, view=home_view(outgoing, self._texts))
            return Sent()
        if outgoing.edits:
            return await self._edit(outgoing)
        if outgoing.only_for:
            return await self._whisper(outgoing)
        return await self._post(outgoing, MOST_UNITS)

    # --- how a message is shown -----------------------------------------------------------------------------------

    async def _post(self, outgoing: Outgoing, at_most: int) -> Sent:
        shown = dict(self._partly.pop(outgoing.id, {}))
        try:
            for number, post in enumerate(posts_of(outgoing, at_most=at_most), 1):
                if number not in shown:
                    shown[number] = await self._say(outgoing, post)
        except Failed as error:
            if error.code in _TOO_LONG and at_most > _SHORTEST and not shown:
                return await self._post(outgoing, at_most // 2)
            raise
        finally:
            self._remember(outgoing.id, shown)
        await self._attach(outgoing, shown)
        self._partly.pop(outgoing.id, None)
        return self._sent(outgoing, shown[1])

    async def _say(self, outgoing: Outgoing, post: dict[str, Any]) -> str:
        if outgoing.author and "chat:write.customize" in self._scopes:
            post = {**post, "username": outgoing.author}
        address = outgoing.address
        answer = await self._api.write("chat.postMessage", channel=address.channel, thread_ts=address.thread, **post)
        return str(answer.get("ts", ""))

    async def _attach(self, outgoing: Outgoing, shown: dict[int, str]) -> None:
        if not outgoing.files or self.files is None:
            return
        thread = shown[1] if outgoing.opens_thread else outgoing.address.thread
        given = [await self._upload(file) for file in outgoing.files]
        if references := [reference for reference in given if reference]:
            await self._api.write(
                "files.completeUploadExternal",
                files=references,
                channel_id=outgoing.address.channel,
                thread_ts=thread,
            )

    async def _upload(self, file: File) -> dict[str, str] | None:
        source = await self.files.open_file(file.id) if self.files else None
        if source is None:
            return None
        with source:
            content = source.read()
        place = await self._api.form("files.getUploadURLExternal", filename=file.name, length=str(len(content)))
        await self._api.upload(str(place["upload_url"]), content)
        return {"id": str(place["file_id"]), "title": file.name}

    async def _edit(self, outgoing: Outgoing) -> Sent:
        """Replace a message that was shown; what it was too long for is left out, since it is one message."""
        post = posts_of(outgoing)[0]
        shown = {name: post[name] for name in ("text", "blocks", "metadata")}
        await self._api.write("chat.update", channel=outgoing.address.channel, ts=outgoing.edits, **shown)
        return Sent(id=outgoing.edits, address=outgoing.address)

    async def _whisper(self, outgoing: Outgoing) -> Sent:
        user = outgoing.only_for.rpartition("/")[2]
        for post in posts_of(outgoing):
            said = {name: post[name] for name in ("text", "blocks")}
            place = {"channel": outgoing.address.channel, "thread_ts": outgoing.address.thread}
            await self._api.write("chat.postEphemeral", user=user, **place, **said)
        return Sent()

    async def _mark(self, outgoing: Outgoing) -> Sent:
        channel, _, ts = outgoing.reaction_to.rpartition("/")
        try:
            name = _MARKS[outgoing.mark]
            await self._api.write("reactions.add", channel=channel.rpartition("/")[2], timestamp=ts, name=name)
        except Failed as error:
            if error.code != "already_reacted":
                raise
        return Sent()

    def _sent(self, outgoing: Outgoing, ts: str) -> Sent:
        address = outgoing.address
        if outgoing.opens_thread:
            address = msgspec.structs.replace(address, thread=ts)
        return Sent(id=ts, address=address)

    def _remember(self, name: str, shown: dict[int, str]) -> None:
        if shown:
            self._partly[name] = shown
        while len(self._partly) > _MOST_PARTLY:
            self._partly.popitem(last=False)

    # --- what was shown already -----------------------------------------------------------------------------------

    async def find(self, outgoing: Outgoing) -> Sent | None:
        """Look whether a message was shown, all its parts; those that were are not shown again."""
        outgoing = _placed(outgoing)
        if outgoing.edits or outgoing.reaction_to or outgoing.address.channel.startswith(HOME):
            return None  # to do it again does no harm
        if outgoing.only_for:
            raise Refused("Slack cannot tell whether a line for one person was shown, so it is not shown twice")
        shown: dict[int, str] = {}
        count = 0
        for message in await self._recent(outgoing):
            name, part, parts = part_in(message)
            if name == outgoing.id:
                shown[part], count = str(message["ts"]), parts
        if shown and len(shown) == count:
            return self._sent(outgoing, shown[1])
        self._remember(outgoing.id, shown)
        return None

    async def _recent(self, outgoing: Outgoing) -> list[dict[str, Any]]:
        """Read what was posted at the address since the message was made."""
        since = f"{outgoing.at / SECOND - _LOOK_BACK:.6f}"
        where = {"channel": outgoing.address.channel, "include_all_metadata": "true", "oldest": since}
        method = "conversations.history"
        if outgoing.address.thread:
            method, where = "conversations.replies", {**where, "ts": outgoing.address.thread}
        found: list[dict[str, Any]] = []
        cursor = ""
        while True:
            page = await self._api.read(method, limit=_MOST_READ, cursor=cursor, **where)
            found += page.get("messages") or []
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor or len(found) >= 20 * _MOST_READ:
                return found


def _placed(outgoing: Outgoing) -> Outgoing:
    """Put what opens a thread into the channel itself: its own time becomes the thread's name."""
    return (
        msgspec.structs.replace(outgoing, address=outgoing.address.outside_thread)
        if outgoing.opens_thread
        else outgoing
    )
