"""Files that people shared, fetched from where their platform keeps them and from nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import aiohttp

from supportbot.errors import TryLater

_PAUSE = 2.0
_NO_HEADERS: Mapping[str, str] = {}


def stands_at(url: str, home: str, domains: Sequence[str]) -> bool:
    """Tell whether an address is a platform's own: where its API is (`home`), or below that or a domain."""
    there, api = urlsplit(url), urlsplit(home)
    if there.scheme not in ("https", api.scheme):
        return False
    return f".{there.hostname or ''}".endswith((f".{api.hostname or ''}", *domains))


async def fetched(
    session: aiohttp.ClientSession, url: str, at_most: int, *, headers: Mapping[str, str] = _NO_HEADERS
) -> bytes | None:
    """Fetch a file; None where it has more bytes than that, is gone, or is to be signed in for."""
    try:
        async with session.get(url, headers=headers, allow_redirects=False) as answer:
            if 300 <= answer.status < 500:
                return None
            answer.raise_for_status()
            content = await answer.content.read(at_most + 1)
            while len(content) <= at_most and (more := await answer.content.read(at_most + 1 - len(content))):
                content += more
    except (aiohttp.ClientError, TimeoutError) as error:
        raise TryLater(_PAUSE, "a file could not be fetched") from error
    return content if len(content) <= at_most else None
