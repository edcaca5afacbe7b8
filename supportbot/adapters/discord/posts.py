"""Posts: one outgoing message as Discord takes it, with its buttons; it notifies nobody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from supportbot.adapters.discord.words import MOST_UNITS, messages
from supportbot.adapters.lengths import fitting
from supportbot.domain.form import Form
from supportbot.domain.markdown import escape
from supportbot.domain.reply import Button, Outgoing
from supportbot.ids import derived

OPENS_FORM = "form:"
"""What the custom id of a button begins with that opens a form; the form's id follows."""
MENU = "menu:"
"""What the custom id of a menu begins with; the chosen option's value is the id of the choice."""
_ROW, _BUTTON, _MENU = 1, 2, 3
_PLAIN, _MAIN = 2, 1
_LONGEST_LABEL = 80
_LONGEST_OPTION = 100
_LONGEST_PLACEHOLDER = 150
_LONGEST_NONCE = 25
_MOST_ROWS = 5
_MOST_IN_ROW = 5
_MOST_OPTIONS = 25
_ABOUT_FILES = 400
_NO_PREVIEW = 1 << 2
"""The flag of a message whose links are not shown as a preview."""

Post = dict[str, Any]
"""The JSON of a message, without its nonce."""


def longest(outgoing: Outgoing) -> int:
    """Tell how long a post of a message may be: with files there may be more to say about them."""
    return MOST_UNITS - _ABOUT_FILES if outgoing.files else MOST_UNITS


def posts_of(outgoing: Outgoing, *, at_most: int = MOST_UNITS) -> list[Post]:
    """Word a message as the posts that show it, in order.

    Buttons stand under the last; what agents see is known by its first post, so theirs stand there. A message without
    words (files alone, say) is one post without any.
    """
    made = [post_of(words) for words in messages(_text(outgoing), at_most=at_most)] if outgoing.text.strip() else []
    components = rows(outgoing.choices, outgoing.form)
    if not made and (components or outgoing.files):
        made = [post_of("")]
    if made and components:
        made[0 if outgoing.purpose == "agents" else -1]["components"] = components
    return made


def post_of(words: str) -> Post:
    """Make a post of words that are Discord's Markdown already."""
    return {"content": words, "components": [], "allowed_mentions": {"parse": []}, "flags": _NO_PREVIEW}


def _text(outgoing: Outgoing) -> str:
    """Put the name of whoever speaks above their words: a bot speaks under its own name only."""
    return f"**{escape(outgoing.author)}**\n{outgoing.text}" if outgoing.author else outgoing.text


def nonce_of(outgoing: Outgoing, number: int) -> str:
    """Name a post of a message, so that Discord shows it once however often it is sent within some minutes."""
    name = f"{outgoing.id}.{number}"
    return name if len(name) <= _LONGEST_NONCE else derived("n", name)


# --- what stands under it ---------------------------------------------------------------------------------------------


def rows(choices: Sequence[Button], form: Form | None = None) -> list[dict[str, Any]]:
    """Put choices, and the button that opens a form, into rows: menus what asks for one or is too much for buttons.

    What a choice does is known by its id alone: a button's custom id, or a chosen option's value.
    """
    plain = [choice for choice in choices if not choice.menu]
    menus = {
        choice.menu: [other for other in choices if other.menu == choice.menu] for choice in choices if choice.menu
    }
    opens = [Button(f"{OPENS_FORM}{form.id}", form.label)] if form else []
    listed = [menu for words, of in menus.items() for menu in _menus(words, of)]
    if len(plain) + len(opens) > max(_MOST_ROWS - len(listed), 0) * _MOST_IN_ROW:
        listed, plain = [*_menus("", plain), *listed], []
    buttons = [*(_button(choice, _PLAIN) for choice in plain), *(_button(choice, _MAIN) for choice in opens)]
    cut = [buttons[start : start + _MOST_IN_ROW] for start in range(0, len(buttons), _MOST_IN_ROW)]
    room = _MOST_ROWS - len(cut)
    return [{"type": _ROW, "components": row} for row in (*cut, *([menu] for menu in listed[:room]))]


def _button(choice: Button, style: int) -> dict[str, Any]:
    return {"type": _BUTTON, "style": style, "custom_id": choice.id, "label": _label(choice, _LONGEST_LABEL)}


def _menus(words: str, choices: Sequence[Button]) -> list[dict[str, Any]]:
    """Make menus of choices, with words on them that say what is chosen; one takes twenty-five."""
    return [_menu(words, choices[start : start + _MOST_OPTIONS]) for start in range(0, len(choices), _MOST_OPTIONS)]


def _menu(words: str, choices: Sequence[Button]) -> dict[str, Any]:
    options = [{"label": _label(choice, _LONGEST_OPTION), "value": choice.id} for choice in choices]
    named = {"placeholder": fitting(words, _LONGEST_PLACEHOLDER)} if words.strip() else {}
    return {"type": _MENU, "custom_id": f"{MENU}{choices[0].id}", "options": options, **named}


def _label(choice: Button, at_most: int) -> str:
    return fitting(choice.label, at_most) or "…"
