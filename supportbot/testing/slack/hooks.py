"""Response URLs: for half an hour and five times, an app may answer there to what somebody did."""

from __future__ import annotations

import json
from dataclasses import dataclass

from aiohttp import web

from supportbot.clock import MINUTE, Clock
from supportbot.testing.slack import limits
from supportbot.testing.slack.channels import Channel
from supportbot.testing.slack.messages import Message
from supportbot.testing.slack.posts import Posts
from supportbot.testing.slack.wire import Json, Refused, Serials
from supportbot.testing.slack.workspaces import User

LIFETIME = 30 * MINUTE
USES = 5


@dataclass(eq=False)
class Hook:
    """One response URL."""

    user: User
    bot: User
    channel: Channel
    message: Message | None
    made_at: int
    uses: int = 0


class Hooks:
    """Gives out response URLs and takes what apps post there."""

    def __init__(self, clock: Clock, serials: Serials, posts: Posts) -> None:
        self.site = ""
        self._clock = clock
        self._serials = serials
        self._posts = posts
        self._hooks: dict[str, Hook] = {}

    def new(self, user: User, bot: User, channel: Channel, message: Message | None = None) -> str:
        """Give out a response URL."""
        id = self._serials.secret("hook")
        self._hooks[id] = Hook(user, bot, channel, message, self._clock.now())
        return f"{self.site}/hooks/{id}"

    async def handle(self, request: web.Request) -> web.Response:
        """Take what an app posts to a response URL."""
        hook = self._hooks.get(request.match_info["id"])
        try:
            if hook is None or hook.uses >= USES or self._clock.now() - hook.made_at > LIFETIME:
                raise Refused("used_url" if hook and hook.uses >= USES else "expired_url")
            hook.uses += 1
            self._take(hook, json.loads(await request.text()))
        except Refused as refused:
            return web.json_response(refused.answer(), status=404)
        return web.json_response({"ok": True})

    def answer(self, user: User, bot: User, channel: Channel, body: Json) -> None:
        """Show what came with the acknowledgement of a command."""
        self._take(Hook(user, bot, channel, None, self._clock.now()), body)

    def _take(self, hook: Hook, body: Json) -> None:
        text, blocks = str(body.get("text") or ""), body.get("blocks") or []
        limits.check_message(text, blocks)
        if body.get("delete_original") and hook.message is not None:
            self._posts.take_away(hook.message, hook.channel)
        elif body.get("replace_original") and hook.message is not None:
            self._posts.change(hook.message, hook.channel, text, blocks, hook.bot)
        else:
            in_channel = body.get("response_type") == "in_channel"
            thread = str(body.get("thread_ts") or "")
            only_for = None if in_channel else hook.user
            self._posts.by_bot(hook.bot, hook.channel, text, blocks, thread=thread, only_for=only_for)
