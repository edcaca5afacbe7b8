"""Components: the buttons, menus and words of a message or a modal, found wherever they stand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from supportbot.testing.discord.wire import Json

ROW = 1
BUTTON = 2
STRING_SELECT = 3
TEXT_INPUT = 4
USER_SELECT = 5
ROLE_SELECT = 6
SECTION = 9
TEXT = 10
LABEL = 18
MENUS = frozenset({STRING_SELECT, USER_SELECT, ROLE_SELECT, 7, 8})
FIELDS = MENUS | {TEXT_INPUT}
LINK = 5
"""The style of a button that only leads somewhere."""


def every(components: Sequence[Json]) -> Iterator[Json]:
    """Go through all components, those in rows, sections, containers and labels too."""
    for component in components:
        yield component
        yield from every(component.get("components") or ())
        for part in ("accessory", "component"):
            if component.get(part):
                yield from every([component[part]])


def buttons(components: Sequence[Json]) -> list[Json]:
    """List the buttons, in order."""
    return [component for component in every(components) if component["type"] == BUTTON]


def menus(components: Sequence[Json]) -> list[Json]:
    """List the menus, in order."""
    return [component for component in every(components) if component["type"] in MENUS]


def label(component: Json) -> str:
    """Read what stands on a button, or in a menu before anything is chosen."""
    return str(component.get("label") or component.get("placeholder") or "")


def words(components: Sequence[Json]) -> list[str]:
    """List the texts between the buttons and menus."""
    return [str(component.get("content", "")) for component in every(components) if component["type"] == TEXT]


def with_ids(components: Sequence[Json]) -> list[Json]:
    """Number the components, as Discord does where an app leaves it to it."""
    count = 0

    def numbered(component: Json) -> Json:
        nonlocal count
        count += 1
        whole = {**component, "id": component.get("id") or count}
        if component.get("components") is not None:
            whole["components"] = [numbered(part) for part in component["components"]]
        for part in ("accessory", "component"):
            if component.get(part):
                whole[part] = numbered(component[part])
        return whole

    return [numbered(component) for component in components]
