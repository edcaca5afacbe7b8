"""Reading back: what the bot said in a channel, to find out whether a message of its own was shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from supportbot.adapters.discord.api import NO_CHANNEL, Api, Failed
from supportbot.adapters.discord.incoming import id_before
from supportbot.adapters.discord.posts import Post
from supportbot.clock import SECOND
from supportbot.errors import Unclear

_LOOK_BACK = 10 * SECOND
"""How long before a message was made it is looked for: clocks differ, but the same words may have been said before."""
_PAGE = 100
_MOST_PAGES = 20


class Shown(NamedTuple):
    """A post as it would stand there."""

    nonce: str
    post: Post


async def shown_in(api: Api, channel: str, wanted: Sequence[Shown], *, by: str, since: int) -> dict[int, str]:
    """Find which of a message's posts stand in a channel: their ids by their numbers, from one.

    They are known by their author, their time and what stands in them; Unclear where too much was said since.
    """
    found: dict[int, str] = {}
    after = id_before(since - _LOOK_BACK)
    for _ in range(_MOST_PAGES):
        page = await _page(api, channel, after)
        for message in reversed(page):
            for number, one in enumerate(wanted, 1):
                is_it = str(message["author"]["id"]) == by and _is_same(message, one)
                if is_it and number not in found:
                    found[number] = f"{channel}/{message['id']}"
                    break
        if len(page) < _PAGE:
            return found
        after = str(page[0]["id"])
    raise Unclear("too much was said there since to find it")


async def _page(api: Api, channel: str, after: str) -> list[dict[str, Any]]:
    query = {"after": after, "limit": _PAGE}
    try:
        page: list[dict[str, Any]] = await api.read("/channels/{channel_id}/messages", query=query, channel_id=channel)
    except Failed as failed:
        if failed.code == NO_CHANNEL:
            return []
        raise
    return page


def _is_same(message: dict[str, Any], wanted: Shown) -> bool:
    if nonce := str(message.get("nonce") or ""):
        return nonce == wanted.nonce
    same_words = str(message.get("content") or "").strip() == wanted.post["content"].strip()
    return same_words and set(_ids(message.get("components") or ())) == set(_ids(wanted.post["components"]))


def _ids(components: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Name what can be pressed: no two messages have the same."""
    for component in components:
        if "custom_id" in component:
            yield str(component["custom_id"])
        yield from _ids(component.get("components") or ())
