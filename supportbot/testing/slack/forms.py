"""Filling in a form: what a person enters becomes the state that a submission carries, as Slack's clients send it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from supportbot.testing.field_names import plain
from supportbot.testing.slack.blocks import interactive, options
from supportbot.testing.slack.wire import Json

State = dict[str, dict[str, Json]]


def label(block: Json) -> str:
    """Read the label of a field."""
    return str((block.get("label") or {}).get("text", ""))


def names(block: Json) -> set[str]:
    """List the names under which a test may fill a field in: its label, its block's id, its own."""
    given = (label(block), str(block.get("block_id", "")), str(block.get("element", {}).get("action_id", "")))
    return {plain(name) for name in given if name}


def filled(blocks: Sequence[Json], values: Mapping[str, Any]) -> State:
    """Fill in a form, or fail as a person would: a field that is not there, too long, or required and empty."""
    left = {plain(name): value for name, value in values.items()}
    fields = [block for block in blocks if block["type"] == "input"]
    state: State = {}
    for block in fields:
        known = next((name for name in left if name in names(block)), None)
        given = left.pop(known) if known is not None else None
        entered = _entered(block, block["element"], given)
        if entered is None and not block.get("optional"):
            raise AssertionError(f"{label(block)!r} must be filled in")
        state.setdefault(block["block_id"], {})[block["element"]["action_id"]] = _value(block["element"], entered)
    if left:
        raise AssertionError(f"there is no field {', '.join(left)}; the form has {[label(block) for block in fields]}")
    return state | untouched([block for block in blocks if block["type"] != "input"])


def untouched(blocks: Iterable[Json]) -> State:
    """Describe what nobody has touched yet."""
    state: State = {}
    for block, element in interactive(list(blocks)):
        if element["type"] not in ("button", "overflow"):
            entered = _initial(element)
            state.setdefault(block["block_id"], {})[element["action_id"]] = _value(element, entered)
    return state


def _initial(element: Json) -> Any:
    for name in ("initial_value", "initial_option", "initial_options", "initial_user", "initial_date"):
        if element.get(name):
            return element[name]
    return None


def _entered(block: Json, element: Json, given: Any) -> Any:
    if given is None or given == "":
        return _initial(element)
    kind = element["type"]
    if kind in ("static_select", "radio_buttons"):
        return option(element, str(given))
    if kind in ("multi_static_select", "checkboxes"):
        return [option(element, str(one)) for one in ([given] if isinstance(given, str) else given)]
    if kind in ("users_select", "conversations_select", "channels_select"):
        return str(getattr(given, "id", given))
    text = str(given)
    longest = element.get("max_length", 3000)
    if len(text) > longest:
        raise AssertionError(f"{label(block)!r} takes {longest} characters, not {len(text)}")
    if len(text) < element.get("min_length", 0):
        raise AssertionError(f"{label(block)!r} needs at least {element['min_length']} characters")
    return text


def option(element: Json, wanted: str) -> Json:
    """Choose from a menu by what stands there, or by the value behind it."""
    for offered in options(element):
        if wanted in (offered["text"]["text"], offered.get("value")):
            return offered
    raise AssertionError(f"{wanted!r} is not offered; there is {[o['text']['text'] for o in options(element)]}")


def _value(element: Json, entered: Any) -> Json:
    key = _KEYS.get(element["type"], "value")
    empty: Callable[[], Any] = list if key == "selected_options" else lambda: None
    return {"type": element["type"], key: empty() if entered is None else entered}


_KEYS = {
    "static_select": "selected_option",
    "radio_buttons": "selected_option",
    "multi_static_select": "selected_options",
    "checkboxes": "selected_options",
    "users_select": "selected_user",
    "channels_select": "selected_channel",
    "conversations_select": "selected_conversation",
    "datepicker": "selected_date",
}
