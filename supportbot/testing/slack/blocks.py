"""Reading Block Kit as a person does: the words on the screen, and what can be pressed, chosen or filled in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from supportbot.testing.slack import mrkdwn
from supportbot.testing.slack.wire import Json, Serials

MENUS = {"static_select", "multi_static_select", "overflow", "radio_buttons", "checkboxes", "users_select"}


def with_ids(blocks: Sequence[Json], serials: Serials) -> list[Json]:
    """Give each block its ``block_id`` and each element its ``action_id`` where the app gave none, as Slack does."""
    completed = []
    for given in blocks:
        block = dict(given)
        block.setdefault("block_id", serials.id("b"))
        if "elements" in block and block["type"] == "actions":
            block["elements"] = [{"action_id": serials.id("a"), **element} for element in block["elements"]]
        for place in ("accessory", "element"):
            if place in block and block[place].get("type") != "image":
                block[place] = {"action_id": serials.id("a"), **block[place]}
        completed.append(block)
    return completed


def interactive(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """Name what can be used in the blocks, each element with its block."""
    for block in blocks:
        if block.get("type") == "actions":
            yield from ((block, element) for element in block["elements"])
        for place in ("accessory", "element"):
            if block.get(place, {}).get("action_id"):
                yield block, block[place]


def text_objects(block: Json) -> Iterator[Json]:
    """Name all text objects in a block, with those of its elements, in the order in which they are read."""
    for part in [block.get("text"), *block.get("fields", ()), block.get("label"), block.get("title")]:
        if isinstance(part, dict) and "text" in part:
            yield part
    for element in [*block.get("elements", ()), block.get("accessory", {}), block.get("element", {})]:
        if element.get("type") in ("mrkdwn", "plain_text"):
            yield element
        elif isinstance(element.get("text"), dict):
            yield element["text"]


def shown(blocks: Sequence[Json]) -> str:
    """Write down what a person reads in the blocks, without the labels of buttons."""
    return "\n".join(line for block in blocks for line in _lines(block) if line)


def _lines(block: Json) -> Iterator[str]:
    kind = block.get("type")
    if kind == "markdown":
        yield str(block["text"])
    elif kind == "rich_text":
        yield "".join(_rich_text(block))
    elif kind == "image":
        yield str(block.get("alt_text", ""))
    elif kind != "actions":
        parts = [block.get("text"), *block.get("fields", ()), block.get("label")]
        if kind == "context":
            parts += block.get("elements", ())
        yield from (_words(part) for part in parts if isinstance(part, dict) and "text" in part)


def _words(text_object: Json) -> str:
    text = str(text_object["text"])
    return mrkdwn.unescaped(text) if text_object.get("type") == "mrkdwn" else text


def _rich_text(element: Json) -> Iterator[str]:
    for inner in element.get("elements", ()):
        kind = inner.get("type", "")
        if kind == "user":
            yield f"<@{inner['user_id']}>"
        elif kind in ("text", "link"):
            yield str(inner.get("text") or inner.get("url", ""))
        elif kind == "emoji":
            yield f":{inner['name']}:"
        else:
            yield from _rich_text(inner)
            yield "\n" if kind.startswith("rich_text") else ""


def _named(element: Json) -> Iterator[str]:
    """Find who is named in a ``rich_text`` block: by elements of their own, for its words are only words."""
    for inner in element.get("elements", ()):
        name = {"user": "user_id", "usergroup": "usergroup_id", "broadcast": "range"}.get(str(inner.get("type")))
        if name:
            yield str(inner.get(name))
        yield from _named(inner)


def _linked(element: Json) -> Iterator[Json]:
    """Find the links in a ``rich_text`` block."""
    for inner in element.get("elements", ()) if str(element.get("type")).startswith("rich_text") else ():
        if inner.get("type") == "link":
            yield inner
        yield from _linked(inner)


def label(element: Json) -> str:
    """Read what stands on a button or in an empty menu."""
    text = element.get("text") or element.get("placeholder") or {}
    return str(text.get("text", ""))


def options(element: Json) -> list[Json]:
    """List what a menu offers, over all of its groups."""
    groups = [group["options"] for group in element.get("option_groups", ())]
    return [*element.get("options", ()), *(option for group in groups for option in group)]


def mentions(blocks: Sequence[Json]) -> set[str]:
    """Find who is notified by blocks; ``plain_text`` and the words of ``rich_text`` notify nobody."""
    found: set[str] = set()
    for block in blocks:
        texts = [part["text"] for part in text_objects(block) if part.get("type") == "mrkdwn"]
        if block.get("type") == "markdown":
            texts.append(block["text"])
        elif block.get("type") == "rich_text":
            found |= set(_named(block))
        found |= {named for text in texts for named in mrkdwn.mentions(str(text))}
    return found


def links(blocks: Sequence[Json]) -> list[tuple[str, str]]:
    """Find the links in blocks, as (label, address), those of buttons too."""
    found: list[tuple[str, str]] = []
    for block in blocks:
        if block.get("type") == "markdown":
            found += [(name, url) for name, url in mrkdwn.MARKDOWN_LINK.findall(str(block["text"]))]
            found += mrkdwn.links(str(block["text"]))
        found += [(str(part.get("text") or part["url"]), str(part["url"])) for part in _linked(block)]
        for part in text_objects(block):
            if part.get("type") == "mrkdwn":
                found += mrkdwn.links(str(part["text"]))
        found += [(label(element), element["url"]) for _, element in interactive([block]) if element.get("url")]
    return found
