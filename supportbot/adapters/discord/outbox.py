"""What goes out to Discord: posts, edits, deletions, marks, cards with their threads; and how it is found again.

The id of a message that was shown is ``CHANNEL/MESSAGE``: its thread where it stands in one, so that it can be changed.
Each post has a nonce made of our own id, so that Discord shows it once however often it is sent; it remembers that for
some minutes only, and what was not answered by then is looked for before it is sent again.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import discord
import msgspec

from supportbot.adapters.base import Files, Sent
from supportbot.adapters.discord.api import CLOSED, IS_ARCHIVED, IS_LOCKED, NO_CHANNEL, NO_MESSAGE, Api, Failed
from supportbot.adapters.discord.landings import Landings
from supportbot.adapters.discord.look_back import Shown, shown_in
from supportbot.adapters.discord.posts import Post, longest, nonce_of, post_of, posts_of
from supportbot.adapters.discord.threads import Spot, Threads
from supportbot.adapters.discord.words import escape
from supportbot.adapters.lengths import fitting
from supportbot.adapters.progress import Partly, Progress
from supportbot.clock import MINUTE, SECOND, Clock
from supportbot.domain.address import Address
from supportbot.domain.file import File
from supportbot.domain.markdown import plain
from supportbot.domain.reply import Outgoing
from supportbot.errors import AdapterError, Refused, TryLater, Unclear
from supportbot.logs import log
from supportbot.recent import Recent
from supportbot.texts import Texts

_MARKS = {"taken": "👀", "sent": "✅", "noted": "🔒", "solution": "✅"}
_SAME_NONCE = 2 * MINUTE
"""How long a nonce is trusted: Discord remembers it for a few minutes."""
_LONGEST_PAUSE = 30.0
_MOST_UNSURE = 1_000
_BY_INTERACTION = "interaction"
"""What stands for the id of a part that was shown by an interaction: it cannot be changed later."""
_TOO_LARGE = "40005"
_NO_SUCH_REPLY = frozenset({"50035", "160002"})
_LONGEST_NAMES = 150


class Live(Protocol):
    """What of `Interactions` the outbox uses."""

    async def answer(self, outgoing: Outgoing, body: dict[str, Any], files: Sequence[discord.File] = ()) -> bool:
        """Show one post of a message by a live interaction of its person at its address; tell whether there is one.

        Raises what `Api.write` raises. Asked for each post of a message in turn, never for edits, marks or cards.
        """
        ...


class Landed(NamedTuple):
    """Where a post is: its id, and the address that it went to."""

    id: str
    where: Address


class Outbox:
    """Shows messages; Refused or TryLater."""

    def __init__(
        self, api: Api, live: Live, threads: Threads, landings: Landings, *, bot: str, texts: Texts, clock: Clock
    ) -> None:
        """Show messages as the user `bot`."""
        self.files: Files | None = None
        """Where files are that go out; set once there is a store."""
        self.threads = threads
        self._api = api
        self._live = live
        self._landings = landings
        self._bot = bot
        self._texts = texts
        self._clock = clock
        self._partly = Partly()
        self._unsure = Recent[str, int](_MOST_UNSURE)
        """Since when nobody can tell whether a message was shown."""

    async def send(self, outgoing: Outgoing) -> Sent:
        """Show a message; its address is another than it was sent to where it had to go elsewhere."""
        if outgoing.reaction_to and await self._mark(outgoing):
            return Sent()
        if outgoing.removes:
            return await self._remove(outgoing)
        if outgoing.edits:
            return await self._edit(outgoing)
        await self._look_back(outgoing)
        try:
            sent = await self._say(outgoing)
            await self._close(outgoing, sent)
        except Unclear as doubt:
            raise TryLater(self._pause(outgoing), "whether it was shown is not known yet") from doubt
        self._forget(outgoing)
        return sent

    async def _close(self, outgoing: Outgoing, sent: Sent) -> None:
        """Close the thread behind the last thing that is said there."""
        where = sent.address or outgoing.address
        if outgoing.closes and where.thread and not where.is_alone:
            await self.threads.doors.close(where.thread)

    # --- posts ----------------------------------------------------------------------------------------------------

    async def _say(self, outgoing: Outgoing) -> Sent:
        progress, where = self._partly.of(outgoing.id, longest(outgoing)), None
        posts = posts_of(outgoing, at_most=progress.at_most)
        for number, post in enumerate(posts, 1):
            if number in progress.shown:
                continue
            files = await self._files_of(outgoing) if number == len(posts) else []
            if await self._answers(outgoing, post, files):
                progress.shown[number] = _BY_INTERACTION
            else:
                where = where or await self._where(outgoing, progress)
                progress.shown[number], where = await self._post(outgoing, number, post, files, where)
                where = await self._thread_of_card(outgoing, progress, where)
            self._partly.keep(outgoing.id, progress)
        if posts and where is None and _BY_INTERACTION not in progress.shown.values():
            where = await self._where(outgoing, progress)  # the last that was missing was its thread
        return self._sent(outgoing, progress, where)

    async def _answers(self, outgoing: Outgoing, post: Post, files: Sequence[discord.File]) -> bool:
        """Answer what the person just did, if that is open still; what is to last is only pointed to there."""
        if outgoing.purpose in ("relay", "agents") or outgoing.aside:
            return False
        return await self._live.answer(outgoing, post, files)

    async def _where(self, outgoing: Outgoing, progress: Progress) -> Address:
        if outgoing.purpose == "agents":
            return await self._thread_of_card(outgoing, progress, _placed(outgoing))
        where = await self._landings.of(outgoing)
        if outgoing.aside and where.key != outgoing.address.key and not progress.shown:
            await self._point_to(where, outgoing)
        return where

    async def _point_to(self, where: Address, outgoing: Outgoing) -> None:
        """Say at the old place where it goes on; the person sees it without that, too."""
        post = post_of(self._texts("discord.goes_on", thread=f"<#{where.thread or where.channel}>"))
        try:
            if await self._live.answer(outgoing, post) or outgoing.address.is_alone or outgoing.landed:
                return
            spot = await self.threads.spot(outgoing.address)
            nonce = {"nonce": nonce_of(outgoing, 0), "enforce_nonce": True}
            await self._api.write(
                "/channels/{channel_id}/messages", {**post, **nonce, **_reply(spot)}, channel_id=spot.channel
            )
        except AdapterError as error:
            log.info("the way to a private thread could not be told", adapter="discord", error=type(error).__name__)

    async def _thread_of_card(self, outgoing: Outgoing, progress: Progress, where: Address) -> Address:
        """Open the thread of a case under its card; where that cannot be, its lines stand in the channel."""
        if not (outgoing.opens_thread and progress.first) or where.thread:
            return where
        channel, _, message = progress.first.partition("/")
        try:
            words = plain(outgoing.text).strip().partition("\n")[0]
            thread = await self.threads.of_message(channel, message, words)
        except Failed as failed:
            log.warning("the thread of a case could not be opened", adapter="discord", reason=failed.code)
            return where
        return msgspec.structs.replace(where, thread=thread)

    async def _post(
        self, outgoing: Outgoing, number: int, post: Post, files: list[discord.File], where: Address
    ) -> Landed:
        """Post a part of a message; where that is closed, it goes elsewhere."""
        try:
            return await self._post_at(outgoing, number, post, files, where)
        except Failed as failed:
            if failed.code == CLOSED and not where.thread:
                where = await self._landings.instead(outgoing, where, failed)
            elif failed.code == NO_CHANNEL and where.thread:
                where = await self._replaced(outgoing, where)
            else:
                raise
        return await self._post_at(outgoing, number, post, files, where)

    async def _post_at(
        self, outgoing: Outgoing, number: int, post: Post, files: list[discord.File], where: Address
    ) -> Landed:
        spot = await self.threads.spot(where)
        if where.thread and not outgoing.closes:
            await self.threads.doors.open_for_words(spot.channel)
        body = {**post, "nonce": nonce_of(outgoing, number), "enforce_nonce": True}
        try:
            message = await self._write(spot, body, files)
        except Failed as failed:
            if failed.code not in (IS_ARCHIVED, IS_LOCKED):
                raise
            try:
                await self.threads.doors.open_again(spot.channel)
                message = await self._write(spot, body, files)
            except Failed:
                where = await self._replaced(outgoing, where)
                spot = Spot(where.thread)
                message = await self._write(spot, body, files)
        return Landed(f"{spot.channel}/{message['id']}", where)

    async def _replaced(self, outgoing: Outgoing, where: Address) -> Address:
        """Go on in another thread than one that is lost."""
        is_agents = outgoing.purpose == "agents"
        thread = await self.threads.replace(where.thread, where.channel, for_agents=is_agents)
        where = msgspec.structs.replace(where, thread=thread)
        self._landings.went(outgoing, where)
        return where

    async def _write(self, spot: Spot, body: Post, files: list[discord.File]) -> dict[str, Any]:
        path = "/channels/{channel_id}/messages"
        try:
            made: dict[str, Any] = await self._api.write(
                path, {**body, **_reply(spot)}, files=files, channel_id=spot.channel
            )
        except Failed as failed:
            if failed.code == _TOO_LARGE and files:
                return await self._write(spot, self._without(body, files), [])
            if failed.code in _NO_SUCH_REPLY and self.threads.is_topic(spot.replies_to):
                return await self._write(Spot(spot.channel), body, files)  # what it answers was taken back
            raise
        return made

    # --- files ----------------------------------------------------------------------------------------------------

    async def _files_of(self, outgoing: Outgoing) -> list[discord.File]:
        return [found for file in outgoing.files if (found := await self._file(file))]

    async def _file(self, file: File) -> discord.File | None:
        source = await self.files.open_file(file.id) if self.files else None
        if source is None:
            return None
        with source:
            return discord.File(io.BytesIO(source.read()), filename=file.name)

    def _without(self, body: Post, files: Sequence[discord.File]) -> Post:
        """Name the files that Discord finds too large."""
        names = fitting(", ".join(file.filename for file in files), _LONGEST_NAMES)
        told = self._texts("discord.too_large", names=escape(names))
        return {**body, "content": f"{body['content']}\n{told}".strip()}

    # --- what was shown already -----------------------------------------------------------------------------------

    def _sent(self, outgoing: Outgoing, progress: Progress, where: Address | None) -> Sent:
        address = outgoing.address if where is None or outgoing.only_for else where
        if _BY_INTERACTION in progress.shown.values():
            return Sent(address=address)
        return Sent(id=progress.first, address=address, parts=progress.others)

    def _forget(self, outgoing: Outgoing) -> None:
        self._partly.finish(outgoing.id)
        self._landings.finish(outgoing)
        self._unsure.pop(outgoing.id, None)

    def _pause(self, outgoing: Outgoing) -> float:
        """Note that nobody can tell whether a message was shown, and tell when to try again."""
        since = self._unsure.get(outgoing.id) or self._clock.now()
        self._unsure[outgoing.id] = since
        return min(max((self._clock.now() - since) / SECOND / 2, 2.0), _LONGEST_PAUSE)

    async def _look_back(self, outgoing: Outgoing) -> None:
        """Look for a message that may have been shown so long ago that Discord does not know its nonce any more."""
        since = self._unsure.get(outgoing.id)
        if since is None or self._clock.now() - since < _SAME_NONCE:
            return
        await self._find_parts(outgoing, _placed(outgoing))
        del self._unsure[outgoing.id]

    async def find(self, outgoing: Outgoing) -> Sent | None:
        """Look whether a message was shown; None too where sending it again shows it once."""
        if outgoing.edits or outgoing.reaction_to:
            return None
        if outgoing.only_for or (outgoing.address.is_alone and not (outgoing.aside or outgoing.landed)):
            raise Refused(
                "whether a line for one person was shown is not known, so it is not shown twice", "not_settled"
            )
        self._landings.doubt(outgoing)
        if self._clock.now() - outgoing.at < _SAME_NONCE:
            return None
        where = await self._landings.of(outgoing) if outgoing.purpose != "agents" else _placed(outgoing)
        progress = await self._find_parts(outgoing, where)
        if not progress.shown or len(progress.shown) < len(posts_of(outgoing, at_most=progress.at_most)):
            return None
        if outgoing.opens_thread:
            return None
        sent = self._sent(outgoing, progress, where)
        await self._close(outgoing, sent)
        return sent

    async def _find_parts(self, outgoing: Outgoing, where: Address) -> Progress:
        """Find the parts of a message that stand there; those are not sent again."""
        progress = self._partly.of(outgoing.id, longest(outgoing))
        posts = posts_of(outgoing, at_most=progress.at_most)
        wanted = [Shown(nonce_of(outgoing, number), post) for number, post in enumerate(posts, 1)]
        progress.shown |= await self._seen(outgoing, wanted, where)
        if progress.shown:
            self._partly.keep(outgoing.id, progress)
        return progress

    async def _seen(self, outgoing: Outgoing, wanted: Sequence[Shown], where: Address) -> dict[int, str]:
        """Look for posts where they would stand; all but the first of a card stand under it."""
        there = [await self.threads.standing(where)]
        found: dict[int, str] = {}
        for channel in there:
            found |= await shown_in(self._api, channel, wanted, by=self._bot, since=outgoing.at)
            if outgoing.opens_thread and len(there) == 1 and len(wanted) > 1 and 1 in found:
                there.append(found[1].partition("/")[2])
        return found

    # --- changes --------------------------------------------------------------------------------------------------

    async def _edit(self, outgoing: Outgoing) -> Sent:
        """Replace a message that was shown, post by post; what needs more posts than there were is left out."""
        there, posts = [outgoing.edits, *outgoing.parts], posts_of(outgoing)
        for id, post in zip(there, posts, strict=False):
            shown = {name: post[name] for name in ("content", "components", "allowed_mentions")}
            await self._change("PATCH", id, shown)
        for id in there[len(posts) :]:
            await self._delete(id)
        return Sent(id=outgoing.edits, address=outgoing.address)

    async def _remove(self, outgoing: Outgoing) -> Sent:
        """Take a message away, with all that belongs to it."""
        for id in (outgoing.edits, *outgoing.parts):
            await self._delete(id)
        return Sent()

    async def _delete(self, id: str) -> None:
        try:
            await self._change("DELETE", id)
        except Failed as failed:
            if failed.code not in (NO_MESSAGE, NO_CHANNEL):
                raise

    async def _mark(self, outgoing: Outgoing) -> bool:
        """Put a mark on a message; where there is none to put it on, as after a command, its words are said."""
        *_, channel, message = outgoing.reaction_to.split("/")
        if not channel.isdecimal():
            return False
        await self._change("PUT", f"{channel}/{message}", behind="/reactions/{emoji}/@me", emoji=_MARKS[outgoing.mark])
        return True

    async def _change(self, method: str, id: str, json: Any = None, *, behind: str = "", **places: str) -> None:
        """Change a message; its thread is opened again where it was archived."""
        channel, _, message = id.partition("/")
        path = "/channels/{channel_id}/messages/{message_id}" + behind
        try:
            await self._api.change(method, path, json, channel_id=channel, message_id=message, **places)
        except Failed as failed:
            if failed.code != IS_ARCHIVED:
                raise
            await self.threads.doors.open_again(channel)
            await self._api.change(method, path, json, channel_id=channel, message_id=message, **places)


def _reply(spot: Spot) -> dict[str, Any]:
    """Say which message a post answers."""
    if not spot.replies_to:
        return {}
    return {"message_reference": {"message_id": spot.replies_to, "channel_id": spot.channel}}


def _placed(outgoing: Outgoing) -> Address:
    """Put what opens a thread into the channel itself: a thread is made of it."""
    return outgoing.address.outside_thread if outgoing.opens_thread else outgoing.address
