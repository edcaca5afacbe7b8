"""Help: what the bot can do, made from the skills that are loaded."""

from __future__ import annotations

from supportbot import PASS, Choice, Pass, Reply, Settings, Skill, Turn, match, on

_ASKING = (
    "help",
    "what can you do",
    "what can you do for me",
    "how does this work",
    "what is this",
    "commands",
    "menu",
)


class Help(Skill[Settings]):
    """List what the bot can do."""

    @on.command("help", help="what I can do", role="anyone")
    async def help(self, turn: Turn) -> Reply:
        """List the commands that this person may use."""
        roles = ("agent", "anyone") if turn.is_agent else ("requester", "anyone")
        lines = [f"`/{name}` – {line}" for name, line, role in turn.commands if role in roles]
        if turn.is_agent:
            return Reply("\n".join([turn.phrase("help.agent_intro"), *lines, turn.phrase("help.agent_thread")]))
        offered = {name for name, _, _ in turn.commands}
        choices = [
            Choice(turn.phrase(f"greeting.{name}"), command=name) for name in ("ticket", "human") if name in offered
        ]
        return Reply("\n".join([turn.phrase("help.intro"), *lines, turn.phrase("help.outro")]), choices)

    @on.message(match.exactly(*_ASKING))
    async def asked(self, turn: Turn) -> Reply | Pass:
        """Give the help to a person who asks for it in words."""
        return PASS if turn.in_public else await self.help(turn)
