"""Hearing: what a person sees of what the bot says, in order, each thing once, waiting where nothing came yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from supportbot.testing.discord.backstage import Backstage
from supportbot.testing.discord.channels import Channel
from supportbot.testing.discord.guilds import User
from supportbot.testing.discord.messages import COMMAND, CONTEXT_MENU, DEFAULT, REPLY, Message
from supportbot.testing.heard import Heard

Found = TypeVar("Found")
SPOKEN = frozenset({DEFAULT, REPLY, COMMAND, CONTEXT_MENU})
"""The kinds of messages that say something; the others tell that something was pinned or began."""


class Hearing:
    """One person's ears."""

    def __init__(self, discord: Backstage, user: User) -> None:
        self._discord = discord
        self._user = user
        self._heard: Heard[Message] = Heard(lambda message: self.of_bot(message) and self.sees(message))

    def of_bot(self, message: Message) -> bool:
        """Tell whether the bot says something with a message."""
        return message.author is self._discord.app.bot and message.type in SPOKEN

    def sees(self, message: Message) -> bool:
        """Tell whether a message is on this person's screen."""
        return not message.deleted and message.only_for in (None, self._user)

    def page(self, channel: Channel) -> list[Message]:
        """List what stands in a channel, whoever wrote it, as it is now."""
        return [message for message in channel.heard if self.sees(message)]

    def unheard(self, channel: Channel) -> list[Message]:
        """List what the bot has said and this person has not heard yet."""
        return [message for message in self._heard.unheard(channel.id, channel.heard) if not message.loading]

    async def next(self, channel: Channel) -> Message:
        """Wait for the next thing the bot says there."""

        def look() -> Message | None:
            waiting = self.unheard(channel)
            return waiting[0] if waiting else None

        message = await self.until(look, lambda: "heard nothing new", channel)
        self._heard.add(message)
        return message

    async def sight(self, words: str, channel: Channel) -> Message:
        """Wait until a message of the bot's says something, whether new or edited."""

        def look() -> Message | None:
            said = [message for message in self.page(channel) if self.of_bot(message)]
            return next((message for message in reversed(said) if words in message), None)

        message = await self.until(look, lambda: f"never saw {words!r}", channel)
        self._heard.add(message)
        return message

    async def until(self, look: Callable[[], Found | None], what: Callable[[], str], channel: Channel) -> Found:
        """Wait for something, and if it does not come say what is missing and what was said instead."""

        def failure() -> str:
            return f"{self._user.display_name} {what()}.\n{self.story(channel)}"

        return await self._discord.notices.until(look, failure)

    def story(self, channel: Channel) -> str:
        """Write down what was said in a channel, and what may be wrong, for a person who reads a failing test."""
        lines = [f"  {message!r}" for message in self.page(channel)[-20:]]
        place = f"the direct messages with {channel.name}" if channel.is_direct else f"#{channel.name}"
        parts = ["\n".join([f"What was said in {place}:", *(lines or ["  nothing"])])]
        if refused := [f"  {call}" for call in self._discord.log.calls(ok=False)[-5:]]:
            parts.append("\n".join(["Calls that Discord refused:", *refused]))
        failed = [f"  {one.name}: {one.failure or 'no answer yet'}" for one in self._discord.interactions.pending()]
        if failed:
            parts.append("\n".join(["What the app has not answered:", *failed]))
        if not self._discord.gateway.online():
            parts.append("The app has no connection to the gateway.")
        return "\n".join(parts)
