"""The rules of Block Kit: what Slack refuses in blocks, told with the place, as ``invalid_blocks`` does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence

from supportbot.testing.slack.wire import Json

KINDS = {
    *("section", "header", "actions", "context", "divider", "image", "input", "markdown", "rich_text"),
    *("file", "video", "table", "context_actions"),
}
ID = 255
MARKDOWN = 12_000
"""All ``markdown`` blocks of a message together."""

Mistakes = Iterator[str]


def mistakes(blocks: Sequence[Json], place: str = "/blocks", most: int = 50) -> list[str]:
    """List what is wrong with the blocks of a message or a view; there is nothing where all is well."""
    found = []
    if len(blocks) > most:
        found.append(f"no more than {most} items allowed [json-pointer:{place}]")
    twice = [name for name, times in Counter(block.get("block_id") for block in blocks).items() if name and times > 1]
    found += [f"block_id {name} already exists [json-pointer:{place}]" for name in twice]
    for number, block in enumerate(blocks):
        found += _block(block, f"{place}/{number}")
    if sum(len(str(block.get("text", ""))) for block in blocks if block.get("type") == "markdown") > MARKDOWN:
        found.append(f"must be less than {MARKDOWN + 1} characters [json-pointer:{place}]")
    return found


def _block(block: Json, place: str) -> Mistakes:
    kind = block.get("type")
    if kind not in KINDS:
        yield f"unsupported type: {kind} [json-pointer:{place}/type]"
        return
    yield from _text(block.get("block_id", "x"), ID, f"{place}/block_id")
    if check := _CHECKS.get(str(kind)):
        yield from check(block, place)


def _section(block: Json, place: str) -> Mistakes:
    if not block.get("text") and not block.get("fields"):
        yield f"missing required field: text [json-pointer:{place}]"
    if block.get("text"):
        yield from _text_object(block["text"], 3000, f"{place}/text")
    yield from _count(block.get("fields", [0]), 10, f"{place}/fields")
    for number, field in enumerate(block.get("fields", ())):
        yield from _text_object(field, 2000, f"{place}/fields/{number}")
    if "accessory" in block:
        yield from _element(block["accessory"], f"{place}/accessory")


def _header(block: Json, place: str) -> Mistakes:
    yield from _text_object(block.get("text"), 150, f"{place}/text", plain=True)


def _actions(block: Json, place: str) -> Mistakes:
    elements = block.get("elements", ())
    yield from _count(elements, 25, f"{place}/elements")
    names = Counter(element.get("action_id") for element in elements)
    for name in [name for name, times in names.items() if name and times > 1]:
        yield f"action_id {name} already exists [json-pointer:{place}/elements]"
    for number, element in enumerate(elements):
        yield from _element(element, f"{place}/elements/{number}")


def _context(block: Json, place: str) -> Mistakes:
    yield from _count(block.get("elements", ()), 10, f"{place}/elements")
    for number, element in enumerate(block.get("elements", ())):
        if element.get("type") != "image":
            yield from _text_object(element, 2000, f"{place}/elements/{number}")


def _image(block: Json, place: str) -> Mistakes:
    yield from _text(block.get("alt_text"), 2000, f"{place}/alt_text")
    yield from _text(block.get("image_url", "x"), 3000, f"{place}/image_url")


def _input(block: Json, place: str) -> Mistakes:
    yield from _text_object(block.get("label"), 2000, f"{place}/label", plain=True)
    if "hint" in block:
        yield from _text_object(block["hint"], 2000, f"{place}/hint", plain=True)
    if not block.get("element"):
        yield f"missing required field: element [json-pointer:{place}]"
    else:
        yield from _element(block["element"], f"{place}/element")


def _markdown(block: Json, place: str) -> Mistakes:
    yield from _text(block.get("text"), MARKDOWN, f"{place}/text")


def _element(element: Json, place: str) -> Mistakes:
    yield from _text(element.get("action_id", "x"), ID, f"{place}/action_id")
    kind = str(element.get("type"))
    if kind == "button":
        yield from _button(element, place)
    elif kind in _MOST_OPTIONS:
        yield from _menu(element, place, _MOST_OPTIONS[kind])
    if "placeholder" in element:
        yield from _text_object(element["placeholder"], 150, f"{place}/placeholder", plain=True)
    if kind == "plain_text_input" and len(str(element.get("initial_value", ""))) > 3000:
        yield f"must be less than 3001 characters [json-pointer:{place}/initial_value]"
    if "confirm" in element:
        for part, longest in (("title", 100), ("text", 300), ("confirm", 30), ("deny", 30)):
            yield from _text_object(element["confirm"].get(part), longest, f"{place}/confirm/{part}")


def _button(element: Json, place: str) -> Mistakes:
    yield from _text_object(element.get("text"), 75, f"{place}/text", plain=True)
    if len(str(element.get("value", ""))) > 2000:
        yield f"must be less than 2001 characters [json-pointer:{place}/value]"
    yield from _text(element.get("url", "x"), 3000, f"{place}/url")
    if element.get("style", "primary") not in ("primary", "danger"):
        yield f"failed to match all allowed schemas [json-pointer:{place}/style]"


def _menu(element: Json, place: str, most: int) -> Mistakes:
    if "option_groups" in element:
        yield from _count(element["option_groups"], 100, f"{place}/option_groups")
        for number, group in enumerate(element["option_groups"]):
            yield from _options(group.get("options", ()), most, f"{place}/option_groups/{number}/options")
    else:
        yield from _options(element.get("options", ()), most, f"{place}/options")


def _options(options: Sequence[Json], most: int, place: str) -> Mistakes:
    yield from _count(options, most, place)
    for number, option in enumerate(options):
        yield from _text_object(option.get("text"), 75, f"{place}/{number}/text")
        yield from _text(option.get("value"), 150, f"{place}/{number}/value")
        if "description" in option:
            yield from _text_object(option["description"], 75, f"{place}/{number}/description")


def _text_object(part: object, longest: int, place: str, *, plain: bool = False) -> Mistakes:
    if not isinstance(part, dict) or part.get("type") not in ("plain_text", "mrkdwn"):
        yield f"missing required field: text [json-pointer:{place}]"
    elif plain and part["type"] != "plain_text":
        yield f"must be a plain_text object [json-pointer:{place}/type]"
    else:
        yield from _text(part.get("text"), longest, f"{place}/text")


def _text(text: object, longest: int, place: str) -> Mistakes:
    if not isinstance(text, str):
        yield f"must be a string [json-pointer:{place}]"
    elif not text:
        yield f"must be more than 0 characters [json-pointer:{place}]"
    elif len(text) > longest:
        yield f"must be less than {longest + 1} characters [json-pointer:{place}]"


def _count(items: Sequence[object], most: int, place: str) -> Mistakes:
    if not items:
        yield f"no fewer than 1 items allowed [json-pointer:{place}]"
    elif len(items) > most:
        yield f"no more than {most} items allowed [json-pointer:{place}]"


_MOST_OPTIONS = {
    "static_select": 100,
    "multi_static_select": 100,
    "overflow": 5,
    "radio_buttons": 10,
    "checkboxes": 10,
}
_CHECKS: dict[str, Callable[[Json, str], Mistakes]] = {
    "section": _section,
    "header": _header,
    "actions": _actions,
    "context": _context,
    "image": _image,
    "input": _input,
    "markdown": _markdown,
}
