"""Skills that say what a test needs, and the articles of a bot on a bad day."""

from __future__ import annotations

import asyncio

from supportbot import Settings, Skill, Turn, match, on

ARTICLES = """\
- id: password
  question: How do I reset my password?
  alternatives: [I forgot my password, password reset]
  answer: Open Settings, then Security, and press Reset password.
"""
AT_ONCE = 10
"""What the bot says to each message in a storm."""
CLERK = '''"""Repeat what was said."""

from supportbot import Settings, Skill, Turn, match, on


class Clerk(Skill[Settings]):
    """Repeat what was said."""

    @on.message(match.anything)
    async def repeat(self, turn: Turn) -> str:
        """Repeat the words."""
        return turn.text
'''
"""The same as a file of skills, for a bot in a process of its own."""


class Clerk(Skill[Settings]):
    """Repeat what was said."""

    @on.message(match.anything)
    async def repeat(self, turn: Turn) -> str:
        """Repeat the words."""
        return turn.text


class Talker(Skill[Settings]):
    """Say many things, one after another."""

    @on.message(match.anything)
    async def talk(self, turn: Turn) -> str:
        """Count."""
        for number in range(AT_ONCE - 1):
            await turn.say(f"{turn.text}.{number}")
        return f"{turn.text}.{AT_ONCE - 1}"


class Sleeper(Skill[Settings]):
    """Take long over some things, and answer the others at once."""

    is_over: asyncio.Event

    @on.message(match.words("slow"))
    async def sleep(self, turn: Turn) -> str:
        """Take as long as the test says."""
        await self.is_over.wait()
        return "at last"

    @on.message(match.anything)
    async def repeat(self, turn: Turn) -> str:
        """Repeat the words."""
        return turn.text


def sleeper() -> Sleeper:
    """Make one, in a loop."""
    made = Sleeper(Settings())
    made.is_over = asyncio.Event()
    return made


class Repeating(Skill[Settings]):
    """Say a given text for each message."""

    texts: dict[str, str] = {}  # noqa: RUF012 - what the test fills

    @on.message(match.anything)
    async def repeat(self, turn: Turn) -> str:
        """Say it."""
        return self.texts[turn.text]
