"""Modals: the form on somebody's screen, and filling it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from supportbot.testing.discord import components as parts
from supportbot.testing.discord.wire import Json
from supportbot.testing.field_names import plain


@dataclass(eq=False, repr=False)
class Modal:
    """A form as the person sees it."""

    custom_id: str
    title: str
    components: list[Json]
    opened_by: Any
    """The interaction that it answers."""

    def __repr__(self) -> str:
        return f"<modal {self.title!r}, fields: {', '.join(self.fields)}>"

    @property
    def shown(self) -> str:
        """The words on the screen."""
        return "\n".join([self.title, *parts.words(self.components), *self.fields])

    @property
    def fields(self) -> list[str]:
        """The labels of what can be filled in, in order."""
        return [label for label, _ in self._fields()]

    def _fields(self) -> list[tuple[str, Json]]:
        inside = [(row, field) for row in self.components for field in parts.every([row])]
        fields = [(row, field) for row, field in inside if field["type"] in parts.FIELDS]
        return [(str(row.get("label") or field.get("label") or ""), field) for row, field in fields]

    def __contains__(self, words: str) -> bool:
        return words in self.shown

    def __str__(self) -> str:
        return self.shown

    def filled(self, values: Mapping[str, Any]) -> list[Json]:
        """Fill the form in, or fail as a person would: a field that is not there, too long, or required and empty."""
        left = {plain(name): value for name, value in values.items()}
        entered: dict[str, Json] = {}
        for label, field in self._fields():
            known = next((name for name in left if name in (plain(label), plain(field["custom_id"]))), None)
            given = left.pop(known) if known is not None else None
            entered[field["custom_id"]] = _entered(label, field, given)
        if left:
            raise AssertionError(f"there is no field {', '.join(left)}; the form has {self.fields}")
        return [row for row in (_submitted(row, entered) for row in self.components) if row]


def _submitted(row: Json, entered: Mapping[str, Json]) -> Json | None:
    if row["type"] == parts.ROW:
        fields = [entered[field["custom_id"]] for field in row["components"]]
        return {"type": parts.ROW, "id": row.get("id"), "components": fields}
    if row["type"] == parts.LABEL:
        return {"type": parts.LABEL, "id": row.get("id"), "component": entered[row["component"]["custom_id"]]}
    return None


def _entered(label: str, field: Json, given: Any) -> Json:
    filled: Json = {"type": field["type"], "id": field.get("id"), "custom_id": field["custom_id"]}
    required = field.get("required", True)
    if field["type"] != parts.TEXT_INPUT:
        chosen = [] if given is None else [given] if isinstance(given, str) else list(given)
        if required and not chosen:
            raise AssertionError(f"{label!r} must be filled in")
        return {**filled, "values": [option(field, str(getattr(one, "id", one))) for one in chosen]}
    text = str(given) if given not in (None, "") else str(field.get("value") or "")
    longest = field.get("max_length") or 4000
    if required and not text:
        raise AssertionError(f"{label!r} must be filled in")
    if len(text) > longest:
        raise AssertionError(f"{label!r} takes {longest} characters, not {len(text)}")
    if text and len(text) < (field.get("min_length") or 0):
        raise AssertionError(f"{label!r} needs at least {field['min_length']} characters")
    return {**filled, "value": text}


def option(menu: Json, wanted: str) -> str:
    """Choose from a menu by what stands there, or by the value behind it; return the value."""
    if menu["type"] != parts.STRING_SELECT:
        return wanted
    for offered in menu["options"]:
        if wanted in (offered["label"], offered["value"]):
            return str(offered["value"])
    raise AssertionError(f"{wanted!r} is not offered; there is {[one['label'] for one in menu['options']]}")
