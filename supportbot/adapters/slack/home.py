"""The Home tab: a person's tickets, and the main things that the bot does for them."""

from __future__ import annotations

from typing import Any

from supportbot.adapters.slack.rich_text import messages
from supportbot.domain.reply import Outgoing
from supportbot.texts import Texts

COMMAND = "command:"
"""What the action id of a button begins with that stands for a command."""
_MAIN = (("ticket", "tickets.open_one"), ("human", "handoff.talk_to_person"))


def home_view(outgoing: Outgoing, texts: Texts) -> dict[str, Any]:
    """Show what the bot says about a person's tickets, with the main actions above it."""
    buttons = [
        {
            "type": "button",
            "action_id": f"{COMMAND}{command}",
            "value": f"/{command}",
            "text": {"type": "plain_text", "text": texts(key), "emoji": False},
        }
        for command, key in _MAIN
    ]
    elements = messages(outgoing.text)[0]
    return {
        "type": "home",
        "blocks": [
            {"type": "actions", "elements": buttons},
            {"type": "divider"},
            *([{"type": "rich_text", "elements": elements}] if elements else []),
        ],
    }
