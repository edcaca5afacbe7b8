"""Hearing: what a person sees of what the bot says, in order, each thing once, waiting where nothing came yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from supportbot.testing.heard import Heard
from supportbot.testing.slack.backstage import Backstage
from supportbot.testing.slack.channels import Channel
from supportbot.testing.slack.messages import Message
from supportbot.testing.slack.workspaces import User

Found = TypeVar("Found")


class Hearing:
    """One person's ears."""

    def __init__(self, slack: Backstage, user: User) -> None:
        self._slack = slack
        self._user = user
        self._heard: Heard[Message] = Heard(lambda message: message.author.is_app and self.sees(message))

    def sees(self, message: Message) -> bool:
        """Tell whether a message is on this person's screen."""
        return not message.deleted and message.only_for in (None, self._user)

    def page(self, channel: Channel, thread: str = "") -> list[Message]:
        """List what stands in a channel, or in one thread of it, whoever wrote it, as it is now."""
        on_screen = [message for message in channel.heard if self.sees(message)]
        return [message for message in on_screen if not thread or message.thread == thread]

    def unheard(self, channel: Channel, thread: str = "") -> list[Message]:
        """List what the bot has said and this person has not heard yet."""
        waiting = self._heard.unheard(channel.id, channel.heard)
        return [message for message in waiting if not thread or message.thread == thread]

    async def next(self, channel: Channel, thread: str = "") -> Message:
        """Wait for the next thing the bot says there."""

        def look() -> Message | None:
            waiting = self.unheard(channel, thread)
            return waiting[0] if waiting else None

        message = await self.until(look, lambda: "heard nothing new", channel)
        self._heard.add(message)
        return message

    async def sight(self, words: str, channel: Channel, thread: str = "") -> Message:
        """Wait until a message of the bot's says something, whether new or edited."""

        def look() -> Message | None:
            said = [message for message in self.page(channel, thread) if message.author.is_app]
            return next((message for message in reversed(said) if words in message), None)

        message = await self.until(look, lambda: f"never saw {words!r}", channel)
        self._heard.add(message)
        return message

    async def until(self, look: Callable[[], Found | None], what: Callable[[], str], channel: Channel) -> Found:
        """Wait for something, and if it does not come say what is missing and what was said instead."""

        def failure() -> str:
            return f"{self._user.real_name} {what()}.\n{self.story(channel)}"

        return await self._slack.notices.until(look, failure)

    def story(self, channel: Channel) -> str:
        """Write down what was said in a channel, and what may be wrong, for a person who reads a failing test."""
        lines = [f"  {'  ' if m.thread_ts else ''}{m!r}" for m in self.page(channel)[-20:]]
        place = f"the direct messages with {channel.name}" if channel.kind == "im" else f"#{channel.name}"
        said = "\n".join([f"What was said in {place}:", *(lines or ["  nothing"])])
        refused = [f"  {call}" for call in self._slack.log.calls(ok=False)[-5:]]
        told = [one for one in self._slack.deliveries.all[-20:] if "bot_id" not in one.payload.get("event", {})]
        unheard = [f"  {one.name}: {', '.join(one.failures)}" for one in told if one.failures]
        waiting = [f"  {one.name}" for one in told if one.running and not one.failures]
        parts = [said]
        if refused:
            parts.append("\n".join(["Calls that Slack refused:", *refused]))
        if unheard:
            parts.append("\n".join(["What the app could not be told:", *unheard]))
        if waiting:
            parts.append("\n".join(["What the app has not acknowledged:", *waiting]))
        return "\n".join(parts)
