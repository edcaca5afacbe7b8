"""The limits of messages, views and metadata, and the codes Slack refuses with when one is passed."""

from __future__ import annotations

import json
from collections.abc import Sequence

from supportbot.testing.slack import block_rules, blocks
from supportbot.testing.slack.wire import Json, Refused

TEXT = 40_000
ALL_BLOCKS = 13_200
"""The words of all blocks of a message together, before ``msg_blocks_too_long``."""
MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
TITLE = 24
PRIVATE_METADATA = 3000
VIEW_BYTES = 250_000
STACK = 3
METADATA_BYTES = 16_000


def check_message(text: str, message_blocks: Sequence[Json]) -> None:
    """Refuse a message that says nothing or too much."""
    if len(text) > TEXT:
        raise Refused("msg_too_long")
    check_blocks(message_blocks)


def check_blocks(message_blocks: Sequence[Json]) -> None:
    """Refuse blocks that break a rule, or that say too much together."""
    if found := block_rules.mistakes(message_blocks, most=MESSAGE_BLOCKS):
        raise Refused.invalid("invalid_blocks", found)
    if len(blocks.shown(message_blocks)) > ALL_BLOCKS:
        raise Refused("msg_blocks_too_long")


def check_metadata(metadata: object) -> None:
    """Refuse metadata that is no event type with its payload, or is too large."""
    if metadata is None:
        return
    if not isinstance(metadata, dict) or not isinstance(metadata.get("event_type"), str):
        raise Refused("invalid_metadata_format")
    if not isinstance(metadata.get("event_payload"), dict | None):  # bolt itself sends null at times
        raise Refused("invalid_metadata_format")
    if len(json.dumps(metadata)) > METADATA_BYTES:
        raise Refused("metadata_too_large")


def check_view(view: Json) -> None:
    """Refuse a modal or a home tab that breaks a rule."""
    if view.get("type") not in ("modal", "home"):
        raise Refused.invalid("invalid_arguments", ["failed to match all allowed schemas [json-pointer:/view/type]"])
    if len(json.dumps(view)) > VIEW_BYTES:
        raise Refused("view_too_large")
    found = block_rules.mistakes(view.get("blocks") or [], "/view/blocks", VIEW_BLOCKS)
    found += _too_long(str(view.get("private_metadata") or ""), PRIVATE_METADATA, "/view/private_metadata")
    found += _too_long(str(view.get("callback_id") or ""), block_rules.ID, "/view/callback_id")
    if view["type"] == "modal":
        found += _modal(view)
    if found:
        raise Refused.invalid("invalid_arguments", found)


def _modal(view: Json) -> list[str]:
    found = [] if view.get("title") else ["missing required field: title [json-pointer:/view]"]
    for part in ("title", "submit", "close"):
        words = str((view.get(part) or {}).get("text", "x"))
        found += _too_long(words, TITLE, f"/view/{part}/text")
        if not words:
            found.append(f"must be more than 0 characters [json-pointer:/view/{part}/text]")
    if any(block.get("type") == "input" for block in view.get("blocks", ())) and not view.get("submit"):
        found.append("missing required field: submit [json-pointer:/view]")
    return found


def _too_long(text: str, longest: int, place: str) -> list[str]:
    return [f"must be less than {longest + 1} characters [json-pointer:{place}]"] if len(text) > longest else []
