"""Posts: one outgoing message as Slack takes it, with its buttons, and with our own id in its metadata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from supportbot.adapters.slack.rich_text import MOST_UNITS, Element, messages, split, units, words_of
from supportbot.domain.reply import Button, Outgoing

METADATA = "supportbot_reply"
"""The event type under which a post's metadata says which outgoing message it is: what a read-back looks for."""
LONGEST_LABEL = 75
BUTTONS_IN_ROW = 5
_MOST_ROWS = 10

Post = dict[str, Any]


def posts_of(outgoing: Outgoing, *, at_most: int = MOST_UNITS) -> list[Post]:
    """Word a message as the posts that show it, in order; the buttons stand under the last."""
    texts = messages(outgoing.text, at_most=at_most)
    made = [_post(outgoing, number, len(texts), elements) for number, elements in enumerate(texts, 1)]
    made[-1]["blocks"] += rows(outgoing.choices)
    return made


def _post(outgoing: Outgoing, number: int, count: int, elements: list[Element]) -> Post:
    payload = {"id": outgoing.id, "part": number, "of": count}
    words = words_of(elements) or " "
    return {
        "text": escape(words),
        "blocks": [{"type": "rich_text", "elements": elements}] if elements else [],
        "metadata": {"event_type": METADATA, "event_payload": payload},
        "unfurl_links": False,
        "unfurl_media": False,
    }


def rows(choices: Sequence[Button]) -> list[Element]:
    """Put the choices under a message as buttons, a few a row; what a button does is known by its id alone."""
    shown = choices[: BUTTONS_IN_ROW * _MOST_ROWS]
    chunks = [shown[start : start + BUTTONS_IN_ROW] for start in range(0, len(shown), BUTTONS_IN_ROW)]
    return [{"type": "actions", "elements": [button(choice) for choice in chunk]} for chunk in chunks]


def button(choice: Button) -> Element:
    """Make a button of a choice."""
    label = fitting(choice.label, LONGEST_LABEL) or "…"
    return {
        "type": "button",
        "action_id": choice.id,
        "value": choice.id,
        "text": {"type": "plain_text", "text": label, "emoji": False},
    }


def fitting(words: str, at_most: int) -> str:
    """Shorten words to what a field of Slack's takes, between characters as people see them."""
    line = " ".join(words.split())
    return line if units(line) <= at_most else next(split(line, at_most - 1)).rstrip() + "…"


def escape(words: str) -> str:
    """Make words safe in a field that Slack reads for its own marks: the three characters that it asks for."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def part_in(message: dict[str, Any]) -> tuple[str, int, int]:
    """Read from a post which part of which outgoing message it is: its id, the part and how many there are."""
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    if metadata.get("event_type") != METADATA:
        return "", 0, 0
    return str(payload.get("id", "")), int(payload.get("part", 0)), int(payload.get("of", 0))
