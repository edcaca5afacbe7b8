"""The rules of components: what Discord refuses in those of a message or a modal, told with the place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from supportbot.testing.discord import components as parts
from supportbot.testing.discord.wire import Json, Mistake

ROWS = 5
BUTTONS = 5
ALL = 40
"""The components of a message of the newer kind, all together."""
LABEL = 80
CUSTOM_ID = 100
OPTIONS = 25
MODAL_TITLE = 45
MODAL_FIELDS = 5
FIELD_LABEL = 45
VALUE = 4000

Mistakes = Iterator[Mistake]


def of_message(components: Sequence[Json], *, newer: bool) -> list[Mistake]:
    """List what is wrong with the components of a message; `newer` ones may stand outside rows."""
    found = []
    if newer:
        found += list(_at_most(list(parts.every(components)), ALL, "components"))
    else:
        found += list(_at_most(components, ROWS, "components"))
    for number, component in enumerate(components):
        place = f"components.{number}"
        if component.get("type") != parts.ROW and not newer:
            choices = 'Value of field "type" must be one of (1,).'
            found.append(Mistake(f"{place}.type", "UNION_TYPE_CHOICES", choices))
        else:
            found += _component(component, place)
    return found + list(_twice(components))


def _twice(components: Sequence[Json]) -> Mistakes:
    names = Counter(component.get("custom_id") for component in parts.every(components))
    for name, times in names.items():
        if name and times > 1:
            text = "Component custom id cannot be duplicated"
            yield Mistake("components", "COMPONENT_CUSTOM_ID_DUPLICATED", text)


def _component(component: Json, place: str) -> Mistakes:
    kind = component.get("type")
    if kind == parts.ROW:
        yield from _row(component, place)
    elif kind == parts.BUTTON:
        yield from _button(component, place)
    elif kind in parts.MENUS:
        yield from _menu(component, place)
    elif kind == parts.TEXT_INPUT:
        yield Mistake(f"{place}.type", "UNION_TYPE_CHOICES", "Text inputs are for modals only.")
    else:
        for number, part in enumerate(component.get("components") or ()):
            yield from _component(part, f"{place}.components.{number}")
        if component.get("accessory"):
            yield from _component(component["accessory"], f"{place}.accessory")


def _row(row: Json, place: str) -> Mistakes:
    inside = row.get("components") or []
    if not inside:
        yield Mistake(f"{place}.components", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 5 in length.")
    yield from _at_most(inside, BUTTONS, f"{place}.components")
    if any(part.get("type") in parts.MENUS for part in inside) and len(inside) > 1:
        yield Mistake(
            f"{place}.components",
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            "The specified component exceeds the maximum width",
        )
    for number, part in enumerate(inside):
        yield from _component(part, f"{place}.components.{number}")


def _button(button: Json, place: str) -> Mistakes:
    if not button.get("label") and not button.get("emoji"):
        yield Mistake(f"{place}.label", "BUTTON_COMPONENT_REQUIRES_LABEL", "A label or an emoji is required")
    yield from _longest(button.get("label"), LABEL, f"{place}.label")
    if button.get("style") == parts.LINK:
        if not button.get("url") or button.get("custom_id"):
            yield Mistake(f"{place}.url", "BASE_TYPE_REQUIRED", "A link button has a url and no custom id")
        yield from _longest(button.get("url"), 512, f"{place}.url")
    else:
        yield from _custom_id(button, place)


def _menu(menu: Json, place: str) -> Mistakes:
    yield from _custom_id(menu, place)
    yield from _longest(menu.get("placeholder"), 150, f"{place}.placeholder")
    if menu.get("type") != parts.STRING_SELECT:
        return
    options = menu.get("options") or []
    if not 1 <= len(options) <= OPTIONS:
        text = f"Must be between 1 and {OPTIONS} in length."
        yield Mistake(f"{place}.options", "BASE_TYPE_BAD_LENGTH", text)
    values = Counter(option.get("value") for option in options)
    if any(times > 1 for times in values.values()):
        text = "The specified option value is already used"
        yield Mistake(f"{place}.options", "SELECT_COMPONENT_DUPLICATE_OPTION_VALUE", text)
    for number, option in enumerate(options):
        for name in ("label", "value"):
            yield from _required(option.get(name), 100, f"{place}.options.{number}.{name}")
        yield from _longest(option.get("description"), 100, f"{place}.options.{number}.description")


def _custom_id(component: Json, place: str) -> Mistakes:
    yield from _required(component.get("custom_id"), CUSTOM_ID, f"{place}.custom_id")


def of_modal(modal: Json) -> list[Mistake]:
    """List what is wrong with a modal."""
    found = list(_required(modal.get("title"), MODAL_TITLE, "data.title"))
    found += _required(modal.get("custom_id"), CUSTOM_ID, "data.custom_id")
    rows = modal.get("components") or []
    if not 1 <= len(rows) <= MODAL_FIELDS:
        text = f"Must be between 1 and {MODAL_FIELDS} in length."
        found.append(Mistake("data.components", "BASE_TYPE_BAD_LENGTH", text))
    for number, row in enumerate(rows):
        found += _modal_row(row, f"data.components.{number}")
    return found + list(_twice(rows))


def _modal_row(row: Json, place: str) -> Mistakes:
    kind = row.get("type")
    if kind == parts.TEXT:
        return
    if kind == parts.LABEL:
        yield from _required(row.get("label"), FIELD_LABEL, f"{place}.label")
        yield from _longest(row.get("description"), 100, f"{place}.description")
        yield from _field(row.get("component") or {}, f"{place}.component")
    elif kind == parts.ROW and len(row.get("components") or ()) == 1:
        field = row["components"][0]
        yield from _required(field.get("label"), FIELD_LABEL, f"{place}.components.0.label")
        yield from _field(field, f"{place}.components.0")
    else:
        yield Mistake(f"{place}.type", "UNION_TYPE_CHOICES", "A modal has labels, texts, or rows of one text input")


def _field(field: Json, place: str) -> Mistakes:
    if field.get("type") == parts.TEXT_INPUT:
        yield from _custom_id(field, place)
        yield from _longest(field.get("placeholder"), 100, f"{place}.placeholder")
        yield from _longest(field.get("value"), min(VALUE, field.get("max_length") or VALUE), f"{place}.value")
        if not 1 <= (field.get("max_length") or VALUE) <= VALUE:
            text = f"int value should be between 1 and {VALUE}."
            yield Mistake(f"{place}.max_length", "NUMBER_TYPE_MAX", text)
    elif field.get("type") in parts.MENUS:
        yield from _menu(field, place)
    else:
        yield Mistake(f"{place}.type", "UNION_TYPE_CHOICES", "A field is a text input or a menu")


def _required(text: object, most: int, place: str) -> Mistakes:
    if not isinstance(text, str) or not text:
        yield Mistake(place, "BASE_TYPE_REQUIRED", "This field is required")
    else:
        yield from _longest(text, most, place)


def _longest(text: object, most: int, place: str) -> Mistakes:
    if isinstance(text, str) and len(text) > most:
        yield Mistake(place, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")


def _at_most(items: Sequence[object], most: int, place: str) -> Mistakes:
    if len(items) > most:
        yield Mistake(place, "BASE_TYPE_MAX_LENGTH", f"Must be {most} or fewer in length.")
