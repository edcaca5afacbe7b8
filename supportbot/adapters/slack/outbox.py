"""What goes out to Slack: posts, edits, marks, lines for one person, files, the Home tab; and how it is found again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import msgspec

from supportbot.adapters.base import Files, Sent
from supportbot.adapters.progress import Partly, Progress
from supportbot.adapters.slack.api import Api, Failed
from supportbot.adapters.slack.home import home_view
from supportbot.adapters.slack.incoming import HOME
from supportbot.adapters.slack.posts import part_in, posts_of
from supportbot.adapters.slack.rich_text import MOST_UNITS
from supportbot.clock import SECOND, Clock
from supportbot.domain.file import File
from supportbot.domain.reply import Outgoing
from supportbot.errors import Refused, TryLater, Unclear
from supportbot.texts import Texts

_MARKS = {"taken": "eyes", "sent": "white_check_mark", "noted": "lock", "solution": "white_check_mark"}
_LOOK_BACK = 600
"""Seconds before a message was made that a read-back begins with: clocks differ."""
_PAGE = 200
"""Messages read back at a time; of some apps Slack makes it fifteen."""
_MOST_PAGES = 20
_PAUSE = 2.0
_TOO_LONG = frozenset({"msg_too_long", "msg_blocks_too_long", "invalid_blocks"})
_GONE = frozenset({"message_not_found", "file_not_found", "file_deleted"})
_SHORTEST = 500


class Outbox:
    """Shows messages in one workspace."""

    def __init__(self, api: Api, files: Files | None, *, texts: Texts, scopes: frozenset[str], clock: Clock) -> None:
        self._api = api
        self.files = files
        self._texts = texts
        self.scopes = scopes
        """What the token may do, once Slack has said it."""
        self._clock = clock
        self._partly = Partly()
        self._not_before: dict[str, int] = {}
        """Of channels that asked to wait: until when."""

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
        if outgoing.removes:
            return await self._remove(outgoing)
        if outgoing.edits:
            return await self._edit(outgoing)
        if outgoing.only_for:
            return await self._whisper(outgoing)
        return await self._post(outgoing)

    # --- how a message is shown -----------------------------------------------------------------------------------

    async def _post(self, outgoing: Outgoing) -> Sent:
        progress = self._partly.of(outgoing.id, MOST_UNITS)
        while not await self._show(outgoing, progress):
            progress.at_most //= 2
        await self._attach(outgoing, progress)
        self._partly.finish(outgoing.id)
        return self._sent(outgoing, progress)

    async def _show(self, outgoing: Outgoing, progress: Progress) -> bool:
        """Post what is missing of a message; tells that it is to be cut smaller where Slack finds it too long."""
        try:
            for number, post in enumerate(posts_of(outgoing, at_most=progress.at_most), 1):
                if number not in progress.shown:
                    progress.shown[number] = await self._say(outgoing, post, progress)
                    self._partly.keep(outgoing.id, progress)
        except Failed as error:
            if error.code in _TOO_LONG and progress.at_most > _SHORTEST and not progress.shown:
                return False
            raise
        return True

    async def _say(self, outgoing: Outgoing, post: dict[str, Any], progress: Progress) -> str:
        if outgoing.author and "chat:write.customize" in self.scopes:
            post = {**post, "username": outgoing.author}
        thread = progress.first if outgoing.opens_thread else outgoing.address.thread
        answer = await self._in(outgoing.address.channel, "chat.postMessage", thread_ts=thread, **post)
        return str(answer.get("ts", ""))

    async def _in(self, channel: str, method: str, **arguments: Any) -> dict[str, Any]:
        """Call a method for a channel, unless that channel just asked to wait: then none of its threads asks again."""
        now = self._clock.now()
        if (wait := self._not_before.get(channel, 0) - now) > 0:
            raise TryLater(wait / SECOND)
        try:
            return await self._api.write(method, channel=channel, **arguments)
        except TryLater as asked:
            self._not_before = {name: until for name, until in self._not_before.items() if until > now}
            self._not_before[channel] = self._clock.now() + round(asked.after * SECOND)
            raise

    async def _attach(self, outgoing: Outgoing, progress: Progress) -> None:
        if not outgoing.files or self.files is None:
            return
        thread = progress.first if outgoing.opens_thread else outgoing.address.thread
        given = [await self._upload(file) for file in outgoing.files]
        if references := [reference for reference in given if reference]:
            await self._api.write(
                "files.completeUploadExternal",
                files=references,
                channel_id=outgoing.address.channel,
                thread_ts=thread,
            )
            progress.files = tuple(reference["id"] for reference in references)

    async def _upload(self, file: File) -> dict[str, str] | None:
        source = await self.files.open_file(file.id) if self.files else None
        if source is None:
            return None
        with source:
            content = source.read()
        if not content:
            return None  # Slack takes none that are empty
        try:
            place = await self._api.form("files.getUploadURLExternal", filename=file.name, length=str(len(content)))
        except Unclear as doubt:
            raise TryLater(_PAUSE, "no place for a file was given") from doubt  # nobody sees a file before its end
        await self._api.upload(str(place["upload_url"]), content)
        return {"id": str(place["file_id"]), "title": file.name}

    async def _edit(self, outgoing: Outgoing) -> Sent:
        """Replace a message that was shown, post by post; what needs more posts than there were is left out."""
        at_most = MOST_UNITS
        while not await self._replace(outgoing, at_most):
            at_most //= 2
        return Sent(id=outgoing.edits, address=outgoing.address)

    async def _replace(self, outgoing: Outgoing, at_most: int) -> bool:
        """Change the posts of a message; tells that it is to be cut smaller where Slack finds them too long."""
        there = [outgoing.edits, *(part for part in outgoing.parts if not _is_file(part))]
        posts = posts_of(outgoing, at_most=at_most)
        for ts, post in zip(there, posts, strict=False):
            shown = {name: post[name] for name in ("text", "blocks", "metadata")}
            try:
                await self._in(outgoing.address.channel, "chat.update", ts=ts, **shown)
            except Failed as error:
                if error.code not in _TOO_LONG or at_most <= _SHORTEST:
                    raise
                return False
        for ts in there[len(posts) :]:
            await self._delete(outgoing, ts)
        return True

    async def _remove(self, outgoing: Outgoing) -> Sent:
        """Take a message away, with all that belongs to it."""
        for part in (outgoing.edits, *outgoing.parts):
            await self._delete(outgoing, part)
        return Sent()

    async def _delete(self, outgoing: Outgoing, part: str) -> None:
        try:
            if _is_file(part):
                await self._api.write("files.delete", file=part)
            else:
                await self._in(outgoing.address.channel, "chat.delete", ts=part)
        except Failed as error:
            if error.code not in _GONE:
                raise

    async def _whisper(self, outgoing: Outgoing) -> Sent:
        """Show a message to one person only; parts that were shown stay in mind, since Slack does not tell of them."""
        user, place = outgoing.only_for.rpartition("/")[2], outgoing.address
        progress = self._partly.of(outgoing.id, MOST_UNITS)
        for number, post in enumerate(posts_of(outgoing), 1):
            if number not in progress.shown:
                said = {name: post[name] for name in ("text", "blocks")}
                await self._in(place.channel, "chat.postEphemeral", user=user, thread_ts=place.thread, **said)
                progress.shown[number] = ""
                self._partly.keep(outgoing.id, progress)
        self._partly.finish(outgoing.id)
        return Sent()

    async def _mark(self, outgoing: Outgoing) -> Sent:
        channel, ts = _marked(outgoing)
        try:
            await self._api.write("reactions.add", channel=channel, timestamp=ts, name=_MARKS[outgoing.mark])
        except Failed as error:
            if error.code != "already_reacted":
                raise
        return Sent()

    def _sent(self, outgoing: Outgoing, progress: Progress) -> Sent:
        address = outgoing.address
        if outgoing.opens_thread:
            address = msgspec.structs.replace(address, thread=progress.first)
        return Sent(id=progress.first, address=address, parts=progress.others)

    # --- what was shown already -----------------------------------------------------------------------------------

    async def find(self, outgoing: Outgoing) -> Sent | None:
        """Look whether a message was shown, all its parts; those that were are not shown again."""
        outgoing = _placed(outgoing)
        if outgoing.edits or outgoing.reaction_to or outgoing.address.channel.startswith(HOME):
            return None  # to do it again does no harm
        if outgoing.only_for:
            raise Refused("Slack cannot tell whether a line for one person was shown, so it is not shown twice")
        found = await self._recent(outgoing, outgoing.address.thread)
        progress, count = _progress(found, outgoing.id)
        if outgoing.opens_thread and progress.first and (count > 1 or outgoing.files):
            found += await self._recent(outgoing, progress.first)  # all but the first stand under it
            progress, count = _progress(found, outgoing.id)
        if not posts_of(outgoing):
            return Sent() if outgoing.files and _has_files(found, outgoing) else None
        if progress.shown:
            self._partly.keep(outgoing.id, progress)
        if not progress.shown or len(progress.shown) < count or not _has_files(found, outgoing):
            return None
        self._partly.finish(outgoing.id)
        return self._sent(outgoing, progress)

    async def _recent(self, outgoing: Outgoing, thread: str) -> list[dict[str, Any]]:
        """Read what was posted in the channel or a thread since the message was made; Unclear if that is too much."""
        since = f"{outgoing.at / SECOND - _LOOK_BACK:.6f}"
        where = {"channel": outgoing.address.channel, "include_all_metadata": "true", "oldest": since}
        method = "conversations.history"
        if thread:
            method, where = "conversations.replies", {**where, "ts": thread}
        found: list[dict[str, Any]] = []
        cursor = ""
        for _ in range(_MOST_PAGES):
            page = await self._api.read(method, limit=_PAGE, cursor=cursor, **where)
            found += page.get("messages") or []
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return found
        raise Unclear("too much was said there since to find it")


def _is_file(part: str) -> bool:
    """Tell a file's id from a post's time."""
    return part.startswith("F")


def _progress(found: Sequence[dict[str, Any]], name: str) -> tuple[Progress, int]:
    """Find the parts of a message among what was posted; returns them, and how many there are to be."""
    progress, count = Progress(MOST_UNITS), 0
    for message in found:
        part = part_in(message)
        if part.id == name:
            progress.shown[part.number], progress.at_most, count = str(message["ts"]), part.at_most, part.of
    return progress, count


def _has_files(found: Sequence[dict[str, Any]], outgoing: Outgoing) -> bool:
    """Tell whether a message's files are among what was posted; Slack keeps no more of them than name and size."""
    shared = Counter((file.get("title"), file.get("size")) for message in found for file in message.get("files") or ())
    return not Counter((file.name, file.size) for file in outgoing.files if file.size) - shared


def _marked(outgoing: Outgoing) -> tuple[str, str]:
    """Read from its key where the message stands that is to be marked: the channel, and its time there."""
    place, _, ts = outgoing.reaction_to.rpartition("/")
    return place.rpartition("/")[2], ts


def _placed(outgoing: Outgoing) -> Outgoing:
    """Put what opens a thread into the channel itself, whose time becomes the thread's name; word a mark on no message.

    A slash command, say, leaves nothing that could be marked: its key names no channel.
    """
    if outgoing.opens_thread:
        return msgspec.structs.replace(outgoing, address=outgoing.address.outside_thread)
    if outgoing.reaction_to and not _marked(outgoing)[0][:1].isupper():
        return msgspec.structs.replace(outgoing, reaction_to="")
    return outgoing
