"""What is for agents alone, from one table, whatever the platform: something that is not listed fails."""

from __future__ import annotations

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
}
"""Every command that only agents may give, with words that would do something."""
OF_THE_HOUSE = {"skills", "here"}
"""Those that no skill brings."""
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
