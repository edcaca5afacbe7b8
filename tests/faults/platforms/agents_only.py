"""What is for agents alone, from one table, whatever the platform: something that is not listed fails."""

from __future__ import annotations

from typing import Any

from supportbot.app import App
from supportbot.domain.block import BLOCKS
from supportbot.domain.conversation import CONVERSATIONS
from supportbot.domain.ticket import TICKETS
from supportbot.pipeline.blocks import BLOCKING
from supportbot.pipeline.rooms import BUILT_IN
from supportbot.texts import Texts

REFUSED = Texts()("errors.refused")

COMMANDS = {
    "claim": "/claim T-1001 over",
    "release": "/release T-1001",
    "note": "/note T-1001 smokes",
    "assign": "/assign T-1001 @tom",
    "reply": "/reply T-1001 hello",
    "solve": "/solve T-1001 bye",
    "close": "/close T-1001",
    "reopen": "/reopen T-1001",
    "queue": "/queue",
    "canned": "/canned T-1001 hello",
    "here": "/here never",
    "skills": "/skills off faq",
    "block": "/block @Bob 7d spam",
    "unblock": "/unblock @Bob",
    "blocked": "/blocked",
}
"""Every command that only agents may give, with words that would do something."""
FOR_OTHERS_TOO = {"cancel", "solved", "panel"}
"""What no skill brings, and is not for agents alone: the last is for whoever manages the place."""
BUTTONS = {
    "waiting": {"Claim", "Note", "Solve", "Close"},
    "claimed": {"Release", "Solve", "Assign", "Note"},
    "solved": {"Reopen"},
}
"""Every button of a card, by how its case stands."""
FORM = {"subject": "The printer burns", "category": "Problem", "details": "Since noon"}
"""What fills in the form of a ticket."""
MENUS = {"claimed": {"hello"}}
"""Every entry of a card's menus."""


async def state_of(app: App, requester: str) -> list[Any]:
    """Look at what somebody who may not must not have changed: a requester's tickets and cases, and the house."""
    tickets = await app.store.find(TICKETS, "requester", "main", requester)
    found = await app.store.find(CONVERSATIONS, "requester", "main", requester)
    cases = [(case.owner, case.agent, case.handoff, case.question) for case in found.items if case.handoff]
    blocks = await app.store.find(BLOCKS, "tenant", "main")
    return [tickets.items, cases, app.bot.switches.is_on("faq"), blocks.items]


def unlisted(app: App) -> set[str]:
    """Name the commands that are for agents alone, or the house's own, and stand in no table."""
    commands = app.bot.handlers.commands
    for_agents = {name for name, handler in commands.items() if handler.mark.role == "agent"}
    return (for_agents | BUILT_IN | BLOCKING) ^ (COMMANDS.keys() | FOR_OTHERS_TOO)
