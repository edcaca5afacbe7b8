"""The line protocol of ``supportbot kb match``: one JSON object in, one out."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from typing import Any

from supportbot.knowledge.base import Knowledge

RANKED = 10


class _UnreadableError(ValueError):
    """A line that is no question; its text is the reason."""


def serve_lines(knowledge: Knowledge, lines: Iterable[str], write: Callable[[str], None]) -> None:
    """Answer each line that is not blank with exactly one line; `write` gets it without a line end, as ``print`` does.

    A line that cannot be read is answered with an error that has its number, and the next one is read.
    """
    for number, line in enumerate(lines, 1):
        if line.strip():
            write(json.dumps(_answer(knowledge, number, line)))


def _answer(knowledge: Knowledge, number: int, line: str) -> dict[str, Any]:
    given: dict[str, Any] = {}
    try:
        request = _read(line)
        given = {"id": request["id"]} if "id" in request else {}
        text = _text(request)
    except _UnreadableError as reason:
        return given | {"error": f"line {number}: {reason}"}
    match = knowledge.match(text, limit=RANKED)
    return given | {
        "decision": match.decision,
        "confidence": match.confidence,
        "ranked": [{"id": ranked.id, "score": ranked.score} for ranked in match.ranked],
    }


def _read(line: str) -> dict[str, Any]:
    try:
        request = json.loads(line, parse_float=_finite, parse_constant=_finite)
    except (ValueError, RecursionError) as error:
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        raise _UnreadableError(f'not valid JSON ({reason}); write an object such as {{"text": "…"}}') from None
    if not isinstance(request, dict):
        raise _UnreadableError('not an object; write one such as {"text": "…"}')
    return request


def _text(request: dict[str, Any]) -> str:
    text = request.get("text")
    if not isinstance(text, str):
        raise _UnreadableError(
            '"text" must be a string' if "text" in request else '"text" is missing; say what to match'
        )
    return text


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError(f"{digits} is not a number in JSON")
    return number
