"""Posts: one outgoing message as Slack takes it, with its buttons, and with our own id in its metadata."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from supportbot.adapters.lengths import fitting, split, units
from supportbot.adapters.slack.rich_text import MOST_UNITS, Element, messages, words_of
from supportbot.domain.form import Form
from supportbot.domain.reply import Button, Outgoing

METADATA = "supportbot_reply"
"""The event type under which a post's metadata says which outgoing message it is: what a read-back looks for."""
LONGEST_LABEL = 75
_LONGEST_WORDS = 7_500
"""Characters of the words that a notification may show: escaped, they are to be fewer than 40,000."""
MOST_BUTTONS = 5
"""What is more than that is a menu."""
OPENS_FORM = "form:"
"""What the action id of a button begins with that opens a form; the form's id follows."""
_LARGEST_VALUE = 2_000
_MOST_OPTIONS = 100
_LONGEST_PLACEHOLDER = 150

Post = dict[str, Any]


class Part(NamedTuple):
    """What a post's metadata says of it: which part of which outgoing message it is, and how it was cut."""

    id: str = ""
    number: int = 0
    of: int = 0
    at_most: int = MOST_UNITS


def posts_of(outgoing: Outgoing, *, at_most: int = MOST_UNITS) -> list[Post]:
    """Word a message as the posts that show it, in order; the buttons stand under the last.

    A message without words (files alone, say) needs no post, and Slack takes none.
    """
    if not (outgoing.choices or outgoing.form or outgoing.text.strip()):
        return []
    texts = messages(outgoing.text, at_most=at_most)
    made = [_post(Part(outgoing.id, number, len(texts), at_most), elements) for number, elements in enumerate(texts, 1)]
    made[-1]["blocks"] += rows(outgoing.choices) + form_row(outgoing.form)
    return made


def _post(part: Part, elements: list[Element]) -> Post:
    payload = {"id": part.id, "part": part.number, "of": part.of, "units": part.at_most}
    words = next(split(words_of(elements), _LONGEST_WORDS), " ")
    return {
        "text": escape(words),
        "blocks": [{"type": "rich_text", "elements": elements}] if elements else [],
        "metadata": {"event_type": METADATA, "event_payload": payload},
        "unfurl_links": False,
        "unfurl_media": False,
    }


def rows(choices: Sequence[Button]) -> list[Element]:
    """Put the choices under a message: as a row of buttons, as menus what asks for one, and what is too much for a row.

    What a choice does is known by its id alone.
    """
    plain = [choice for choice in choices if not choice.menu]
    menus = {
        choice.menu: [other for other in choices if other.menu == choice.menu] for choice in choices if choice.menu
    }
    made = [menu("", plain)] if len(plain) > MOST_BUTTONS else [button(choice) for choice in plain]
    rows = [[*made], *([menu(words, of)] for words, of in menus.items())]
    return [{"type": "actions", "elements": row} for row in rows if row]


def menu(words: str, choices: Sequence[Button]) -> Element:
    """Make a menu of choices, with words on it that say what is chosen."""
    options = [
        {"text": {"type": "plain_text", "text": _label(choice), "emoji": False}, "value": choice.id}
        for choice in choices[:_MOST_OPTIONS]
    ]
    named = {"placeholder": {"type": "plain_text", "text": fitting(words, _LONGEST_PLACEHOLDER)}} if words else {}
    return {"type": "static_select", "action_id": choices[0].id, "options": options, **named}


def button(choice: Button) -> Element:
    """Make a button of a choice."""
    return {
        "type": "button",
        "action_id": choice.id,
        "value": choice.id,
        "text": {"type": "plain_text", "text": _label(choice), "emoji": False},
    }


def _label(choice: Button) -> str:
    return fitting(choice.label, LONGEST_LABEL) or "…"


def form_row(form: Form | None) -> list[Element]:
    """Put the button under a message that opens its form, and carries it; one too large for that is asked in words."""
    described = msgspec.json.encode(form).decode() if form else ""
    if form is None or units(described) > _LARGEST_VALUE:
        return []
    opens = Button(f"{OPENS_FORM}{form.id}", form.label)
    return [{"type": "actions", "elements": [{**button(opens), "value": described}]}]


def form_in(action: dict[str, Any]) -> Form | None:
    """Read the form that a pressed button carries."""
    try:
        return msgspec.json.decode(str(action.get("value") or ""), type=Form)
    except msgspec.DecodeError:
        return None


def escape(words: str) -> str:
    """Make words safe in a field that Slack reads for its own marks: the three characters that it asks for."""
    return words.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def part_in(message: dict[str, Any]) -> Part:
    """Read from a post which part of which outgoing message it is."""
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    if metadata.get("event_type") != METADATA:
        return Part()
    number, count, at_most = (int(payload.get(name, 0)) for name in ("part", "of", "units"))
    return Part(str(payload.get("id", "")), number, count, at_most or MOST_UNITS)
