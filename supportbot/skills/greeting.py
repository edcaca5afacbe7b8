"""Greeting: says hello, says what the bot can do, and takes thanks kindly."""

from __future__ import annotations

from supportbot import PASS, Choice, Pass, Reply, Settings, Skill, Turn, escape, match, on

_HELLO = (
    "hi", "hello", "hey", "hi there", "hello there", "hey there", "hiya", "howdy", "good morning", "good afternoon",
    "good evening", "start", "get started", "hallo", "hola", "bonjour", "servus", "moin", "hi bot", "hello bot",
)  # fmt: skip
_THANKS = (
    "thanks", "thank you", "thx", "ty", "cheers", "thanks a lot", "thank you very much", "many thanks", "great thanks",
    "thanks so much", "thank you so much", "perfect thanks", "ok thanks", "great thank you", "thanks that helped",
    "merci", "danke", "gracias",
)  # fmt: skip


class Greeting(Skill[Settings]):
    """Say hello and what the bot can do."""

    @on.message(match.exactly(*_HELLO))
    async def hello(self, turn: Turn) -> Reply | Pass:
        """Greet, with the ways to begin."""
        if turn.in_public:
            return PASS
        offered = {name for name, _, _ in turn.commands}
        choices = [
            Choice(turn.phrase(f"greeting.{name}"), command=name)
            for name in ("ticket", "tickets", "human", "help")
            if name in offered
        ]
        return Reply(turn.phrase("greeting.hello", name=escape(turn.person.name)), choices)

    @on.message(match.exactly(*_THANKS))
    async def thanks(self, turn: Turn) -> str | Pass:
        """Take thanks; they reopen nothing."""
        return PASS if turn.in_public else turn.phrase("greeting.welcome")
