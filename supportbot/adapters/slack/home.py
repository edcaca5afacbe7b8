"""The Home tab: a person's tickets, and the main things that the bot does for them."""

from __future__ import annotations

from typing import Any

from supportbot.adapters.slack.posts import rows
from supportbot.adapters.slack.rich_text import messages
from supportbot.clock import MINUTE, Clock
from supportbot.domain.action import COMMAND, LABELS
from supportbot.domain.reply import Outgoing
from supportbot.texts import Texts

_MAIN = ("ticket", "human")
_LOOKED_AT_FOR = 10 * MINUTE
"""How long a tab that was opened is kept up to date: Slack tells when one is opened, not when it is left."""
_MOST_OPEN = 1_000


def home_view(outgoing: Outgoing, texts: Texts) -> dict[str, Any]:
    """Show what the bot says about a person's tickets, with the main actions above it."""
    buttons = [
        {
            "type": "button",
            "action_id": f"{COMMAND}{command}",
            "value": f"/{command}",
            "text": {"type": "plain_text", "text": texts(LABELS[command]), "emoji": False},
        }
        for command in _MAIN
    ]
    elements = messages(outgoing.text)[0]
    return {
        "type": "home",
        "blocks": [
            {"type": "actions", "elements": buttons},
            {"type": "divider"},
            *([{"type": "rich_text", "elements": elements}] if elements else []),
            *rows(outgoing.choices),
        ],
    }


class Homes:
    """Remembers who looks at their Home tab, for it to say what is so now."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._opened: dict[str, tuple[str, int]] = {}

    def opened(self, user: str, direct: str) -> None:
        """Note that somebody opened their tab; `direct` is the channel of their direct messages."""
        if len(self._opened) >= _MOST_OPEN:
            self._opened.clear()
        self._opened[direct] = user, self._clock.now()

    def outdated_by(self, outgoing: Outgoing) -> str:
        """Name the user whose open tab may not be true any more after this message, "" for nobody.

        Whatever changes a ticket is said to its requester by one of these; an answer to a question changes none.
        """
        user, since = self._opened.get(outgoing.address.channel, ("", 0))
        if self._clock.now() - since > _LOOKED_AT_FOR:
            self._opened.pop(outgoing.address.channel, None)
            return ""
        return user if outgoing.purpose in ("command", "notice", "relay") and not outgoing.reaction_to else ""
